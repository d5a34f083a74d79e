//! Command lines for a POSIX shell.

use std::path::Path;

pub(super) use crate::shell::word;

use super::site::text;

/// A path as a word.
pub(super) fn path(path: &Path) -> String {
    word(&text(path))
}

/// A command with variables set for it alone.
pub(super) fn with_environment(environment: &[(String, String)], command: &str) -> String {
    let set = environment.iter().map(|(name, value)| format!("{name}={} ", word(value))).collect::<String>();
    format!("{set}{command}")
}
