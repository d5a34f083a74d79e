//! How a user names a key that is on the token already.

use std::fmt;

use crate::key::KeyId;
use crate::uri::{self, Pkcs11Uri};

/// A key by what a person can type. It finds a key, it never links one: links go by the public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyReference {
    /// `CKA_LABEL`.
    Label(String),
    /// `CKA_ID`, written `id:` and hex.
    Id(KeyId),
    /// The `id` and `object` of a `pkcs11:` URI; at least one of them is there.
    Uri {
        /// `CKA_ID`.
        id: Option<KeyId>,
        /// `CKA_LABEL`.
        object: Option<String>,
    },
}

impl KeyReference {
    /// Reads `pkcs11:...;id=...`, `id:0a1b...`, or else a label.
    ///
    /// # Errors
    /// [`uri::Error`] for a URI that cannot be read or names no key.
    pub fn parse(text: &str) -> Result<Self, uri::Error> {
        if text.starts_with("pkcs11:") {
            let Pkcs11Uri { id, object, .. } = Pkcs11Uri::parse(text)?;
            return match (&id, &object) {
                (None, None) => Err(uri::Error::NoObject),
                _ => Ok(Self::Uri { id, object }),
            };
        }
        let id = text.strip_prefix("id:").and_then(|hex| base16ct::mixed::decode_vec(hex).ok());
        Ok(match id.filter(|id| !id.is_empty()) {
            Some(id) => Self::Id(KeyId::new(id)),
            None => Self::Label(text.to_owned()),
        })
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => write!(f, "the label \"{label}\""),
            Self::Id(id) | Self::Uri { id: Some(id), object: None } => write!(f, "the id {id}"),
            Self::Uri { id: None, object } => write!(f, "the label \"{}\"", object.as_deref().unwrap_or_default()),
            Self::Uri { id: Some(id), object: Some(label) } => write!(f, "the id {id} and the label \"{label}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_label_id_or_uri() {
        let id = KeyId::new(vec![0x0a, 0x1b]);
        assert_eq!(KeyReference::parse("web").unwrap(), KeyReference::Label("web".into()));
        assert_eq!(KeyReference::parse("id:0A1b").unwrap(), KeyReference::Id(id.clone()));
        assert_eq!(KeyReference::parse("id:card").unwrap(), KeyReference::Label("id:card".into()));
        let uri = KeyReference::parse("pkcs11:token=t;id=%0a%1b;type=private").unwrap();
        assert_eq!(uri, KeyReference::Uri { id: Some(id), object: None });
        assert!(KeyReference::parse("pkcs11:token=t").is_err());
    }
}
