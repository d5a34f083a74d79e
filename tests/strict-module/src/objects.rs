//! `C_CreateObject`, `C_DestroyObject`, `C_SetAttributeValue` and `C_FindObjectsInit`.

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_PTR, CK_ATTRIBUTE_TYPE, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE_PTR, CK_RV,
    CK_SESSION_HANDLE, CK_ULONG, CKA_CLASS, CKA_ID, CKA_LABEL, CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKR_FUNCTION_NOT_SUPPORTED, CKR_OK, CKR_TEMPLATE_INCOMPLETE,
};
use pkcs11_forward::{Template, find};

use crate::generation::one_name;
use crate::module::{Module, with};
use crate::rules::Certificates;

/// `C_CreateObject`: the rules are about certificates.
pub(crate) unsafe extern "C" fn create_object(
    session: CK_SESSION_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
    object: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_CreateObject else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's template, which outlives the call.
        let mut certificate = unsafe { Template::new(template, count) };
        if certificate.class() != Some(CKO_CERTIFICATE) {
            // SAFETY: the caller's arguments, unchanged.
            return unsafe { function(session, template, count, object) };
        }
        let name = certificate.value(CKA_ID).map(one_name).unwrap_or_default();
        if let Err(refusal) = check_certificate(module, session, &certificate, &name) {
            return refusal;
        }
        if module.rules.label_is_id {
            certificate.set(CKA_ID, &name);
            certificate.set(CKA_LABEL, &name);
        }
        let (template, count) = certificate.raw();
        // SAFETY: the caller's arguments; the template is a copy that lives as long as the call.
        unsafe { function(session, template, count, object) }
    })
}

fn check_certificate(
    module: &Module,
    session: CK_SESSION_HANDLE,
    certificate: &Template,
    name: &[u8],
) -> Result<(), CK_RV> {
    let Certificates { refused, template, second, without_key, go_with_key: _ } = &module.rules.certificates;
    if let Some(refusal) = refused {
        return Err(*refusal);
    }
    template.check(certificate)?;
    let real = &module.real.functions;
    let id = if module.rules.label_is_id { name } else { certificate.value(CKA_ID).unwrap_or_default() };
    if let Some(refusal) = without_key {
        if id.is_empty() {
            return Err(CKR_TEMPLATE_INCOMPLETE);
        }
        if find(real, session, CKO_PRIVATE_KEY, &[(CKA_ID, id)]).is_empty() {
            return Err(*refusal);
        }
    }
    match second {
        Some(refusal) if !find(real, session, CKO_CERTIFICATE, &[(CKA_ID, id)]).is_empty() => Err(*refusal),
        Some(_) | None => Ok(()),
    }
}

/// `C_DestroyObject`: what is only a part of a private key goes with it.
pub(crate) unsafe extern "C" fn destroy_object(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_DestroyObject else { return CKR_FUNCTION_NOT_SUPPORTED };
        let class = class_of(module, session, object).filter(|_| module.rules.certificates.go_with_key);
        if class == Some(CKO_PUBLIC_KEY) {
            return CKR_OK;
        }
        let id = value_of(module, session, object, CKA_ID).filter(|_| class == Some(CKO_PRIVATE_KEY));
        // SAFETY: the caller's arguments, unchanged.
        let result = unsafe { function(session, object) };
        if let (CKR_OK, Some(id)) = (result, id) {
            for class in [CKO_PUBLIC_KEY, CKO_CERTIFICATE] {
                for part in find(&module.real.functions, session, class, &[(CKA_ID, &id)]) {
                    // SAFETY: the caller's session, and a handle of it.
                    unsafe { function(session, part) };
                }
            }
        }
        result
    })
}

/// `C_SetAttributeValue`.
pub(crate) unsafe extern "C" fn set_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_SetAttributeValue else { return CKR_FUNCTION_NOT_SUPPORTED };
        let changes = &module.rules.changes;
        let rule = if class_of(module, session, object) == Some(CKO_CERTIFICATE) {
            &changes.certificate
        } else {
            &changes.key
        };
        // SAFETY: the caller's template, which outlives the call.
        let wanted = unsafe { Template::new(template, count) };
        if let Some((changeable, refusal)) = rule
            && wanted.0.iter().any(|one| !changeable.contains(&one.type_))
        {
            return *refusal;
        }
        // SAFETY: the caller's arguments, unchanged.
        unsafe { function(session, object, template, count) }
    })
}

fn class_of(module: &Module, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> Option<CK_OBJECT_CLASS> {
    let value = value_of(module, session, object, CKA_CLASS)?;
    Some(CK_OBJECT_CLASS::from_ne_bytes(value.try_into().ok()?))
}

/// An attribute of at most 255 bytes.
fn value_of(
    module: &Module,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    kind: CK_ATTRIBUTE_TYPE,
) -> Option<Vec<u8>> {
    let function = module.real.functions.C_GetAttributeValue?;
    let mut value = vec![0; 255];
    let mut attribute =
        CK_ATTRIBUTE { type_: kind, pValue: value.as_mut_ptr().cast(), ulValueLen: value.len() as CK_ULONG };
    // SAFETY: the attribute points to a place of its length, and both outlive the call.
    if unsafe { function(session, object, &raw mut attribute, 1) } != CKR_OK {
        return None;
    }
    value.truncate(usize::try_from(attribute.ulValueLen).ok()?);
    Some(value)
}

/// `C_FindObjectsInit`: nothing is found by an attribute that cannot be searched by.
pub(crate) unsafe extern "C" fn find_objects_init(
    session: CK_SESSION_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_FindObjectsInit else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's template, which outlives the call.
        let mut wanted = unsafe { Template::new(template, count) };
        let known = |one: &CK_ATTRIBUTE| module.rules.searchable.is_none_or(|known| known.contains(&one.type_));
        if !wanted.0.iter().all(known) {
            wanted.set(CKA_LABEL, b"no object has this label");
        }
        let (template, count) = wanted.raw();
        // SAFETY: the caller's session; the template is a copy that lives as long as the call.
        unsafe { function(session, template, count) }
    })
}
