//! The attributes of names that have a key of their own, and their values.

use super::findings::Findings;
use super::format::{AttributeValue, TypedText};
use super::placed::{Placed, TextOr};
use super::words::{self, STRING_TYPES};
use crate::request::{NameAttribute, NameValue, Oid};
use crate::spec::x500::{self, AttributeType, Flags};
use crate::spec::{Diagnostic, Span, octets, suggest};

/// An attribute type as the format knows it.
#[derive(Debug)]
pub(super) struct Known {
    /// Its key in a `[subject]` table.
    pub(super) key: &'static str,
    pub(super) oid: Oid,
}

/// The usual ones first.
pub(super) const KNOWN: &[Known] = &[
    known("c", "2.5.4.6"),
    known("st", "2.5.4.8"),
    known("l", "2.5.4.7"),
    known("o", "2.5.4.10"),
    known("ou", "2.5.4.11"),
    known("cn", "2.5.4.3"),
    known("e", "1.2.840.113549.1.9.1"),
    known("dc", "0.9.2342.19200300.100.1.25"),
    known("serial-number", "2.5.4.5"),
    known("street", "2.5.4.9"),
    known("postal-code", "2.5.4.17"),
    known("title", "2.5.4.12"),
    known("given-name", "2.5.4.42"),
    known("surname", "2.5.4.4"),
    known("initials", "2.5.4.43"),
    known("pseudonym", "2.5.4.65"),
    known("description", "2.5.4.13"),
    known("dn-qualifier", "2.5.4.46"),
    known("uid", "0.9.2342.19200300.100.1.1"),
    known("organization-identifier", "2.5.4.97"),
    known("business-category", "2.5.4.15"),
    known("jurisdiction-c", "1.3.6.1.4.1.311.60.2.1.3"),
    known("jurisdiction-st", "1.3.6.1.4.1.311.60.2.1.2"),
    known("jurisdiction-l", "1.3.6.1.4.1.311.60.2.1.1"),
];

const fn known(key: &'static str, oid: &'static str) -> Known {
    Known { key, oid: Oid::new_unwrap(oid) }
}

/// Encoding as certreq does it, but in the order written, and never as `BMPString`.
pub(super) fn flags() -> Flags {
    Flags { forward: true, utf8_rest: true, ..Flags::default() }
}

/// The attribute with this key.
pub(super) fn by_key(key: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.key == key)
}

/// The attribute that somebody meant who wrote `CN`, `commonName` or `common-name`.
pub(super) fn by_spelling(word: &str) -> Option<&'static Known> {
    let plain = |word: &str| word.replace(['-', '_'], "").to_lowercase();
    let same = KNOWN.iter().find(|known| plain(known.key) == plain(word));
    let foreign = || {
        let word = plain(word);
        let named = AttributeType::by_key(&word).or_else(|| AttributeType::by_long_name(&word))?;
        KNOWN.iter().find(|known| known.oid == named.oid)
    };
    same.or_else(foreign)
}

/// The type that a key of a `[subject]` table names.
pub(super) fn oid(key: &Placed<String>) -> Result<Oid, Diagnostic> {
    if let Some(known) = by_key(&key.value) {
        return Ok(known.oid);
    }
    if let Ok(oid) = Oid::new(&key.value) {
        return Ok(oid);
    }
    let error = Diagnostic::error(format!("unknown name attribute `{}`", key.value), Some(key.span))
        .expecting("expected c, st, l, o, ou, cn, ... or an object identifier in quotes");
    if !key.value.is_empty() && key.value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error.help("put the object identifier into quotes: \"2.5.4.97\" = \"...\""));
    }
    let near = by_spelling(&key.value)
        .map(|known| known.key)
        .or_else(|| suggest::nearest(&key.value, KNOWN.iter().map(|known| known.key)));
    Err(match near {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    })
}

/// One attribute from its key, its type and its value.
pub(super) fn read(
    key: &Placed<String>,
    oid: Oid,
    value: Placed<AttributeValue>,
    found: &mut Findings<'_>,
) -> Option<NameAttribute> {
    let span = value.span;
    match value.value {
        TextOr::Text(text) => usual(key, oid, &text, span, found),
        TextOr::Table(TypedText { text: Some(text), string_type: None, hex: None }) => {
            usual(key, oid, &text.value, span, found)
        }
        TextOr::Table(TypedText { text: Some(text), string_type: Some(word), hex: None }) => {
            let string_type = found.take(words::look_up(STRING_TYPES, &word, "string type"))?;
            Some(NameAttribute { oid, value: NameValue::Text { text: text.value, string_type } })
        }
        TextOr::Table(TypedText { text: None, string_type: None, hex: Some(hex) }) => {
            let bytes = found.take_at(hex.span, octets::hex(&hex.value))?;
            Some(NameAttribute { oid, value: NameValue::Octets(bytes) })
        }
        TextOr::Table(TypedText { .. }) => {
            let error = Diagnostic::error(format!("the value of `{}` is not clear", key.value), Some(span));
            found.push(error.expecting("expected `text`, or `text` and `type`, or `hex` alone"));
            None
        }
    }
}

/// A value in the string type that certreq gives it.
fn usual(key: &Placed<String>, oid: Oid, text: &str, span: Span, found: &mut Findings<'_>) -> Option<NameAttribute> {
    let mut doubts = Vec::new();
    // The X.500 names do not have all of the keys, but know every type by its object identifier.
    let dotted = oid.to_string();
    let name = if by_key(&key.value).is_some_and(is_x500_name) { &key.value } else { &dotted };
    let attribute = x500::attribute(name, text, flags(), &mut doubts);
    doubts.into_iter().for_each(|doubt| found.push(doubt.at(span)));
    found.take_at(span, attribute)
}

fn is_x500_name(known: &Known) -> bool {
    let named = AttributeType::by_key(known.key).or_else(|| AttributeType::by_long_name(known.key));
    named.is_some_and(|named| named.oid == known.oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_lead_to_the_key() {
        let key = |word| by_spelling(word).map(|known| known.key);
        assert_eq!(key("CN"), Some("cn"));
        assert_eq!(key("common-name"), Some("cn"));
        assert_eq!(key("organizationalUnitName"), Some("ou"));
        assert_eq!(key("S"), Some("st"));
        assert_eq!(key("serialNumber"), Some("serial-number"));
        assert_eq!(key("nonsense"), None);
    }

    #[test]
    fn every_key_and_type_is_there_once() {
        for (index, known) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..index].iter().all(|other| other.key != known.key && other.oid != known.oid), "{known:?}");
        }
    }
}
