//! A module that tells lengths which are not those of its values: `C_GetAttributeValue`.

use cryptoki_sys::{
    CK_ATTRIBUTE_PTR, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CKR_FUNCTION_NOT_SUPPORTED,
};

use crate::call::observed;

/// `C_GetAttributeValue`. The values themselves are the real module's.
pub(crate) unsafe extern "C" fn get_attribute_value(
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    observed("C_GetAttributeValue", |module| {
        let Some(function) = module.real.functions.C_GetAttributeValue else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's arguments, unchanged.
        let result = unsafe { function(session, object, template, count) };
        for index in 0..if template.is_null() { 0 } else { usize::try_from(count).unwrap_or_default() } {
            // SAFETY: the caller's template has `count` attributes, and nobody else uses them during the call.
            let attribute = unsafe { &mut *template.add(index) };
            let told = module.settings.lengths.iter().find(|told| told.attribute == attribute.type_);
            if let Some(told) = told {
                attribute.ulValueLen = told.length;
            }
        }
        result
    })
}
