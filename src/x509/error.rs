//! What is wrong with a request or certificate.

use std::fmt;

use crate::key::{KeyAlgorithm, SignatureScheme};
use crate::request::Name;

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
    /// One of several things in a file is broken.
    #[error("part {number} of the {count} in the file cannot be used")]
    Block {
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        count: usize,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// An issuer in the chain may not be one.
    #[error("the chain of {subject} is not valid: {issuer} cannot be an issuer, {reason}")]
    Issuer {
        /// Subject of the leaf.
        subject: Name,
        /// Subject of the issuer.
        issuer: Name,
        /// Why not.
        reason: String,
    },
    /// The certificate with the issuer's name has not the key that signed.
    #[error(
        "the certificate of {subject} is not signed by the CA certificate {issuer} of the file: same name, other key"
    )]
    NotSignedBy {
        /// Subject of the leaf.
        subject: Name,
        /// The issuer's name.
        issuer: Name,
    },
    /// There are CA certificates, and none is the issuer's.
    #[error("the chain is another CA's: {subject} was issued by {issuer}, and the file has {}", .present.join("; "))]
    NoIssuer {
        /// Subject of the leaf.
        subject: Name,
        /// Its issuer.
        issuer: Name,
        /// The CA certificates that are there.
        present: Vec<String>,
    },
    /// The path to a root is not valid (RFC 5280, 6).
    #[error("there is no valid path from {subject} to a root of --ca-file: {reason}")]
    Path {
        /// Subject of the leaf.
        subject: Name,
        /// Why not.
        reason: String,
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
    /// PKCS#7, but not one with certificates; what it is instead.
    Pkcs7(String),
    /// A full CMC response (RFC 5272, 3.2).
    CmcResponse,
    /// PKCS#12 (`.pfx`, `.p12`).
    Pkcs12,
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
            Self::Pkcs7(what) => write!(f, "a PKCS#7 {what}"),
            Self::CmcResponse => f.write_str("a full CMC response"),
            Self::Pkcs12 => f.write_str("a PKCS#12 file with a private key in it"),
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
            | Self::WrongFile { .. }
            | Self::Block { .. }
            | Self::Issuer { .. }
            | Self::NotSignedBy { .. }
            | Self::NoIssuer { .. }
            | Self::Path { .. } => false,
        }
    }

    /// Says in which part of a file it is, where there are several.
    pub(super) fn in_block(self, number: usize, count: usize) -> Self {
        if count == 1 { self } else { Self::Block { number, count, source: Box::new(self) } }
    }

    /// Puts to a parser's error what was parsed.
    pub(super) fn der(what: &'static str) -> impl Fn(der::Error) -> Self {
        move |error| Self::Der { what, reason: error.to_string() }
    }
}
