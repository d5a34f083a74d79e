//! X.501 names: ordered, with the string type of each value, as a request asks for them.

use std::fmt;

use super::Oid;

/// A distinguished name: RDNs in the order in which they are encoded (RFC 5280, 4.1.2.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name(pub Vec<Rdn>);

/// A relative distinguished name: usually one attribute, rarely several (`CN=a+OU=b`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rdn(pub Vec<NameAttribute>);

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAttribute {
    /// Attribute type, for example 2.5.4.3 for CN.
    pub oid: Oid,
    /// Its value.
    pub value: NameValue,
}

/// The value of a name attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameValue {
    /// Text, to be encoded as the given string type.
    Text {
        /// The text.
        text: String,
        /// The ASN.1 type.
        string_type: StringType,
    },
    /// Bytes to be encoded as an OCTET STRING (`#hex` in a certreq subject).
    Octets(Vec<u8>),
}

/// ASN.1 string types of name values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StringType {
    /// `UTF8String`.
    Utf8,
    /// `PrintableString`: letters, digits, space and `' ( ) + , - . / : = ?`.
    Printable,
    /// `IA5String`: ASCII.
    Ia5,
    /// `TeletexString` (T61), of old CAs.
    Teletex,
    /// `BMPString`: UTF-16.
    Bmp,
}

/// Short names of attribute types as hsmcert prints them; the request formats know more spellings.
const SHORT_NAMES: &[(&str, Oid)] = &[
    ("CN", Oid::new_unwrap("2.5.4.3")),
    ("SN", Oid::new_unwrap("2.5.4.4")),
    ("SERIALNUMBER", Oid::new_unwrap("2.5.4.5")),
    ("C", Oid::new_unwrap("2.5.4.6")),
    ("L", Oid::new_unwrap("2.5.4.7")),
    ("ST", Oid::new_unwrap("2.5.4.8")),
    ("STREET", Oid::new_unwrap("2.5.4.9")),
    ("O", Oid::new_unwrap("2.5.4.10")),
    ("OU", Oid::new_unwrap("2.5.4.11")),
    ("T", Oid::new_unwrap("2.5.4.12")),
    ("G", Oid::new_unwrap("2.5.4.42")),
    ("I", Oid::new_unwrap("2.5.4.43")),
    ("E", Oid::new_unwrap("1.2.840.113549.1.9.1")),
    ("DC", Oid::new_unwrap("0.9.2342.19200300.100.1.25")),
    ("UID", Oid::new_unwrap("0.9.2342.19200300.100.1.1")),
];

/// commonName, 2.5.4.3.
pub(crate) const COMMON_NAME: Oid = Oid::new_unwrap("2.5.4.3");

impl Name {
    /// No RDN at all: encoded as `30 00`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of the first CN, if there is one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.iter().flat_map(|rdn| &rdn.0).find(|attribute| attribute.oid == COMMON_NAME).and_then(|attribute| {
            match &attribute.value {
                NameValue::Text { text, .. } => Some(text.as_str()),
                NameValue::Octets(_) => None,
            }
        })
    }
}

/// The string form of RFC 4514: last RDN first, special characters escaped.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.0.iter().rev().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            for (index, attribute) in rdn.0.iter().enumerate() {
                if index > 0 {
                    f.write_str("+")?;
                }
                write!(f, "{attribute}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for NameAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SHORT_NAMES.iter().find(|(_, oid)| *oid == self.oid) {
            Some((short, _)) => write!(f, "{short}=")?,
            None => write!(f, "{}=", self.oid)?,
        }
        match &self.value {
            NameValue::Text { text, .. } => write_escaped(f, text),
            NameValue::Octets(bytes) => {
                f.write_str("#")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// Escapes as RFC 4514, 2.4 asks.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let last = text.chars().count().saturating_sub(1);
    for (index, character) in text.chars().enumerate() {
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\');
        let at_edge = (index == 0 && matches!(character, ' ' | '#')) || (index == last && character == ' ');
        if special || at_edge {
            write!(f, "\\{character}")?;
        } else if character.is_control() {
            let mut buffer = [0; 4];
            character.encode_utf8(&mut buffer).bytes().try_for_each(|byte| write!(f, "\\{byte:02x}"))?;
        } else {
            write!(f, "{character}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(parts: &[(&str, &str)]) -> Name {
        let rdn = |(short, text): &(&str, &str)| {
            let oid = SHORT_NAMES.iter().find(|(name, _)| name == short).unwrap().1;
            let value = NameValue::Text { text: (*text).to_owned(), string_type: StringType::Utf8 };
            Rdn(vec![NameAttribute { oid, value }])
        };
        Name(parts.iter().map(rdn).collect())
    }

    #[test]
    fn the_last_rdn_is_shown_first() {
        assert_eq!(name(&[("C", "US"), ("O", "A, B"), ("CN", "www")]).to_string(), "CN=www,O=A\\, B,C=US");
    }

    #[test]
    fn blanks_and_control_characters_are_escaped() {
        assert_eq!(name(&[("CN", " a\n ")]).to_string(), "CN=\\ a\\0a\\ ");
        assert_eq!(name(&[("CN", "#1")]).to_string(), "CN=\\#1");
    }
}
