//! A module that takes no certificates, or no second one of an id: `C_CreateObject`.

use cryptoki_sys::{
    CK_ATTRIBUTE_PTR, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CKA_ID, CKO_CERTIFICATE,
    CKR_FUNCTION_NOT_SUPPORTED,
};
use pkcs11_forward::{Template, find};

use crate::call::observed;

/// `C_CreateObject`. The settings are about certificates only.
pub(crate) unsafe extern "C" fn create_object(
    session: CK_SESSION_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
    object: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    observed("C_CreateObject", |module| {
        let real = &module.real.functions;
        let Some(function) = real.C_CreateObject else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's template: `count` attributes, which outlive the call.
        let mut attributes = unsafe { Template::new(template, count) };
        if attributes.class() != Some(CKO_CERTIFICATE) {
            // SAFETY: the caller's arguments, unchanged.
            return unsafe { function(session, template, count, object) };
        }
        if let Some(result) = module.settings.refused_certificates {
            return result;
        }
        if let (Some(result), Some(id)) = (module.settings.refused_second_certificate, attributes.value(CKA_ID))
            && !find(real, session, CKO_CERTIFICATE, &[(CKA_ID, id)]).is_empty()
        {
            return result;
        }
        attributes.0.retain(|one| Some(one.type_) != module.settings.dropped_attribute);
        let (template, count) = attributes.raw();
        // SAFETY: the caller's arguments; the template is a copy of the caller's, without what is dropped.
        unsafe { function(session, template, count, object) }
    })
}
