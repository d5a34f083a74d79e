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

use cryptoki_sys::{CK_FUNCTION_LIST_PTR_PTR, CK_RV};

/// The one entry point of a module. The first call reads the environment and loads the real module.
///
/// # Safety
/// `list` is null or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    // SAFETY: by the caller's contract.
    unsafe { pkcs11_forward::give(list, "strict-module", module::get().map(|module| &module.stand_in)) }
}
