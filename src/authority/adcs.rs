use std::path::PathBuf;

use serde::Deserialize;

use super::SecretSource;

/// The web enrolment pages of Microsoft's certificate services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Adcs {
    /// Address of the pages, with `/certsrv`.
    pub url: String,
    /// PEM certificates that replace the roots of the operating system.
    pub root: Option<PathBuf>,
    /// Seconds for one request and its answer.
    #[serde(default = "super::a_minute")]
    pub timeout: u64,
    /// Name of the certificate template (not its display name); `None` for a standalone CA, which has none.
    pub template: Option<String>,
    /// Who asks: `DOMAIN\user` or `user@domain`.
    pub user: String,
    /// The password of the user.
    pub password_source: SecretSource,
}
