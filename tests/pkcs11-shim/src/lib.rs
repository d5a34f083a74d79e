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

use cryptoki_sys::{CK_FUNCTION_LIST_PTR_PTR, CK_RV};

/// The one entry point of a module. The first call reads the environment and loads the real module.
///
/// # Safety
/// `list` is null or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    // SAFETY: by the caller's contract.
    unsafe { pkcs11_forward::give(list, "pkcs11-shim", module::get().map(|module| &module.stand_in)) }
}
