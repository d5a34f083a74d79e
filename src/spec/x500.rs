//! X.500 strings: `C=US, O="A, B", CN=x`, as `CertStrToName` of Windows reads them.
//!
//! Not RFC 4514: a backslash is no escape, a quote counts only as the first character of a value, and `;` separates.

mod attribute_type;
mod doubt;
mod flags;
mod value;

use std::ops::Range;

pub(super) use attribute_type::{ATTRIBUTE_TYPES, AttributeType, StringKind};
pub(super) use flags::Flags;

use super::octets;
use super::suggest::did_you_mean;
use super::{Diagnostic, Severity, Span};
use crate::request::{Name, NameAttribute, NameValue, Oid, Rdn};

/// Reads an X.500 string. The RDNs of the name are in the order in which they are encoded: the last one written comes
/// first, unless the flags say forward. Spans are relative to `text`. No name if there is an error.
///
/// `quote` is how a quote must be written around this string in a repair: `"`, or `""` inside of an INF value.
pub(super) fn parse(text: &str, flags: Flags, quote: &str) -> (Option<Name>, Vec<Diagnostic>) {
    let mut parser = Parser { text, flags, quote, at: 0, last_value: None, diagnostics: Vec::new() };
    let mut rdns = parser.rdns();
    if !flags.forward {
        rdns.reverse();
    }
    let failed = parser.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    ((!failed).then_some(Name(rdns)), parser.diagnostics)
}

/// One attribute from its type (`CN`, `commonName`, `2.5.4.3`) and its text, with the string type that certreq gives it.
///
/// # Errors
/// An error without a place; what is only doubtful goes to `doubts`.
pub(super) fn attribute(
    key: &str,
    text: &str,
    flags: Flags,
    doubts: &mut Vec<Diagnostic>,
) -> Result<NameAttribute, Diagnostic> {
    let kind = AttributeType::by_key(key).or_else(|| AttributeType::by_long_name(key));
    let (oid, kind) = kind.map(|known| (known.oid, known.kind)).or_else(|| by_oid(key)).ok_or_else(|| unknown(key))?;
    let value = value::text(key, oid, kind, text, flags, doubts)?;
    Ok(NameAttribute { oid, value })
}

/// The type behind `1.2.3` or `OID.1.2.3`.
fn by_oid(key: &str) -> Option<(Oid, StringKind)> {
    let dotted = match key.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("OID.") => &key[4..],
        Some(_) | None => key,
    };
    let oid = Oid::new(dotted).ok()?;
    let known = ATTRIBUTE_TYPES.iter().find(|known| known.oid == oid);
    Some((oid, known.map_or(StringKind::Unknown, |known| known.kind)))
}

fn unknown(key: &str) -> Diagnostic {
    let short = ATTRIBUTE_TYPES.iter().flat_map(|known| known.keys).copied();
    if let Some(known) = AttributeType::by_long_name(key) {
        return Diagnostic::error(format!("unknown attribute type `{key}`"), None).help(match known.keys.first() {
            Some(short) => format!("write {short} for {key}"),
            None => format!("write {} for {key}", known.oid),
        });
    }
    if key.starts_with('/') {
        return Diagnostic::error(format!("`{key}=` is written for OpenSSL"), None)
            .help("write C=US, O=Example, CN=host.example, with commas between");
    }
    Diagnostic::error(format!("unknown attribute type `{key}`{}", did_you_mean(key, short)), None)
        .expecting("expected CN, O, OU, L, S, C, E, DC, SERIALNUMBER, ... or an OID")
}

struct Parser<'a> {
    text: &'a str,
    flags: Flags,
    quote: &'a str,
    /// Byte offset of the next character.
    at: usize,
    /// Place of the latest plain value, for the repair of a comma in it.
    last_value: Option<Range<usize>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn rdns(&mut self) -> Vec<Rdn> {
        let mut rdns: Vec<Rdn> = Vec::new();
        let mut joined = false;
        while self.skip_to_attribute(joined) {
            let attribute = self.attribute();
            match (attribute, rdns.last_mut()) {
                (Some(attribute), Some(last)) if joined => last.0.push(attribute),
                (Some(attribute), _) => rdns.push(Rdn(vec![attribute])),
                (None, _) => {}
            }
            joined = self.rest().starts_with('+') && !self.flags.no_plus;
            self.skip_one();
        }
        rdns
    }

    /// Goes to the next attribute over blanks and, unless a `+` came before, over empty RDNs.
    fn skip_to_attribute(&mut self, joined: bool) -> bool {
        let separator = |character| self.flags.is_separator(character) && !joined;
        let rest = self.rest().trim_start_matches(|character: char| character.is_whitespace() || separator(character));
        self.at = self.text.len() - rest.len();
        if rest.is_empty() && joined {
            let span = Span { start: self.at.saturating_sub(1), end: self.at };
            self.diagnostics.push(Diagnostic::error("nothing stands behind the last `+`", Some(span)));
        }
        !rest.is_empty()
    }

    /// Reads `key=value` and stops before the separator behind it.
    fn attribute(&mut self) -> Option<NameAttribute> {
        let start = self.at;
        let piece = self.piece(start);
        let Some(equals) = self.text[piece.clone()].find('=') else {
            self.orphan(piece.start);
            return None;
        };
        let key_range = trimmed(self.text, start..start + equals);
        self.at = start + equals + 1;
        let value_range = self.value_range()?;
        let key = &self.text[key_range.clone()];
        let mut doubts = Vec::new();
        let attribute = self.read(key, value_range.clone(), &mut doubts);
        let value_span = span(&value_range);
        self.diagnostics.extend(doubts.into_iter().map(|doubt| doubt.at(value_span)));
        match attribute {
            Ok(attribute) => return Some(attribute),
            Err(Fault::Key(problem)) => self.diagnostics.push(problem.at(span(&(key_range.start..key_range.end)))),
            Err(Fault::Value(problem)) => self.diagnostics.push(problem.at(value_span)),
        }
        None
    }

    fn read(&self, key: &str, range: Range<usize>, doubts: &mut Vec<Diagnostic>) -> Result<NameAttribute, Fault> {
        let known = AttributeType::by_key(key).map(|known| (known.oid, known.kind)).or_else(|| by_oid(key));
        let Some((oid, kind)) = known else {
            let missing =
                Diagnostic::error("a value without its type", None).expecting("expected a type before the `=`");
            return Err(Fault::Key(if key.is_empty() { missing } else { unknown(key) }));
        };
        let raw = &self.text[range];
        let value = match (raw.strip_prefix('#'), raw.strip_prefix('"')) {
            (Some(digits), _) => NameValue::Octets(octets::hex(digits).map_err(Fault::Value)?),
            (None, Some(quoted)) if !self.flags.no_quoting => {
                let text = quoted.strip_suffix('"').unwrap_or(quoted).replace("\"\"", "\"");
                value::text(key, oid, kind, &text, self.flags, doubts).map_err(Fault::Value)?
            }
            (None, _) => {
                doubts.extend(doubt::swallowed(key, raw));
                value::text(key, oid, kind, raw, self.flags, doubts).map_err(Fault::Value)?
            }
        };
        Ok(NameAttribute { oid, value })
    }

    /// The value behind a `=`, with its quotes.
    fn value_range(&mut self) -> Option<Range<usize>> {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t']).len();
        if self.rest().starts_with('"') && !self.flags.no_quoting {
            self.last_value = None;
            return self.quoted_range();
        }
        let range = trimmed(self.text, self.piece(self.at));
        self.at = self.piece(self.at).end;
        self.last_value = Some(range.clone());
        Some(range)
    }

    fn quoted_range(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let Some(end) = closing_quote(&self.text[start..]).map(|length| start + length) else {
            let problem =
                Diagnostic::error("a quoted value without its closing quote", Some(span(&(start..start + 1))));
            self.diagnostics.push(problem.help(format!("close the value with {}", self.quote)));
            self.at = self.text.len();
            return None;
        };
        let piece = self.piece(end);
        let behind = trimmed(self.text, piece.clone());
        self.at = piece.end;
        if behind.is_empty() {
            return Some(start..end);
        }
        let problem = Diagnostic::error("text behind the closing quote of a value", Some(span(&behind)))
            .expecting("expected a separator")
            .help(format!("write a quote inside of a quoted value as {}", self.quote.repeat(2)));
        self.diagnostics.push(problem);
        None
    }

    /// Reports text without `key=`, up to the next attribute: most often the rest of a value with a comma in it.
    fn orphan(&mut self, start: usize) {
        let mut end = self.piece(start).end;
        while let Some(next) = self.text[end..].chars().next() {
            let following = self.piece(end + next.len_utf8());
            if self.text[following.clone()].contains('=') {
                break;
            }
            end = following.end;
        }
        self.at = end;
        let place = trimmed(self.text, start..end);
        let orphan = &self.text[place.clone()];
        let problem = Diagnostic::error(format!("`{orphan}` is not `type=value`"), Some(span(&place)));
        let problem = problem.expecting("expected a type like CN before a `=`");
        let help = match self.last_value.take() {
            None => "a subject is written like CN=host.example, O=Example, C=US".to_owned(),
            Some(value) => {
                let whole = self.text[value.start..place.end].replace(['\\', '"'], "");
                let quote = self.quote;
                format!("if it belongs to the value before it, put that into quotes: {quote}{whole}{quote}")
            }
        };
        self.diagnostics.push(problem.help(help));
    }

    /// From `start` to the next separator.
    fn piece(&self, start: usize) -> Range<usize> {
        let ends = |character| self.flags.is_separator(character) || (character == '+' && !self.flags.no_plus);
        start..self.text[start..].find(ends).map_or(self.text.len(), |length| start + length)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_one(&mut self) {
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
    }
}

enum Fault {
    Key(Diagnostic),
    Value(Diagnostic),
}

/// Length of a text in quotes that begins with one, its closing quote included; `""` inside is one quote.
fn closing_quote(text: &str) -> Option<usize> {
    let mut rest = text.get(1..)?;
    loop {
        let quote = rest.find('"')?;
        rest = &rest[quote + 1..];
        match rest.strip_prefix('"') {
            Some(further) => rest = further,
            None => return Some(text.len() - rest.len()),
        }
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

fn span(range: &Range<usize>) -> Span {
    Span { start: range.start, end: range.end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::StringType;

    fn ok(text: &str) -> Name {
        with(text, Flags::default())
    }

    fn with(text: &str, flags: Flags) -> Name {
        let (name, diagnostics) = parse(text, flags, "\"");
        name.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"))
    }

    /// The texts of the values, in the order in which they are encoded.
    fn values(name: &Name) -> Vec<&str> {
        let text = |attribute| match attribute {
            &NameAttribute { value: NameValue::Text { ref text, .. }, .. } => text.as_str(),
            NameAttribute { value: NameValue::Octets(_), .. } => "#",
        };
        name.0.iter().flat_map(|rdn| &rdn.0).map(text).collect()
    }

    fn first_error(text: &str) -> Diagnostic {
        let (name, diagnostics) = parse(text, Flags::default(), "\"\"");
        assert_eq!(name, None, "{text}");
        diagnostics.into_iter().find(|diagnostic| diagnostic.severity == Severity::Error).unwrap()
    }

    #[test]
    fn the_last_rdn_is_encoded_first_unless_forward() {
        assert_eq!(values(&ok("C=US,CN=www.example.com,S=Washington")), ["Washington", "www.example.com", "US"]);
        let forward = Flags { forward: true, ..Flags::default() };
        assert_eq!(values(&with("C=US;CN=www", forward)), ["US", "www"]);
    }

    #[test]
    fn quotes_count_as_the_first_character_only() {
        assert_eq!(values(&ok(r#"O = "A, B; C+D=E " , CN='1'"#)), ["'1'", "A, B; C+D=E "]);
        assert_eq!(values(&ok(r#"CN="""1""""#)), [r#""1""#]);
        assert_eq!(values(&ok(r#"CN=a "b" c"#)), [r#"a "b" c"#]);
        assert!(first_error(r#"CN=""1"""#).message.contains("behind the closing quote"));
        assert!(first_error(r#"CN="open"#).message.contains("closing quote"));
    }

    #[test]
    fn empty_rdns_are_passed_over() {
        assert_eq!(values(&ok("E=a@b.c,,CN=x, ")), ["x", "a@b.c"]);
        assert!(ok("").is_empty());
    }

    #[test]
    fn plus_joins_attributes_of_one_rdn() {
        let name = ok("CN=a + OU=b, O=c");
        assert_eq!(name.0.iter().map(|rdn| rdn.0.len()).collect::<Vec<_>>(), [1, 2]);
        assert!(first_error("O=a+").message.contains('+'));
        let no_plus = Flags { no_plus: true, ..Flags::default() };
        assert_eq!(values(&with("O=A + B", no_plus)), ["A + B"]);
    }

    #[test]
    fn one_separator_alone_can_be_chosen() {
        let flags = Flags::from_bits(0x4000_0000).unwrap();
        assert_eq!(values(&with("O=Sample Co.,Ltd.;CN=x", flags)), ["x", "Sample Co.,Ltd."]);
    }

    #[test]
    fn a_number_sign_in_front_is_hex() {
        assert_eq!(ok("CN=#0aFF").0[0].0[0].value, NameValue::Octets(vec![0x0a, 0xff]));
        assert_eq!(values(&ok("CN=issue-#97121")), ["issue-#97121"]);
        assert!(first_error("CN=#xy").message.contains("hex digit"));
    }

    #[test]
    fn a_comma_in_a_value_is_repaired() {
        let problem = first_error("C=US, O=Foo, Bar, Inc., CN=x");
        assert_eq!(problem.message, "`Bar, Inc.` is not `type=value`");
        assert_eq!(problem.span, Some(Span { start: 13, end: 22 }));
        assert!(problem.help.unwrap().ends_with(r#": ""Foo, Bar, Inc."""#));
        assert!(first_error(r"O=Foo \+ Bar").help.unwrap().contains(r#"""Foo + Bar"""#));
    }

    #[test]
    fn unknown_types_are_named_with_their_place() {
        let problem = first_error("CN=x, OT=y");
        assert_eq!(problem.span, Some(Span { start: 6, end: 8 }));
        assert!(first_error("commonName=x").help.unwrap().starts_with("write CN "));
        assert!(first_error("=x").message.contains("without its type"));
    }

    #[test]
    fn dotted_types_take_the_string_type_of_windows() {
        let types = |text| match ok(text).0[0].0[0].value.clone() {
            NameValue::Text { string_type, .. } => string_type,
            NameValue::Octets(_) => panic!("{text}"),
        };
        assert_eq!(types("2.5.4.15=Private"), StringType::Printable);
        assert_eq!(types("OID.2.5.4.15=A & B"), StringType::Bmp);
        assert_eq!(types("oid.2.5.4.3=A"), StringType::Utf8);
        assert_eq!(types("C=US"), StringType::Printable);
        assert_eq!(types("DC=com"), StringType::Ia5);
    }

    #[test]
    fn all_errors_are_reported() {
        let (_, diagnostics) = parse("XX=1, bogus, C=*, CN=ok", Flags::default(), "\"");
        assert_eq!(diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count(), 3);
    }
}
