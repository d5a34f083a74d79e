//! A pair that is to be made: its id and label as the token takes them, and what is refused before.

use cryptoki::object::Attribute;

use super::error::Error;
use super::session::Session;
use super::vendor::{Quirks, RsaGeneration};
use crate::key::{KeyAlgorithm, KeyId};
use crate::request::KeyPurposes;

/// An id of so few bytes may be in use: it is looked for before.
const SHORT_ID: usize = 8;
/// More often than that no free id is looked for: the token refuses one that is in use by itself.
const TRIES: usize = 16;

/// A pair that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKeyPair {
    /// `CKA_ID` of both halves.
    pub id: KeyId,
    /// `CKA_LABEL` of both halves.
    pub label: String,
    /// Algorithm and size.
    pub algorithm: KeyAlgorithm,
    /// Uses beside signing.
    pub purposes: KeyPurposes,
    /// The mechanism for an RSA key, where it is not left to hsmcert.
    pub rsa_generation: Option<RsaGeneration>,
    /// How long it is there.
    pub lifetime: Lifetime,
}

/// `CKA_TOKEN` of a new pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until somebody destroys it.
    Token,
    /// Until the session ends.
    Session,
}

impl NewKeyPair {
    /// A pair with a random id, or with the one that follows from its label where they are the same.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new(label: String, algorithm: KeyAlgorithm, purposes: KeyPurposes, quirks: &Quirks) -> Result<Self, Error> {
        let name = label.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let (rsa_generation, lifetime) = (None, Lifetime::Token);
        let pair = |id, label| Self { id: KeyId::new(id), label, algorithm, purposes, rsa_generation, lifetime };
        if quirks.label_is_id && !name.is_empty() {
            return Ok(pair(name.clone().into_bytes(), name));
        }
        let mut id = vec![0; quirks.id_length];
        getrandom::fill(&mut id).map_err(|error| Error::Random(error.to_string()))?;
        Ok(pair(id, label))
    }
}

impl Session<'_> {
    /// A pair as this token wants it, with an id that nothing has.
    ///
    /// # Errors
    /// [`Error::MakesNoKeys`], [`Error::LabelTooLong`], [`Error::Random`], [`Error::Call`].
    pub fn plan_pair(
        &self,
        label: String,
        algorithm: KeyAlgorithm,
        purposes: KeyPurposes,
    ) -> Result<NewKeyPair, Error> {
        let quirks = self.quirks();
        if !quirks.generates_keys {
            let creation = self.conduct.vendor.and_then(|vendor| vendor.key_creation);
            return Err(Error::MakesNoKeys { product: self.conduct.product(), creation });
        }
        self.check_label_length(&label)?;
        for _ in 0..TRIES {
            let pair = NewKeyPair::new(label.clone(), algorithm, purposes, &quirks)?;
            if pair.id.as_bytes().len() >= SHORT_ID || quirks.label_is_id || self.is_id_free(&pair.id)? {
                if pair.label != label {
                    self.conduct
                        .tell(&format!("the key is named \"{}\": the token takes letters and digits only", pair.label));
                }
                return Ok(pair);
            }
        }
        NewKeyPair::new(label, algorithm, purposes, &quirks)
    }

    /// The first and the last id mean none and any on `YubiHSM`.
    fn is_id_free(&self, id: &KeyId) -> Result<bool, Error> {
        let is_all = |wanted| id.as_bytes().iter().all(|byte| *byte == wanted);
        Ok(!is_all(0) && !is_all(0xff) && !self.has_objects_with(Attribute::Id(id.as_bytes().to_vec()))?)
    }

    /// Refuses a label that is longer than the product takes.
    ///
    /// # Errors
    /// [`Error::LabelTooLong`].
    pub fn check_label_length(&self, label: &str) -> Result<(), Error> {
        match self.quirks().label_length.filter(|limit| label.len() > *limit) {
            Some(limit) => Err(Error::LabelTooLong { label: label.to_owned(), limit }),
            None => Ok(()),
        }
    }

    /// Refuses a label that a key or certificate has already.
    ///
    /// # Errors
    /// [`Error::LabelTaken`] names them, [`Error::Call`].
    pub fn check_label_free(&self, label: &str) -> Result<(), Error> {
        let by: Vec<String> = self.objects_labelled(label)?.iter().map(ToString::to_string).collect();
        if by.is_empty() { Ok(()) } else { Err(Error::LabelTaken { label: label.to_owned(), by }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(label: &str, quirks: &Quirks) -> NewKeyPair {
        NewKeyPair::new(label.to_owned(), KeyAlgorithm::DEFAULT, KeyPurposes::default(), quirks).unwrap()
    }

    #[test]
    fn ids_are_as_long_as_the_token_wants_them() {
        assert_eq!(pair("web", &Quirks::STANDARD).id.as_bytes().len(), 16);
        assert_eq!(pair("web", &Quirks { id_length: 2, ..Quirks::STANDARD }).id.as_bytes().len(), 2);
    }

    #[test]
    fn a_token_with_one_name_gets_letters_and_digits() {
        let quirks = Quirks { label_is_id: true, ..Quirks::STANDARD };
        let named = pair("www.example-1.com", &quirks);
        assert_eq!((named.label.as_str(), named.id.as_bytes()), ("wwwexample1com", &b"wwwexample1com"[..]));
        assert_eq!(pair("...", &quirks).label, "...", "nothing is left to name it by");
    }
}
