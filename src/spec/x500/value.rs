//! Text of a name -> value with its ASN.1 string type, as `CertStrToName` chooses it.

use super::super::{Diagnostic, general_name};
use super::{AttributeType, Flags, StringKind, doubt};
use crate::request::{NameValue, Oid, StringType};

/// The value for an attribute. `key` is the type as the user wrote it, for messages.
///
/// # Errors
/// An error without a place, for text that the string type cannot hold.
pub(super) fn text(
    key: &str,
    oid: Oid,
    kind: StringKind,
    text: &str,
    flags: Flags,
    doubts: &mut Vec<Diagnostic>,
) -> Result<NameValue, Diagnostic> {
    if text.is_empty() {
        return Err(Diagnostic::error(format!("`{key}=` without a value"), None)
            .expecting("expected a value")
            .help(format!("leave `{key}=` away")));
    }
    doubts.extend(length_doubt(key, oid, text));
    doubts.extend(doubt::unfilled(key, text));
    let (text, string_type) = match kind {
        StringKind::Directory if !flags.printable_first => (text.to_owned(), StringType::Utf8),
        StringKind::Directory | StringKind::Unknown => (text.to_owned(), printable_or_more(text, flags)),
        StringKind::Printable => (printable(key, text)?, StringType::Printable),
        StringKind::Mailbox => (general_name::mailbox(text)?, StringType::Ia5),
        StringKind::Ia5 if text.is_ascii() => (text.to_owned(), StringType::Ia5),
        StringKind::Ia5 => (text.to_owned(), StringType::Utf8),
    };
    Ok(NameValue::Text { text, string_type })
}

/// `PrintableString` by alphabet (X.680, 41.4), and what Windows takes for the rest.
fn printable_or_more(text: &str, flags: Flags) -> StringType {
    if text.chars().all(is_printable) {
        StringType::Printable
    } else if flags.teletex && text.chars().all(|character| u32::from(character) <= 0xff) {
        StringType::Teletex
    } else if flags.utf8_rest || text.chars().any(|character| u32::from(character) > 0xffff) {
        StringType::Utf8
    } else {
        StringType::Bmp
    }
}

fn printable(key: &str, text: &str) -> Result<String, Diagnostic> {
    match text.chars().find(|character| !is_printable(*character)) {
        None => Ok(text.to_owned()),
        Some(strange) => Err(Diagnostic::error(format!("`{key}` cannot hold `{strange}`"), None)
            .expecting("expected letters, digits, blanks and ' ( ) + , - . / : = ?")),
    }
}

fn is_printable(character: char) -> bool {
    character.is_ascii_alphanumeric() || " '()+,-./:=?".contains(character)
}

/// certreq does not check lengths, CAs do.
fn length_doubt(key: &str, oid: Oid, text: &str) -> Option<Diagnostic> {
    let longest = super::ATTRIBUTE_TYPES.iter().find(|known| known.oid == oid)?.longest;
    let length = text.chars().count();
    let country = AttributeType::by_key("C").is_some_and(|known| known.oid == oid);
    if country && length != 2 {
        return Some(
            Diagnostic::warning(format!("`{key}={text}` is not a country code"), None)
                .expecting("expected the two letters of ISO 3166, for example US"),
        );
    }
    (length > longest).then(|| {
        Diagnostic::warning(format!("`{key}` has {length} characters; RFC 5280 allows {longest}"), None)
            .expecting("CAs refuse longer values")
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::spec::Severity;

    fn value(string: &str, flags: u32) -> NameValue {
        let (name, diagnostics) = parse(string, Flags::from_bits(flags).unwrap(), "\"");
        name.unwrap_or_else(|| panic!("{diagnostics:?}")).0.remove(0).0.remove(0).value
    }

    fn typed(text: &str, string_type: StringType) -> NameValue {
        NameValue::Text { text: text.to_owned(), string_type }
    }

    #[test]
    fn utf8_is_given_up_by_flag() {
        assert_eq!(value("O=Acme", 0), typed("Acme", StringType::Utf8));
        assert_eq!(value("O=Acme", 0x10_0000), typed("Acme", StringType::Printable));
        assert_eq!(value("O=Müller", 0x10_0000), typed("Müller", StringType::Bmp));
        assert_eq!(value("O=Müller", 0x12_0000), typed("Müller", StringType::Teletex));
        assert_eq!(value("O=Müller", 0x14_0000), typed("Müller", StringType::Utf8));
        assert_eq!(value("O=🔑", 0x10_0000), typed("🔑", StringType::Utf8));
    }

    #[test]
    fn the_host_of_a_mailbox_becomes_ascii() {
        assert_eq!(value("E=a@müller.example", 0), typed("a@xn--mller-kva.example", StringType::Ia5));
        let (name, _) = parse("E=ä@b.example", Flags::default(), "\"");
        assert_eq!(name, None);
    }

    #[test]
    fn odd_lengths_are_doubted() {
        let (name, doubts) = parse("C=IIS-HSM", Flags::default(), "\"");
        assert!(name.is_some());
        assert_eq!(doubts[0].severity, Severity::Warning);
        let (_, doubts) = parse(&format!("CN={}", "x".repeat(65)), Flags::default(), "\"");
        assert!(doubts[0].message.contains("65 characters"));
    }
}
