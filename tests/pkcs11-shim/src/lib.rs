//! A PKCS#11 module that stands in front of another one, for tests and measurements.
//!
//! Every function of the v2.40 list goes to the real module; on the way the shim logs it, and makes it fail, wait
//! or never return, as the environment asks (see `settings.rs`). So a test can have what no soft token does by
//! itself, without a mock: each answer that is not forced is the real module's own.
//!
//! Only `C_GetFunctionList` is exported: callers that know v3 fall back to v2.40, and no call passes unseen.

mod attributes;
mod call;
mod certificates;
mod mechanisms;
mod module;
mod pin_pad;
mod settings;
mod token_info;

use cryptoki_sys::{CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD, CKR_GENERAL_ERROR, CKR_OK};

/// The one entry point of a module (PKCS#11 v2.40, 4.5.3). The first call reads the environment and loads the real
/// module; if that fails the reason goes to stderr and the caller gets `CKR_GENERAL_ERROR`.
///
/// # Safety
/// `list` is null or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    match module::get() {
        Ok(module) => {
            // SAFETY: the caller's pointer is not null. The list behind it lives as long as the process, and
            // nobody writes to a function list (the standard's type only lacks the `const`).
            unsafe { *list = (&raw const module.stand_in).cast_mut() };
            CKR_OK
        }
        Err(reason) => {
            eprintln!("pkcs11-shim: {reason}");
            CKR_GENERAL_ERROR
        }
    }
}
