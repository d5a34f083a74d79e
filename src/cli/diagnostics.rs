//! Findings in a request file, drawn with their line and a caret, or as JSON.

use std::fmt::Write as _;

use hsmcert::spec::{Diagnostic, Source};
use serde::Serialize;

use super::report::shown;

/// One finding for `--json`; lines and columns count from 1.
#[derive(Debug, Serialize)]
pub(super) struct JsonDiagnostic {
    severity: String,
    message: String,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    help: Option<String>,
}

pub(super) fn json(source: &Source, diagnostics: &[Diagnostic]) -> Vec<JsonDiagnostic> {
    let one = |diagnostic: &Diagnostic| {
        let position = diagnostic.span.map(|span| source.position(span.start));
        JsonDiagnostic {
            severity: diagnostic.severity.to_string(),
            message: diagnostic.message.clone(),
            file: source.name.clone(),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            help: diagnostic.help.clone(),
        }
    };
    diagnostics.iter().map(one).collect()
}

/// A finding as a compiler shows it.
pub(super) fn draw(source: &Source, diagnostic: &Diagnostic) -> String {
    let mut drawn = format!("{}: {}\n", diagnostic.severity, shown(&diagnostic.message));
    match diagnostic.span {
        None => {
            let _ = writeln!(drawn, "  --> {}", shown(&source.name));
        }
        Some(span) => {
            let (line, column) = source.position(span.start);
            let gutter = line.to_string().len();
            let start = source.text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let text: String =
                source.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().to_owned();
            let before =
                source.text.get(start..span.start).map(|before| shown(before).chars().count()).unwrap_or_default();
            let marked =
                source.text.get(span.start..span.end).and_then(|marked| marked.lines().next()).unwrap_or_default();
            let carets = "^".repeat(shown(marked).chars().count().max(1));
            let label = diagnostic.label.as_deref().map(|label| format!(" {}", shown(label))).unwrap_or_default();
            let _ = writeln!(drawn, "{:gutter$}--> {}:{line}:{column}", "", shown(&source.name));
            let _ = writeln!(drawn, "{:gutter$} |\n{line} | {}", "", shown(text.trim_end()));
            let _ = writeln!(drawn, "{:gutter$} | {:before$}{carets}{label}", "", "");
        }
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(drawn, "  help: {}", shown(help));
    }
    drawn
}
