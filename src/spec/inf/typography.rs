//! Characters that word processors and web pages put in place of those that were typed.

use super::super::{Diagnostic, Span};
use super::document::Document;
use super::text::Text;

/// Reports curly quotes and dashes in keys and values, once for each of them.
pub(super) fn check(document: &Document, problems: &mut Vec<Diagnostic>) {
    let entries = document.sections().iter().flat_map(|section| &section.entries);
    for entry in entries {
        let key = entry.key.as_ref().filter(|_| !entry.bare);
        problems.extend(key.into_iter().chain(&entry.fields).filter_map(check_text));
    }
}

fn check_text(text: &Text) -> Option<Diagnostic> {
    if text.as_str().is_ascii() {
        return None;
    }
    let (at, found) = text.as_str().char_indices().find(|(_, found)| "“”„–—".contains(*found))?;
    let place = text.whole().span_within(Span { start: at, end: at + found.len_utf8() });
    Some(if "–—".contains(found) {
        Diagnostic::note(format!("a dash {found}"), Some(place)).help("if it should be a hyphen, type -")
    } else {
        Diagnostic::warning(format!("a curly quote {found}"), Some(place))
            .expecting("it quotes nothing")
            .help("type the straight quote \"")
    })
}
