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
    /// A `pkcs11:` URI with `id` or `object`, neither of them empty.
    Uri(Box<Pkcs11Uri>),
}

impl KeyReference {
    /// Reads `pkcs11:...;id=...`, `id:0a1b...`, or else a label.
    ///
    /// # Errors
    /// [`uri::Error`] for a URI that cannot be read or names no key.
    pub fn parse(text: &str) -> Result<Self, uri::Error> {
        if text.starts_with("pkcs11:") {
            let mut uri = Pkcs11Uri::parse(text)?;
            // Nothing is named by an empty value: in a search it fits whatever has none.
            uri.id = uri.id.filter(|id| !id.is_empty());
            uri.object = uri.object.filter(|label| !label.is_empty());
            return match (&uri.id, &uri.object) {
                (None, None) => Err(uri::Error::NoObject),
                _ => Ok(Self::Uri(Box::new(uri))),
            };
        }
        let id = text.strip_prefix("id:").and_then(|hex| base16ct::mixed::decode_vec(hex).ok());
        Ok(match id.filter(|id| !id.is_empty()) {
            Some(id) => Self::Id(KeyId::new(id)),
            None => Self::Label(text.to_owned()),
        })
    }

    /// The `CKA_ID` that it names.
    #[must_use]
    pub fn id(&self) -> Option<&KeyId> {
        match self {
            Self::Label(_) => None,
            Self::Id(id) => Some(id),
            Self::Uri(uri) => uri.id.as_ref(),
        }
    }

    /// The `CKA_LABEL` that it names.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Label(label) => Some(label),
            Self::Id(_) => None,
            Self::Uri(uri) => uri.object.as_deref(),
        }
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id(), self.label()) {
            (Some(id), None) => write!(f, "the id {id}"),
            (None, label) => write!(f, "the label \"{}\"", label.unwrap_or_default()),
            (Some(id), Some(label)) => write!(f, "the id {id} and the label \"{label}\""),
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
        assert_eq!((uri.id(), uri.label(), uri.to_string()), (Some(&id), None, "the id 0a1b".into()));
        for nothing in ["pkcs11:token=t", "pkcs11:id=", "pkcs11:object=;id="] {
            assert_eq!(KeyReference::parse(nothing), Err(uri::Error::NoObject), "{nothing}");
        }
    }
}
