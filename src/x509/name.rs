//! Distinguished names: from the request's own form to DER, and from any certificate back.

use der::asn1::{Any, BmpString, Ia5StringRef, OctetStringRef, PrintableStringRef, SetOfVec};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name as X509Name, RdnSequence, RelativeDistinguishedName};

use super::Error;
use crate::request::{Name, NameAttribute, NameValue, Rdn, StringType};

/// Encodes each value as the string type that the request chose.
pub(super) fn encode(name: &Name) -> Result<X509Name, Error> {
    let rdns = name.0.iter().map(rdn).collect::<Result<Vec<_>, _>>()?;
    // The safe constructor allows no BMPString and no TeletexString, which old CAs want.
    Ok(X509Name::hazmat_from_rdn_sequence(RdnSequence::from(rdns)))
}

fn rdn(rdn: &Rdn) -> Result<RelativeDistinguishedName, Error> {
    let attributes = rdn.0.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
    let set = SetOfVec::try_from(attributes).map_err(Error::der("relative distinguished name"))?;
    Ok(RelativeDistinguishedName::from(set))
}

fn attribute(attribute: &NameAttribute) -> Result<AttributeTypeAndValue, Error> {
    let NameAttribute { oid, value } = attribute;
    let value = match value {
        NameValue::Text { text, string_type } => string(text, *string_type).map_err(|error| Error::Value {
            what: "name value",
            value: text.clone(),
            reason: error.to_string(),
        })?,
        NameValue::Octets(bytes) => OctetStringRef::new(bytes)
            .and_then(|octets| Any::encode_from(&octets))
            .map_err(Error::der("octet string"))?,
    };
    Ok(AttributeTypeAndValue { oid: *oid, value })
}

fn string(text: &str, string_type: StringType) -> der::Result<Any> {
    match string_type {
        StringType::Utf8 => Any::new(Tag::Utf8String, text.as_bytes()),
        StringType::Printable => Any::encode_from(&PrintableStringRef::new(text)?),
        StringType::Ia5 => Any::encode_from(&Ia5StringRef::new(text)?),
        StringType::Teletex => Any::new(Tag::TeletexString, latin1(text)?),
        StringType::Bmp => Any::encode_from(&BmpString::from_utf8(text)?),
    }
}

/// What everybody writes into a `TeletexString` is Latin-1, not T.61.
fn latin1(text: &str) -> der::Result<Vec<u8>> {
    let byte = |character: char| u8::try_from(u32::from(character));
    let bytes = text.chars().map(byte).collect::<Result<Vec<u8>, _>>();
    bytes.map_err(|_| der::ErrorKind::Value { tag: Tag::TeletexString }.into())
}

/// Never fails: a value of an odd type is kept as its DER.
pub(super) fn decode(name: &X509Name) -> Name {
    let attribute =
        |attribute: &AttributeTypeAndValue| NameAttribute { oid: attribute.oid, value: value(&attribute.value) };
    Name(name.iter_rdn().map(|rdn| Rdn(rdn.iter().map(attribute).collect())).collect())
}

/// A name out of the DER of a certificate that was read before.
#[must_use]
pub fn read_name(der: &[u8]) -> Name {
    X509Name::from_der(der).map(|name| decode(&name)).unwrap_or_default()
}

fn value(value: &Any) -> NameValue {
    match text(value) {
        Some((text, string_type)) => NameValue::Text { text, string_type },
        None => NameValue::Octets(value.to_der().unwrap_or_default()),
    }
}

/// The text of a string and its type; `None` for a value that is no string.
pub(super) fn text(value: &Any) -> Option<(String, StringType)> {
    let bytes = value.value();
    Some(match value.tag() {
        Tag::Utf8String => (String::from_utf8_lossy(bytes).into_owned(), StringType::Utf8),
        Tag::PrintableString => (String::from_utf8_lossy(bytes).into_owned(), StringType::Printable),
        Tag::Ia5String => (String::from_utf8_lossy(bytes).into_owned(), StringType::Ia5),
        Tag::TeletexString => (bytes.iter().map(|byte| char::from(*byte)).collect(), StringType::Teletex),
        Tag::BmpString => {
            let units: Vec<_> =
                bytes.chunks(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))).collect();
            (String::from_utf16_lossy(&units), StringType::Bmp)
        }
        _ => return None,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::request::Oid;

    /// The subject of the walk-through "Using AWS CloudHSM-backed certificates with Microsoft Internet
    /// Information Server" (AWS Security Blog), in the order in which certreq encodes it.
    pub(in crate::x509) fn seed_subject() -> Name {
        let rdn = |(oid, text, string_type): (&str, &str, StringType)| {
            let value = NameValue::Text { text: text.to_owned(), string_type };
            Rdn(vec![NameAttribute { oid: Oid::new(oid).unwrap(), value }])
        };
        let parts = [
            ("2.5.4.8", "Washington", StringType::Utf8),
            ("2.5.4.7", "Seattle", StringType::Utf8),
            ("2.5.4.11", "Certificate Management", StringType::Utf8),
            ("2.5.4.10", "Information Technology", StringType::Utf8),
            ("2.5.4.3", "www.example.com", StringType::Utf8),
            ("2.5.4.6", "US", StringType::Printable),
        ];
        Name(parts.into_iter().map(rdn).collect())
    }

    pub(in crate::x509) fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn the_subject_of_the_walk_through_is_encoded_as_certreq_does() {
        let expected = hex(concat!(
            "3081903113301106035504080c0a57617368696e67746f6e3110300e06035504070c0753656174746c65",
            "311f301d060355040b0c164365727469666963617465204d616e6167656d656e74311f301d060355040a0c16",
            "496e666f726d6174696f6e20546563686e6f6c6f67793118301606035504030c0f7777772e6578616d706c652e636f6d",
            "310b3009060355040613025553"
        ));
        let encoded = encode(&seed_subject()).unwrap();
        assert_eq!(encoded.to_der().unwrap(), expected);
        assert_eq!(decode(&encoded), seed_subject());
    }

    #[test]
    fn a_teletex_string_is_latin1() {
        let name = |text: &str| {
            let value = NameValue::Text { text: text.to_owned(), string_type: StringType::Teletex };
            Name(vec![Rdn(vec![NameAttribute { oid: Oid::new_unwrap("2.5.4.10"), value }])])
        };
        let encoded = encode(&name("Müller")).unwrap();
        assert_eq!(encoded.to_der().unwrap(), hex("3011310f300d060355040a14064dfc6c6c6572"));
        assert_eq!(decode(&encoded), name("Müller"));
        assert!(encode(&name("€")).is_err());
    }

    #[test]
    fn a_character_that_its_type_lacks_is_an_error_with_the_value() {
        let value = NameValue::Text { text: "a@b".into(), string_type: StringType::Printable };
        let name = Name(vec![Rdn(vec![NameAttribute { oid: Oid::new_unwrap("2.5.4.6"), value }])]);
        assert!(encode(&name).unwrap_err().to_string().contains("a@b"));
    }
}
