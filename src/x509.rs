//! `RequestSpec` and a public key -> DER, and certificates back into plain data. Knows no HSM and no files.

mod armour;
mod bundle;
mod certificate;
mod chain;
mod csr;
mod description;
mod difference;
mod error;
mod extension;
mod general_name;
mod name;
mod path;
mod pkcs7;
mod public_key;
mod public_key_file;
mod signature;
mod unsigned_certificate;

pub use bundle::read_certificates;
pub use certificate::{Certificate, certificate_pem};
pub use chain::{Chain, sort_chain};
pub use csr::{Csr, PemHeader, UnsignedCsr};
pub use description::{DescribedAttribute, DescribedExtension, DescribedRequest};
pub use difference::{Difference, Field, differences};
pub use error::{Error, FileKind};
pub use extension::extension_der;
pub use name::read_name;
pub use path::validate_path;
pub use public_key::{public_key_from_spki, spki_der, spki_fingerprint, spki_pem};
pub use public_key_file::read_public_key;
pub use signature::{encode_signature, verify};
pub use unsigned_certificate::UnsignedCertificate;
