//! Signatures: their algorithm identifiers, their form in X.509, and checking them.

use der::asn1::{Any, AnyRef, Null, UintRef};
use der::{Decode as _, Encode as _, Sequence};
use rsa::pkcs1::RsaPssParams;
use rsa::pkcs8::DecodePublicKey as _;
use sha2::{Digest, Sha256, Sha384, Sha512};
use signature::Verifier as _;
use signature::hazmat::PrehashVerifier as _;
use spki::AlgorithmIdentifierOwned;

use super::{Error, public_key};
use crate::key::{Curve, Hash, PublicKey, SignatureScheme};
use crate::request::Oid;

/// id-RSASSA-PSS (RFC 4055, 3.1).
const RSASSA_PSS: Oid = Oid::new_unwrap("1.2.840.113549.1.1.10");
const ED25519: Oid = Oid::new_unwrap("1.3.101.112");

/// Whether hsmcert can check the scheme; it signs nothing that it cannot check.
#[must_use]
pub fn is_supported(scheme: SignatureScheme) -> bool {
    match scheme {
        SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_) | SignatureScheme::Ecdsa(_) => true,
        SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_) => false,
    }
}

/// The `AlgorithmIdentifier` of a scheme (RFC 4055, RFC 5758, RFC 8410, RFC 9881).
pub(super) fn algorithm(scheme: SignatureScheme) -> Result<AlgorithmIdentifierOwned, Error> {
    let with_null = |oid| AlgorithmIdentifierOwned { oid, parameters: Some(Any::from(AnyRef::from(Null))) };
    let bare = |oid| AlgorithmIdentifierOwned { oid, parameters: None };
    Ok(match scheme {
        SignatureScheme::RsaPkcs1(hash) => with_null(rsa_pkcs1_oid(hash)),
        SignatureScheme::RsaPss(hash) => {
            let parameters = match hash {
                Hash::Sha256 => RsaPssParams::new::<Sha256>(32).to_der(),
                Hash::Sha384 => RsaPssParams::new::<Sha384>(48).to_der(),
                Hash::Sha512 => RsaPssParams::new::<Sha512>(64).to_der(),
            };
            let parameters = parameters.and_then(|der| Any::from_der(&der)).map_err(Error::der("PSS parameters"))?;
            AlgorithmIdentifierOwned { oid: RSASSA_PSS, parameters: Some(parameters) }
        }
        SignatureScheme::Ecdsa(hash) => bare(ecdsa_oid(hash)),
        SignatureScheme::Ed25519 => bare(ED25519),
        SignatureScheme::MlDsa(set) => bare(public_key::ml_dsa_oid(set)),
    })
}

/// The scheme of an `AlgorithmIdentifier`; `None` for one that hsmcert does not know.
pub(super) fn scheme(algorithm: &AlgorithmIdentifierOwned) -> Option<SignatureScheme> {
    let hashes = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
    let schemes = hashes.into_iter().flat_map(|hash| {
        [SignatureScheme::RsaPkcs1(hash), SignatureScheme::RsaPss(hash), SignatureScheme::Ecdsa(hash)]
    });
    schemes.chain([SignatureScheme::Ed25519]).find(|scheme| {
        self::algorithm(*scheme).is_ok_and(|known| match scheme {
            SignatureScheme::RsaPss(_) => known == *algorithm,
            _ => known.oid == algorithm.oid,
        })
    })
}

fn rsa_pkcs1_oid(hash: Hash) -> Oid {
    match hash {
        Hash::Sha256 => Oid::new_unwrap("1.2.840.113549.1.1.11"),
        Hash::Sha384 => Oid::new_unwrap("1.2.840.113549.1.1.12"),
        Hash::Sha512 => Oid::new_unwrap("1.2.840.113549.1.1.13"),
    }
}

fn ecdsa_oid(hash: Hash) -> Oid {
    match hash {
        Hash::Sha256 => Oid::new_unwrap("1.2.840.10045.4.3.2"),
        Hash::Sha384 => Oid::new_unwrap("1.2.840.10045.4.3.3"),
        Hash::Sha512 => Oid::new_unwrap("1.2.840.10045.4.3.4"),
    }
}

/// `ECDSA-Sig-Value` (RFC 3279, 2.2.3).
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// A token's signature in the form that X.509 wants: for ECDSA the DER of both numbers instead of `r || s`.
///
/// # Errors
/// [`Error::Signature`] when it has no two halves.
pub fn encode_signature(scheme: SignatureScheme, token_signature: &[u8]) -> Result<Vec<u8>, Error> {
    match scheme {
        SignatureScheme::Ecdsa(_) => {
            if token_signature.is_empty() || !token_signature.len().is_multiple_of(2) {
                return Err(Error::Signature(scheme));
            }
            let (r, s) = token_signature.split_at(token_signature.len() / 2);
            let encode = || EcdsaSignature { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der();
            encode().map_err(Error::der("ECDSA signature"))
        }
        SignatureScheme::RsaPkcs1(_)
        | SignatureScheme::RsaPss(_)
        | SignatureScheme::Ed25519
        | SignatureScheme::MlDsa(_) => Ok(token_signature.to_vec()),
    }
}

/// Checks a signature in its X.509 form.
///
/// # Errors
/// [`Error::Signature`]; [`Error::Scheme`] for what cannot be checked, [`Error::SchemeMismatch`].
pub fn verify(key: &PublicKey, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let verified = match (key, scheme) {
        (PublicKey::Rsa { .. }, SignatureScheme::RsaPkcs1(hash)) => match hash {
            Hash::Sha256 => rsa_pkcs1::<Sha256>(key, message, signature)?,
            Hash::Sha384 => rsa_pkcs1::<Sha384>(key, message, signature)?,
            Hash::Sha512 => rsa_pkcs1::<Sha512>(key, message, signature)?,
        },
        (PublicKey::Rsa { .. }, SignatureScheme::RsaPss(hash)) => match hash {
            Hash::Sha256 => rsa_pss::<Sha256>(key, message, signature)?,
            Hash::Sha384 => rsa_pss::<Sha384>(key, message, signature)?,
            Hash::Sha512 => rsa_pss::<Sha512>(key, message, signature)?,
        },
        (PublicKey::Ec { curve, point }, SignatureScheme::Ecdsa(hash)) => {
            ecdsa(*curve, point, &digest(hash, message), signature)
        }
        (PublicKey::Ed25519(_), SignatureScheme::Ed25519) | (PublicKey::MlDsa { .. }, SignatureScheme::MlDsa(_)) => {
            return Err(Error::Scheme(scheme));
        }
        (key, scheme) => return Err(Error::SchemeMismatch { key: key.algorithm(), scheme }),
    };
    if verified { Ok(()) } else { Err(Error::Signature(scheme)) }
}

fn rsa_key(key: &PublicKey) -> Result<rsa::PublicKey, Error> {
    let der = public_key::spki_der(key)?;
    rsa::PublicKey::from_public_key_der(&der).map_err(|error| Error::PublicKey(error.to_string()))
}

fn rsa_pkcs1<D>(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool, Error>
where
    D: Digest + const_oid::AssociatedOid + sha2::digest::FixedOutputReset,
{
    let key = rsa::pkcs1v15::VerifyingKey::<D>::new(rsa_key(key)?);
    let signature = rsa::pkcs1v15::Signature::try_from(signature);
    Ok(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}

fn rsa_pss<D>(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool, Error>
where
    D: Digest + sha2::digest::FixedOutputReset,
{
    let key = rsa::pss::VerifyingKey::<D>::new(rsa_key(key)?);
    let signature = rsa::pss::Signature::try_from(signature);
    Ok(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}

fn ecdsa(curve: Curve, point: &[u8], digest: &[u8], signature: &[u8]) -> bool {
    macro_rules! verified {
        ($curve:ident) => {{
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(point);
            let signature = $curve::ecdsa::Signature::from_der(signature);
            matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_prehash(digest, &signature).is_ok())
        }};
    }
    match curve {
        Curve::P256 => verified!(p256),
        Curve::P384 => verified!(p384),
        Curve::P521 => verified!(p521),
    }
}

fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(message).to_vec(),
        Hash::Sha384 => Sha384::digest(message).to_vec(),
        Hash::Sha512 => Sha512::digest(message).to_vec(),
    }
}
