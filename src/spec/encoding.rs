//! Bytes of a request file -> text.

use std::str::FromStr;

use super::foreign;
use super::{Diagnostic, Span};

/// A character encoding that a user can name for a file without byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, low byte first: what `Out-File` of Windows PowerShell writes.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// ANSI code page of Central Europe.
    Windows1250,
    /// ANSI code page for Cyrillic.
    Windows1251,
    /// ANSI code page of the West.
    Windows1252,
    /// ANSI code page 932 of Japan.
    ShiftJis,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Utf8,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Windows1250,
        Self::Windows1251,
        Self::Windows1252,
        Self::ShiftJis,
    ];

    /// The name, as the WHATWG Encoding Standard spells it, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1250 => "windows-1250",
            Self::Windows1251 => "windows-1251",
            Self::Windows1252 => "windows-1252",
            Self::ShiftJis => "shift_jis",
        }
    }

    fn decoder(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Utf16Le => encoding_rs::UTF_16LE,
            Self::Utf16Be => encoding_rs::UTF_16BE,
            Self::Windows1250 => encoding_rs::WINDOWS_1250,
            Self::Windows1251 => encoding_rs::WINDOWS_1251,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
            Self::ShiftJis => encoding_rs::SHIFT_JIS,
        }
    }
}

/// A name that is no [`Encoding`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown encoding `{name}`; known are {}", Encoding::ALL.map(Encoding::name).join(", "))]
pub struct UnknownEncoding {
    name: String,
}

/// Takes the names of [`Encoding::name`] and every other label of the WHATWG Encoding Standard (`cp1252`, `latin1`).
impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        encoding_rs::Encoding::for_label(name.as_bytes())
            .and_then(|asked| Self::ALL.into_iter().find(|known| known.decoder() == asked))
            .ok_or_else(|| UnknownEncoding { name: name.to_owned() })
    }
}

/// The text of a file, without byte order mark. A byte order mark decides; without one the encoding that was
/// asked for; without that, bytes that are valid UTF-8 are UTF-8 and all others Windows-1252.
///
/// An error among the diagnostics means that these bytes are no request file.
pub(super) fn decode(bytes: &[u8], asked: Option<Encoding>) -> (String, Vec<Diagnostic>) {
    let marked = encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let decoder = marked.or(asked.map(Encoding::decoder));
    if let Some(problem) = foreign::not_text(bytes, decoder.is_some()) {
        return (String::new(), vec![problem]);
    }
    let problem_of = |text: &str| foreign::not_a_request(text).or_else(|| foreign::not_lines(text));
    let Some(decoder) = decoder else {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), problem_of(text).into_iter().collect()),
            Err(_) => {
                let (text, _, _) = encoding_rs::WINDOWS_1252.decode(bytes);
                let found = [Some(guessed(&text)), foreign::not_lines(&text)];
                (text.into_owned(), found.into_iter().flatten().collect())
            }
        };
    };
    let (text, _, malformed) = decoder.decode(bytes);
    let problem = if malformed { Some(not_in(decoder.name(), &text)) } else { problem_of(&text) };
    (text.into_owned(), problem.into_iter().collect())
}

/// For Windows-1252 taken for want of anything better: harmless when only comments are concerned.
fn guessed(text: &str) -> Diagnostic {
    let strange = text.lines().find(|line| {
        let first = line.find(|character: char| !character.is_ascii());
        first.is_some_and(|first| !line[..first].contains([';', '#']))
    });
    let message = "the file is neither UTF-8 nor has it a byte order mark: read as Windows-1252";
    match strange {
        None => Diagnostic::note(message, None),
        Some(line) => {
            let start = line.as_ptr() as usize - text.as_ptr() as usize;
            let at = start + line.find(|character: char| !character.is_ascii()).unwrap_or(0);
            Diagnostic::warning(message, Some(character_at(text, at)))
                .expecting("is this the character that you mean?")
                .help("save the file as UTF-8, or name its encoding with --encoding")
        }
    }
}

fn not_in(encoding: &str, text: &str) -> Diagnostic {
    let span = text.find(char::REPLACEMENT_CHARACTER).map(|at| character_at(text, at));
    Diagnostic::error(format!("the file is not valid {encoding}"), span)
        .help("name the encoding of the file with --encoding, or save it as UTF-8")
}

fn character_at(text: &str, start: usize) -> Span {
    Span { start, end: start + text[start..].chars().next().map_or(0, char::len_utf8) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Severity;

    fn utf16le(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_decides_and_is_dropped() {
        let marked = [b"\xff\xfe".to_vec(), utf16le("[NewRequest]\r\nä")].concat();
        assert_eq!(decode(&marked, Some(Encoding::Windows1251)), ("[NewRequest]\r\nä".into(), vec![]));
        assert_eq!(decode("\u{feff}ä=1".as_bytes(), None), ("ä=1".into(), vec![]));
    }

    #[test]
    fn without_a_mark_it_is_utf8_else_windows_1252() {
        assert_eq!(decode("O=Müller".as_bytes(), None), ("O=Müller".into(), vec![]));
        let (text, diagnostics) = decode(b"a=1\nO=M\xfcller", None);
        assert_eq!(text, "a=1\nO=Müller");
        assert_eq!(diagnostics[0].severity, Severity::Warning);
        assert_eq!(diagnostics[0].span, Some(Span { start: 7, end: 9 }));
    }

    #[test]
    fn a_strange_byte_in_a_comment_is_only_a_note() {
        let (_, diagnostics) = decode(b"a=1 ; f\xfcr", None);
        assert_eq!(diagnostics[0].severity, Severity::Note);
    }

    #[test]
    fn an_encoding_can_be_named() {
        assert_eq!(decode(b"O=\xcc", Some(Encoding::Windows1251)).0, "O=М");
        assert_eq!(decode(&utf16le("x=1"), Some(Encoding::Utf16Le)).0, "x=1");
        let (_, diagnostics) = decode(b"O=\xfc", Some(Encoding::Utf8));
        assert_eq!(diagnostics[0].severity, Severity::Error);
    }

    #[test]
    fn names_of_encodings_are_read_back() {
        assert!(Encoding::ALL.into_iter().all(|encoding| encoding.name().parse() == Ok(encoding)));
        assert_eq!("CP1252".parse(), Ok(Encoding::Windows1252));
        assert!("ebcdic".parse::<Encoding>().is_err());
    }
}
