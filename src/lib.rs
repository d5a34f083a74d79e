//! The library behind the `hsmcert` command: request files, CSRs and certificates, and the token that holds
//! the keys.
//!
//! Data flows one way: `spec` reads a request, `token` makes its key, `x509` builds what is signed there, and
//! the recipes ([`enroll`], [`accept`], [`find`], [`mod@convert`]) are where these neighbours meet.

pub mod accept;
pub mod authority;
pub mod bind;
pub mod ca;
pub mod command;
pub mod compatibility;
pub mod convert;
pub mod delete_key;
pub mod deploy;
pub mod dev_ca;
pub mod due;
pub mod enroll;
pub mod error;
pub mod export;
pub mod file;
pub mod find;
mod html;
pub mod key;
pub mod key_reference;
pub mod pin;
pub mod platform;
pub mod proof;
pub mod prune;
pub mod rename;
pub mod renew;
pub mod renewal;
pub mod repair;
pub mod request;
pub mod rollout;
pub mod schedule;
pub mod serve;
mod shell;
pub mod spec;
pub mod state;
pub mod status;
pub mod submit;
pub mod tls;
pub mod token;
pub mod trial;
pub mod uri;
pub mod verify;
pub mod x509;

pub use error::{Error, ErrorKind};
