//! What is configured of a CA: `[ca.NAME]` in `hsmcert.toml` or in a TOML request. Plain data, one file for each protocol;
//! `ca/` speaks them.

mod acme;
mod adcs;
mod aws_pca;
mod cfssl;
mod dev;
mod est;
mod exec;
mod vault;

use serde::Deserialize;

pub use acme::{Acme, Challenge, Dns01, ExternalAccount, Http01};
pub use adcs::Adcs;
pub use aws_pca::AwsPca;
pub use cfssl::Cfssl;
pub use dev::Dev;
pub use est::Est;
pub use exec::Exec;
pub(crate) use exec::five_minutes;
pub use vault::{AppRole, Kubernetes, Vault, VaultLogin, VaultToken};

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
    /// `HashiCorp` Vault or `OpenBao`.
    Vault(Box<Vault>),
    /// AWS Private CA.
    AwsPca(AwsPca),
    /// `CFSSL`.
    Cfssl(Cfssl),
    /// EST (RFC 7030).
    Est(Est),
    /// Microsoft's certificate services.
    Adcs(Adcs),
}

impl Authority {
    /// The throw-away CA as it is without configuration.
    #[must_use]
    pub fn dev() -> Self {
        Self::Dev(Dev::default())
    }

    /// The word of `type`.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Exec(_) => "exec",
            Self::Dev(_) => "dev",
            Self::Acme(_) => "acme",
            Self::Vault(_) => "vault",
            Self::AwsPca(_) => "aws-pca",
            Self::Cfssl(_) => "cfssl",
            Self::Est(_) => "est",
            Self::Adcs(_) => "adcs",
        }
    }
}

/// What CAs that are reached over HTTP have for a request and its answer, in seconds.
fn a_minute() -> u64 {
    60
}
