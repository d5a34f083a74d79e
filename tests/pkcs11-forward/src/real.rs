//! The real module.

use std::path::Path;
use std::ptr;

use cryptoki_sys::{CK_FUNCTION_LIST, CKR_OK};

/// A loaded module; it stays loaded as long as this lives.
pub struct Real {
    /// Its functions.
    pub functions: CK_FUNCTION_LIST,
    /// Keeps them mapped.
    _library: cryptoki_sys::Pkcs11,
}

impl Real {
    /// Loads it and asks for its functions.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn load(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        // SAFETY: loading runs the module's initialisers; that is what a caller of this module asked for.
        let library = unsafe { cryptoki_sys::Pkcs11::new(path) }.map_err(|error| format!("{shown}: {error}"))?;
        if library.C_GetFunctionList.is_err() {
            return Err(format!("{shown}: no C_GetFunctionList in it"));
        }
        let mut list = ptr::null_mut();
        // SAFETY: the symbol was found, and `list` is a place for a pointer.
        let result = unsafe { library.C_GetFunctionList(&raw mut list) };
        if result != CKR_OK || list.is_null() {
            return Err(format!("{shown}: C_GetFunctionList gave {result:#x}"));
        }
        // SAFETY: the module says that a function list is there; it is a plain struct of pointers.
        let functions = unsafe { *list };
        Ok(Self { functions, _library: library })
    }
}
