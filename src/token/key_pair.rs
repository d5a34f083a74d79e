//! A key pair on the token: what identifies it, signing with it, and its end.

use cryptoki::object::ObjectHandle;

use super::error::{Doing as _, Error};
use super::mechanism;
use super::object::Object;
use super::session::Session;
use crate::key::{KeyAlgorithm, KeyId, PublicKey, SignatureScheme};

/// A key pair on the token. It borrows the session through which it was found.
#[derive(Debug)]
pub struct KeyPair<'s> {
    pub(super) session: &'s Session<'s>,
    pub(super) private: ObjectHandle,
    pub(super) public: Option<ObjectHandle>,
    pub(super) id: KeyId,
    pub(super) label: String,
    pub(super) public_key: PublicKey,
}

impl KeyPair<'_> {
    /// `CKA_ID` of both halves.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// `CKA_LABEL` of both halves.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs in the token. The signature is the token's: `r || s` for ECDSA.
    ///
    /// # Errors
    /// [`Error::MechanismMissing`], [`Error::SchemeMismatch`], [`Error::Call`].
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Error> {
        check_scheme(self.public_key.algorithm(), scheme)?;
        let signing = mechanism::signing(scheme, self.session.mechanisms()?)?;
        let input = signing.input(message);
        self.session
            .call("C_Sign", |session| session.sign(&signing.mechanism, self.private, &input))
            .doing("sign with the key")
    }

    /// Whether the token has a mechanism for the scheme.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn can_sign(&self, scheme: SignatureScheme) -> Result<bool, Error> {
        Ok(mechanism::signing(scheme, self.session.mechanisms()?).is_ok())
    }

    /// Destroys both halves, the private one first.
    ///
    /// # Errors
    /// [`Error::Call`] of the first half that stays.
    pub fn destroy(self) -> Result<(), Error> {
        let private = self.session.destroy(self.private);
        let public = self.public.map_or(Ok(()), |public| self.session.destroy(public));
        private.and(public)
    }
}

impl<'s> Session<'s> {
    /// A private key that does not show its public key, taken for the half of one: only a signature proves that.
    #[must_use]
    pub fn presumed_pair(&'s self, private: &Object, public_key: &PublicKey) -> KeyPair<'s> {
        KeyPair {
            session: self,
            private: private.raw.0,
            public: None,
            id: private.id.clone(),
            label: private.label.clone(),
            public_key: public_key.clone(),
        }
    }
}

/// Refuses a scheme that is not one of this key.
pub(super) fn check_scheme(key: KeyAlgorithm, scheme: SignatureScheme) -> Result<(), Error> {
    let fits = match (key, scheme) {
        (KeyAlgorithm::Rsa { .. }, SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_))
        | (KeyAlgorithm::Ec(_), SignatureScheme::Ecdsa(_))
        | (KeyAlgorithm::Ed25519, SignatureScheme::Ed25519) => true,
        (KeyAlgorithm::MlDsa(key), SignatureScheme::MlDsa(scheme)) => key == scheme,
        _ => false,
    };
    if fits { Ok(()) } else { Err(Error::SchemeMismatch { key, scheme }) }
}
