//! Values in quotes, and what they cannot hold.

use super::super::super::write::{Lost, Part};

/// `key = "value"`; a value that no INF can hold is lost.
pub(super) fn setting(key: &str, value: &str, part: Part, lost: &mut Vec<Lost>) -> Option<String> {
    if can_hold(value) {
        return Some(entry(key, value));
    }
    let what = format!("{key} = \"{value}\": a value has no control characters, and no blanks at its ends");
    lost.push(Lost::new(part, what));
    None
}

/// `key = "value"` with everything in the value that would mean something else written as it must be.
pub(super) fn entry(key: &str, value: &str) -> String {
    format!("{key} = {}", quoted(value))
}

/// A value over as many lines as it needs: `key = "prefix"` and a `_continue_` for each part. A short one is one line.
pub(super) fn continued(key: &str, prefix: &str, parts: &[String]) -> Vec<String> {
    if let [] | [_] = parts {
        let whole = format!("{prefix}{}", parts.concat());
        if whole.chars().count() <= LONGEST {
            return vec![entry(key, &whole)];
        }
    }
    let pieces = parts.iter().flat_map(|part| pieces(part));
    std::iter::once(entry(key, prefix)).chain(pieces.map(|piece| entry("_continue_", &piece))).collect()
}

/// Characters in one line: certreq cuts at 4096, and people read less.
const LONGEST: usize = 1000;

fn pieces(part: &str) -> Vec<String> {
    let characters: Vec<char> = part.chars().collect();
    characters.chunks(LONGEST).map(|piece| piece.iter().collect()).collect()
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\"").replace('%', "%%"))
}

/// Whether a value is read as it was written.
pub(super) fn can_hold(value: &str) -> bool {
    !value.is_empty() && value.trim() == value && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::super::super::super::{Options, parse};
    use super::*;

    #[test]
    fn quotes_and_percent_signs_come_back() {
        for value in ["a\"b", "\"", "100%", "%a%", "%%", "a;b,c=d\\", "ä\u{202e}", "'x'", "{text}"] {
            let text = format!("[NewRequest]\nSubject=\"CN=x\"\n{}\n", entry("KeyContainer", value));
            let read = parse("a.inf", text.as_bytes(), &Options::default()).unwrap().spec;
            assert_eq!(read.key.label.as_deref(), Some(value));
        }
    }

    #[test]
    fn what_cannot_be_held_is_lost() {
        let mut lost = Vec::new();
        for value in ["", " a", "a\n", "a\tb", "\u{1a}"] {
            assert_eq!(setting("KeyContainer", value, Part::Key, &mut lost), None, "{value:?}");
        }
        assert_eq!(lost.len(), 5);
    }

    #[test]
    fn long_values_go_on_over_lines() {
        assert_eq!(continued("1.2", "{hex}", &["0500".to_owned()]), ["1.2 = \"{hex}0500\""]);
        let lines = continued("1.2", "{text}", &["a&".to_owned(), "%".repeat(1500)]);
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[1], "_continue_ = \"a&\"");
        assert!(lines.iter().all(|line| line.len() < 2100));
    }
}
