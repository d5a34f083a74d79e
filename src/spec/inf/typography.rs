//! Characters that word processors and web pages put in place of those that were typed, and those that nobody sees.

use super::super::{Diagnostic, Span, invisible};
use super::document::Document;
use super::text::Text;

/// Reports curly quotes, dashes and invisible characters in keys and values, the first of each text.
pub(super) fn check(document: &Document, problems: &mut Vec<Diagnostic>) {
    let entries = document.sections().iter().flat_map(|section| &section.entries);
    for entry in entries {
        let key = entry.key.as_ref().filter(|_| !entry.bare);
        problems.extend(key.into_iter().chain(&entry.fields).filter_map(check_text));
    }
}

fn check_text(text: &Text) -> Option<Diagnostic> {
    let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_control();
    if text.as_str().bytes().all(plain) {
        return None;
    }
    text.as_str().char_indices().find_map(|(at, found)| {
        let place = text.whole().span_within(Span { start: at, end: at + found.len_utf8() });
        doubt(found).map(|doubt| doubt.at(place))
    })
}

fn doubt(found: char) -> Option<Diagnostic> {
    let number = format!("U+{:04X}", u32::from(found));
    Some(match found {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => Diagnostic::warning(format!("a curly quote {found}"), None)
            .expecting("it quotes nothing")
            .help("type the straight quote \""),
        '\u{2013}' | '\u{2014}' => {
            Diagnostic::note(format!("a dash {found}"), None).help("if it should be a hyphen, type -")
        }
        '\u{a0}' => {
            Diagnostic::note(format!("a no-break space {number}"), None).help("if it should be a blank, type one")
        }
        '\t' | '\r' | '\n' => return None,
        _ if found.is_control() => {
            Diagnostic::error(format!("a control character {number} in a value"), None).help("delete it")
        }
        _ => return invisible::warning(found),
    })
}
