//! Changes of objects that are there: their end, and another label.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::Session as Raw;

use super::attributes;
use super::error::{Doing as _, Error};
use super::get_attribute_value::Slot;
use super::object::Object;
use super::session::Session;

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
        let attribute = [Attribute::Label(label.0.clone())];
        let handle = self.current(object.raw).doing("change the label")?;
        let change = |session: &Raw| session.update_attributes(handle, &attribute);
        self.call_about(object.class, "C_SetAttributeValue", change).doing("change the label")?;
        let shown = self.raw_label(object)?;
        if shown == *label {
            return Ok(());
        }
        Err(Error::LabelDiffers { class: object.class, shown: String::from_utf8_lossy(&shown.0).into_owned() })
    }

    fn read_label(&self, object: &Object) -> Result<RawLabel, Cryptoki> {
        let handle = self.current(object.raw)?;
        let call = &mut |slots: &mut [Slot]| self.get_attribute_value(object.class, handle, slots);
        let read = attributes::read_list(object.class, &[AttributeType::Label], call)?;
        let label = read.into_iter().find_map(|attribute| match attribute {
            Attribute::Label(label) => Some(label),
            _ => None,
        });
        Ok(RawLabel(label.unwrap_or_default()))
    }
}
