//! What happens around each call: counted, delayed, made to fail or to hang, logged.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use cryptoki_sys::{CK_RV, CKR_GENERAL_ERROR};

use crate::module::{self, Module};
use crate::settings::{Death, Nth};

/// How often each function was called, and where that is written.
pub(crate) struct Calls {
    counts: Mutex<HashMap<&'static str, u64>>,
    log: Option<File>,
}

impl Calls {
    pub(crate) fn new(log: Option<&Path>) -> Result<Self, String> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Self { counts: Mutex::default(), log: log.map(open).transpose()? })
    }

    fn count(&self, function: &'static str) -> u64 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(function).or_default();
        *count += 1;
        *count
    }

    /// One `write` to a file that is open for appending: lines of several processes do not mix.
    fn log(&self, line: &str) {
        if let Some(mut file) = self.log.as_ref() {
            let _ = file.write_all(line.as_bytes());
        }
    }
}

/// Makes one call of `function` with all that the settings want of it. `call` gets to the real module.
pub(crate) fn observed(function: &'static str, call: impl FnOnce(&Module) -> CK_RV) -> CK_RV {
    // The caller has our function pointers from a module that was loaded, so it is there.
    let Ok(module) = module::get() else { return CKR_GENERAL_ERROR };
    let count = module.calls.count(function);
    let is_now = |nth: &Nth| nth.function == function && nth.number == count;
    if module.settings.kill.as_ref().is_some_and(is_now) {
        module.calls.log(&format!("{function} killed 0\n"));
        match module.settings.kill_by {
            Death::Abort => std::process::abort(),
            Death::Crash => crash(),
            Death::Exit => std::process::exit(3),
        }
    }
    if module.settings.hang.as_ref().is_some_and(is_now) {
        module.calls.log(&format!("{function} hangs 0\n"));
        loop {
            thread::park();
        }
    }
    let start = Instant::now();
    if !module.settings.delay.is_zero() {
        thread::sleep(module.settings.delay);
    }
    let forced = module.settings.failures.iter().find(|failure| is_now(&failure.when));
    let result = forced.map_or_else(|| call(module), |failure| failure.result);
    module.calls.log(&format!("{function} {result:#x} {}\n", start.elapsed().as_micros()));
    result
}

/// Writes where nothing may be written.
fn crash() {
    let nowhere = std::ptr::without_provenance_mut::<u64>(4096 - 8);
    // SAFETY: there is none: this is what a bad module does. No system gives the lowest page to anybody.
    unsafe { nowhere.write_volatile(1) };
}
