//! Findings in a request file, drawn with their line and a caret, or as JSON.

use std::borrow::Cow;
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
    /// What stands beside the caret.
    label: Option<String>,
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
            label: diagnostic.label.clone(),
            help: diagnostic.help.clone(),
        }
    };
    diagnostics.iter().map(one).collect()
}

/// A finding as a compiler shows it.
pub(super) fn draw(source: &Source, diagnostic: &Diagnostic) -> String {
    let mut drawn = format!("{}: {}\n", diagnostic.severity, shown(&diagnostic.message));
    let whole = without_pins(&source.text);
    match diagnostic.span {
        None => {
            let _ = writeln!(drawn, "  --> {}", shown(&source.name));
        }
        Some(span) => {
            let (line, column) = source.position(span.start);
            let gutter = line.to_string().len();
            let start = whole.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let part = |start: usize, end: usize| whole.get(start..end).unwrap_or_default();
            let first_line = |text: &str| shown(text.lines().next().unwrap_or_default().trim_end_matches('\r'));
            let marked = first_line(part(span.start, span.end));
            let behind = first_line(part(span.start, whole.len()));
            let behind = behind.strip_prefix(&marked).unwrap_or_default().trim_end();
            let (text, before, carets) = excerpt(&shown(part(start, span.start)), &marked, behind);
            let carets = "^".repeat(carets);
            let label = diagnostic.label.as_deref().map(|label| format!(" {}", shown(label))).unwrap_or_default();
            let _ = writeln!(drawn, "{:gutter$}--> {}:{line}:{column}", "", shown(&source.name));
            let _ = writeln!(drawn, "{:gutter$} |\n{line} | {text}", "");
            let _ = writeln!(drawn, "{:gutter$} | {:before$}{carets}{label}", "", "");
        }
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(drawn, "  help: {}", shown(help));
    }
    drawn
}

/// The same text with asterisks in place of each `pin-value` of a URI, which does not belong there and must not get into a
/// log from there.
fn without_pins(text: &str) -> Cow<'_, str> {
    const NAME: &str = "pin-value=";
    if !text.contains(NAME) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for (index, part) in text.split(NAME).enumerate() {
        let end = match index {
            0 => 0,
            _ => part.find(|one: char| one.is_whitespace() || ";&\"'".contains(one)).unwrap_or(part.len()),
        };
        // As many bytes: places in the text stay what they are.
        masked.extend([if index == 0 { "" } else { NAME }, &"*".repeat(end), &part[end..]]);
    }
    Cow::Owned(masked)
}

/// The line, and columns before and under the mark. Of a line that fills a screen only what is around the mark.
fn excerpt(before: &str, marked: &str, behind: &str) -> (String, usize, usize) {
    const LONGEST: usize = 160;
    const BESIDE: usize = 40;
    let columns = |text: &str| text.chars().count();
    let whole = format!("{before}{marked}{behind}");
    if columns(&whole) <= LONGEST {
        return (whole, columns(before), columns(marked).max(1));
    }
    let before = match before.char_indices().rev().nth(BESIDE) {
        Some((cut, _)) => format!("...{}", before.get(cut..).unwrap_or_default()),
        None => before.to_owned(),
    };
    let start = |text: &str, most: usize| match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}...", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    };
    let (marked, behind) = (start(marked, LONGEST / 2), start(behind, BESIDE));
    let carets = columns(&marked).max(1);
    (format!("{before}{marked}{behind}"), columns(&before), carets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_in_uris_are_not_drawn() {
        let text = "a = 'pkcs11:token=t?pin-value=1234&x=y'\nb = \"pkcs11:pin-value=p%20q;token=t\"\npin-value=";
        let masked = "a = 'pkcs11:token=t?pin-value=****&x=y'\nb = \"pkcs11:pin-value=*****;token=t\"\npin-value=";
        assert_eq!(without_pins(text), masked);
        assert_eq!(without_pins("pin = 'x'"), "pin = 'x'");
    }

    #[test]
    fn long_lines_are_shown_around_the_mark() {
        assert_eq!(excerpt("ab", "cd", "ef"), ("abcdef".to_owned(), 2, 2));
        let long = "\u{e4}".repeat(200);
        let (text, before, carets) = excerpt(&long, "mark", &long);
        assert_eq!(text.chars().skip(before).take(carets).collect::<String>(), "mark");
        assert!(text.starts_with("...") && text.ends_with("...") && text.chars().count() < 100, "{text}");
        let (text, _, carets) = excerpt("k=", &long, "");
        assert!(carets < 100 && text.ends_with("..."), "{text}");
    }
}
