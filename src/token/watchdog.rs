//! A watch on the module: it runs in this process, so a call that never returns can only be reported. A thread of its
//! own does that, also for calls of the threads that read objects.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit {
    /// Any call but the next.
    pub call: Duration,
    /// `C_GenerateKeyPair`: smart cards look for the primes of an RSA key for minutes.
    pub key_generation: Duration,
}

impl TimeLimit {
    fn of(self, function: &str) -> Duration {
        if function == "C_GenerateKeyPair" { self.key_generation } else { self.call }
    }

    fn shortest(self) -> Duration {
        self.call.min(self.key_generation)
    }
}

/// What nobody knows when a call has not returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsettled {
    /// The work was done; only the module's goodbye is missing.
    Nothing,
    /// Whether a new key pair is on the token.
    KeyPair,
    /// Whether a new certificate is on the token.
    Certificate,
    /// Whether an object is gone.
    Removal,
    /// Whether an attribute has its new value.
    Attribute,
    /// Whether the token is initialised.
    Initialisation,
    /// Whether the user has another PIN.
    Pin,
    /// Whether the PIN was tried.
    Login,
}

impl Unsettled {
    /// What a call leaves open while it runs.
    fn during(function: &str) -> Option<Self> {
        Some(match function {
            "C_CloseSession" | "C_Logout" | "C_Finalize" => Self::Nothing,
            "C_GenerateKeyPair" => Self::KeyPair,
            "C_CreateObject" => Self::Certificate,
            "C_DestroyObject" => Self::Removal,
            "C_SetAttributeValue" => Self::Attribute,
            "C_InitToken" => Self::Initialisation,
            "C_InitPIN" | "C_SetPIN" => Self::Pin,
            "C_Login" => Self::Login,
            _ => return None,
        })
    }

    /// What a call has made that a later one may have been about to use or to take back.
    fn after(function: &str) -> Option<Self> {
        Self::during(function).filter(|made| matches!(made, Self::KeyPair | Self::Certificate | Self::Initialisation))
    }
}

/// The watch. It ends with its last clone.
#[derive(Debug, Clone)]
pub struct Watchdog {
    watch: Arc<Watch>,
    /// Held only to be counted: the thread has a [`Watch`], but none of these.
    _keepers: Arc<Ending>,
}

#[derive(Debug)]
struct Watch {
    module: PathBuf,
    limit: TimeLimit,
    calls: Mutex<Calls>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Calls {
    running: Vec<Running>,
    begun: u64,
    made: Vec<Unsettled>,
    is_over: bool,
}

#[derive(Debug)]
struct Running {
    number: u64,
    function: &'static str,
    deadline: Instant,
}

#[derive(Debug)]
struct Ending(Arc<Watch>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.calls().is_over = true;
        self.0.ended.notify_all();
    }
}

impl Watchdog {
    /// Watches the calls of a module. `on_hang` is called at most once, in the watchdog's thread, while every thread
    /// that comes back from the module waits; it is meant to end the process. Without a thread nothing is watched.
    #[must_use]
    pub fn start(module: &Path, limit: TimeLimit, on_hang: impl FnOnce(Error) + Send + 'static) -> Self {
        let watch = Watch { module: module.to_owned(), limit, calls: Mutex::default(), ended: Condvar::new() };
        let watch = Arc::new(watch);
        let own = Arc::clone(&watch);
        let thread = thread::Builder::new().name("watchdog".to_owned());
        let _ = thread.spawn(move || own.run(on_hang));
        Self { _keepers: Arc::new(Ending(Arc::clone(&watch))), watch }
    }

    /// Makes a call under watch.
    fn during<T, E>(&self, function: &'static str, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let number = self.watch.begins(function);
        let result = call();
        self.watch.ends(number, result.is_ok());
        result
    }
}

/// Makes a call, under watch if there is one.
pub(super) fn watched<T, E>(
    watchdog: Option<&Watchdog>,
    function: &'static str,
    call: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    match watchdog {
        Some(watchdog) => watchdog.during(function, call),
        None => call(),
    }
}

impl Watch {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begins(&self, function: &'static str) -> u64 {
        let mut calls = self.calls();
        calls.begun += 1;
        let (number, deadline) = (calls.begun, Instant::now() + self.limit.of(function));
        calls.running.push(Running { number, function, deadline });
        number
    }

    fn ends(&self, number: u64, is_ok: bool) {
        let mut calls = self.calls();
        let Some(at) = calls.running.iter().position(|call| call.number == number) else { return };
        let call = calls.running.swap_remove(at);
        calls.made.extend(Unsettled::after(call.function).filter(|_| is_ok));
    }

    fn run(&self, on_hang: impl FnOnce(Error)) {
        let mut calls = self.calls();
        while !calls.is_over {
            let now = Instant::now();
            let next = calls.running.iter().min_by_key(|call| call.deadline);
            if let Some(late) = next.filter(|call| call.deadline <= now) {
                return on_hang(self.error(late, &calls));
            }
            // A call that begins from now on has at least the shortest limit, so that nobody has to wake this thread.
            let latest = now + self.limit.shortest();
            let until = next.map_or(latest, |call| call.deadline.min(latest));
            calls = self.ended.wait_timeout(calls, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn error(&self, late: &Running, calls: &Calls) -> Error {
        let mut unsettled: Vec<_> = Unsettled::during(late.function).into_iter().collect();
        // A session is closed when all is done, and when nothing more can be done.
        for made in &calls.made {
            if unsettled != [Unsettled::Nothing] && !unsettled.contains(made) {
                unsettled.push(*made);
            }
        }
        let limit = self.limit.of(late.function);
        Error::NoReturn { module: self.module.clone(), function: late.function, limit, unsettled }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LIMIT: TimeLimit = TimeLimit { call: Duration::from_millis(50), key_generation: Duration::from_secs(600) };

    #[test]
    fn a_call_that_returns_in_time_is_not_reported() {
        let (sender, reported) = mpsc::channel();
        let watchdog = Watchdog::start(Path::new("m"), LIMIT, move |error| {
            let _ = sender.send(error.to_string());
        });
        let result: Result<(), ()> = watchdog.during("C_GenerateKeyPair", || Ok(()));
        assert_eq!(result, Ok(()));
        drop(watchdog);
        // The thread ends, and with it the sender.
        assert_eq!(reported.recv(), Err(mpsc::RecvError));
    }

    #[test]
    fn a_call_that_does_not_return_is_named_with_what_was_made_before() {
        let (sender, reported) = mpsc::channel();
        let watchdog = Watchdog::start(Path::new("m"), LIMIT, move |error| {
            let _ = sender.send(error);
        });
        let _: Result<(), ()> = watchdog.during("C_GenerateKeyPair", || Ok(()));
        let _: Result<(), ()> = watchdog.during("C_CreateObject", || Err(()));
        let error = watchdog.during("C_Sign", || reported.recv()).unwrap();
        let Error::NoReturn { function, unsettled, .. } = error else { panic!("{error}") };
        assert_eq!((function, unsettled.as_slice()), ("C_Sign", &[Unsettled::KeyPair][..]));
    }
}
