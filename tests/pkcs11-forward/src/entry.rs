//! How such a module begins: it is loaded once, by the first call, and gives its functions away.

use std::sync::OnceLock;

use cryptoki_sys::{CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD, CKR_GENERAL_ERROR, CKR_OK};

/// A module, or why there is none. It is never unloaded: callers keep pointers into it.
pub struct Loaded<M>(OnceLock<Result<M, String>>);

impl<M> Loaded<M> {
    /// Nothing is loaded yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The module, which the first caller loads.
    ///
    /// # Errors
    /// What `load` said.
    pub fn get(&self, load: impl FnOnce() -> Result<M, String>) -> Result<&M, &str> {
        self.0.get_or_init(load).as_ref().map_err(String::as_str)
    }
}

/// `C_GetFunctionList` (PKCS#11 v2.40, 4.5.3) of the module called `name`; without functions the reason goes to stderr
/// and the caller gets `CKR_GENERAL_ERROR`.
///
/// # Safety
/// `list` is null or points to a place for a pointer.
pub unsafe fn give(
    list: CK_FUNCTION_LIST_PTR_PTR,
    name: &str,
    functions: Result<&'static CK_FUNCTION_LIST, &str>,
) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    match functions {
        Ok(functions) => {
            // SAFETY: the caller's pointer is not null. The list behind it lives as long as the process, and
            // nobody writes to a function list (the standard's type only lacks the `const`).
            unsafe { *list = std::ptr::from_ref(functions).cast_mut() };
            CKR_OK
        }
        Err(reason) => {
            eprintln!("{name}: {reason}");
            CKR_GENERAL_ERROR
        }
    }
}
