//! A token that says more of itself: flags that are set in addition to its own.

use cryptoki_sys::{CK_RV, CK_SLOT_ID, CK_TOKEN_INFO_PTR, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK};

use crate::call::observed;
use crate::pin_pad;

/// `C_GetTokenInfo`.
pub(crate) unsafe extern "C" fn get_token_info(slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) -> CK_RV {
    observed("C_GetTokenInfo", |module| match module.real.functions.C_GetTokenInfo {
        Some(function) => {
            // SAFETY: the caller's arguments, unchanged.
            let result = unsafe { function(slot, info) };
            if result == CKR_OK {
                // SAFETY: the real module has just filled it.
                unsafe { (*info).flags |= module.settings.token_flags | pin_pad::flag(module) };
            }
            result
        }
        None => CKR_FUNCTION_NOT_SUPPORTED,
    })
}
