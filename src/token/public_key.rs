//! Public keys out of attributes, and attributes that find a public key.

use cryptoki::object::{Attribute, AttributeType, KeyType, MlDsaParameterSetType, ParameterSetType};

use super::attribute_template::{curve_of, is_ed25519, key_type, parameter_set};
use crate::key::{KeyAlgorithm, MlDsaSet, PublicKey};

/// The attributes from which [`read`] makes a public key.
pub(super) const ATTRIBUTES: [AttributeType; 7] = [
    AttributeType::KeyType,
    AttributeType::Modulus,
    AttributeType::PublicExponent,
    AttributeType::EcParams,
    AttributeType::EcPoint,
    AttributeType::Value,
    AttributeType::ParameterSet,
];

/// The public key of a key object; `None` when its type is not one that hsmcert knows, or when the module
/// does not show its parts.
pub(super) fn read(attributes: &[Attribute]) -> Option<PublicKey> {
    let mut kind = None;
    let (mut modulus, mut exponent, mut parameters, mut point, mut value, mut set) = Default::default();
    for attribute in attributes {
        match attribute {
            Attribute::KeyType(found) => kind = Some(*found),
            Attribute::Modulus(found) => modulus = Some(found),
            Attribute::PublicExponent(found) => exponent = Some(found),
            Attribute::EcParams(found) => parameters = Some(found),
            Attribute::EcPoint(found) => point = Some(found),
            Attribute::Value(found) => value = Some(found),
            Attribute::ParameterSet(found) => set = ml_dsa_set(*found),
            _ => {}
        }
    }
    match kind? {
        KeyType::RSA => Some(PublicKey::rsa(modulus.filter(|modulus: &&Vec<u8>| !modulus.is_empty())?, exponent?)),
        KeyType::EC => {
            let curve = curve_of(parameters.map(Vec::as_slice)?)?;
            let point = unwrapped(point?, 1 + 2 * curve.coordinate_len())?.to_vec();
            Some(PublicKey::Ec { curve, point })
        }
        KeyType::EC_EDWARDS => Some(PublicKey::Ed25519(unwrapped(point?, 32)?.to_vec())),
        KeyType::ML_DSA => Some(PublicKey::MlDsa { set: set?, key: Vec::clone(value?) }),
        _ => None,
    }
}

/// The algorithm of a key object that does not show its public key, as EC private keys: from its parameters.
pub(super) fn algorithm(attributes: &[Attribute]) -> Option<KeyAlgorithm> {
    let kind = attributes.iter().find_map(|attribute| match attribute {
        Attribute::KeyType(found) => Some(*found),
        _ => None,
    });
    attributes.iter().find_map(|attribute| match (kind?, attribute) {
        (KeyType::EC, Attribute::EcParams(parameters)) => curve_of(parameters).map(KeyAlgorithm::Ec),
        (KeyType::EC_EDWARDS, Attribute::EcParams(parameters)) => {
            is_ed25519(parameters).then_some(KeyAlgorithm::Ed25519)
        }
        (KeyType::ML_DSA, Attribute::ParameterSet(set)) => ml_dsa_set(*set).map(KeyAlgorithm::MlDsa),
        _ => None,
    })
}

/// The point of a `CKA_EC_POINT`: a DER OCTET STRING by the standard (PKCS#11 3.1, 6.3.3), the bare bytes in
/// several modules.
fn unwrapped(point: &[u8], len: usize) -> Option<&[u8]> {
    use der::Decode as _;
    if point.len() == len {
        return Some(point);
    }
    let inner = <&der::asn1::OctetStringRef>::from_der(point).ok()?;
    Some(inner.as_bytes()).filter(|inner| inner.len() == len)
}

/// What to search for to find the objects of a public key. The key has no attribute that all modules can
/// search by for EC points (wrapped or bare), so two searches may be needed.
pub(super) fn searches(key: &PublicKey) -> Vec<Vec<Attribute>> {
    let kind = Attribute::KeyType(key_type(key.algorithm()));
    match key {
        PublicKey::Rsa { modulus, .. } => vec![vec![kind, Attribute::Modulus(modulus.clone())]],
        PublicKey::Ec { point, .. } | PublicKey::Ed25519(point) => {
            let wrapped = [&octet_string_header(point.len()), point.as_slice()].concat();
            vec![vec![kind.clone(), Attribute::EcPoint(wrapped)], vec![kind, Attribute::EcPoint(point.clone())]]
        }
        PublicKey::MlDsa { key, .. } => vec![vec![kind, Attribute::Value(key.clone())]],
    }
}

/// Tag and length of an OCTET STRING of under 256 bytes.
fn octet_string_header(len: usize) -> Vec<u8> {
    match u8::try_from(len) {
        Ok(short @ 0..=0x7f) => vec![0x04, short],
        Ok(long) => vec![0x04, 0x81, long],
        Err(_) => Vec::new(),
    }
}

pub(super) fn ml_dsa_set(set: ParameterSetType) -> Option<MlDsaSet> {
    MlDsaSet::ALL.into_iter().find(|known| parameter_set(*known) == MlDsaParameterSetType::from(set))
}

/// Whether two algorithms are the same, the exact RSA size included.
pub(super) fn is(algorithm: KeyAlgorithm, key: &PublicKey) -> bool {
    key.algorithm() == algorithm
}
