//! Slots, mechanisms, objects and signatures, read into buffers of our own. cryptoki makes a buffer as large as a module
//! says, and takes any number of objects that it tells: an impossible one then ends the process.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::ptr;

use cryptoki::context::{Function, Pkcs11};
use cryptoki::error::{Error as Cryptoki, Rv, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::{ObjectHandleIterator, Session as Raw};
use cryptoki::slot::Slot;
use cryptoki_sys::{CK_ATTRIBUTE, CK_FUNCTION_LIST, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_TRUE, CK_ULONG};

use super::raw;

/// Slots, mechanisms, or bytes of a signature: more than any token has, and few enough for the memory.
const MOST: usize = 1 << 16;
/// Objects of one search.
const MOST_OBJECTS: usize = 1 << 20;

/// The functions of a module, by themselves where they can be used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Functions {
    /// Those of the module.
    Own(&'static CK_FUNCTION_LIST),
    /// Those that cryptoki has: p11-kit's proxy and client give everybody who asks a list of functions of their own,
    /// which has sessions of its own.
    Cryptokis,
}

impl Functions {
    /// Those of a module that is loaded already.
    pub(super) fn of_loaded(path: &Path) -> Result<Self, Cryptoki> {
        let (list, again) = (raw::function_list(path)?, raw::function_list(path)?);
        // Sessions that cryptoki opens are unknown to a list that is not cryptoki's.
        Ok(if ptr::eq(list, again) { Self::Own(list) } else { Self::Cryptokis })
    }

    /// The slots with a token in them.
    pub(super) fn slots(self, pkcs11: &Pkcs11) -> Result<Vec<Slot>, Cryptoki> {
        let Self::Own(list) = self else { return pkcs11.get_slots_with_token() };
        let function = list.C_GetSlotList.ok_or(Cryptoki::NullFunctionPointer)?;
        // SAFETY: `read` gives a place for the number, and no buffer or one with as much room as that says.
        let slots = read(Function::GetSlotList, |slots, count| unsafe { function(CK_TRUE, slots, count) })?;
        slots.into_iter().map(|slot: CK_ULONG| Slot::try_from(slot)).collect()
    }

    /// The mechanisms of a token that cryptoki knows.
    pub(super) fn mechanisms(self, pkcs11: &Pkcs11, slot: Slot) -> Result<Vec<MechanismType>, Cryptoki> {
        let Self::Own(list) = self else { return pkcs11.get_mechanism_list(slot) };
        let function = list.C_GetMechanismList.ok_or(Cryptoki::NullFunctionPointer)?;
        // SAFETY: as above.
        let listed = read(Function::GetMechanismList, |list, count| unsafe { function(slot.into(), list, count) })?;
        Ok(listed.into_iter().filter_map(|mechanism: CK_ULONG| mechanism.try_into().ok()).collect())
    }

    /// Signs in one part.
    pub(super) fn sign(
        self,
        session: &Raw,
        mechanism: &Mechanism<'_>,
        key: ObjectHandle,
        data: &[u8],
    ) -> Result<Vec<u8>, Cryptoki> {
        let Self::Own(list) = self else { return session.sign(mechanism, key, data) };
        let start = list.C_SignInit.ok_or(Cryptoki::NullFunctionPointer)?;
        let function = list.C_Sign.ok_or(Cryptoki::NullFunctionPointer)?;
        let mut mechanism = CK_MECHANISM::from(mechanism);
        // SAFETY: the mechanism borrows its parameter and lives until the call returns.
        let started = unsafe { start(session.handle(), &raw mut mechanism, key.handle()) };
        Rv::from(started).into_result(Function::SignInit)?;
        let (bytes, length) = (data.as_ptr().cast_mut(), data.len() as CK_ULONG);
        // SAFETY: the data is only read, and has the length that it says; for the signature as above.
        read(Function::Sign, |signature, count| unsafe { function(session.handle(), bytes, length, signature, count) })
    }

    /// Begins a search for objects, which gives so many handles at once.
    pub(super) fn search<'r>(
        self,
        session: &'r Raw,
        template: &[Attribute],
        batch: NonZeroUsize,
    ) -> Result<Search<'r>, Cryptoki> {
        let Self::Own(list) = self else {
            return session.iter_objects_with_cache_size(template, batch).map(Search::Cryptokis);
        };
        let function = list.C_FindObjectsInit.ok_or(Cryptoki::NullFunctionPointer)?;
        let mut template: Vec<CK_ATTRIBUTE> = template.iter().map(CK_ATTRIBUTE::from).collect();
        // SAFETY: the template has as many attributes as it says, whose values are borrowed until the call returns.
        let started = unsafe { function(session.handle(), template.as_mut_ptr(), template.len() as CK_ULONG) };
        Rv::from(started).into_result(Function::FindObjectsInit)?;
        Ok(Search::Own(OwnSearch { session, list, batch }))
    }
}

/// A search that has begun. It ends when this is dropped.
pub(super) enum Search<'r> {
    Own(OwnSearch<'r>),
    Cryptokis(ObjectHandleIterator<'r>),
}

pub(super) struct OwnSearch<'r> {
    session: &'r Raw,
    list: &'static CK_FUNCTION_LIST,
    batch: NonZeroUsize,
}

impl Search<'_> {
    /// Whether there is any object.
    pub(super) fn finds_any(self) -> Result<bool, Cryptoki> {
        match self {
            Self::Own(search) => Ok(!search.next()?.is_empty()),
            Self::Cryptokis(mut objects) => Ok(objects.next().transpose()?.is_some()),
        }
    }

    /// All objects.
    pub(super) fn all(self) -> Result<Vec<ObjectHandle>, Cryptoki> {
        let search = match self {
            Self::Own(search) => search,
            Self::Cryptokis(objects) => return objects.collect(),
        };
        let mut all = Vec::new();
        loop {
            let found = search.next()?;
            let is_last = found.len() < search.batch.get();
            all.extend(found);
            match (is_last, all.len() > MOST_OBJECTS) {
                (true, _) => return Ok(all),
                (false, false) => {}
                // A module that never comes to an end.
                (false, true) => return Err(Cryptoki::InvalidValue),
            }
        }
    }
}

impl OwnSearch<'_> {
    fn next(&self) -> Result<Vec<ObjectHandle>, Cryptoki> {
        let function = self.list.C_FindObjects.ok_or(Cryptoki::NullFunctionPointer)?;
        let room = self.batch.get();
        let mut handles: Vec<CK_OBJECT_HANDLE> = vec![0; room];
        let mut count = 0;
        // SAFETY: there is room for as many handles as that says, and a place for their number.
        let found = unsafe { function(self.session.handle(), handles.as_mut_ptr(), room as CK_ULONG, &raw mut count) };
        Rv::from(found).into_result(Function::FindObjects)?;
        handles.truncate(within(count, room)?);
        // SAFETY: the module has just given them for this session.
        Ok(handles.into_iter().map(|handle| unsafe { ObjectHandle::new_from_raw(handle) }).collect())
    }
}

impl Drop for OwnSearch<'_> {
    fn drop(&mut self) {
        if let Some(function) = self.list.C_FindObjectsFinal {
            // SAFETY: a number alone. Nothing is left to be done about a failure.
            let _ = unsafe { function(self.session.handle()) };
        }
    }
}

/// What a function gives that tells first how much it is. Between the two calls it may become more.
fn read<T: Copy + Default>(
    function: Function,
    mut call: impl FnMut(*mut T, *mut CK_ULONG) -> CK_RV,
) -> Result<Vec<T>, Cryptoki> {
    const TRIES: usize = 3;
    let mut count = 0;
    Rv::from(call(ptr::null_mut(), &raw mut count)).into_result(function)?;
    for _ in 0..TRIES {
        let mut list = vec![T::default(); within(count, MOST)?];
        match Rv::from(call(list.as_mut_ptr(), &raw mut count)) {
            Rv::Error(RvError::BufferTooSmall) => {}
            result => {
                result.into_result(function)?;
                list.truncate(within(count, list.len())?);
                return Ok(list);
            }
        }
    }
    Err(Cryptoki::Pkcs11(RvError::BufferTooSmall, function))
}

/// A number that a module told, if it can be.
fn within(count: CK_ULONG, most: usize) -> Result<usize, Cryptoki> {
    usize::try_from(count).ok().filter(|count| *count <= most).ok_or(Cryptoki::InvalidValue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(answers: &[(CK_RV, CK_ULONG)]) -> Result<Vec<u8>, Cryptoki> {
        let mut answers = answers.iter();
        read(Function::Sign, |buffer: *mut u8, count| {
            let (result, told) = answers.next().unwrap();
            // SAFETY: `read` has a place for the number.
            let room = unsafe { std::mem::replace(&mut *count, *told) };
            assert!(buffer.is_null() || room > 0);
            *result
        })
    }

    #[test]
    fn numbers_are_believed_within_reason() {
        const TOO_SMALL: CK_RV = 0x150;
        assert_eq!(told(&[(0, 3), (0, 2)]).unwrap().len(), 2);
        assert_eq!(told(&[(0, 3), (TOO_SMALL, 9), (0, 9)]).unwrap().len(), 9);
        assert!(matches!(told(&[(0, 3), (0, 4)]), Err(Cryptoki::InvalidValue)));
        assert!(matches!(told(&[(0, CK_ULONG::MAX)]), Err(Cryptoki::InvalidValue)));
        let never = told(&[(0, 3), (TOO_SMALL, 4), (TOO_SMALL, 5), (TOO_SMALL, 6)]);
        assert!(matches!(never, Err(Cryptoki::Pkcs11(RvError::BufferTooSmall, _))));
    }
}
