//! Programs in a library that write to stderr by themselves, while somebody else must be heard there alone.

#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

/// The real stderr while something else is in its place; like stderr itself, one for the process.
#[cfg(unix)]
static STDERR: Mutex<Option<rustix::fd::OwnedFd>> = Mutex::new(None);

/// While it lives, what this process writes to stderr goes nowhere; on Windows everything stays as it is.
#[derive(Debug)]
pub struct Silence(());

impl Silence {
    /// Begins; `None` where stderr cannot be replaced, and is then not.
    #[must_use]
    pub fn begin() -> Option<Self> {
        #[cfg(unix)]
        {
            let stderr = rustix::io::dup(rustix::stdio::stderr()).ok()?;
            let nowhere = fs_err::OpenOptions::new().write(true).open("/dev/null").ok()?;
            rustix::stdio::dup2_stderr(nowhere).ok()?;
            *STDERR.lock().unwrap_or_else(PoisonError::into_inner) = Some(stderr);
            Some(Self(()))
        }
        #[cfg(not(unix))]
        None
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        end_silence();
    }
}

/// Ends a [`Silence`], if there is one, for somebody who has something to say and does not hold it.
pub fn end_silence() {
    #[cfg(unix)]
    if let Some(stderr) = STDERR.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // There is nothing to tell it to.
        let _ = rustix::stdio::dup2_stderr(&stderr);
    }
}
