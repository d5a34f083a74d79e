//! A PKCS#11 module that lies: counts and lengths that cannot be, text that is none, certificates that are broken, and any
//! return value. Behind it is no other module, but one token in memory with a key pair and its certificate, so that it is
//! fast enough for fuzzing. What it never does is to write outside of a buffer: no caller can defend itself against that.
//!
//! What it lies about is in `HOSTILE_LIES` (see `lies.rs`), or in the bytes that a fuzz target hands over.

mod functions;
mod lies;
mod objects;

use cryptoki_sys::{CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD, CKR_OK};

/// The one entry point of a module.
///
/// # Safety
/// `list` is null or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    // SAFETY: by the caller's contract. Nobody writes to a function list; the standard's type only lacks the `const`.
    unsafe { *list = std::ptr::from_ref(&functions::LIST).cast_mut() };
    CKR_OK
}

/// Lets these bytes choose all further lies.
///
/// # Safety
/// `bytes` points to so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hostile_script(bytes: *const u8, length: usize) {
    // SAFETY: by the caller's contract.
    lies::follow(unsafe { std::slice::from_raw_parts(bytes, length) });
}
