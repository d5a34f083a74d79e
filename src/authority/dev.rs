use std::path::PathBuf;

use serde::Deserialize;

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

impl Default for Dev {
    fn default() -> Self {
        Self { folder: None, days: thirty_days() }
    }
}

fn thirty_days() -> u32 {
    30
}
