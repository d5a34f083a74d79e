//! The checks in the order in which they were made. A module that hangs ends the process, and all that was found before
//! is told.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hsmcert::platform;
use hsmcert::token::{TimeLimit, Watchdog};
use serde::Serialize;

use super::check::{Check, State};
use crate::cli::exit;
use crate::cli::failure::Failure;
use crate::cli::report::{Report, shown};

/// What was found so far. A clone is the same list.
#[derive(Debug, Clone)]
pub(super) struct Checks {
    found: Arc<Mutex<Vec<Check>>>,
    report: Report,
}

#[derive(Serialize)]
struct JsonDoctor {
    problem_count: usize,
    warning_count: usize,
    checks: Vec<JsonCheck>,
}

#[derive(Serialize)]
struct JsonCheck {
    check: &'static str,
    state: &'static str,
    detail: String,
    remedies: Vec<String>,
    /// The word of the exit code that commands would end with.
    code: Option<&'static str>,
}

impl Checks {
    pub(super) fn new(report: &Report) -> Self {
        Self { found: Arc::default(), report: report.clone() }
    }

    /// Adds one, and prints it, unless all are printed as one object.
    pub(super) fn push(&self, check: Check) {
        self.report.piece(&draw(&check));
        self.lock().push(check);
    }

    pub(super) fn extend(&self, checks: impl IntoIterator<Item = Check>) {
        checks.into_iter().for_each(|check| self.push(check));
    }

    /// Prints what is still to be said; the failure of the worst problem.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let found = std::mem::take(&mut *self.lock());
        let kinds = found.iter().filter_map(|check| match check.state {
            State::Problem(kind) => Some(kind),
            State::Ok | State::Warning => None,
        });
        let worst = kinds.min_by_key(|kind| exit::code(*kind).0);
        let count = |wanted: &str| found.iter().filter(|check| check.state.word() == wanted).count();
        let (problem_count, warning_count) = (count("problem"), count("warning"));
        let problems = counted(problem_count, "problem");
        let text = format!("\n{}, {problems}, {}\n", counted(found.len(), "check"), counted(warning_count, "warning"));
        let checks = found.into_iter().map(json).collect();
        self.report.result(&JsonDoctor { problem_count, warning_count, checks }, &text);
        match worst {
            None => Ok(()),
            Some(kind) => {
                Err(Failure::new(kind, format!("{problems} found")).hint("each problem above says what to do"))
            }
        }
    }

    /// A call of the module that hangs is one more problem, and the last one.
    pub(super) fn watchdog(&self, module: &Path, limit: TimeLimit) -> Watchdog {
        let checks = self.clone();
        Watchdog::start(module, limit, move |error| {
            platform::end_silence();
            checks.push(Check::failure("answer of the module", error.into()));
            let code = checks.finish().map_or_else(|failure| checks.report.failure(&failure), |()| 0);
            exit::end(code)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Check>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json(check: Check) -> JsonCheck {
    let Check { check, state, detail, remedies } = check;
    let code = match state {
        State::Problem(kind) => Some(exit::code(kind).1),
        State::Ok | State::Warning => None,
    };
    JsonCheck { check, state: state.word(), detail, remedies, code }
}

fn draw(check: &Check) -> String {
    let Check { check, state, detail, remedies } = check;
    let mut text = format!("{:<8} {check:<22} {}\n", state.word(), shown(detail));
    for remedy in remedies {
        text.push_str(&format!("{:<31} -> {}\n", "", shown(remedy)));
    }
    text
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
