//! Reading objects through several sessions at once: over a network nearly all of a call is waiting. Handles of token
//! objects and the login are shared by all sessions of a process (PKCS#11 3.1, 2.5 and 5.6.8).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cryptoki::error::Error as Cryptoki;
use cryptoki::session::Session as Raw;

use super::error::{Doing as _, Error};
use super::get_attribute_value::GetAttributeValue;
use super::listing::{Candidate, Detail, Read};
use super::session::Session;
use super::watchdog::{Watchdog, watched};

/// Enough to make a round trip of 2 ms harmless; few enough for the session limits of HSMs.
const SESSIONS: usize = 8;

/// What one object ended with, and the calls that were made for it.
struct Report {
    index: usize,
    outcome: Result<Read, Cryptoki>,
    calls: Vec<(Duration, Result<(), Cryptoki>)>,
}

/// A session in a thread of its own, with what that thread needs of the module.
struct Helper {
    session: Raw,
    function: GetAttributeValue,
    watchdog: Option<Watchdog>,
}

/// As many sessions as the token gives, at most one for each object; none is no error.
pub(super) fn open(session: &Session<'_>, objects: usize) -> Vec<Raw> {
    let slot = session.token().slot.0;
    let open = || session.module.call("C_OpenSession", |pkcs11| pkcs11.open_rw_session(slot)).ok();
    (0..SESSIONS.min(objects)).map_while(|_| open()).collect()
}

/// Reads these objects and gives what is kept of each, in their order.
pub(super) fn read<T>(
    session: &Session<'_>,
    helpers: Vec<Raw>,
    objects: &[Candidate],
    detail: Detail,
    keep: &dyn Fn(Read) -> Option<T>,
    progress: &dyn Fn(usize),
) -> Result<impl Iterator<Item = T>, Error> {
    let (module, next) = (session.module, AtomicUsize::new(0));
    let mut read: Vec<Option<T>> = objects.iter().map(|_| None).collect();
    let mut failed = Ok(());
    thread::scope(|scope| {
        let (sender, reports) = mpsc::channel();
        for session in helpers {
            let helper = Helper { session, function: module.get_attribute_value, watchdog: module.watchdog() };
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                work(&helper, objects, detail, next, &sender);
                let Helper { session, watchdog, .. } = helper;
                // Nothing is left to be done about a failure.
                let _ = watched(watchdog.as_ref(), "C_CloseSession", || session.close());
            });
        }
        // The helpers have theirs: the channel ends with the last of them.
        drop(sender);
        for (done, Report { index, outcome, calls }) in reports.iter().enumerate() {
            for (time, result) in calls {
                module.report("C_GetAttributeValue", time, result.as_ref().err());
            }
            match outcome {
                Ok(one) => read[index] = keep(one),
                Err(error) if failed.is_ok() => {
                    failed = Err(error);
                    next.store(objects.len(), Ordering::Relaxed);
                }
                Err(_) => {}
            }
            progress(done + 1);
        }
    });
    failed.doing("show the attributes of an object")?;
    Ok(read.into_iter().flatten())
}

fn work(helper: &Helper, objects: &[Candidate], detail: Detail, next: &AtomicUsize, sender: &mpsc::Sender<Report>) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some((class, handle)) = objects.get(index) else { return };
        let mut calls = Vec::new();
        let outcome = Read::of(*class, *handle, detail, |slots| {
            let start = Instant::now();
            let get = || helper.function.call(&helper.session, handle.object, slots);
            let result = watched(helper.watchdog.as_ref(), "C_GetAttributeValue", get);
            calls.push((start.elapsed(), result.as_ref().map(|_| ()).map_err(same)));
            result
        });
        if sender.send(Report { index, outcome, calls }).is_err() {
            return;
        }
    }
}

/// cryptoki's errors cannot be cloned; for the log only the return value counts.
fn same(error: &Cryptoki) -> Cryptoki {
    match error {
        Cryptoki::Pkcs11(value, function) => Cryptoki::Pkcs11(*value, *function),
        _ => Cryptoki::InvalidValue,
    }
}
