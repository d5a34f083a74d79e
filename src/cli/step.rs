//! The steps of a proof as JSON.

use hsmcert::proof::{Outcome, Step};
use serde::Serialize;

/// One step.
#[derive(Debug, Serialize)]
pub(super) struct JsonStep {
    check: String,
    /// The scheme or the server name that it was done with.
    with: Option<String>,
    /// `ok`, `failed` or `skipped`.
    result: &'static str,
    detail: String,
}

impl From<&Step> for JsonStep {
    fn from(step: &Step) -> Self {
        let Step { check, with, outcome } = step;
        Self {
            check: check.to_string(),
            with: with.clone(),
            result: match outcome {
                Outcome::Ok(_) => "ok",
                Outcome::Failed(_) => "failed",
                Outcome::Skipped(_) => "skipped",
            },
            detail: outcome.detail().to_owned(),
        }
    }
}
