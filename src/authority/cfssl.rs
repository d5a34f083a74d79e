use std::path::PathBuf;

use serde::Deserialize;

use super::SecretSource;

/// A server of `cfssl serve` or `multirootca`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cfssl {
    /// Address of the server, without `/api`.
    pub url: String,
    /// PEM certificates that replace the roots of the operating system.
    pub root: Option<PathBuf>,
    /// Seconds for one request and its answer.
    #[serde(default = "super::a_minute")]
    pub timeout: u64,
    /// The signing profile; `None`: the default one.
    pub profile: Option<String>,
    /// Which of the server's CAs, where it has several.
    pub label: Option<String>,
    /// The key that proves who asks, hexadecimal as in the server's configuration; `None` for profiles that want none.
    pub auth_key_source: Option<SecretSource>,
}
