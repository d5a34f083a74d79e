//! A module that takes no certificates, or no second one of an id: `C_CreateObject`.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_PTR, CK_OBJECT_CLASS, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE, CK_ULONG,
    CKA_CLASS, CKA_ID, CKO_CERTIFICATE, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK,
};

use crate::call::observed;
use crate::module::Module;

/// `C_CreateObject`. The settings are about certificates only.
pub(crate) unsafe extern "C" fn create_object(
    session: CK_SESSION_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
    object: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    observed("C_CreateObject", |module| {
        let Some(function) = module.real.C_CreateObject else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's template: `count` attributes, which outlive the call.
        let attributes = unsafe { attributes(template, count) };
        if !is_certificate(&attributes) {
            // SAFETY: the caller's arguments, unchanged.
            return unsafe { function(session, template, count, object) };
        }
        if let Some(result) = module.settings.refused_certificates {
            return result;
        }
        if let Some(result) = module.settings.refused_second_certificate
            && has_twin(module, session, &attributes)
        {
            return result;
        }
        let dropped = module.settings.dropped_attribute;
        let mut kept: Vec<CK_ATTRIBUTE> = attributes.into_iter().filter(|one| Some(one.type_) != dropped).collect();
        // SAFETY: the caller's arguments; the template is a copy of the caller's, without what is dropped.
        unsafe { function(session, kept.as_mut_ptr(), kept.len() as CK_ULONG, object) }
    })
}

/// # Safety
/// `template` is null or points to `count` attributes.
unsafe fn attributes(template: CK_ATTRIBUTE_PTR, count: CK_ULONG) -> Vec<CK_ATTRIBUTE> {
    if template.is_null() {
        return Vec::new();
    }
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: by the contract.
    unsafe { std::slice::from_raw_parts(template, count) }.to_vec()
}

fn is_certificate(attributes: &[CK_ATTRIBUTE]) -> bool {
    let class = attributes.iter().find(|one| one.type_ == CKA_CLASS);
    // SAFETY: the value of CKA_CLASS is a CK_OBJECT_CLASS, wherever it is aligned.
    class.is_some_and(|one| unsafe { one.pValue.cast::<CK_OBJECT_CLASS>().read_unaligned() } == CKO_CERTIFICATE)
}

/// Whether a certificate with the same `CKA_ID` is there.
fn has_twin(module: &Module, session: CK_SESSION_HANDLE, attributes: &[CK_ATTRIBUTE]) -> bool {
    let real = &module.real;
    let (Some(init), Some(find), Some(end)) = (real.C_FindObjectsInit, real.C_FindObjects, real.C_FindObjectsFinal)
    else {
        return false;
    };
    let Some(id) = attributes.iter().find(|one| one.type_ == CKA_ID) else { return false };
    let mut class: CK_OBJECT_CLASS = CKO_CERTIFICATE;
    let class = CK_ATTRIBUTE {
        type_: CKA_CLASS,
        pValue: ptr::from_mut(&mut class).cast::<c_void>(),
        ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
    };
    let mut template = [class, *id];
    let (mut found, mut number) = (0, 0);
    // SAFETY: template, handle and number outlive the calls; the caller has no search open while it makes an object.
    unsafe {
        if init(session, template.as_mut_ptr(), template.len() as CK_ULONG) != CKR_OK {
            return false;
        }
        find(session, &raw mut found, 1, &raw mut number);
        end(session);
    }
    number > 0
}
