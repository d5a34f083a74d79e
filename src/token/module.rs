//! A vendor's PKCS#11 module: loaded once, finalised at the end, never unloaded.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::slot::Slot;
use cryptoki_sys::CK_FUNCTION_LIST;

use super::error::{CallError, Error};
use super::get_attribute_value::GetAttributeValue;
use super::lists::Functions;
use super::raw;
use super::watchdog::{Watchdog, watched};

/// Is told each PKCS#11 function that was called, how long it took and how it ended; never a value.
pub type CallObserver = Box<dyn Fn(&str, Duration, Result<(), &CallError>) + Send + Sync>;

/// A loaded and initialised module. Sessions borrow from it, so it outlives them; dropping it calls
/// `C_Finalize`. (tpm2-pkcs11 leaves objects in the TPM without it; cryptoki does not do it by itself.)
pub struct Module {
    path: PathBuf,
    pkcs11: Option<Pkcs11>,
    init_args: Option<CString>,
    observer: Option<CallObserver>,
    watchdog: Option<Watchdog>,
    pub(super) functions: Functions,
    pub(super) get_attribute_value: GetAttributeValue,
}

impl Module {
    /// Loads the library and calls `C_Initialize` with `CKF_OS_LOCKING_OK`; `init_args` is the reserved argument of
    /// that call, in which some modules take their configuration (NSS: `configdir='sql:/folder'`). All calls are made
    /// under the watchdog, if there is one.
    ///
    /// # Errors
    /// [`Error::ModuleMissing`], [`Error::ModuleUnusable`], [`Error::ModuleStart`].
    pub fn load(
        path: &Path,
        init_args: Option<&str>,
        observer: Option<CallObserver>,
        watchdog: Option<Watchdog>,
    ) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::ModuleMissing(path.to_owned()));
        }
        let unusable = |reason: String| Error::ModuleUnusable { path: path.to_owned(), reason };
        let init_args = init_args.map(CString::new).transpose();
        let init_args = init_args.map_err(|_| unusable("its init-args hold a zero byte".to_owned()))?;
        // Loading runs code of the vendor's, too.
        let load = || {
            let file = loadable(path);
            let pkcs11 = Pkcs11::new(&file)?;
            let functions = Functions::of_loaded(&file)?;
            Ok((functions, GetAttributeValue::of(functions)?, pkcs11))
        };
        let loaded = watched(watchdog.as_ref(), "C_GetFunctionList", load);
        let (functions, get_attribute_value, pkcs11) = loaded.map_err(|error| match error {
            cryptoki::error::Error::LibraryLoading(reason) => unusable(reason.to_string()),
            cryptoki::error::Error::MissingSymbol(symbol) => unusable(format!("it has no {symbol}")),
            other => unusable(CallError::new(&other).to_string()),
        })?;
        // Vendors' exit handlers crash when their library is gone by then: one reference is never given back.
        std::mem::forget(pkcs11.clone());
        let (path, pkcs11) = (path.to_owned(), Some(pkcs11));
        let module = Self { path, pkcs11, init_args, observer, watchdog, functions, get_attribute_value };
        module
            .initialize()
            .map_err(|error| Error::ModuleStart { path: module.path.clone(), source: CallError::new(&error) })?;
        Ok(module)
    }

    fn initialize(&self) -> Result<(), cryptoki::error::Error> {
        self.call("C_Initialize", |pkcs11| raw::initialize(pkcs11, self.init_args.as_ref()))
    }

    /// Ends the module and starts it anew. No session and no handle is valid after it: the caller has closed its own.
    pub(super) fn restart(&self) -> Result<(), cryptoki::error::Error> {
        // One that has lost its start refuses to be ended.
        let _ = self.call("C_Finalize", |pkcs11| pkcs11.clone().finalize());
        self.initialize()
    }

    /// The file that was loaded.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `C_GetTokenInfo`.
    pub(super) fn token_info(&self, slot: Slot) -> Result<cryptoki::slot::TokenInfo, cryptoki::error::Error> {
        self.call("C_GetTokenInfo", |pkcs11| match pkcs11.get_token_info(slot) {
            // The token has answered, and cryptoki cannot read it.
            Err(error) if !matches!(error, cryptoki::error::Error::Pkcs11(..)) => {
                raw::token_info(&loadable(&self.path), slot)
            }
            answer => answer,
        })
    }

    /// Makes a call and tells the observer. `name` is the function as the standard names it.
    pub(super) fn call<T>(
        &self,
        name: &'static str,
        call: impl FnOnce(&Pkcs11) -> Result<T, cryptoki::error::Error>,
    ) -> Result<T, cryptoki::error::Error> {
        // The context is only taken in `drop`.
        let pkcs11 = self.pkcs11.as_ref().ok_or(cryptoki::error::Error::NullFunctionPointer)?;
        self.observe(name, || call(pkcs11))
    }

    /// Times a call that was not made through [`Module::call`] and tells the observer.
    pub(super) fn observe<T>(
        &self,
        name: &'static str,
        call: impl FnOnce() -> Result<T, cryptoki::error::Error>,
    ) -> Result<T, cryptoki::error::Error> {
        let start = Instant::now();
        let result = watched(self.watchdog.as_ref(), name, call);
        self.report(name, start.elapsed(), result.as_ref().err());
        result
    }

    /// The list of functions whose sessions are those of cryptoki; a module that gives everybody a list of their own has
    /// none.
    pub(super) fn functions(&self) -> Result<&'static CK_FUNCTION_LIST, cryptoki::error::Error> {
        match self.functions {
            Functions::Own(list) => Ok(list),
            Functions::Cryptokis => Err(cryptoki::error::Error::NullFunctionPointer),
        }
    }

    /// For threads that make calls of their own.
    pub(super) fn watchdog(&self) -> Option<Watchdog> {
        self.watchdog.clone()
    }

    /// Tells the observer of a call that somebody else has timed.
    pub(super) fn report(&self, name: &str, time: Duration, error: Option<&cryptoki::error::Error>) {
        if let Some(observer) = &self.observer {
            let error = error.map(CallError::new);
            observer(name, time, error.as_ref().map_or(Ok(()), Err));
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if let Some(pkcs11) = self.pkcs11.take() {
            // Nothing is left to be done about a failure.
            let _ = self.observe("C_Finalize", || pkcs11.finalize());
        }
    }
}

/// Loaders look for a bare name elsewhere, and not in the working directory.
fn loadable(path: &Path) -> PathBuf {
    if path.components().count() == 1 { Path::new(".").join(path) } else { path.to_owned() }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Module").field(&self.path).finish()
    }
}
