//! The PIN of a token, and where it comes from. A [`Pin`] is wiped when it is dropped and never printed.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Variables that hold PINs: the user's, the security officer's, and those of AWS CloudHSM and its key storage provider.
const VARIABLES: [&str; 4] = ["HSMCERT_PIN", "HSMCERT_SO_PIN", "CLOUDHSM_PIN", "n3fips_password"];

/// The variables that a source has named in this process, used or not.
static NAMED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether a variable of this name holds a PIN, whoever set it. Windows has one case for all names.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    VARIABLES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Variables with PINs and other secrets that no command is given by itself: those that hold PINs, and those that options,
/// configuration and requests have named as `env:NAME` so far.
#[must_use]
pub fn variables() -> Vec<String> {
    let named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    VARIABLES.iter().map(|name| (*name).to_owned()).chain(named.iter().cloned()).collect()
}

/// A user PIN. For AWS CloudHSM it is `user:password`.
#[derive(Clone)]
pub struct Pin(SecretString);

impl Pin {
    /// Takes over the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// Length in bytes, which is all that messages may say about it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.expose_secret().len()
    }

    /// An empty PIN: some modules take one, most users did not mean it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether both are the same text.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }

    /// `user:password` as AWS CloudHSM and its relatives want it.
    #[must_use]
    pub fn has_user(&self) -> bool {
        self.0.expose_secret().contains(':')
    }

    /// Four hexadecimal digits before a password, as `YubiHSM` wants it; `@` before them means an asymmetric key.
    #[must_use]
    pub fn has_key_id(&self) -> bool {
        let text = self.0.expose_secret();
        let text = text.strip_prefix('@').unwrap_or(text).as_bytes();
        text.len() > 4 && text.iter().take(4).all(u8::is_ascii_hexdigit)
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Where a PIN is read from: `--pin-source`, the `pin-source` of a `pkcs11:` URI (RFC 7512, 2.4) or a profile.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum PinSource {
    /// First line of a file.
    File(PathBuf),
    /// First line of standard input (`-`).
    Stdin,
    /// An environment variable (`env:NAME`).
    Env(String),
    /// First line of what a command prints (`exec:COMMAND`).
    Exec(String),
}

impl PinSource {
    /// Reads the spelling of `--pin-source`: `FILE`, `file:FILE`, `-`, `env:NAME` or `exec:COMMAND`.
    /// (RFC 7512 allows a command as `|COMMAND`; it is taken too.) A variable that is named is one of [`variables`] from then
    /// on.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text == "-" {
            Self::Stdin
        } else if let Some(name) = text.strip_prefix("env:") {
            let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
            if !named.iter().any(|known| known == name) {
                named.push(name.to_owned());
            }
            Self::Env(name.to_owned())
        } else if let Some(command) = text.strip_prefix("exec:").or_else(|| text.strip_prefix('|')) {
            Self::Exec(command.to_owned())
        } else {
            let path = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")).unwrap_or(text);
            Self::File(PathBuf::from(path))
        }
    }
}

impl From<String> for PinSource {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl fmt::Display for PinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Stdin => f.write_str("standard input"),
            Self::Env(name) => write!(f, "the environment variable {name}"),
            // A command line may hold secrets of its own.
            Self::Exec(command) => {
                write!(f, "the command {}", command.split_whitespace().next().unwrap_or_default())
            }
        }
    }
}

/// A command line may hold secrets, also where something else is printed for developers.
impl fmt::Debug for PinSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PinSource({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_not_shown() {
        assert_eq!(format!("{:?}", Pin::new("geheim".into())), "Pin(..)");
    }

    #[test]
    fn sources_are_told_apart() {
        assert_eq!(PinSource::parse("-"), PinSource::Stdin);
        assert_eq!(PinSource::parse("env:P"), PinSource::Env("P".into()));
        assert_eq!(PinSource::parse("exec:vault read pin"), PinSource::Exec("vault read pin".into()));
        assert_eq!(PinSource::parse("|cat x"), PinSource::Exec("cat x".into()));
        assert_eq!(PinSource::parse("file:/run/pin"), PinSource::File("/run/pin".into()));
        assert_eq!(PinSource::parse("/run/pin"), PinSource::File("/run/pin".into()));
    }

    #[test]
    fn only_the_program_of_a_command_is_shown() {
        let source = PinSource::parse("exec:vault -token=s3cret");
        assert_eq!(source.to_string(), "the command vault");
        assert_eq!(format!("{source:?}"), "PinSource(the command vault)");
    }

    #[test]
    fn variables_that_are_named_are_known_as_secrets() {
        let _ = PinSource::parse("env:OF_THIS_TEST");
        assert!(variables().iter().any(|name| name == "OF_THIS_TEST"));
        assert!(variables().iter().any(|name| name == "n3fips_password") && is_variable("N3FIPS_PASSWORD"));
    }
}
