//! What a line takes in or loses without a word, when its author most likely meant something else.

use super::super::super::{Diagnostic, Span};
use super::is_blank;

/// Text behind Ctrl-Z, which stands at this offset.
pub(super) fn behind_the_end(at: usize, behind: &str) -> Option<Diagnostic> {
    let nothing = behind.trim_matches(|next| is_blank(next) || next == super::END_OF_FILE).is_empty();
    (!nothing).then(|| {
        Diagnostic::warning("Ctrl-Z (U+001A) ends an INF", Some(Span { start: at, end: at }))
            .expecting("what follows does not count")
            .help("delete the character")
    })
}

/// A `;` at this offset that was to divide one value: `Subject = CN=a;O=b`.
pub(super) fn cut(text: &str, at: usize, end: usize) -> Option<Diagnostic> {
    let behind = &text[at + 1..end];
    if text[..at].ends_with(is_blank) || !is_entry(behind) {
        return None;
    }
    let problem = Diagnostic::warning(
        format!("`;` begins a comment: `{}` does not count", behind.trim()),
        Some(Span { start: at, end }),
    );
    Some(problem.help("put the value into quotes"))
}

/// A comment in a quote that the end of the line closes; the quote's text begins at this offset.
pub(super) fn open_quote(text: &str, at: usize, end: usize) -> Option<Diagnostic> {
    let comment = text[at..end].match_indices(';').find(|(offset, _)| text[at..at + offset].ends_with(is_blank));
    let place = Span { start: at + comment?.0, end };
    let problem = Diagnostic::warning("the quote is not closed: the comment is a part of the value", Some(place));
    Some(problem.help("close it before the `;`"))
}

/// The next line, which a backslash at this offset joins to its own.
pub(super) fn joined(at: usize, next: &str) -> Option<Diagnostic> {
    if !next.starts_with('[') && !is_entry(next) {
        return None;
    }
    let place = Span { start: at, end: at + 1 };
    let problem = Diagnostic::warning("`\\` at the end of a line joins the next line to it", Some(place));
    let problem = problem.expecting(format!("`{}` becomes a part of this value", next.trim()));
    Some(problem.help("put the value into quotes"))
}

/// Does this look like `word = value`?
fn is_entry(text: &str) -> bool {
    let word = |word: &str| {
        let word = word.trim_matches(is_blank);
        !word.is_empty() && word.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '_'))
    };
    text.split_once('=').is_some_and(|(before, _)| word(before))
}
