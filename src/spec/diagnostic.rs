//! What is wrong with a request file, and where: a compiler's diagnostics as data. `cli/` draws them.

use std::fmt;

/// A request file as text, for messages that show its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the user wrote it, or `<stdin>`.
    pub name: String,
    /// The decoded text.
    pub text: String,
}

/// A place in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Byte offset of the first byte in [`Source::text`].
    pub start: usize,
    /// Byte offset behind the last byte.
    pub end: usize,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never an error, also not with `--strict`.
    Note,
    /// certreq would do something that its user does not expect; an error with `--strict`.
    Warning,
    /// The request cannot be made from this file.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line, with the values that matter. Lower case, no full stop.
    pub message: String,
    /// Where; `None` when it is about the whole file.
    pub span: Option<Span>,
    /// What stands beside the caret: what was expected there.
    pub label: Option<String>,
    /// What to type instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error about a place.
    pub fn error(message: impl Into<String>, span: Option<Span>) -> Self {
        Self { severity: Severity::Error, message: message.into(), span, label: None, help: None }
    }

    /// A warning about a place.
    pub fn warning(message: impl Into<String>, span: Option<Span>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, span) }
    }

    /// A note about a place.
    pub fn note(message: impl Into<String>, span: Option<Span>) -> Self {
        Self { severity: Severity::Note, ..Self::error(message, span) }
    }

    /// Makes a warning an error (`--strict`); notes stay notes.
    pub fn tighten(&mut self) {
        if self.severity == Severity::Warning {
            self.severity = Severity::Error;
        }
    }

    /// Cuts what a file with very long values would make unreadable.
    pub(super) fn shorten(&mut self) {
        let texts = [(Some(&mut self.message), 300), (self.label.as_mut(), 300), (self.help.as_mut(), 1000)];
        for (text, longest) in texts {
            if let Some(text) = text.filter(|text| text.len() > longest) {
                text.replace_range(
                    text.floor_char_boundary(longest / 2)..text.floor_char_boundary(text.len() - longest / 2),
                    " ... ",
                );
            }
        }
    }

    /// About this place.
    #[must_use]
    pub fn at(self, span: Span) -> Self {
        Self { span: Some(span), ..self }
    }

    /// With a text beside the caret.
    #[must_use]
    pub fn expecting(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// With what to type instead.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl Source {
    /// Line and column of a byte offset, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // Bytes are counted many times faster than matches, and a hostile file has a thousand findings.
        (before.bytes().filter(|byte| *byte == b'\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
