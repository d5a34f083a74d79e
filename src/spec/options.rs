//! How a request file is to be read.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::Encoding;

/// What the caller adds to a request file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The encoding of a file without byte order mark; `None`: UTF-8, else Windows-1252.
    pub encoding: Option<Encoding>,
    /// Warnings are errors.
    pub strict: bool,
    /// Values for `${NAME}` in a TOML file.
    pub variables: BTreeMap<String, String>,
    /// Values that win over those of the file. In an INF they give `%name%`, over `[Strings]`.
    pub overrides: Vec<Override>,
}

/// One `key=value` from outside of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What is set.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A text that is no [`Override`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form key=value")]
pub struct NotAnOverride(String);

impl FromStr for Override {
    type Err = NotAnOverride;

    fn from_str(text: &str) -> Result<Self, NotAnOverride> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok(Self { key: key.trim().to_owned(), value: value.to_owned() })
            }
            Some(_) | None => Err(NotAnOverride(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_splits_an_override() {
        let expected = Override { key: "Subject".into(), value: "CN=a".into() };
        assert_eq!("Subject=CN=a".parse(), Ok(expected));
        assert!("=x".parse::<Override>().is_err());
        assert!("dns".parse::<Override>().is_err());
    }
}
