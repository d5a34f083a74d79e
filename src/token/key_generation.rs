//! Key generation: what the token cannot do is refused before, what it made is read back and compared.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session as Raw;

use super::attribute_template as template;
use super::error::{CallError, Doing as _, Error};
use super::get_attribute_value::Slot;
use super::key_pair::{KeyPair, check_scheme};
use super::new_key_pair::NewKeyPair;
use super::object::{Handle, ObjectClass};
use super::session::Session;
use super::vendor::Changes;
use super::{attributes, generation_mechanism, mechanism, public_key, retry, template_ladder};
use crate::key::{KeyAlgorithm, KeyId, SignatureScheme};

/// What is looked at when a private key has been made.
const PRIVATE_ATTRIBUTES: [AttributeType; 5] = [
    AttributeType::Sensitive,
    AttributeType::Extractable,
    AttributeType::Decrypt,
    AttributeType::Unwrap,
    AttributeType::Derive,
];

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
    /// Refuses, before anything is made, what the token cannot do.
    ///
    /// # Errors
    /// [`Error::MechanismMissing`], [`Error::KeySize`], [`Error::SchemeMismatch`], [`Error::Call`].
    pub fn check_mechanisms(&self, pair: &NewKeyPair, scheme: SignatureScheme) -> Result<(), Error> {
        check_scheme(pair.algorithm, scheme)?;
        let generation = self.generation_mechanism(pair)?;
        mechanism::signing(scheme, self.mechanisms()?)?;
        self.check_size(pair.algorithm, generation)
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
        let (made, unwanted) = self.make(pair)?;
        if !unwanted.is_empty() && self.quirks().changes == Changes::All {
            let private = made.handles()?.private.object;
            // Where the module does not let go of them, the key still does what was asked for.
            let _ = self.call("C_SetAttributeValue", |session| session.update_attributes(private, &unwanted));
        }
        Ok(made)
    }

    /// Makes the pair; it still has the uses, given here too, that the module has added by itself.
    pub(super) fn make(&'s self, pair: &NewKeyPair) -> Result<(KeyPair<'s>, Vec<Attribute>), Error> {
        self.surviving(|| {
            if self.epoch() > 0 {
                // Nobody knows how far the token got before the session was lost.
                self.destroy_pair(&pair.id)?;
            }
            self.make_once(pair)
        })
    }

    fn destroy_pair(&self, id: &KeyId) -> Result<(), Error> {
        for class in [ObjectClass::PrivateKey, ObjectClass::PublicKey] {
            for handle in self.handles(Some(class), &[Attribute::Id(id.as_bytes().to_vec())])? {
                self.destroy(class, handle.object)?;
            }
        }
        Ok(())
    }

    fn make_once(&'s self, pair: &NewKeyPair) -> Result<(KeyPair<'s>, Vec<Attribute>), Error> {
        let mut first = None;
        for mechanism in self.generation_mechanisms(pair) {
            match self.climb(pair, &mechanism) {
                Ok((public, private)) => {
                    return self.read_back(pair, public, private).inspect_err(|_| {
                        // What the caller never gets to see must not stay; a second failure would hide the first.
                        let _ = self.destroy(ObjectClass::PrivateKey, private);
                        let _ = self.destroy(ObjectClass::PublicKey, public);
                    });
                }
                Err(error @ Cryptoki::Pkcs11(RvError::MechanismInvalid, _)) => {
                    let (source, name) = (CallError::new(&error), generation_mechanism::name(&mechanism));
                    self.conduct.tell(&format!("the token does not make a key pair by {name} ({source})"));
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error).doing("make a key pair"),
            }
        }
        Err(first.unwrap_or(Cryptoki::NullFunctionPointer)).doing("make a key pair")
    }

    /// Down the ladder of attribute templates, until the token takes one. Only a refusal that is about the template
    /// leads to the next one; the first refusal is the one that is told, since the templates get poorer.
    fn climb(&self, pair: &NewKeyPair, mechanism: &Mechanism<'_>) -> Result<(ObjectHandle, ObjectHandle), Cryptoki> {
        let mut first = None;
        for step in template_ladder::ladder(pair, &self.quirks()) {
            let (public, private) = (&step.public, &step.private);
            let made = self.call("C_GenerateKeyPair", |session| session.generate_key_pair(mechanism, public, private));
            let name = generation_mechanism::name(mechanism);
            match made {
                Ok(handles) => {
                    self.conduct.tell(&format!("key pair made by {name} with the {} attribute template", step.rung));
                    return Ok(handles);
                }
                Err(error) if !step.leads_on_after(&error) => return Err(error),
                Err(error) => {
                    let source = CallError::new(&error);
                    self.conduct.tell(&format!("the token refuses the {} attribute template ({source})", step.rung));
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or(Cryptoki::NullFunctionPointer))
    }

    fn read_back(
        &'s self,
        pair: &NewKeyPair,
        public: ObjectHandle,
        private: ObjectHandle,
    ) -> Result<(KeyPair<'s>, Vec<Attribute>), Error> {
        let (function, seconds) = (self.module.get_attribute_value, self.quirks().new_key_seconds);
        let read = |class, handle, types: &[AttributeType]| {
            let call = &mut |slots: &mut [Slot]| {
                let get = |session: &Raw| function.call(session, handle, slots);
                self.call_patiently(seconds, retry::is_not_ready, "C_GetAttributeValue", get)
            };
            attributes::read_list(class, types, call)
        };
        let attributes = read(ObjectClass::PublicKey, public, &public_key::ATTRIBUTES);
        let attributes = attributes.doing("show the new public key")?;
        let made = public_key::read(&attributes);
        let public_key = made.filter(|key| public_key::is(pair.algorithm, key)).ok_or_else(|| Error::KeyDiffers {
            made: public_key::read(&attributes)
                .map_or("a key of an unknown type".to_owned(), |key| key.algorithm().to_string()),
            asked: pair.algorithm,
        })?;
        let attributes = read(ObjectClass::PrivateKey, private, &PRIVATE_ATTRIBUTES);
        let attributes = attributes.doing("show how it protects the private key")?;
        if let Some(flaw) = Protection::of(&attributes).flaw() {
            return Err(Error::KeyUnprotected { label: pair.label.clone(), flaw: flaw.to_owned() });
        }
        let unwanted = template::unwanted_uses(&attributes, pair.purposes);
        let (id, label) = (pair.id.clone(), pair.label.clone());
        let of_now = |object| Handle { object, epoch: self.epoch() };
        Ok((KeyPair::new(self, (of_now(private), Some(of_now(public))), id, label, public_key).fresh(), unwanted))
    }
}
