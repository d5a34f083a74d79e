//! `C_GenerateKeyPair`.

use cryptoki_sys::{
    CK_ATTRIBUTE_PTR, CK_MECHANISM_PTR, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CKA_ID, CKA_LABEL,
    CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID, CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_forward::Template;

use crate::module::with;

/// `C_GenerateKeyPair`, after both templates and the mechanism were looked at.
#[allow(clippy::too_many_arguments, reason = "the standard's signature")]
pub(crate) unsafe extern "C" fn generate_key_pair(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    public_template: CK_ATTRIBUTE_PTR,
    public_count: CK_ULONG,
    private_template: CK_ATTRIBUTE_PTR,
    private_count: CK_ULONG,
    public_key: CK_OBJECT_HANDLE_PTR,
    private_key: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    with(|module| {
        let rules = &module.rules;
        let Some(function) = module.real.functions.C_GenerateKeyPair else { return CKR_FUNCTION_NOT_SUPPORTED };
        if mechanism.is_null() {
            return CKR_ARGUMENTS_BAD;
        }
        // SAFETY: the caller's mechanism, which is not null.
        let mut asked = unsafe { *mechanism };
        if rules.unusable_mechanisms.contains(&asked.mechanism) {
            return CKR_MECHANISM_INVALID;
        }
        // SAFETY: the caller's template, which outlives the call.
        let mut public = unsafe { Template::new(public_template, public_count) };
        // SAFETY: the same.
        let mut private = unsafe { Template::new(private_template, private_count) };
        if rules.public_template_is_refused && !public.0.is_empty() {
            return CKR_TEMPLATE_INCONSISTENT;
        }
        for (rule, template) in [(&rules.public_key, &public), (&rules.private_key, &private)] {
            if let Err(refusal) = rule.check(template) {
                return refusal;
            }
        }
        let name = private.value(CKA_ID).map(one_name);
        if let Some(name) = name.as_ref().filter(|_| rules.label_is_id) {
            for template in [&mut public, &mut private] {
                template.set(CKA_ID, name);
                template.set(CKA_LABEL, name);
            }
        }
        asked.mechanism = rules.real_mechanism(asked.mechanism);
        let ((public, publics), (private, privates)) = (public.raw(), private.raw());
        // SAFETY: the caller's arguments, or copies that live as long as the call.
        unsafe { function(session, &raw mut asked, public, publics, private, privates, public_key, private_key) }
    })
}

/// The name of a key that has only one: letters and digits, or its bytes in hex.
pub(crate) fn one_name(id: &[u8]) -> Vec<u8> {
    if id.iter().all(u8::is_ascii_alphanumeric) {
        return id.to_vec();
    }
    id.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}
