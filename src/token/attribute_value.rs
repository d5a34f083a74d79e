//! Attributes of any kind as plain values, for those who want to see all of an object.

use cryptoki::object::{Attribute, AttributeType};
use cryptoki_sys::CK_ATTRIBUTE_TYPE;

use super::get_attribute_value;
use super::object::ObjectClass;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// A `CK_BBOOL`.
    Flag(bool),
    /// A `CK_ULONG`.
    Number(u64),
    /// A word of the standard, or text.
    Text(String),
    /// Bytes, also of a text that is no UTF-8.
    Bytes(Vec<u8>),
    /// Several words.
    List(Vec<String>),
}

/// The attributes that an object shows, in one buffer as the module gave them: a listing holds those of thousands of
/// objects, and many of them are a single byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShownAttributes(Box<[u8]>);

impl ShownAttributes {
    /// Type and length as `u32`, then the value, one attribute behind the other.
    pub(super) fn new(attributes: &[Attribute]) -> Self {
        let mut packed = Vec::new();
        for attribute in attributes {
            let kind = CK_ATTRIBUTE_TYPE::from(attribute.attribute_type());
            let value = get_attribute_value::value(attribute);
            // Types of the standard and lengths that are read have no more bits; on Windows there are no more.
            #[allow(clippy::useless_conversion)]
            let (Ok(kind), Ok(length)) = (u32::try_from(kind), u32::try_from(value.len())) else { continue };
            packed.extend(kind.to_le_bytes());
            packed.extend(length.to_le_bytes());
            packed.extend(value);
        }
        Self(packed.into())
    }

    /// Names (`CKA_...`) and values, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = (String, AttributeValue)> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (kind, behind) = rest.split_first_chunk()?;
            let (length, behind) = behind.split_first_chunk()?;
            let (value, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = behind;
            Some((u32::from_le_bytes(*kind), value))
        })
        .filter_map(|(kind, bytes)| {
            #[allow(clippy::useless_conversion)]
            let kind = AttributeType::try_from(CK_ATTRIBUTE_TYPE::from(kind)).ok()?;
            Some((kind.to_string(), value(&get_attribute_value::attribute(kind, bytes)?)))
        })
    }
}

/// What is read of an object beside what every listing needs. Secrets are not asked for, nor what a module without
/// them may fill with noise (dates).
pub(super) fn further(class: ObjectClass) -> Vec<AttributeType> {
    use AttributeType as Kind;
    let storage = [Kind::Token, Kind::Private, Kind::Modifiable, Kind::Copyable, Kind::Destroyable];
    let of_class: &[AttributeType] = match class {
        ObjectClass::PrivateKey => &[
            Kind::Subject,
            Kind::Sensitive,
            Kind::Extractable,
            Kind::Sign,
            Kind::SignRecover,
            Kind::Decrypt,
            Kind::Unwrap,
            Kind::Derive,
            Kind::AlwaysAuthenticate,
            Kind::WrapWithTrusted,
            Kind::KeyGenMechanism,
            Kind::AllowedMechanisms,
        ],
        ObjectClass::PublicKey => &[
            Kind::Subject,
            Kind::Local,
            Kind::Verify,
            Kind::VerifyRecover,
            Kind::Encrypt,
            Kind::Wrap,
            Kind::Derive,
            Kind::Trusted,
            Kind::ModulusBits,
            Kind::KeyGenMechanism,
            Kind::AllowedMechanisms,
        ],
        ObjectClass::Certificate => {
            &[Kind::CertificateType, Kind::Subject, Kind::Issuer, Kind::SerialNumber, Kind::Trusted, Kind::Url]
        }
        ObjectClass::SecretKey => &[
            Kind::Sensitive,
            Kind::Extractable,
            Kind::Encrypt,
            Kind::Decrypt,
            Kind::Sign,
            Kind::Verify,
            Kind::Wrap,
            Kind::Unwrap,
            Kind::Derive,
            Kind::WrapWithTrusted,
            Kind::Trusted,
            Kind::KeyGenMechanism,
            Kind::AllowedMechanisms,
        ],
    };
    storage.into_iter().chain(of_class.iter().copied()).collect()
}

fn value(attribute: &Attribute) -> AttributeValue {
    use AttributeValue::{Bytes, Flag, List, Number, Text};
    match attribute {
        Attribute::Token(on)
        | Attribute::Private(on)
        | Attribute::Modifiable(on)
        | Attribute::Copyable(on)
        | Attribute::Destroyable(on)
        | Attribute::Local(on)
        | Attribute::Sensitive(on)
        | Attribute::AlwaysSensitive(on)
        | Attribute::Extractable(on)
        | Attribute::NeverExtractable(on)
        | Attribute::AlwaysAuthenticate(on)
        | Attribute::WrapWithTrusted(on)
        | Attribute::Trusted(on)
        | Attribute::Sign(on)
        | Attribute::SignRecover(on)
        | Attribute::Verify(on)
        | Attribute::VerifyRecover(on)
        | Attribute::Encrypt(on)
        | Attribute::Decrypt(on)
        | Attribute::Wrap(on)
        | Attribute::Unwrap(on)
        | Attribute::Derive(on) => Flag(*on),
        Attribute::Label(text) | Attribute::Url(text) => {
            String::from_utf8(text.clone()).map_or_else(|error| Bytes(error.into_bytes()), Text)
        }
        Attribute::Id(bytes)
        | Attribute::Subject(bytes)
        | Attribute::Issuer(bytes)
        | Attribute::SerialNumber(bytes)
        | Attribute::Modulus(bytes)
        | Attribute::PublicExponent(bytes)
        | Attribute::EcParams(bytes)
        | Attribute::EcPoint(bytes)
        | Attribute::Value(bytes) => Bytes(bytes.clone()),
        Attribute::ModulusBits(number) | Attribute::ValueLen(number) => {
            number.to_string().parse().map_or_else(|_| Text(number.to_string()), Number)
        }
        Attribute::KeyType(kind) => Text(kind.to_string()),
        Attribute::CertificateType(kind) => Text(kind.to_string()),
        Attribute::KeyGenMechanism(mechanism) => Text(mechanism.to_string()),
        Attribute::AllowedMechanisms(mechanisms) => List(mechanisms.iter().map(ToString::to_string).collect()),
        other => Text(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_told_in_its_order() {
        let attributes = [
            Attribute::Sign(true),
            Attribute::Label(b"latin-1 \xe9".to_vec()),
            Attribute::Id(vec![]),
            Attribute::KeyType(cryptoki::object::KeyType::EC),
            Attribute::ModulusBits(2048.into()),
        ];
        let told: Vec<_> = ShownAttributes::new(&attributes).iter().collect();
        let expected = [
            ("CKA_SIGN", AttributeValue::Flag(true)),
            ("CKA_LABEL", AttributeValue::Bytes(b"latin-1 \xe9".to_vec())),
            ("CKA_ID", AttributeValue::Bytes(vec![])),
            ("CKA_KEY_TYPE", AttributeValue::Text("CKK_EC".to_owned())),
            ("CKA_MODULUS_BITS", AttributeValue::Number(2048)),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(ShownAttributes::default().iter().count(), 0);
    }
}
