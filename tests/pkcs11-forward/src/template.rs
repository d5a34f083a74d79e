//! Templates as a caller gives them, and searches.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_PTR, CK_ATTRIBUTE_TYPE, CK_FUNCTION_LIST, CK_OBJECT_CLASS, CK_OBJECT_HANDLE,
    CK_SESSION_HANDLE, CK_ULONG, CKA_CLASS, CKR_OK,
};

/// A copy of a caller's attributes; the values are still the caller's.
#[derive(Clone)]
pub struct Template(pub Vec<CK_ATTRIBUTE>);

impl Template {
    /// # Safety
    /// `template` is null or points to `count` attributes, which with their values live longer than this.
    #[must_use]
    pub unsafe fn new(template: CK_ATTRIBUTE_PTR, count: CK_ULONG) -> Self {
        if template.is_null() {
            return Self(Vec::new());
        }
        let count = usize::try_from(count).unwrap_or_default();
        // SAFETY: by the contract.
        Self(unsafe { std::slice::from_raw_parts(template, count) }.to_vec())
    }

    /// The value of an attribute that is there.
    #[must_use]
    pub fn value(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<&[u8]> {
        let attribute = self.0.iter().find(|one| one.type_ == kind)?;
        let len = usize::try_from(attribute.ulValueLen).ok()?;
        if attribute.pValue.is_null() {
            return Some(&[]);
        }
        // SAFETY: an attribute of a template points to as many bytes as it says.
        Some(unsafe { std::slice::from_raw_parts(attribute.pValue.cast::<u8>(), len) })
    }

    /// A `CK_BBOOL`.
    #[must_use]
    pub fn flag(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<bool> {
        self.value(kind).map(|value| value.first() == Some(&1))
    }

    /// `CKA_CLASS`.
    #[must_use]
    pub fn class(&self) -> Option<CK_OBJECT_CLASS> {
        Some(CK_OBJECT_CLASS::from_ne_bytes(self.value(CKA_CLASS)?.try_into().ok()?))
    }

    /// Puts a value in the place of another, or adds it.
    pub fn set(&mut self, kind: CK_ATTRIBUTE_TYPE, value: &[u8]) {
        let attribute = attribute(kind, value);
        match self.0.iter_mut().find(|one| one.type_ == kind) {
            Some(one) => *one = attribute,
            None => self.0.push(attribute),
        }
    }

    /// For a function that takes a template.
    pub fn raw(&mut self) -> (CK_ATTRIBUTE_PTR, CK_ULONG) {
        (self.0.as_mut_ptr(), self.0.len() as CK_ULONG)
    }
}

fn attribute(kind: CK_ATTRIBUTE_TYPE, value: &[u8]) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE {
        type_: kind,
        pValue: value.as_ptr().cast_mut().cast::<c_void>(),
        ulValueLen: value.len() as CK_ULONG,
    }
}

/// The objects of a class with these attributes, at most a hundred. The session must have no search open.
#[must_use]
pub fn find(
    real: &CK_FUNCTION_LIST,
    session: CK_SESSION_HANDLE,
    class: CK_OBJECT_CLASS,
    with: &[(CK_ATTRIBUTE_TYPE, &[u8])],
) -> Vec<CK_OBJECT_HANDLE> {
    const MOST: usize = 100;
    let (Some(init), Some(next), Some(end)) = (real.C_FindObjectsInit, real.C_FindObjects, real.C_FindObjectsFinal)
    else {
        return Vec::new();
    };
    let class = class.to_ne_bytes();
    let mut template = vec![attribute(CKA_CLASS, &class)];
    template.extend(with.iter().map(|(kind, value)| attribute(*kind, value)));
    let (mut found, mut number) = (vec![0; MOST], 0);
    // SAFETY: template, handles and number outlive the calls; the caller has no search open.
    unsafe {
        if init(session, template.as_mut_ptr(), template.len() as CK_ULONG) != CKR_OK {
            return Vec::new();
        }
        next(session, found.as_mut_ptr(), MOST as CK_ULONG, ptr::from_mut(&mut number));
        end(session);
    }
    found.truncate(usize::try_from(number).unwrap_or_default());
    found
}
