//! A line that says how far a long listing is. It is written by a thread of its own, since a token may take long for a
//! single call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::report::Report;

/// Nothing is said of what takes less.
const PATIENCE: Duration = Duration::from_secs(1);
const EACH: Duration = Duration::from_millis(100);

/// The line is taken away when this is dropped.
pub(super) struct Progress {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    what: &'static str,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    done: usize,
    total: usize,
    is_over: bool,
}

impl Progress {
    /// `what` is counted: `reading object`.
    pub(super) fn new(what: &'static str, report: &Report) -> Self {
        let shared = Arc::new(Shared { what, ..Shared::default() });
        let (own, theirs) = (Arc::clone(&shared), report.clone());
        // Without a terminal nobody looks, and without a thread nothing is lost.
        let write = move || own.write(&theirs);
        let writer = report.shows_progress().then(|| thread::Builder::new().spawn(write).ok()).flatten();
        Self { shared, writer }
    }

    pub(super) fn show(&self, done: usize, total: usize) {
        let mut state = self.shared.state();
        (state.done, state.total) = (done, total);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, report: &Report) {
        let mut wait = PATIENCE;
        let mut written = String::new();
        let mut state = self.state();
        loop {
            let waited = self.ended.wait_timeout_while(state, wait, |state| !state.is_over);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.is_over {
                break;
            }
            let text = match *state {
                State { total: 0, .. } => "searching the token".to_owned(),
                State { done, total, .. } => format!("{} {done} of {total}", self.what),
            };
            if text != written {
                report.progress(&text);
                written = text;
            }
            wait = EACH;
        }
        if !written.is_empty() {
            report.progress_end();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.ended.notify_all();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
