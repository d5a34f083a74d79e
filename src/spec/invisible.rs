//! Characters that nobody sees, copied from web pages and word processors.

use super::Diagnostic;

/// The warning about such a character, without a place; `None` for any other.
pub(super) fn warning(found: char) -> Option<Diagnostic> {
    // Soft hyphen, zero width and direction, embedding, joiners and isolates, byte order mark.
    let invisible = matches!(
        found,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    );
    invisible.then(|| {
        Diagnostic::warning(format!("an invisible character U+{:04X}", u32::from(found)), None)
            .expecting("it becomes a part of the value")
            .help("delete it")
    })
}
