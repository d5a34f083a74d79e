//! A failure as it is reported: kind, message, causes, hints.

use std::error::Error as _;

use hsmcert::rollout::RolloutError;
use hsmcert::{Error, ErrorKind, spec};

use super::hint;

/// What went wrong, ready to be printed as text or JSON.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    pub(super) causes: Vec<String>,
    pub(super) hints: Vec<String>,
    pub(super) retryable: bool,
    /// The findings of a request file, which are drawn with their lines.
    pub(super) invalid: Option<Box<spec::Invalid>>,
    /// What was therefore not done, said behind the findings.
    pub(super) nothing_done: &'static str,
}

impl Failure {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: vec![],
            hints: vec![],
            retryable: false,
            invalid: None,
            nothing_done: "no request was made; the HSM was not touched",
        }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// All but the findings of a request file.
    pub(super) fn of(error: &Error) -> Self {
        let mut failure = Self::new(error.kind(), error.to_string());
        failure.retryable = error.is_retryable();
        failure.hints = hint::hints(error);
        let mut cause = error.source();
        while let Some(current) = cause {
            let text = current.to_string();
            if text != failure.message && failure.causes.last() != Some(&text) {
                failure.causes.push(text);
            }
            cause = current.source();
        }
        match error {
            Error::LinkBroken { failed, .. } => {
                failure.causes.extend(failed.iter().map(|(label, step)| format!("\"{label}\", {step}")));
            }
            Error::HandshakeFailed { failed }
            | Error::ServedDiffers { failed, .. }
            | Error::Rollout(RolloutError::Server { failed, .. }) => {
                failure.causes.extend(failed.iter().map(ToString::to_string));
            }
            _ => {}
        }
        failure
    }

    /// The failure of a command that worked on several files: a kind that all share is given as it is.
    pub(super) fn of_several(failures: &[Self], message: impl Into<String>) -> Self {
        let first = failures.first().map_or(ErrorKind::Partial, |failure| failure.kind);
        let shared = failures.iter().all(|failure| failure.kind == first);
        Self::new(if shared { first } else { ErrorKind::Partial }, message)
    }

    /// The same for another file that it is true of.
    pub(super) fn again(&self) -> Self {
        Self {
            kind: self.kind,
            message: self.message.clone(),
            causes: self.causes.clone(),
            hints: self.hints.clone(),
            retryable: self.retryable,
            invalid: self.invalid.clone(),
            nothing_done: self.nothing_done,
        }
    }

    /// The same with the name of what it is about.
    pub(super) fn about(&self, name: &str) -> Self {
        Self { message: format!("{name}: {}", self.message), ..self.again() }
    }

    /// For a command that makes no requests.
    pub(super) fn nothing_done(mut self, what: &'static str) -> Self {
        self.nothing_done = what;
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let mut failure = Self::of(&error);
        if let Error::Spec(invalid) = error {
            failure.invalid = Some(invalid);
        }
        failure
    }
}
