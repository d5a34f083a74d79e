//! The end of the process.

/// Ends the process at once, with nothing run that others have left for its end: exit handlers of vendors' modules crash
/// (SoftHSM's with OpenSSL 3), and those of a module that hangs may wait for the very call that does not return. What is
/// not flushed is lost; the system frees locks.
#[allow(unsafe_code)]
pub fn end_process(code: u8) -> ! {
    #[cfg(unix)]
    // SAFETY: it takes a number and does not return.
    unsafe {
        libc::_exit(code.into())
    }
    #[cfg(windows)]
    {
        use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};
        // SAFETY: the pseudo handle of this process is always good.
        unsafe { TerminateProcess(GetCurrentProcess(), code.into()) };
        // The call returns before the process is gone.
        loop {
            std::thread::park();
        }
    }
}
