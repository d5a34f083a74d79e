//! What was said beside the result. With `--json` it is part of the one object, so that stderr stays empty, or is one
//! object itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::super::diagnostics::JsonDiagnostic;

/// What was said since the last object; every clone of a report says it to the same place.
#[derive(Debug, Clone, Default)]
pub(super) struct Said(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    beside: Beside,
    is_result_printed: bool,
}

/// The last fields of every object.
#[derive(Debug, Default, Serialize)]
pub(super) struct Beside {
    pub(super) warnings: Vec<String>,
    pub(super) notes: Vec<String>,
    /// Findings in request files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) diagnostics: Vec<JsonDiagnostic>,
    /// With `-v`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) explanations: Vec<String>,
}

impl Said {
    /// Keeps something for the next object. What is said when the result is out (a server that runs) is given back,
    /// since nobody knows whether another object comes.
    pub(super) fn keep(&self, say: impl FnOnce(&mut Beside)) -> Option<Beside> {
        let mut kept = self.lock();
        say(&mut kept.beside);
        kept.is_result_printed.then(|| std::mem::take(&mut kept.beside))
    }

    /// What there is for an object that is printed now.
    pub(super) fn take(&self) -> Beside {
        let mut kept = self.lock();
        kept.is_result_printed = true;
        std::mem::take(&mut kept.beside)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An object with what was said beside it.
#[derive(Serialize)]
pub(super) struct WithBeside<'a, T> {
    #[serde(flatten)]
    pub(super) object: &'a T,
    #[serde(flatten)]
    pub(super) beside: Beside,
}
