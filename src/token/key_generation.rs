//! Key generation: what the token cannot do is refused before, what it made is read back and compared.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};

use super::attribute_template::{self as template, Ed25519Name};
use super::error::{Doing as _, Error};
use super::key_pair::{KeyPair, check_scheme};
use super::object::ObjectClass;
use super::session::Session;
use super::{mechanism, public_key};
use crate::key::{KeyAlgorithm, KeyId, SignatureScheme};
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
