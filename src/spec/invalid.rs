//! The error of this layer: a request file that no request can be made from.

use std::fmt;

use super::{Diagnostic, Severity, Source};

/// A request file with at least one error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The text that the diagnostics point into.
    pub source: Source,
    /// Everything that was found, warnings and notes too, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl std::error::Error for Invalid {}

/// One line: the place and text of the first error, and how many more there are.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let Some(first) = errors.next() else { return write!(f, "{}: no request in it", self.source.name) };
        write!(f, "{}", self.source.name)?;
        if let Some(span) = first.span {
            let (line, column) = self.source.position(span.start);
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", first.message)?;
        match errors.count() {
            0 => Ok(()),
            1 => f.write_str(" (and 1 more error)"),
            more => write!(f, " (and {more} more errors)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Span;
    use super::*;

    #[test]
    fn shows_the_place_of_the_first_error_and_counts_the_others() {
        let source = Source { name: "a.inf".into(), text: "x\nyz\n".into() };
        let diagnostics = vec![
            Diagnostic::warning("odd", None),
            Diagnostic::error("bad z", Some(Span { start: 3, end: 4 })),
            Diagnostic::error("worse", None),
        ];
        assert_eq!(Invalid { source, diagnostics }.to_string(), "a.inf:2:2: bad z (and 1 more error)");
    }
}
