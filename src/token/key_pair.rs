//! A key pair on the token: what identifies it, signing with it, and its end.

use std::cell::Cell;

use cryptoki::mechanism::Mechanism;
use cryptoki::session::Session as Raw;

use super::error::{Doing as _, Error};
use super::object::{Handle, Object, ObjectClass};
use super::session::Session;
use super::{mechanism, retry};
use crate::key::{KeyAlgorithm, KeyId, PublicKey, SignatureScheme};

/// A key pair on the token. It borrows the session through which it was found.
#[derive(Debug)]
pub struct KeyPair<'s> {
    pub(super) session: &'s Session<'s>,
    handles: Cell<Handles>,
    /// It was made a moment ago and has not signed yet.
    is_fresh: Cell<bool>,
    /// The public half has another label.
    has_other_label: bool,
    id: KeyId,
    label: String,
    public_key: PublicKey,
}

/// Where the token has the two halves, as long as the session is the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handles {
    pub(super) private: Handle,
    pub(super) public: Option<Handle>,
}

impl<'s> KeyPair<'s> {
    pub(super) fn new(
        session: &'s Session<'s>,
        (private, public): (Handle, Option<Handle>),
        id: KeyId,
        label: String,
        public_key: PublicKey,
    ) -> Self {
        let handles = Cell::new(Handles { private, public });
        Self { session, handles, is_fresh: Cell::new(false), has_other_label: false, id, label, public_key }
    }

    /// The same pair, which was made a moment ago.
    pub(super) fn fresh(self) -> Self {
        Self { is_fresh: Cell::new(true), ..self }
    }

    /// The same pair, as it was found.
    pub(super) fn labelled_apart(self, has_other_label: bool) -> Self {
        Self { has_other_label, ..self }
    }
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

    /// Whether the public half was found and has another label.
    #[must_use]
    pub fn has_other_label(&self) -> bool {
        self.has_other_label
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
        self.session.surviving(|| self.sign_input(&signing.mechanism, &input))
    }

    /// One signature by one mechanism. A new key is waited for until it has signed once.
    pub(super) fn sign_input(&self, mechanism: &Mechanism<'_>, input: &[u8]) -> Result<Vec<u8>, Error> {
        let seconds = if self.is_fresh.get() { self.session.quirks().new_key_seconds } else { 0 };
        let private = self.handles()?.private.object;
        let functions = self.session.functions();
        let sign = |session: &Raw| functions.sign(session, mechanism, private, input);
        let signed = self.session.call_patiently(seconds, retry::is_not_ready, "C_Sign", sign);
        let signature = signed.doing("sign with the key")?;
        self.is_fresh.set(false);
        Ok(signature)
    }

    /// The handles, found anew if the session is a new one.
    pub(super) fn handles(&self) -> Result<Handles, Error> {
        let known = self.handles.get();
        if self.session.current(known.private).is_ok() {
            return Ok(known);
        }
        let found = self.session.find_key(&self.public_key)?;
        let found = found.ok_or_else(|| Error::PrivateKeyMissing(self.id.clone()))?.handles.get();
        self.handles.set(found);
        Ok(found)
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
        let Handles { private, public } = self.handles()?;
        let private = self.session.destroy(ObjectClass::PrivateKey, private.object);
        let public = public.map_or(Ok(()), |public| self.session.destroy(ObjectClass::PublicKey, public.object));
        private.and(public)
    }
}

impl<'s> Session<'s> {
    /// A private key that does not show its public key, taken for the half of one: only a signature proves that.
    #[must_use]
    pub fn presumed_pair(&'s self, private: &Object, public_key: &PublicKey) -> KeyPair<'s> {
        KeyPair::new(self, (private.raw, None), private.id.clone(), private.label.clone(), public_key.clone())
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
