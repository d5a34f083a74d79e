//! `C_GetAttributeValue` with buffers of our own. cryptoki has it only in the form that asks for all sizes first, which
//! is one call more for each object, and it believes any size that a module tells.
#![allow(unsafe_code)]

use std::ptr;

use cryptoki::context::Function;
use cryptoki::error::{Error as Cryptoki, Rv, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session as Raw;
use cryptoki_sys::{CK_ATTRIBUTE, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CK_UNAVAILABLE_INFORMATION};

use super::lists::Functions;

/// What a buffer holds before the call. No `CK_BBOOL` has this value, and no `CK_ULONG` that PKCS#11 defines.
const UNTOUCHED: u8 = 0xa5;

/// The module's function. It can be used by all threads (`CKF_OS_LOCKING_OK`), each with a session of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum GetAttributeValue {
    /// The one of the module.
    Own(unsafe extern "C" fn(CK_SESSION_HANDLE, CK_OBJECT_HANDLE, *mut CK_ATTRIBUTE, CK_ULONG) -> CK_RV),
    /// The one that cryptoki has.
    Cryptokis,
}

/// An attribute that is asked for: a buffer, and what the module says of the length.
#[derive(Debug)]
pub(super) struct Slot {
    kind: AttributeType,
    buffer: Vec<u8>,
    told: CK_ULONG,
}

/// What a module answered for one attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<'s> {
    /// Its value.
    Value(&'s [u8]),
    /// `CK_UNAVAILABLE_INFORMATION`: it has none, does not show it, or the buffer was too small.
    Unavailable,
    /// A length, and no value: that was asked for, or the buffer is shorter.
    Length(usize),
    /// The module did not write anything.
    Untouched,
}

impl GetAttributeValue {
    /// Finds the function.
    pub(super) fn of(functions: Functions) -> Result<Self, Cryptoki> {
        match functions {
            Functions::Own(list) => list.C_GetAttributeValue.map(Self::Own).ok_or(Cryptoki::NullFunctionPointer),
            Functions::Cryptokis => Ok(Self::Cryptokis),
        }
    }

    /// Makes the call. Whether every attribute was given: `CKR_OK`, and not one of the three results that are about
    /// single attributes (PKCS#11 3.1, 5.7.5).
    pub(super) fn call(self, session: &Raw, object: ObjectHandle, slots: &mut [Slot]) -> Result<bool, Cryptoki> {
        let function = match self {
            Self::Own(function) => function,
            Self::Cryptokis => return by_cryptoki(session, object, slots),
        };
        let mut template: Vec<CK_ATTRIBUTE> = slots.iter_mut().map(Slot::attribute).collect();
        // SAFETY: the template has as many entries as it says. Each points to a buffer of the length that it tells, or
        // to none; the buffers are borrowed for the call and nothing else uses them meanwhile.
        let result =
            unsafe { function(session.handle(), object.handle(), template.as_mut_ptr(), template.len() as CK_ULONG) };
        for (slot, attribute) in slots.iter_mut().zip(&template) {
            slot.told = attribute.ulValueLen;
        }
        match Rv::from(result) {
            Rv::Ok => Ok(true),
            Rv::Error(RvError::AttributeSensitive | RvError::AttributeTypeInvalid | RvError::BufferTooSmall) => {
                Ok(false)
            }
            error => error.into_result(Function::GetAttributeValue).map(|()| true),
        }
    }
}

/// The same by cryptoki, which has asked for the lengths itself: what it does not give is not there.
fn by_cryptoki(session: &Raw, object: ObjectHandle, slots: &mut [Slot]) -> Result<bool, Cryptoki> {
    let kinds: Vec<AttributeType> = slots.iter().map(Slot::kind).collect();
    let found = session.get_attributes(object, &kinds)?;
    for slot in slots {
        match found.iter().find(|attribute| attribute.attribute_type() == slot.kind) {
            Some(attribute) => slot.take(attribute),
            None => slot.told = CK_UNAVAILABLE_INFORMATION,
        }
    }
    Ok(true)
}

impl Slot {
    /// Asks for the value, of up to so many bytes; with none for the length only.
    pub(super) fn new(kind: AttributeType, room: usize) -> Self {
        Self { kind, buffer: vec![UNTOUCHED; room], told: 0 }
    }

    pub(super) fn kind(&self) -> AttributeType {
        self.kind
    }

    pub(super) fn room(&self) -> usize {
        self.buffer.len()
    }

    fn attribute(&mut self) -> CK_ATTRIBUTE {
        // A call before may have failed half-way.
        self.buffer.fill(UNTOUCHED);
        CK_ATTRIBUTE {
            type_: self.kind.into(),
            pValue: if self.buffer.is_empty() { ptr::null_mut() } else { self.buffer.as_mut_ptr().cast() },
            ulValueLen: self.buffer.len() as CK_ULONG,
        }
    }

    /// Takes what the module has written elsewhere.
    fn take(&mut self, attribute: &Attribute) {
        let value = value(attribute);
        self.told = value.len() as CK_ULONG;
        if let Some(room) = self.buffer.get_mut(..value.len()) {
            room.copy_from_slice(value);
        }
    }

    pub(super) fn answer(&self) -> Answer<'_> {
        if self.told == CK_UNAVAILABLE_INFORMATION {
            return Answer::Unavailable;
        }
        let told = usize::try_from(self.told).unwrap_or(usize::MAX);
        match self.buffer.get(..told) {
            Some([]) | None => Answer::Length(told),
            Some(value) if told == self.buffer.len() && value.iter().all(|byte| *byte == UNTOUCHED) => {
                Answer::Untouched
            }
            Some(value) => Answer::Value(value),
        }
    }
}

/// The bytes of an attribute's value, as a module would write them.
pub(super) fn value(attribute: &Attribute) -> &[u8] {
    let CK_ATTRIBUTE { pValue: pointer, ulValueLen: length, .. } = CK_ATTRIBUTE::from(attribute);
    match usize::try_from(length) {
        // SAFETY: the attribute is borrowed, and points to a value of its own of so many bytes.
        Ok(length @ 1..) => unsafe { std::slice::from_raw_parts(pointer.cast(), length) },
        Ok(0) | Err(_) => &[],
    }
}

/// An attribute with this value; `None` where it cannot have such a one.
pub(super) fn attribute(kind: AttributeType, value: &[u8]) -> Option<Attribute> {
    let pointer = if value.is_empty() { ptr::null_mut() } else { value.as_ptr().cast_mut().cast() };
    // It is only read, and only now.
    Attribute::try_from(CK_ATTRIBUTE { type_: kind.into(), pValue: pointer, ulValueLen: value.len() as CK_ULONG }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(room: usize, write: &[u8], told: CK_ULONG) -> Slot {
        let mut slot = Slot::new(AttributeType::Label, room);
        slot.buffer[..write.len()].copy_from_slice(write);
        slot.told = told;
        slot
    }

    #[test]
    fn only_what_was_written_into_the_buffer_is_a_value() {
        assert_eq!(answered(4, b"ab", 2).answer(), Answer::Value(b"ab"));
        assert_eq!(answered(4, b"abcd", 4).answer(), Answer::Value(b"abcd"));
        assert_eq!(answered(4, b"", 4).answer(), Answer::Untouched);
        assert_eq!(answered(4, b"", CK_UNAVAILABLE_INFORMATION).answer(), Answer::Unavailable);
        assert_eq!(answered(4, b"abcd", 5).answer(), Answer::Length(5));
        assert_eq!(answered(4, b"", 0).answer(), Answer::Length(0));
        assert_eq!(answered(0, b"", 7).answer(), Answer::Length(7));
    }

    #[test]
    fn a_value_of_the_wrong_length_is_no_attribute() {
        assert!(matches!(attribute(AttributeType::Sign, &[1]), Some(Attribute::Sign(true))));
        assert!(attribute(AttributeType::Sign, &[1, 0, 0, 0]).is_none());
        assert!(attribute(AttributeType::KeyType, &[0]).is_none());
        assert!(matches!(attribute(AttributeType::Label, b""), Some(Attribute::Label(label)) if label.is_empty()));
    }
}
