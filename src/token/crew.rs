//! The same work for many things, through several sessions of one login at once: an HSM makes keys side by side, and over
//! a network nearly all of a call is waiting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::conduct::Conduct;
use super::session::Session;

/// As many as read a listing: few enough for the session limits of HSMs.
const SESSIONS: usize = 8;

impl Session<'_> {
    /// Does `work` for each of the jobs; the results in the order of the jobs. Beside this session there are further ones,
    /// as many as the token gives and the jobs need, each in a thread of its own with a `conduct` of its own. A session that
    /// is lost stays lost meanwhile: a second login would take the others' away.
    pub fn share<J: Sync, T: Send>(
        &self,
        jobs: &[J],
        conduct: &(dyn Fn() -> Conduct + Sync),
        done: &(dyn Fn(usize) + Sync),
        work: &(dyn Fn(&Session<'_>, &J) -> T + Sync),
    ) -> Vec<T> {
        let (next, ready) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let results: Mutex<Vec<Option<T>>> = Mutex::new(jobs.iter().map(|_| None).collect());
        let work_on = |session: &Session<'_>| {
            while let Some((index, job)) = take(&next, jobs) {
                let result = work(session, job);
                results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
                done(ready.fetch_add(1, Ordering::Relaxed) + 1);
                // The others still have theirs.
                if session.is_lost() {
                    break;
                }
            }
        };
        let (module, token) = (self.module, self.token());
        let helpers = SESSIONS.min(jobs.len()).saturating_sub(1);
        self.stay_out(helpers > 0);
        thread::scope(|scope| {
            for _ in 0..helpers {
                // No session, or no thread: the others have more to do.
                let help = || {
                    if let Ok(session) = Session::open(module, token.clone()) {
                        let session = session.with(conduct());
                        session.stay_out(true);
                        work_on(&session);
                    }
                };
                let _ = thread::Builder::new().spawn_scoped(scope, help);
            }
            work_on(self);
        });
        // What is left when all sessions are lost, with the one login anew that a session has.
        self.stay_out(false);
        while let Some((index, job)) = take(&next, jobs) {
            let result = work(self, job);
            results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
        }
        results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
    }
}

fn take<'j, J>(next: &AtomicUsize, jobs: &'j [J]) -> Option<(usize, &'j J)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(index).map(|job| (index, job))
}
