//! Syntax errors of TOML, in words that say what to type.

use toml::de::Error;

use super::findings::Findings;
use crate::spec::{Diagnostic, Source, Span};

/// One error follows from another: of those on one line only the first is told.
pub(super) fn report(source: &Source, errors: &[Error], found: &mut Findings<'_>) {
    let mut last_line = None;
    for error in errors {
        let span: Option<Span> = error.span().map(Into::into);
        let line = span.map(|span| source.position(span.start).0);
        if line.is_some() && line == last_line {
            continue;
        }
        last_line = line;
        let open_array = span.is_some_and(|span| is_new_entry(error.message(), line_at(&source.text, span.start)));
        if open_array {
            let error = Diagnostic::error("the array above is not closed", span).expecting("expected `]` before this");
            found.push(error);
            return;
        }
        found.push(diagnostic(source, error.message(), span));
    }
}

/// Where an array has no end, the next entry of the file is read as its next element.
fn is_new_entry(message: &str, line: &str) -> bool {
    message.starts_with("missing comma between array elements") && (line.starts_with('[') || line.contains('='))
}

fn diagnostic(source: &Source, message: &str, span: Option<Span>) -> Diagnostic {
    let (what, expected) = match message.split_once(", expected ") {
        Some((what, expected)) => (what, Some(expected)),
        None => (message, None),
    };
    let part = span.and_then(|span| source.text.get(span.start..span.end)).unwrap_or_default();
    let error = match what {
        "duplicate key" => Diagnostic::error(format!("`{part}` is there twice"), span).help("write it once"),
        _ => Diagnostic::error(what, span),
    };
    let error = match expected {
        Some(expected) => error.expecting(format!("expected {expected}")),
        None => error,
    };
    match span.and_then(|span| repair(line_at(&source.text, span.start))) {
        Some(help) => error.help(help),
        None => error,
    }
}

fn line_at(text: &str, offset: usize) -> &str {
    let offset = text.floor_char_boundary(offset);
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().unwrap_or_default().trim()
}

/// What people write who come from other formats.
fn repair(line: &str) -> Option<String> {
    if line.starts_with(';') || line.starts_with("//") {
        return Some("comments begin with `#`".to_owned());
    }
    if line.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        return Some("replace the curly quotes by straight ones: \"".to_owned());
    }
    match line.split_once('=') {
        None if line.starts_with('[') => None,
        None => {
            let (key, value) = line.split_once(':')?;
            Some(format!("write {} = {}", key.trim(), quoted(value)))
        }
        Some((key, value)) => {
            let (key, value) = (key.trim(), value.trim());
            match value.chars().next() {
                None => Some(format!("write {key} = \"...\"")),
                Some('"' | '\'' | '[' | '{') => None,
                Some(_) => Some(format!("write {key} = {}", quoted(value))),
            }
        }
    }
}

fn quoted(value: &str) -> String {
    let value = value.split('#').next().unwrap_or_default().trim();
    let lower = value.to_lowercase();
    match lower.as_str() {
        "true" | "yes" | "on" => return "true".to_owned(),
        "false" | "no" | "off" => return "false".to_owned(),
        _ => {}
    }
    if value.starts_with(['"', '\'', '[', '{']) { value.to_owned() } else { format!("\"{value}\"") }
}
