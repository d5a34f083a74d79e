//! One check and its result.

use hsmcert::ErrorKind;

use super::narrowed;
use crate::cli::failure::Failure;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Not as it should be, and commands work.
    Warning,
    /// Commands fail with this.
    Problem(ErrorKind),
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem(_) => "problem",
        }
    }
}

/// What was looked at, what was found, and what to do about it.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) check: &'static str,
    pub(super) state: State,
    pub(super) detail: String,
    pub(super) remedies: Vec<String>,
}

impl Check {
    pub(super) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Ok, detail: detail.into(), remedies: vec![] }
    }

    pub(super) fn warning(check: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, state: State::Warning, detail: detail.into(), remedies: vec![remedy.into()] }
    }

    pub(super) fn problem(
        check: &'static str,
        kind: ErrorKind,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { check, state: State::Problem(kind), detail: detail.into(), remedies: vec![remedy.into()] }
    }

    /// What a command would fail with.
    pub(super) fn failure(check: &'static str, failure: Failure) -> Self {
        let Failure { kind, message, causes, mut hints, .. } = failure;
        // This is the doctor.
        hints.retain(|hint| !hint.contains("hsmcert doctor"));
        let detail = [vec![message], causes].concat().join(": ");
        Self { check, state: State::Problem(narrowed(kind)), detail, remedies: hints }
    }

    pub(super) fn and(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }
}
