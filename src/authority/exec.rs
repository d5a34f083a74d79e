use serde::Deserialize;

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

fn five_minutes() -> u64 {
    300
}
