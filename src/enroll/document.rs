//! What a request file can ask for: a CSR, or a self-signed certificate.

use crate::key::PublicKey;
use crate::request::{GeneralName, Name};
use crate::x509::{Certificate, Csr, Error, PemHeader};

/// The signed result of `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A PKCS#10 request.
    Request(Box<Csr>),
    /// A self-signed certificate (`RequestType = Cert`).
    Certificate(Box<Certificate>),
}

impl Document {
    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        match self {
            Self::Request(csr) => csr.der(),
            Self::Certificate(certificate) => certificate.der(),
        }
    }

    /// PEM; the header is for a request, a certificate has but one.
    #[must_use]
    pub fn to_pem(&self, header: PemHeader) -> String {
        match self {
            Self::Request(csr) => csr.to_pem(header),
            Self::Certificate(certificate) => certificate.to_pem(),
        }
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> Name {
        match self {
            Self::Request(csr) => csr.subject(),
            Self::Certificate(certificate) => certificate.subject(),
        }
    }

    /// The subject alternative names.
    #[must_use]
    pub fn subject_alt_names(&self) -> Vec<GeneralName> {
        match self {
            Self::Request(csr) => csr.subject_alt_names(),
            Self::Certificate(certificate) => certificate.subject_alt_names(),
        }
    }

    /// The public key.
    ///
    /// # Errors
    /// [`Error::PublicKey`].
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        match self {
            Self::Request(csr) => csr.public_key(),
            Self::Certificate(certificate) => certificate.public_key(),
        }
    }
}
