//! What is wrong with a request or certificate.

use std::fmt;

use crate::key::{KeyAlgorithm, SignatureScheme};

/// An error of the X.509 layer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of a request cannot stand in its ASN.1 type.
    #[error("the {what} \"{value}\" cannot be encoded: {reason}")]
    Value {
        /// Which value.
        what: &'static str,
        /// The value.
        value: String,
        /// Why not.
        reason: String,
    },
    /// A scheme that does not fit the key.
    #[error("a key of type {key} has no signature by {scheme}")]
    SchemeMismatch {
        /// The key.
        key: KeyAlgorithm,
        /// The scheme.
        scheme: SignatureScheme,
    },
    /// A public key that is not understood.
    #[error("the public key is not one that hsmcert knows: {0}")]
    PublicKey(String),
    /// The signature does not verify.
    #[error("the signature by {0} does not verify")]
    Signature(SignatureScheme),
    /// DER that does not parse.
    #[error("not a readable {what}: {reason}")]
    Der {
        /// What it should be.
        what: &'static str,
        /// What the parser said.
        reason: String,
    },
    /// A file that holds something else.
    #[error("the file holds {found} where {wanted} is expected")]
    WrongFile {
        /// What is in it.
        found: FileKind,
        /// What was expected.
        wanted: FileKind,
    },
}

/// What a file holds, by its PEM label or its DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A certificate, or several.
    Certificate,
    /// A PKCS#10 request.
    Request,
    /// A private key.
    PrivateKey,
    /// A public key.
    PublicKey,
    /// Nothing.
    Empty,
    /// Another PEM label.
    Pem(String),
    /// Neither PEM nor DER.
    Unknown,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate => f.write_str("a certificate"),
            Self::Request => f.write_str("a certificate request (CSR)"),
            Self::PrivateKey => f.write_str("a private key"),
            Self::PublicKey => f.write_str("a public key"),
            Self::Empty => f.write_str("nothing"),
            Self::Pem(label) => write!(f, "a PEM block \"{label}\""),
            Self::Unknown => f.write_str("something that is neither PEM nor DER"),
        }
    }
}

impl Error {
    /// Whether the request file is to be mended, and not a certificate.
    #[must_use]
    pub fn is_about_request(&self) -> bool {
        match self {
            Self::Value { .. } => true,
            Self::SchemeMismatch { .. }
            | Self::PublicKey(_)
            | Self::Signature(_)
            | Self::Der { .. }
            | Self::WrongFile { .. } => false,
        }
    }

    /// Puts to a parser's error what was parsed.
    pub(super) fn der(what: &'static str) -> impl Fn(der::Error) -> Self {
        move |error| Self::Der { what, reason: error.to_string() }
    }
}
