//! A PKCS#11 module in front of a soft token that refuses what a vendor's documentation or source says that its module
//! refuses, with the return value that is written there. So hsmcert meets templates, mechanisms, sessions and
//! certificates as on HSMs that cannot be had for a test run; each answer that is no refusal is the real module's.
//!
//! | variable | meaning |
//! |---|---|
//! | `PKCS11_STRICT_MODULE=/path/to/module.so` | the real module; needed |
//! | `PKCS11_STRICT_VENDOR=yubihsm` | whose refusals (`rules.rs`); needed |
//! | `PKCS11_STRICT_CERTIFICATES=off` | certificates are not enabled, where they can be switched |

mod generation;
mod login;
mod mechanisms;
mod module;
mod objects;
mod rules;
mod templates;

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
            eprintln!("strict-module: {reason}");
            CKR_GENERAL_ERROR
        }
    }
}
