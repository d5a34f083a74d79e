//! The beginning and the end of the process.

/// Keeps what is in the memory of this process from others: there is no core file (`RLIMIT_CORE`, getrlimit(2)), and on
/// Linux no other process of the user may look into it (`PR_SET_DUMPABLE`, prctl(2)). Programs that this one starts write no
/// core files either, unless they raise the limit themselves.
pub fn protect_process() {
    // A system that refuses is no reason to do nothing.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Core);
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
}

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
    terminate(code.into())
}

/// [`end_process`] with any of the codes that Windows has.
#[cfg(windows)]
#[allow(unsafe_code)]
pub(super) fn terminate(code: u32) -> ! {
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};
    // SAFETY: the pseudo handle of this process is always good.
    unsafe { TerminateProcess(GetCurrentProcess(), code) };
    // The call returns before the process is gone.
    loop {
        std::thread::park();
    }
}
