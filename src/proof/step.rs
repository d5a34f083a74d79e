//! The steps of a proof, as they are told.

use std::fmt;

use crate::tls::Version;

/// One step of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was looked at.
    pub check: Check,
    /// The scheme or the server name that it was done with.
    pub with: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Step {
    /// A step that is done once.
    #[must_use]
    pub fn new(check: Check, outcome: Outcome) -> Self {
        Self { check, with: None, outcome }
    }

    pub(super) fn with(check: Check, with: impl fmt::Display, outcome: Outcome) -> Self {
        Self { check, with: Some(with.to_string()), outcome }
    }

    /// Whether it shows that something is wrong.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, with, outcome } = self;
        let with = with.as_ref().map(|with| format!(" ({with})")).unwrap_or_default();
        write!(f, "{check}{with}: {}", outcome.detail())
    }
}

/// How a step ended, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Ok(String),
    /// Not as it should be.
    Failed(String),
    /// Not done, and why.
    Skipped(String),
}

impl Outcome {
    /// What was seen.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Ok(detail) | Self::Failed(detail) | Self::Skipped(detail) => detail,
        }
    }
}

/// What a step looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The certificate object.
    Certificate,
    /// One certificate has the id.
    OneCertificate,
    /// One private key has the id.
    OneKey,
    /// Key and certificate have the same public key.
    PublicKey,
    /// A nonce signed in the token verifies with the certificate.
    Signature,
    /// The dates.
    Validity,
    /// The way to a root.
    Chain,
    /// A handshake in memory.
    Handshake(Version),
    /// A live server answers.
    Connect,
    /// It serves the certificate.
    ServedCertificate,
    /// Its key is on the token.
    ServedKey,
    /// Its certificate is for the name.
    ServedName,
    /// Its chain.
    ServedChain,
    /// The dates of its certificate.
    ServedValidity,
}

/// The word for scripts.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::OneCertificate => "one-certificate",
            Self::OneKey => "one-key",
            Self::PublicKey => "public-key",
            Self::Signature => "signature",
            Self::Validity => "validity",
            Self::Chain => "chain",
            Self::Handshake(Version::Tls13) => "tls-1.3",
            Self::Handshake(Version::Tls12) => "tls-1.2",
            Self::Connect => "connect",
            Self::ServedCertificate => "served-certificate",
            Self::ServedKey => "served-key",
            Self::ServedName => "served-name",
            Self::ServedChain => "served-chain",
            Self::ServedValidity => "served-validity",
        })
    }
}
