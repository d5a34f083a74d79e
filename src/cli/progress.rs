//! A line that says how far a long listing is.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::report::Report;

/// Nothing is said of what takes less.
const PATIENCE: Duration = Duration::from_secs(1);
const EACH: Duration = Duration::from_millis(100);

pub(super) struct Progress {
    report: Report,
    next: Cell<Instant>,
    is_shown: Cell<bool>,
}

impl Progress {
    pub(super) fn new(report: &Report) -> Self {
        Self { report: report.clone(), next: Cell::new(Instant::now() + PATIENCE), is_shown: Cell::new(false) }
    }

    pub(super) fn show(&self, done: usize, total: usize) {
        let now = Instant::now();
        if now >= self.next.get() {
            self.report.progress(&format!("reading object {done} of {total}"), self.is_shown.replace(true));
            self.next.set(now + EACH);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown.get() {
            self.report.progress_end();
        }
    }
}
