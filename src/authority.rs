//! What is configured of a CA: `[ca.NAME]` in `hsmcert.toml` or in a TOML request. Plain data; `ca/` speaks the protocols.

mod acme;

use std::path::PathBuf;

pub use acme::{Acme, Challenge, Dns01, ExternalAccount, Http01};
use serde::Deserialize;

/// Where a secret of a CA is read from (a token, a password): as a PIN, from a file, the environment or a command, and
/// never from the configuration itself.
pub use crate::pin::{Pin as Secret, PinSource as SecretSource};

/// A CA, by the protocol that it speaks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Authority {
    /// Any command.
    Exec(Exec),
    /// The throw-away CA.
    Dev(Dev),
    /// ACME (RFC 8555).
    Acme(Box<Acme>),
}

impl Authority {
    /// The throw-away CA as it is without configuration.
    #[must_use]
    pub fn dev() -> Self {
        Self::Dev(Dev { folder: None, days: thirty_days() })
    }

    /// The word of `type`.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Exec(_) => "exec",
            Self::Dev(_) => "dev",
            Self::Acme(_) => "acme",
        }
    }
}

/// A command that takes the CSR on stdin and prints the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exec {
    /// Program and arguments; no shell is in between.
    pub command: Vec<String>,
    /// Names of environment variables that it gets beside the usual ones.
    #[serde(default)]
    pub env: Vec<String>,
    /// How many seconds it may take.
    #[serde(default = "five_minutes")]
    pub timeout: u64,
}

/// The throw-away CA of `hsmcert dev-ca`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Dev {
    /// Its folder; `None`: the usual one.
    pub folder: Option<PathBuf>,
    /// Days that certificates are valid.
    #[serde(default = "thirty_days")]
    pub days: u32,
}

fn five_minutes() -> u64 {
    300
}

fn thirty_days() -> u32 {
    30
}
