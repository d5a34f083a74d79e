use std::path::PathBuf;

use serde::Deserialize;

use super::SecretSource;

/// A server of EST (RFC 7030).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Est {
    /// Address of the server, without `/.well-known/est`.
    pub url: String,
    /// PEM certificates that replace the roots of the operating system.
    pub root: Option<PathBuf>,
    /// Seconds for one request and its answer.
    #[serde(default = "super::a_minute")]
    pub timeout: u64,
    /// Which of the server's CAs, where it has several (section 3.2.2).
    pub label: Option<String>,
    /// Whether a renewal says that it is one (section 4.2.2); some servers take that only with the old certificate as that of
    /// the client.
    #[serde(default = "yes")]
    pub reenroll: bool,
    /// Who asks (section 3.2.3); left out where the CA's policy asks nobody who he is (section 3.7).
    pub user: Option<String>,
    /// The password of the user.
    pub password_source: Option<SecretSource>,
}

fn yes() -> bool {
    true
}
