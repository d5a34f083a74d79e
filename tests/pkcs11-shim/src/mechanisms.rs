//! A module that lacks some mechanisms: the four functions through which a caller can notice.

use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE_PTR, CK_MECHANISM_INFO_PTR, CK_MECHANISM_PTR, CK_MECHANISM_TYPE, CK_MECHANISM_TYPE_PTR,
    CK_OBJECT_HANDLE, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_ULONG, CK_ULONG_PTR,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID, CKR_OK,
};

use crate::call::observed;
use crate::module::Module;
use crate::settings::KeySizes;

/// `C_GetMechanismList` without the hidden ones.
pub(crate) unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    list: CK_MECHANISM_TYPE_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    observed("C_GetMechanismList", |module| {
        if count.is_null() {
            return CKR_ARGUMENTS_BAD;
        }
        match visible_mechanisms(module, slot) {
            // SAFETY: `count` is not null; `list` is the caller's, checked against `count` before it is filled.
            Ok(mechanisms) => unsafe { give(&mechanisms, list, count) },
            Err(result) => result,
        }
    })
}

/// `C_GetMechanismInfo`.
pub(crate) unsafe extern "C" fn get_mechanism_info(
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: CK_MECHANISM_INFO_PTR,
) -> CK_RV {
    observed("C_GetMechanismInfo", |module| match module.real.functions.C_GetMechanismInfo {
        _ if module.settings.hidden.contains(&mechanism) => CKR_MECHANISM_INVALID,
        Some(function) => {
            // SAFETY: the caller's arguments, unchanged.
            let result = unsafe { function(slot, mechanism, info) };
            let sizes = module.settings.key_sizes.iter().find(|sizes| sizes.mechanism == mechanism);
            if let (CKR_OK, Some(KeySizes { mechanism: _, min, max })) = (result, sizes) {
                // SAFETY: the real module has just filled it.
                unsafe { ((*info).ulMinKeySize, (*info).ulMaxKeySize) = (*min, *max) };
            }
            result
        }
        None => CKR_FUNCTION_NOT_SUPPORTED,
    })
}

/// `C_SignInit`.
pub(crate) unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    observed("C_SignInit", |module| match module.real.functions.C_SignInit {
        // SAFETY: the caller's pointer, null or to a mechanism.
        _ if unsafe { is_hidden(module, mechanism) } => CKR_MECHANISM_INVALID,
        // SAFETY: the caller's arguments, unchanged.
        Some(function) => unsafe { function(session, mechanism, key) },
        None => CKR_FUNCTION_NOT_SUPPORTED,
    })
}

/// `C_GenerateKeyPair`.
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
    observed("C_GenerateKeyPair", |module| match module.real.functions.C_GenerateKeyPair {
        // SAFETY: the caller's pointer, null or to a mechanism.
        _ if unsafe { is_hidden(module, mechanism) } => CKR_MECHANISM_INVALID,
        // SAFETY: the caller's arguments, unchanged.
        Some(function) => unsafe {
            function(
                session,
                mechanism,
                public_template,
                public_count,
                private_template,
                private_count,
                public_key,
                private_key,
            )
        },
        None => CKR_FUNCTION_NOT_SUPPORTED,
    })
}

/// # Safety
/// `mechanism` is null or points to a mechanism.
unsafe fn is_hidden(module: &Module, mechanism: CK_MECHANISM_PTR) -> bool {
    // SAFETY: not null, so by the contract a mechanism is there.
    !mechanism.is_null() && module.settings.hidden.contains(&unsafe { (*mechanism).mechanism })
}

fn visible_mechanisms(module: &Module, slot: CK_SLOT_ID) -> Result<Vec<CK_MECHANISM_TYPE>, CK_RV> {
    let function = module.real.functions.C_GetMechanismList.ok_or(CKR_FUNCTION_NOT_SUPPORTED)?;
    let mut count = 0;
    // SAFETY: without a list the module only writes the number.
    ok(unsafe { function(slot, ptr::null_mut(), &raw mut count) })?;
    let mut mechanisms = vec![0; usize::try_from(count).unwrap_or_default()];
    // SAFETY: the list has room for `count` mechanisms.
    ok(unsafe { function(slot, mechanisms.as_mut_ptr(), &raw mut count) })?;
    mechanisms.truncate(usize::try_from(count).unwrap_or_default());
    mechanisms.retain(|mechanism| !module.settings.hidden.contains(mechanism));
    Ok(mechanisms)
}

fn ok(result: CK_RV) -> Result<(), CK_RV> {
    if result == CKR_OK { Ok(()) } else { Err(result) }
}

/// The standard's way to give a list (PKCS#11 v2.40, 5.2): the number alone, or as many as there is room for.
///
/// # Safety
/// `count` points to a number; `list` is null or has room for that many mechanisms.
unsafe fn give(mechanisms: &[CK_MECHANISM_TYPE], list: CK_MECHANISM_TYPE_PTR, count: CK_ULONG_PTR) -> CK_RV {
    let needed = mechanisms.len() as CK_ULONG;
    // SAFETY: `count` points to a number.
    let room = unsafe { count.replace(needed) };
    if list.is_null() {
        return CKR_OK;
    }
    if room < needed {
        return CKR_BUFFER_TOO_SMALL;
    }
    // SAFETY: there is room for all of them, and the caller's memory is not ours.
    unsafe { ptr::copy_nonoverlapping(mechanisms.as_ptr(), list, mechanisms.len()) };
    CKR_OK
}
