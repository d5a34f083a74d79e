//! The one place where the process's environment is changed.

use std::path::Path;

/// Points `SoftHSM` at a configuration file, which it reads in `C_Initialize`.
///
/// Must be called before any thread starts and before a module is loaded; `main` does that, with nothing
/// running beside it.
#[allow(unsafe_code)]
pub fn use_softhsm_configuration(path: &Path) {
    // SAFETY: hsmcert has a single thread at this point (threads of a module start in C_Initialize, which
    // comes later), so nobody reads the environment while it changes.
    unsafe { std::env::set_var("SOFTHSM2_CONF", path) };
}
