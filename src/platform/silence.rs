//! Programs in a library that write to stderr by themselves, while somebody else must be heard there alone.

/// While it lives, what this process writes to stderr goes nowhere; on Windows everything stays as it is.
#[derive(Debug)]
pub struct Silence {
    #[cfg(unix)]
    stderr: rustix::fd::OwnedFd,
}

impl Silence {
    /// Begins; `None` where stderr cannot be replaced, and is then not.
    #[must_use]
    pub fn begin() -> Option<Self> {
        #[cfg(unix)]
        {
            let stderr = rustix::io::dup(rustix::stdio::stderr()).ok()?;
            let nowhere = fs_err::OpenOptions::new().write(true).open("/dev/null").ok()?;
            rustix::stdio::dup2_stderr(nowhere).ok()?;
            Some(Self { stderr })
        }
        #[cfg(not(unix))]
        None
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        #[cfg(unix)]
        // There is nothing to tell it to.
        let _ = rustix::stdio::dup2_stderr(&self.stderr);
    }
}
