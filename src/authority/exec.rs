#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

/// A command; as a CA it takes the CSR on stdin and prints the certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exec {
    /// Program and arguments; no shell is in between.
    pub command: Vec<String>,
    /// Names of environment variables that it gets beside the usual ones.
    #[serde(default, deserialize_with = "crate::command::deserialize_names")]
    pub env: Vec<String>,
    /// How many seconds it may take; left out, 300.
    #[serde(default = "five_minutes")]
    #[cfg_attr(test, schemars(with = "Option<u64>"))]
    pub timeout: u64,
}

/// For a command of which nothing else is said.
pub(crate) fn five_minutes() -> u64 {
    300
}
