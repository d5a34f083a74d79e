//! The real module, and the function list that stands in front of it.

use std::ptr;
use std::sync::OnceLock;

use cryptoki_sys::{CK_FUNCTION_LIST, CKR_OK};

use crate::call::Calls;
use crate::forward;
use crate::settings::Settings;

/// Loaded once per process and never unloaded: callers keep pointers into it.
pub(crate) struct Module {
    /// The real module's functions.
    pub(crate) real: CK_FUNCTION_LIST,
    /// The shim's functions, given to the caller.
    pub(crate) stand_in: CK_FUNCTION_LIST,
    /// Counters and log.
    pub(crate) calls: Calls,
    /// What was asked for.
    pub(crate) settings: Settings,
    /// Keeps the functions of `real` mapped.
    _library: cryptoki_sys::Pkcs11,
}

/// The module; loaded by the first call.
pub(crate) fn get() -> Result<&'static Module, &'static str> {
    static MODULE: OnceLock<Result<Module, String>> = OnceLock::new();
    MODULE.get_or_init(load).as_ref().map_err(String::as_str)
}

fn load() -> Result<Module, String> {
    let settings = Settings::parse(|name| std::env::var(name).ok())?;
    let path = settings.module.display();
    // SAFETY: loading runs the module's initialisers; that is what a caller of this module asked for.
    let library = unsafe { cryptoki_sys::Pkcs11::new(&settings.module) }.map_err(|error| format!("{path}: {error}"))?;
    if library.C_GetFunctionList.is_err() {
        return Err(format!("{path}: no C_GetFunctionList in it"));
    }
    let mut list = ptr::null_mut();
    // SAFETY: the symbol was found, and `list` is a place for a pointer.
    let result = unsafe { library.C_GetFunctionList(&raw mut list) };
    if result != CKR_OK || list.is_null() {
        return Err(format!("{path}: C_GetFunctionList gave {result:#x}"));
    }
    // SAFETY: the module says that a function list is there; it is a plain struct of pointers.
    let real = unsafe { *list };
    let calls = Calls::new(settings.log.as_deref())?;
    Ok(Module { real, stand_in: forward::stand_in(&real), calls, settings, _library: library })
}
