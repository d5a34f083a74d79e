//! Command lines for a POSIX shell.

use std::path::Path;

use super::site::text;

/// A word, quoted where it must be.
pub(super) fn word(value: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=,@%+".contains(character);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// A path as a word.
pub(super) fn path(path: &Path) -> String {
    word(&text(path))
}

/// A command with variables set for it alone.
pub(super) fn with_environment(environment: &[(String, String)], command: &str) -> String {
    let set = environment.iter().map(|(name, value)| format!("{name}={} ", word(value))).collect::<String>();
    format!("{set}{command}")
}
