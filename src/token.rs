//! The token: everything that goes through PKCS#11, and the only code that knows cryptoki.
//!
//! It knows no X.509: certificates, names and signatures are bytes here. Object handles never leave this
//! folder except as a number that is shown; what identifies a key is its public key and its `CKA_ID`.

mod attribute_template;
mod attribute_text;
mod attribute_value;
mod attributes;
mod certificate_object;
mod details;
mod error;
mod key_generation;
mod key_pair;
mod key_search;
mod listing;
mod mechanism;
mod module;
mod object;
mod parallel;
mod public_key;
mod session;
mod slot;
pub mod vendor;

pub use attribute_text::AttributeText;
pub use attribute_value::AttributeValue;
pub use certificate_object::{CertificateObject, NewCertificate};
pub use details::{TokenDetails, TokenFlag};
pub use error::{CallError, Error, PinTries, Reach};
pub use key_generation::{NewKeyPair, Protection};
pub use key_pair::KeyPair;
pub use listing::{Detail, Listed, Origin, Wanted};
pub use module::{CallObserver, Module};
pub use object::{Object, ObjectClass};
pub use session::Session;
pub use slot::{Selector, TokenInfo};
