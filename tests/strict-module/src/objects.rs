//! `C_CreateObject`, `C_SetAttributeValue` and `C_FindObjectsInit`.

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_PTR, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE,
    CK_ULONG, CKA_CLASS, CKA_ID, CKA_LABEL, CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK,
    CKR_TEMPLATE_INCOMPLETE,
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
    let Certificates { refused, template, second, without_key } = &module.rules.certificates;
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
    let function = module.real.functions.C_GetAttributeValue?;
    let mut class: CK_OBJECT_CLASS = 0;
    let mut attribute = CK_ATTRIBUTE {
        type_: CKA_CLASS,
        pValue: (&raw mut class).cast(),
        ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
    };
    // SAFETY: the attribute points to a place of its length, and both outlive the call.
    (unsafe { function(session, object, &raw mut attribute, 1) } == CKR_OK).then_some(class)
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
