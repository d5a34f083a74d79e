//! Mechanisms that the vendor's module has beside those of the real one: all of them make RSA keys.

use std::ptr;

use cryptoki_sys::{
    CK_MECHANISM_INFO_PTR, CK_MECHANISM_TYPE, CK_MECHANISM_TYPE_PTR, CK_RV, CK_SLOT_ID, CK_ULONG, CK_ULONG_PTR,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK,
};

use crate::module::{Module, with};

/// `C_GetMechanismList`.
pub(crate) unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    list: CK_MECHANISM_TYPE_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    with(|module| {
        if count.is_null() {
            return CKR_ARGUMENTS_BAD;
        }
        let mechanisms = match all(module, slot) {
            Ok(mechanisms) => mechanisms,
            Err(result) => return result,
        };
        let needed = mechanisms.len() as CK_ULONG;
        // SAFETY: `count` is not null.
        let room = unsafe { count.replace(needed) };
        if list.is_null() {
            return CKR_OK;
        }
        if room < needed {
            return CKR_BUFFER_TOO_SMALL;
        }
        // SAFETY: the caller's list has room for all of them, and its memory is not ours.
        unsafe { ptr::copy_nonoverlapping(mechanisms.as_ptr(), list, mechanisms.len()) };
        CKR_OK
    })
}

/// `C_GetMechanismInfo`: of the additional ones what the real module tells of `CKM_RSA_PKCS_KEY_PAIR_GEN`.
pub(crate) unsafe extern "C" fn get_mechanism_info(
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: CK_MECHANISM_INFO_PTR,
) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_GetMechanismInfo else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's arguments, but for the mechanism.
        unsafe { function(slot, module.rules.real_mechanism(mechanism), info) }
    })
}

fn all(module: &Module, slot: CK_SLOT_ID) -> Result<Vec<CK_MECHANISM_TYPE>, CK_RV> {
    let function = module.real.functions.C_GetMechanismList.ok_or(CKR_FUNCTION_NOT_SUPPORTED)?;
    let ok = |result| if result == CKR_OK { Ok(()) } else { Err(result) };
    let mut count = 0;
    // SAFETY: without a list the module only writes the number.
    ok(unsafe { function(slot, ptr::null_mut(), &raw mut count) })?;
    let mut mechanisms = vec![CKM_RSA_PKCS_KEY_PAIR_GEN; usize::try_from(count).unwrap_or_default()];
    // SAFETY: the list has room for `count` mechanisms.
    ok(unsafe { function(slot, mechanisms.as_mut_ptr(), &raw mut count) })?;
    mechanisms.truncate(usize::try_from(count).unwrap_or_default());
    mechanisms.extend(module.rules.more_mechanisms);
    Ok(mechanisms)
}
