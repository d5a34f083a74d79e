//! A watch on the module: it runs in this process, so a call that never returns can only be reported. A thread of its
//! own does that, also for calls of the threads that read objects. Somebody who survives this process can follow the calls.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;
use super::underway::{Underway, Unsettled};

/// Is told what is under way whenever a call begins or returns.
pub type Follower = Box<dyn Fn(&Underway) + Send + Sync>;

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

/// The watch. It ends with its last clone.
#[derive(Debug, Clone)]
pub struct Watchdog {
    watch: Arc<Watch>,
    /// Held only to be counted: the thread has a [`Watch`], but none of these.
    _keepers: Arc<Ending>,
}

struct Watch {
    module: PathBuf,
    calls: Mutex<Calls>,
    ended: Condvar,
    follower: OnceLock<Follower>,
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
    begun: Instant,
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
        let watchdog = Self::without_limit(module);
        let own = Arc::clone(&watchdog.watch);
        let thread = thread::Builder::new().name("watchdog".to_owned());
        let _ = thread.spawn(move || own.run(limit, on_hang));
        watchdog
    }

    /// Lets calls take as long as they want, for somebody who only follows them.
    #[must_use]
    pub fn without_limit(module: &Path) -> Self {
        let calls = Mutex::new(Calls::default());
        let watch = Watch { module: module.to_owned(), calls, ended: Condvar::new(), follower: OnceLock::new() };
        let watch = Arc::new(watch);
        Self { _keepers: Arc::new(Ending(Arc::clone(&watch))), watch }
    }

    /// Tells somebody from now on; the first who follows is the only one.
    pub fn follow(&self, follower: Follower) {
        let _ = self.watch.follower.set(follower);
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
        let number = calls.begun;
        calls.running.push(Running { number, function, begun: Instant::now() });
        self.tell(&calls, function);
        number
    }

    fn ends(&self, number: u64, is_ok: bool) {
        let mut calls = self.calls();
        let Some(at) = calls.running.iter().position(|call| call.number == number) else { return };
        let call = calls.running.swap_remove(at);
        calls.made.extend(Unsettled::after(call.function).filter(|_| is_ok));
        self.tell(&calls, call.function);
    }

    /// Under the lock, so that what is told last is what is true.
    fn tell(&self, calls: &Calls, last: &'static str) {
        let Some(follower) = self.follower.get() else { return };
        let running = || calls.running.iter().map(|call| call.function);
        follower(&Underway {
            module: self.module.clone(),
            running: running().map(str::to_owned).collect(),
            last: last.to_owned(),
            unsettled: Unsettled::now(running(), &calls.made),
        });
    }

    fn run(&self, limit: TimeLimit, on_hang: impl FnOnce(Error)) {
        let mut calls = self.calls();
        while !calls.is_over {
            let now = Instant::now();
            let deadline = |call: &Running| call.begun + limit.of(call.function);
            let next = calls.running.iter().min_by_key(|call| deadline(call));
            if let Some(late) = next.filter(|call| deadline(call) <= now) {
                return on_hang(self.error(late, limit, &calls));
            }
            // A call that begins from now on has at least the shortest limit, so that nobody has to wake this thread.
            let latest = now + limit.shortest();
            let until = next.map_or(latest, |call| deadline(call).min(latest));
            calls = self.ended.wait_timeout(calls, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn error(&self, late: &Running, limit: TimeLimit, calls: &Calls) -> Error {
        let unsettled = Unsettled::now([late.function], &calls.made);
        let limit = limit.of(late.function);
        Error::NoReturn { module: self.module.clone(), function: late.function, limit, unsettled }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("module", &self.module).field("calls", &self.calls).finish_non_exhaustive()
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

    #[test]
    fn calls_can_be_followed_without_a_limit() {
        let (sender, told) = mpsc::channel();
        let watchdog = Watchdog::without_limit(Path::new("m"));
        watchdog.follow(Box::new(move |underway| {
            let _ = sender.send((underway.last.clone(), underway.running.clone(), underway.unsettled.clone()));
        }));
        let _: Result<(), ()> = watchdog.during("C_GenerateKeyPair", || Ok(()));
        let (key_pair, made) = ("C_GenerateKeyPair".to_owned(), vec![Unsettled::KeyPair]);
        assert_eq!(told.recv().unwrap(), (key_pair.clone(), vec![key_pair.clone()], made.clone()));
        assert_eq!(told.recv().unwrap(), (key_pair, vec![], made));
        drop(watchdog);
        assert_eq!(told.recv(), Err(mpsc::RecvError));
    }
}
