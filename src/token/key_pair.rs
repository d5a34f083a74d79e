//! Key pairs: made in the token, found again by public key, used to sign, and destroyed when they must go.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};

use super::attribute_template::{self as template, Ed25519Name};
use super::error::{Doing as _, Error};
use super::object::{Object, ObjectClass};
use super::session::Session;
use super::{mechanism, public_key};
use crate::key::{KeyAlgorithm, KeyId, PublicKey, SignatureScheme};
use crate::key_reference::KeyReference;
use crate::request::KeyPurposes;

/// Length of a new `CKA_ID` in bytes: too long for two tools to meet, short enough for all modules but
/// `YubiHSM`, whose own ids have two bytes.
const ID_LEN: usize = 16;

/// What is looked at when a private key has been made.
const PRIVATE_ATTRIBUTES: [AttributeType; 5] = [
    AttributeType::Sensitive,
    AttributeType::Extractable,
    AttributeType::Decrypt,
    AttributeType::Unwrap,
    AttributeType::Derive,
];

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
}

impl NewKeyPair {
    /// A pair with a random id.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new(label: String, algorithm: KeyAlgorithm, purposes: KeyPurposes) -> Result<Self, Error> {
        let mut id = vec![0; ID_LEN];
        getrandom::fill(&mut id).map_err(|error| Error::Random(error.to_string()))?;
        Ok(Self { id: KeyId::new(id), label, algorithm, purposes })
    }
}

/// A key pair on the token. It borrows the session through which it was found.
#[derive(Debug)]
pub struct KeyPair<'s> {
    session: &'s Session<'s>,
    private: ObjectHandle,
    public: Option<ObjectHandle>,
    id: KeyId,
    label: String,
    public_key: PublicKey,
}

/// What the token says about how a private key is kept (PKCS#11 3.1, 4.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Protection {
    /// `CKA_SENSITIVE`.
    pub sensitive: Option<bool>,
    /// `CKA_EXTRACTABLE`.
    pub extractable: Option<bool>,
}

impl Protection {
    fn of(private: &[Attribute]) -> Self {
        let mut protection = Self::default();
        for attribute in private {
            match attribute {
                Attribute::Sensitive(value) => protection.sensitive = Some(*value),
                Attribute::Extractable(value) => protection.extractable = Some(*value),
                _ => {}
            }
        }
        protection
    }

    /// The attribute that lets the key out, if one does. A module that does not tell is believed.
    fn flaw(self) -> Option<&'static str> {
        match self {
            Self { extractable: Some(true), .. } => Some("CKA_EXTRACTABLE is true"),
            Self { sensitive: Some(false), .. } => Some("CKA_SENSITIVE is false"),
            _ => None,
        }
    }
}

impl<'s> Session<'s> {
    /// Refuses a label that a key or certificate has already.
    ///
    /// # Errors
    /// [`Error::LabelTaken`] names them, [`Error::Call`].
    pub fn check_label_free(&self, label: &str) -> Result<(), Error> {
        // One search over all classes tells that a label is free, which is the usual case; SoftHSM reads every
        // object file again in each search.
        if !self.has_objects_with_label(label)? {
            return Ok(());
        }
        let mut by = Vec::new();
        for class in [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate] {
            by.extend(self.objects_with_label(class, label)?.iter().map(ToString::to_string));
        }
        if by.is_empty() { Ok(()) } else { Err(Error::LabelTaken { label: label.to_owned(), by }) }
    }

    /// Refuses, before anything is made, what the token cannot do.
    ///
    /// # Errors
    /// [`Error::MechanismMissing`], [`Error::KeySize`], [`Error::SchemeMismatch`], [`Error::Call`].
    pub fn check_mechanisms(&self, algorithm: KeyAlgorithm, scheme: SignatureScheme) -> Result<(), Error> {
        check_scheme(algorithm, scheme)?;
        let present = self.mechanisms()?;
        let wanted = mechanism::generation(algorithm).mechanism_type();
        if !present.contains(&wanted) {
            return Err(Error::MechanismMissing {
                doing: format!("make a key of type {algorithm}"),
                wanted: vec![wanted.to_string()],
                present: mechanism::names(present, "KEY_PAIR_GEN"),
            });
        }
        mechanism::signing(scheme, present)?;
        self.check_size(algorithm, wanted)
    }

    /// Refuses a key that is outside the sizes of `C_GetMechanismInfo`. A module that does not tell them is believed
    /// to make any: it then refuses by itself.
    fn check_size(&self, algorithm: KeyAlgorithm, generation: MechanismType) -> Result<(), Error> {
        let slot = self.token().slot.0;
        let info = self.module.call("C_GetMechanismInfo", |pkcs11| pkcs11.get_mechanism_info(slot, generation));
        let sizes = info.ok().and_then(|info| mechanism::sizes(algorithm, info.min_key_size(), info.max_key_size()));
        match sizes {
            Some(sizes) if !sizes.contains(&(algorithm.bits() as usize)) => {
                Err(Error::KeySize { algorithm, min: *sizes.start(), max: *sizes.end() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Makes a pair in the token (`C_GenerateKeyPair`), reads it back and compares it with what was asked.
    ///
    /// # Errors
    /// [`Error::Call`]; [`Error::KeyUnprotected`] and [`Error::KeyDiffers`] after the pair was destroyed.
    pub fn generate(&'s self, pair: &NewKeyPair) -> Result<KeyPair<'s>, Error> {
        let mechanism = mechanism::generation(pair.algorithm);
        let make = |ed25519| {
            let (public, private) = (template::public_key(pair, ed25519), template::private_key(pair));
            self.call("C_GenerateKeyPair", |session| session.generate_key_pair(&mechanism, &public, &private))
        };
        let made = match make(Ed25519Name::Word) {
            Err(error) if pair.algorithm == KeyAlgorithm::Ed25519 && is_about_template(&error) => {
                make(Ed25519Name::Oid)
            }
            made => made,
        };
        let (public, private) = made.doing("make a key pair")?;
        self.read_back(pair, public, private).inspect_err(|_| {
            // What the caller never gets to see must not stay; a second failure would hide the first.
            let _ = self.destroy(private);
            let _ = self.destroy(public);
        })
    }

    fn read_back(
        &'s self,
        pair: &NewKeyPair,
        public: ObjectHandle,
        private: ObjectHandle,
    ) -> Result<KeyPair<'s>, Error> {
        let attributes = self
            .call("C_GetAttributeValue", |session| session.get_attributes(public, &public_key::ATTRIBUTES))
            .doing("show the new public key")?;
        let made = public_key::read(&attributes);
        let public_key = made.filter(|key| public_key::is(pair.algorithm, key)).ok_or_else(|| Error::KeyDiffers {
            made: public_key::read(&attributes)
                .map_or("a key of an unknown type".to_owned(), |key| key.algorithm().to_string()),
            asked: pair.algorithm,
        })?;
        let attributes = self
            .call("C_GetAttributeValue", |session| session.get_attributes(private, &PRIVATE_ATTRIBUTES))
            .doing("show how it protects the private key")?;
        if let Some(flaw) = Protection::of(&attributes).flaw() {
            return Err(Error::KeyUnprotected { label: pair.label.clone(), flaw: flaw.to_owned() });
        }
        let unwanted = template::unwanted_uses(&attributes, pair.purposes);
        if !unwanted.is_empty() {
            // Where the module does not let go of them, the key still does what was asked for.
            let _ = self.call("C_SetAttributeValue", |session| session.update_attributes(private, &unwanted));
        }
        let (id, label) = (pair.id.clone(), pair.label.clone());
        Ok(KeyPair { session: self, private, public: Some(public), id, label, public_key })
    }

    /// Finds the private key that belongs to a public key: by value, never by what somebody typed. The
    /// public key object is asked first, since it is searchable everywhere, then the private key itself.
    ///
    /// # Errors
    /// [`Error::PrivateKeyMissing`] when only the public half is there, [`Error::KeyAmbiguous`], [`Error::Call`].
    pub fn find_key(&'s self, key: &PublicKey) -> Result<Option<KeyPair<'s>>, Error> {
        let publics = self.objects_with_key(ObjectClass::PublicKey, key)?;
        let mut privates = self.objects_with_key(ObjectClass::PrivateKey, key)?;
        for public in &publics {
            // Modules that do not search private keys by value: through the id, which both halves share.
            for private in self.objects_with_id(ObjectClass::PrivateKey, &public.id)? {
                let unlike = private.public_key.as_ref().is_some_and(|found| found != key);
                if !unlike && !privates.iter().any(|known| known.raw == private.raw) {
                    privates.push(private);
                }
            }
        }
        match (privates.pop(), privates.len(), publics.first()) {
            (None, _, None) => Ok(None),
            (None, _, Some(public)) => Err(Error::PrivateKeyMissing(public.id.clone())),
            (Some(private), 0, _) => {
                let public = publics.iter().find(|public| public.id == private.id).map(|public| public.raw.0);
                let Object { raw, id, label, .. } = private;
                Ok(Some(KeyPair { session: self, private: raw.0, public, id, label, public_key: key.clone() }))
            }
            (Some(last), count, _) => {
                privates.push(last);
                let found = privates.iter().map(|key| format!("\"{}\" (id {})", key.label, key.id)).collect();
                Err(Error::KeyAmbiguous { wanted: "the public key".to_owned(), count: count + 1, found })
            }
        }
    }

    /// The key pair that a user names, which must be the only one.
    ///
    /// # Errors
    /// [`Error::KeyAmbiguous`], [`Error::Call`].
    pub fn find_key_by_reference(&'s self, reference: &KeyReference) -> Result<Option<KeyPair<'s>>, Error> {
        let (id, label) = match reference {
            KeyReference::Label(label) => (None, Some(label)),
            KeyReference::Id(id) => (Some(id), None),
            KeyReference::Uri { id, object } => (id.as_ref(), object.as_ref()),
        };
        let template = id.map(|id| Attribute::Id(id.as_bytes().to_vec())).into_iter();
        let template = template.chain(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
        let mut privates = self.search(ObjectClass::PrivateKey, template.collect())?;
        if privates.len() > 1 {
            let found = privates.iter().map(|key| format!("\"{}\" (id {})", key.label, key.id)).collect();
            return Err(Error::KeyAmbiguous { wanted: reference.to_string(), count: privates.len(), found });
        }
        let Some(private) = privates.pop() else { return Ok(None) };
        let publics = self.objects_with_id(ObjectClass::PublicKey, &private.id)?;
        let public_key =
            private.public_key.clone().or_else(|| publics.iter().find_map(|public| public.public_key.clone()));
        let Some(public_key) = public_key else { return Ok(None) };
        let public = publics.into_iter().find(|public| public.public_key.as_ref() == Some(&public_key));
        let Object { raw, id, label, .. } = private;
        Ok(Some(KeyPair {
            session: self,
            private: raw.0,
            public: public.map(|public| public.raw.0),
            id,
            label,
            public_key,
        }))
    }

    fn objects_with_key(&self, class: ObjectClass, key: &PublicKey) -> Result<Vec<Object>, Error> {
        let mut found = Vec::new();
        for search in public_key::searches(key) {
            // A private key may not carry the value of the public one; the search is then empty or refused.
            match self.search(class, search) {
                Ok(objects) => {
                    found.extend(objects.into_iter().filter(|object| object.public_key.as_ref() == Some(key)));
                }
                Err(_) if class == ObjectClass::PrivateKey => {}
                Err(error) => return Err(error),
            }
            if !found.is_empty() {
                break;
            }
        }
        Ok(found)
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

/// Whether another template may do. `SoftHSM` says `CKR_GENERAL_ERROR` to a curve that it does not know.
fn is_about_template(error: &Cryptoki) -> bool {
    matches!(
        error,
        Cryptoki::Pkcs11(
            RvError::AttributeReadOnly
                | RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::TemplateInconsistent
                | RvError::TemplateIncomplete
                | RvError::KeyTypeInconsistent
                | RvError::KeyFunctionNotPermitted
                | RvError::MechanismParamInvalid
                | RvError::DomainParamsInvalid
                | RvError::CurveNotSupported
                | RvError::ArgumentsBad
                | RvError::GeneralError,
            _
        )
    )
}

fn check_scheme(key: KeyAlgorithm, scheme: SignatureScheme) -> Result<(), Error> {
    let fits = match (key, scheme) {
        (KeyAlgorithm::Rsa { .. }, SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_))
        | (KeyAlgorithm::Ec(_), SignatureScheme::Ecdsa(_))
        | (KeyAlgorithm::Ed25519, SignatureScheme::Ed25519) => true,
        (KeyAlgorithm::MlDsa(key), SignatureScheme::MlDsa(scheme)) => key == scheme,
        _ => false,
    };
    if fits { Ok(()) } else { Err(Error::SchemeMismatch { key, scheme }) }
}
