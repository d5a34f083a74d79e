#![doc = "The library behind the `hsmcert` command."]

pub mod key;
pub mod request;
pub mod spec;
pub mod x509;
