//! Attributes of any kind as plain values, for those who want to see all of an object.

use cryptoki::object::{Attribute, AttributeType};

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

/// Names and values, in the order in which they were read.
pub(super) fn all(attributes: &[Attribute]) -> Vec<(String, AttributeValue)> {
    attributes.iter().map(|attribute| (attribute.attribute_type().to_string(), value(attribute))).collect()
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
