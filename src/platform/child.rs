//! A child that does this process's work: who asks this one to end asks the child, and how the child ended is how this
//! one ends.

use std::io;
use std::process::{Child, ExitStatus};

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// By an exit code.
    Code(i32),
    /// By what asks a process to end (Ctrl-C, `SIGTERM`, `SIGHUP`): the number of the signal, on Windows the exit code.
    Asked(i32),
    /// By another signal or, on Windows, an exception: its name and what it means.
    Crash(String),
}

/// Waits until the child has ended. Signals that ask this process to end are passed on to it.
///
/// # Errors
/// What the operating system says.
#[cfg(unix)]
pub fn wait(child: &mut Child) -> io::Result<Ending> {
    use rustix::io::Errno;
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let pid = Pid::from_child(child);
    signals::pass_on(pid);
    // The number is the child's until it is waited for, and somebody else's after that.
    while matches!(waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT), Err(Errno::INTR)) {}
    signals::end_passing_on();
    Ok(Ending::of(child.wait()?))
}

/// Waits until the child has ended. A console gives Ctrl-C to both; this process waits for what the child makes of it.
///
/// # Errors
/// What the operating system says.
#[cfg(windows)]
pub fn wait(child: &mut Child) -> io::Result<Ending> {
    // Without it this process would end first, and its console be somebody else's.
    let _ = ctrlc::set_handler(|| {});
    Ok(Ending::of(child.wait()?))
}

#[cfg(unix)]
impl Ending {
    fn of(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(signal) = status.signal() else { return Self::Code(status.code().unwrap_or(-1)) };
        let meaning = match signal {
            libc::SIGINT | libc::SIGTERM | libc::SIGHUP => return Self::Asked(signal),
            libc::SIGABRT => "SIGABRT, it gave itself up",
            libc::SIGBUS => "SIGBUS, an invalid memory access",
            libc::SIGFPE => "SIGFPE, a division by zero or the like",
            libc::SIGILL => "SIGILL, an instruction that this processor does not have",
            libc::SIGKILL => "SIGKILL, it was killed from outside",
            libc::SIGQUIT => "SIGQUIT",
            libc::SIGSEGV => "SIGSEGV, an invalid memory access",
            libc::SIGSYS => "SIGSYS, a system call that is not allowed",
            libc::SIGTRAP => "SIGTRAP",
            other => return Self::Crash(format!("signal {other}")),
        };
        Self::Crash(meaning.to_owned())
    }
}

/// Codes of [MS-ERREF], 2.3.1.
#[cfg(windows)]
impl Ending {
    fn of(status: ExitStatus) -> Self {
        let code = status.code().unwrap_or(-1);
        let meaning = match code.cast_unsigned() {
            0xC000_013A => return Self::Asked(code),
            0xC000_0005 => "an access violation",
            0xC000_001D => "an instruction that this processor does not have",
            0xC000_0094 => "a division by zero",
            0xC000_00FD => "a stack overflow",
            0xC000_0374 => "a heap that is damaged",
            0xC000_0409 => "it gave itself up",
            0xC000_0000.. => "an exception",
            _ => return Self::Code(code),
        };
        Self::Crash(format!("{:#010X}, {meaning}", code.cast_unsigned()))
    }
}

/// Ends this process as a child was asked to end ([`Ending::Asked`]), so that whoever waits for it sees the same.
#[allow(unsafe_code)]
pub fn end_as_asked(how: i32) -> ! {
    #[cfg(unix)]
    {
        // SAFETY: numbers in, numbers out; the default action of these signals ends the process.
        unsafe {
            libc::signal(how, libc::SIG_DFL);
            libc::raise(how);
        }
        // It is blocked: what shells make of a signal.
        super::end_process(u8::try_from(128 + how).unwrap_or(u8::MAX))
    }
    #[cfg(windows)]
    super::process::terminate(how.cast_unsigned())
}

#[cfg(unix)]
#[allow(unsafe_code)]
mod signals {
    use std::sync::atomic::{AtomicI32, Ordering};

    use rustix::process::Pid;

    /// Who gets the signals; 0 is nobody.
    static RECEIVER: AtomicI32 = AtomicI32::new(0);

    extern "C" fn handle(signal: libc::c_int) {
        let receiver = RECEIVER.load(Ordering::Relaxed);
        if receiver > 0 {
            // SAFETY: kill may be called in a handler (signal-safety(7)); the process has not been waited for.
            unsafe { libc::kill(receiver, signal) };
        }
    }

    pub(super) fn pass_on(receiver: Pid) {
        RECEIVER.store(receiver.as_raw_nonzero().get(), Ordering::Relaxed);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: the structures live through the calls; zeroes are an empty mask and no flags; the handler does
            // nothing that a handler must not do.
            unsafe {
                let mut old: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &raw mut old);
                // What was ignored for this process (nohup) is ignored in the child, and stays so.
                if old.sa_sigaction != libc::SIG_IGN {
                    let mut new: libc::sigaction = std::mem::zeroed();
                    new.sa_sigaction = handle as *const () as usize;
                    new.sa_flags = libc::SA_RESTART;
                    libc::sigaction(signal, &raw const new, std::ptr::null_mut());
                }
            }
        }
    }

    pub(super) fn end_passing_on() {
        RECEIVER.store(0, Ordering::Relaxed);
    }
}
