//! `RequestSpec` and a public key -> DER, and certificates back into plain data. Knows no HSM and no files.

mod bundle;
mod certificate;
mod csr;
mod description;
mod error;
mod extension;
mod general_name;
mod name;
mod public_key;
mod signature;
mod unsigned_certificate;

pub use bundle::{Chain, read_certificates, sort_chain};
pub use certificate::Certificate;
pub use csr::{Csr, PemHeader, UnsignedCsr};
pub use description::{DescribedAttribute, DescribedExtension, DescribedRequest};
pub use error::{Error, FileKind};
pub use extension::extension_der;
pub use public_key::{public_key_from_spki, spki_der, spki_fingerprint};
pub use signature::{encode_signature, verify};
pub use unsigned_certificate::UnsignedCertificate;
