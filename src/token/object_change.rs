//! Changes of objects that are there: their end, and another label.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session as Raw;

use super::attributes;
use super::certificate_object::CertificateObject;
use super::error::{Doing as _, Error};
use super::get_attribute_value::Slot;
use super::key_pair::KeyPair;
use super::object::{Object, ObjectClass};
use super::session::Session;
use crate::key::KeyId;

const CHANGE: &str = "change the label";
const CHANGE_ID: &str = "change the id";

/// `CKA_LABEL` byte for byte: what is put back must be what was there, also where it was no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLabel(Vec<u8>);

impl From<&str> for RawLabel {
    fn from(label: &str) -> Self {
        Self(label.as_bytes().to_vec())
    }
}

impl Session<'_> {
    /// Destroys an object.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn destroy_object(&self, object: &Object) -> Result<(), Error> {
        let handle = self.current(object.raw).doing("destroy the object")?;
        self.destroy(object.class, handle)
    }

    /// Whether an object is still there, asked after a failure; `None` when the token does not tell.
    #[must_use]
    pub fn still_has(&self, object: &Object) -> Option<bool> {
        match self.read_label(object) {
            Ok(_) => Some(true),
            Err(Cryptoki::Pkcs11(RvError::ObjectHandleInvalid | RvError::KeyHandleInvalid, _)) => Some(false),
            Err(_) => None,
        }
    }

    /// The label of an object as it is now.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn raw_label(&self, object: &Object) -> Result<RawLabel, Error> {
        self.read_label(object).doing("show the label of an object")
    }

    /// Gives an object another label (`C_SetAttributeValue`) and reads it back.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::LabelDiffers`].
    pub fn set_label(&self, object: &Object, label: &RawLabel) -> Result<(), Error> {
        let handle = self.current(object.raw).doing(CHANGE)?;
        self.relabel(object.class, handle, label)
    }

    /// Gives an object another `CKA_ID` (`C_SetAttributeValue`) and looks whether it is found by that.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::IdDiffers`].
    pub fn set_id(&self, object: &Object, id: &KeyId) -> Result<(), Error> {
        let handle = self.current(object.raw).doing(CHANGE_ID)?;
        let attribute = [Attribute::Id(id.as_bytes().to_vec())];
        let change = |session: &Raw| session.update_attributes(handle, &attribute);
        self.call_about(object.class, "C_SetAttributeValue", change).doing(CHANGE_ID)?;
        let found = self.objects_with_id(object.class, id)?;
        match found.iter().any(|one| one.raw == object.raw) {
            true => Ok(()),
            false => Err(Error::IdDiffers { object: object.to_string() }),
        }
    }

    /// The same for a certificate.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::LabelDiffers`], [`Error::ReadBack`] when it is gone.
    pub fn label_certificate(&self, certificate: &CertificateObject, label: &RawLabel) -> Result<(), Error> {
        let missing = || Error::ReadBack(format!("it is not found by its id {}", certificate.id));
        let handle = self.certificate_handle(certificate)?.ok_or_else(missing)?;
        self.relabel(ObjectClass::Certificate, handle, label)
    }

    fn relabel(&self, class: ObjectClass, handle: ObjectHandle, label: &RawLabel) -> Result<(), Error> {
        let attribute = [Attribute::Label(label.0.clone())];
        let change = |session: &Raw| session.update_attributes(handle, &attribute);
        self.call_about(class, "C_SetAttributeValue", change).doing(CHANGE)?;
        let shown = self.read_label_of(class, handle).doing("show the label of an object")?;
        if shown == *label {
            return Ok(());
        }
        Err(Error::LabelDiffers { class, shown: String::from_utf8_lossy(&shown.0).into_owned() })
    }

    fn read_label(&self, object: &Object) -> Result<RawLabel, Cryptoki> {
        self.read_label_of(object.class, self.current(object.raw)?)
    }

    fn read_label_of(&self, class: ObjectClass, handle: ObjectHandle) -> Result<RawLabel, Cryptoki> {
        let call = &mut |slots: &mut [Slot]| self.get_attribute_value(class, handle, slots);
        let read = attributes::read_list(class, &[AttributeType::Label], call)?;
        let label = read.into_iter().find_map(|attribute| match attribute {
            Attribute::Label(label) => Some(label),
            _ => None,
        });
        Ok(RawLabel(label.unwrap_or_default()))
    }
}

impl KeyPair<'_> {
    /// The same for the private key of a pair.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::LabelDiffers`].
    pub fn label_private_key(&self, label: &RawLabel) -> Result<(), Error> {
        self.session.relabel(ObjectClass::PrivateKey, self.handles()?.private.object, label)
    }
}
