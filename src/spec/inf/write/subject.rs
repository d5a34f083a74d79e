//! `Subject` and `X500NameFlags`.

use super::super::super::write::{Lost, Part};
use super::super::super::x500::{self, Flags};
use super::value;
use crate::request::{Name, NameAttribute, NameValue, Oid, Rdn, StringType};

/// The lines for the subject; none if it is empty.
pub(super) fn write(subject: &Name, lost: &mut Vec<Lost>) -> Vec<String> {
    if subject.is_empty() {
        return Vec::new();
    }
    let bits = best_flags(subject);
    let flags = flags(bits);
    let mut rdns = Vec::new();
    for Rdn(attributes) in subject.0.iter().rev() {
        let kept = attributes.iter().filter_map(|attribute| keep(attribute, flags, lost));
        let attributes: Vec<String> = kept.map(|attribute| attribute_text(&attribute)).collect();
        if !attributes.is_empty() {
            rdns.push(attributes.join(" + "));
        }
    }
    if rdns.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![value::entry("Subject", &rdns.join(", "))];
    let names = Flags::NAMES.iter().filter(|(_, bit)| STRING_FLAGS.contains(bit) && bits & bit != 0);
    let names: Vec<String> = names.map(|(name, _)| format!("CERT_NAME_STR_{name}")).collect();
    if !names.is_empty() {
        lines.push(value::entry("X500NameFlags", &names.join(" | ")));
    }
    lines
}

/// A name as an X.500 string of the kind that needs no flags: the last RDN first.
pub(super) fn x500_string(name: &Name) -> String {
    let rdn = |Rdn(attributes): &Rdn| attributes.iter().map(attribute_text).collect::<Vec<_>>().join(" + ");
    name.0.iter().rev().map(rdn).collect::<Vec<_>>().join(", ")
}

/// The flags about string types: `ENABLE_T61`, `ENABLE_UTF8`, `DISABLE_UTF8_DIR_STR`.
const STRING_FLAGS: [u32; 3] = [0x0002_0000, 0x0004_0000, 0x0010_0000];

/// Those flags with which most of the values get their string type; none if that is as good.
fn best_flags(subject: &Name) -> u32 {
    let attributes = || subject.0.iter().flat_map(|rdn| &rdn.0);
    let exact = |bits: u32| attributes().filter(|attribute| reads_as(attribute, flags(bits)) == Reading::Same).count();
    let choices = (0..8u32).map(|choice| {
        STRING_FLAGS.iter().enumerate().filter(|(index, _)| choice >> index & 1 == 1).map(|(_, bit)| bit).sum()
    });
    // Of several the last is the greatest: the choice with the fewest flags shall win.
    choices.rev().max_by_key(|bits| (exact(*bits), std::cmp::Reverse(bits.count_ones()))).unwrap_or(0)
}

fn flags(bits: u32) -> Flags {
    Flags::from_bits(bits).unwrap_or_default()
}

#[derive(PartialEq)]
enum Reading {
    Same,
    /// The text with another string type, or another text.
    Other(NameValue),
    /// An error.
    Nothing,
}

fn reads_as(attribute: &NameAttribute, flags: Flags) -> Reading {
    let text = attribute_text(attribute);
    if text.chars().any(char::is_control) {
        return Reading::Nothing;
    }
    match x500::parse(&text, flags, "\"").0.map(|name| name.0).as_deref() {
        Some([Rdn(read)]) => match read.as_slice() {
            [read] if read == attribute => Reading::Same,
            [NameAttribute { oid, value }] if *oid == attribute.oid => Reading::Other(value.clone()),
            _ => Reading::Nothing,
        },
        _ => Reading::Nothing,
    }
}

/// The attribute as an INF can say it, if it can; what is lost of it goes to the list.
fn keep(attribute: &NameAttribute, flags: Flags, lost: &mut Vec<Lost>) -> Option<NameAttribute> {
    let what = match reads_as(attribute, flags) {
        Reading::Same => return Some(attribute.clone()),
        Reading::Other(value) => {
            let (before, after) = (shown(&attribute.value), shown(&value));
            let what = format!("{} as {before}: an INF makes it {after} here", key(attribute.oid));
            lost.push(Lost::new(Part::Subject, what));
            return Some(NameAttribute { oid: attribute.oid, value });
        }
        Reading::Nothing => format!("{} as {}: a subject cannot hold it", key(attribute.oid), shown(&attribute.value)),
    };
    lost.push(Lost::new(Part::Subject, what));
    None
}

fn shown(value: &NameValue) -> String {
    match value {
        NameValue::Octets(_) => "an OCTET STRING".to_owned(),
        NameValue::Text { text, string_type } => {
            let kind = match string_type {
                StringType::Utf8 => "UTF8String",
                StringType::Printable => "PrintableString",
                StringType::Ia5 => "IA5String",
                StringType::Teletex => "TeletexString",
                StringType::Bmp => "BMPString",
            };
            format!("{kind} \"{text}\"")
        }
    }
}

fn attribute_text(attribute: &NameAttribute) -> String {
    let NameAttribute { oid, value } = attribute;
    let value = match value {
        NameValue::Octets(bytes) => format!("#{}", base16ct::lower::encode_string(bytes)),
        NameValue::Text { text, .. } if is_plain(text) => text.clone(),
        NameValue::Text { text, .. } => format!("\"{}\"", text.replace('"', "\"\"")),
    };
    format!("{}={value}", key(*oid))
}

/// The short name of the type as Microsoft documents it, else its object identifier.
fn key(oid: Oid) -> String {
    let short = x500::ATTRIBUTE_TYPES.iter().find(|known| known.oid == oid).and_then(|known| known.keys.first());
    short.map_or_else(|| oid.to_string(), |key| (*key).to_owned())
}

/// Whether a value is read as it is without quotes.
fn is_plain(text: &str) -> bool {
    text.trim() == text && !text.starts_with('#') && !text.contains([',', ';', '+', '"', '=', '<', '>', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(parts: &[(&str, &str, StringType)]) -> Name {
        let rdn = |(oid, text, string_type): &(&str, &str, StringType)| {
            let value = NameValue::Text { text: (*text).to_owned(), string_type: *string_type };
            Rdn(vec![NameAttribute { oid: Oid::new(oid).unwrap(), value }])
        };
        Name(parts.iter().map(rdn).collect())
    }

    fn written(parts: &[(&str, &str, StringType)]) -> (Vec<String>, Vec<Lost>) {
        let mut lost = Vec::new();
        (write(&name(parts), &mut lost), lost)
    }

    #[test]
    fn the_last_rdn_is_written_first_with_its_quotes_doubled() {
        let parts = [
            ("2.5.4.6", "US", StringType::Printable),
            ("2.5.4.10", "A, \"B\"", StringType::Utf8),
            ("2.5.4.3", "x", StringType::Utf8),
        ];
        let expected = r#"Subject = "CN=x, O=""A, """"B"""""", C=US""#;
        assert_eq!(written(&parts), (vec![expected.to_owned()], vec![]));
    }

    #[test]
    fn flags_are_chosen_by_the_string_types() {
        let old = [("2.5.4.3", "x", StringType::Printable), ("2.5.4.10", "ü", StringType::Bmp)];
        let (lines, lost) = written(&old);
        assert_eq!((lines[1].as_str(), lost), ("X500NameFlags = \"CERT_NAME_STR_DISABLE_UTF8_DIR_STR_FLAG\"", vec![]));
        let mixed = [("2.5.4.3", "x", StringType::Utf8), ("1.2.3", "ü", StringType::Utf8)];
        let (lines, lost) = written(&mixed);
        assert_eq!((lines[1].as_str(), lost), ("X500NameFlags = \"CERT_NAME_STR_ENABLE_UTF8_UNICODE_FLAG\"", vec![]));
    }

    #[test]
    fn what_no_flags_can_say_is_lost() {
        let (lines, lost) = written(&[("2.5.4.3", "x", StringType::Ia5), ("2.5.4.6", "Ü", StringType::Utf8)]);
        assert_eq!(lines, ["Subject = \"CN=x\""]);
        assert_eq!(lost[0].what, "C as UTF8String \"Ü\": a subject cannot hold it");
        assert_eq!(lost[1].what, "CN as IA5String \"x\": an INF makes it UTF8String \"x\" here");
    }
    #[test]
    fn a_value_that_an_inf_changes_is_written_as_it_will_be_read() {
        let (lines, lost) = written(&[("1.2.840.113549.1.9.1", "@ä", StringType::Bmp)]);
        assert_eq!(lines, ["Subject = \"E=@xn--4ca\""]);
        assert_eq!(lost[0].what, "E as BMPString \"@ä\": an INF makes it IA5String \"@xn--4ca\" here");
    }
}
