//! Everything that was found while reading, so that one run tells all of it.

use super::placed::Placed;
use crate::spec::{Diagnostic, Severity, Span};

/// The diagnostics so far, about this text.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    text: &'a str,
    list: Vec<Diagnostic>,
    /// Strings with a problem of their own: what follows from it is not told.
    broken: Vec<Span>,
}

impl<'a> Findings<'a> {
    pub(super) fn about(text: &'a str) -> Self {
        Self { text, list: Vec::new(), broken: Vec::new() }
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let inside = |span: Span| self.broken.iter().any(|broken| broken.start <= span.start && span.end <= broken.end);
        if !diagnostic.span.is_some_and(inside) {
            self.list.push(diagnostic);
        }
    }

    /// Nothing more is told about this place.
    pub(super) fn no_more_about(&mut self, span: Span) {
        self.broken.push(span);
    }

    /// The value, or its problem on the list.
    pub(super) fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// The value, or its problem on the list, which is about this place.
    pub(super) fn take_at<T>(&mut self, span: Span, result: Result<T, Diagnostic>) -> Option<T> {
        self.take(result.map_err(|problem| problem.at(span)))
    }

    /// Where a part of this string stands in the file; the whole string where escapes or variables are in the way.
    pub(super) fn within(&self, string: &Placed<String>, part: Span) -> Span {
        let start = string.span.start + 1;
        match self.text.get(start..string.span.end.saturating_sub(1)) {
            Some(raw) if raw == string.value => Span { start: start + part.start, end: start + part.end },
            Some(_) | None => string.span,
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }
}
