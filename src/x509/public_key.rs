//! `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7) from and to plain public keys.

use der::asn1::{Any, AnyRef, BitString, UintRef};
use der::{Decode as _, Encode as _, Sequence};
use sha2::{Digest as _, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::{Error, armour};
use crate::key::{Curve, MlDsaSet, PublicKey};
use crate::request::Oid;

const RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
const EC: Oid = Oid::new_unwrap("1.2.840.10045.2.1");
const ED25519: Oid = Oid::new_unwrap("1.3.101.112");

/// `RSAPublicKey` (RFC 8017, A.1.1).
#[derive(Sequence)]
pub(super) struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl From<RsaPublicKey<'_>> for PublicKey {
    fn from(key: RsaPublicKey<'_>) -> Self {
        Self::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }
}

/// The structure of a key.
pub(super) fn encode(key: &PublicKey) -> Result<SubjectPublicKeyInfoOwned, Error> {
    let (oid, parameters) = match key {
        PublicKey::Rsa { .. } => (RSA, Some(Any::from(AnyRef::NULL))),
        PublicKey::Ec { curve, .. } => (EC, Some(Any::from(&curve_oid(*curve)))),
        PublicKey::Ed25519(_) => (ED25519, None),
        PublicKey::MlDsa { set, .. } => (ml_dsa_oid(*set), None),
    };
    let subject_public_key = BitString::from_bytes(&bits(key)?).map_err(Error::der("public key"))?;
    Ok(SubjectPublicKeyInfoOwned { algorithm: AlgorithmIdentifierOwned { oid, parameters }, subject_public_key })
}

/// The DER of a key's `SubjectPublicKeyInfo`.
///
/// # Errors
/// [`Error::Der`] when a part is too long for DER.
pub fn spki_der(key: &PublicKey) -> Result<Vec<u8>, Error> {
    encode(key)?.to_der().map_err(Error::der("public key"))
}

/// The same as PEM (RFC 7468, 13).
///
/// # Errors
/// As [`spki_der`].
pub fn spki_pem(key: &PublicKey) -> Result<String, Error> {
    Ok(armour::pem("PUBLIC KEY", &spki_der(key)?))
}

/// SHA-256 of the `SubjectPublicKeyInfo` in lower hex: the usual fingerprint of a key (RFC 7469, 2.4).
#[must_use]
pub fn spki_fingerprint(key: &PublicKey) -> String {
    let der = spki_der(key).unwrap_or_default();
    Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is inside `subjectPublicKey`.
pub(super) fn bits(key: &PublicKey) -> Result<Vec<u8>, Error> {
    match key {
        PublicKey::Rsa { modulus, exponent } => {
            let encode =
                || RsaPublicKey { modulus: UintRef::new(modulus)?, public_exponent: UintRef::new(exponent)? }.to_der();
            encode().map_err(Error::der("RSA public key"))
        }
        PublicKey::Ec { point, .. } => Ok(point.clone()),
        PublicKey::Ed25519(bytes) | PublicKey::MlDsa { key: bytes, .. } => Ok(bytes.clone()),
    }
}

/// Reads a `SubjectPublicKeyInfo`.
///
/// # Errors
/// [`Error::Der`], [`Error::PublicKey`] for an algorithm or curve that hsmcert does not know.
pub fn public_key_from_spki(der: &[u8]) -> Result<PublicKey, Error> {
    let spki = SubjectPublicKeyInfoOwned::from_der(der).map_err(Error::der("public key"))?;
    let bytes =
        spki.subject_public_key.as_bytes().ok_or_else(|| Error::PublicKey("its bits are not bytes".to_owned()))?;
    match spki.algorithm.oid {
        RSA => Ok(RsaPublicKey::from_der(bytes).map_err(Error::der("RSA public key"))?.into()),
        EC => {
            let oid = spki.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<Oid>().ok());
            let curves = [Curve::P256, Curve::P384, Curve::P521];
            let curve = curves.into_iter().find(|curve| Some(curve_oid(*curve)) == oid);
            let curve = curve
                .ok_or_else(|| Error::PublicKey("an elliptic curve that is not P-256, P-384 or P-521".to_owned()))?;
            Ok(PublicKey::Ec { curve, point: bytes.to_vec() })
        }
        ED25519 => Ok(PublicKey::Ed25519(bytes.to_vec())),
        oid => {
            let set = MlDsaSet::ALL.into_iter().find(|set| ml_dsa_oid(*set) == oid);
            let set = set.ok_or_else(|| Error::PublicKey(format!("the algorithm {oid}")))?;
            Ok(PublicKey::MlDsa { set, key: bytes.to_vec() })
        }
    }
}

/// RFC 5480, 2.1.1.1.
fn curve_oid(curve: Curve) -> Oid {
    match curve {
        Curve::P256 => Oid::new_unwrap("1.2.840.10045.3.1.7"),
        Curve::P384 => Oid::new_unwrap("1.3.132.0.34"),
        Curve::P521 => Oid::new_unwrap("1.3.132.0.35"),
    }
}

/// RFC 9881, 2.
pub(super) fn ml_dsa_oid(set: MlDsaSet) -> Oid {
    match set {
        MlDsaSet::MlDsa44 => Oid::new_unwrap("2.16.840.1.101.3.4.3.17"),
        MlDsaSet::MlDsa65 => Oid::new_unwrap("2.16.840.1.101.3.4.3.18"),
        MlDsaSet::MlDsa87 => Oid::new_unwrap("2.16.840.1.101.3.4.3.19"),
    }
}
