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
use crate::key::{Curve, Hash, MlDsaSet, PublicKey, SignatureScheme};
use crate::request::Oid;

/// id-RSASSA-PSS (RFC 4055, 3.1).
const RSASSA_PSS: Oid = Oid::new_unwrap("1.2.840.113549.1.1.10");
const ED25519: Oid = Oid::new_unwrap("1.3.101.112");

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
    let without_hash = MlDsaSet::ALL.into_iter().map(SignatureScheme::MlDsa).chain([SignatureScheme::Ed25519]);
    schemes.chain(without_hash).find(|scheme| {
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
/// [`Error::Signature`], [`Error::SchemeMismatch`].
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
        (PublicKey::Ed25519(key), SignatureScheme::Ed25519) => ed25519(key, message, signature),
        (PublicKey::MlDsa { set, key }, SignatureScheme::MlDsa(scheme_set)) if *set == scheme_set => match set {
            MlDsaSet::MlDsa44 => ml_dsa::<ml_dsa::MlDsa44>(key, message, signature),
            MlDsaSet::MlDsa65 => ml_dsa::<ml_dsa::MlDsa65>(key, message, signature),
            MlDsaSet::MlDsa87 => ml_dsa::<ml_dsa::MlDsa87>(key, message, signature),
        },
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

/// Strict: a key of small order, for which one signature fits every message, verifies nothing.
fn ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = ed25519_dalek::VerifyingKey::try_from(key);
    let signature = ed25519_dalek::Signature::from_slice(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_strict(message, &signature).is_ok())
}

fn ml_dsa<P: ml_dsa::MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = ml_dsa::EncodedVerifyingKey::<P>::try_from(key);
    let signature = ml_dsa::Signature::<P>::try_from(signature);
    let verified = |key, signature| ml_dsa::VerifyingKey::<P>::decode(key).verify(message, signature).is_ok();
    matches!((key, signature), (Ok(key), Ok(signature)) if verified(&key, &signature))
}

fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(message).to_vec(),
        Hash::Sha384 => Sha384::digest(message).to_vec(),
        Hash::Sha512 => Sha512::digest(message).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::ed25519::signature::Signer as _;
    use ml_dsa::{Keypair as _, SignatureEncoding as _};

    use super::*;

    const MESSAGE: &[u8] = b"to be signed";

    /// The signature verifies, and neither its neighbours nor the same with another message or key do.
    #[track_caller]
    fn only_the_signature_verifies(key: &PublicKey, scheme: SignatureScheme, good: &[u8]) {
        verify(key, scheme, MESSAGE, good).unwrap();
        let refused = |message: &[u8], signature: &[u8]| {
            assert!(matches!(verify(key, scheme, message, signature), Err(Error::Signature(_))));
        };
        refused(b"to be sighed", good);
        refused(MESSAGE, &good[1..]);
        refused(MESSAGE, &[]);
        for index in [0, good.len() / 2, good.len() - 1] {
            let mut wrong = good.to_vec();
            wrong[index] ^= 1;
            refused(MESSAGE, &wrong);
        }
        for short in [PublicKey::Ed25519(vec![7]), PublicKey::MlDsa { set: MlDsaSet::MlDsa65, key: vec![7] }] {
            assert!(verify(&short, scheme, MESSAGE, good).is_err());
        }
    }

    #[test]
    fn ed25519_signatures() {
        let signer = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::Ed25519(signer.verifying_key().to_bytes().to_vec());
        only_the_signature_verifies(&key, SignatureScheme::Ed25519, &signer.sign(MESSAGE).to_bytes());
    }

    /// The point of order 1, and its signature of every message: R is the same point, S is 0.
    #[test]
    fn an_ed25519_key_of_small_order_verifies_nothing() {
        let mut signature = [0; 64];
        signature[0] = 1;
        let key = PublicKey::Ed25519(signature[..32].to_vec());
        assert!(verify(&key, SignatureScheme::Ed25519, MESSAGE, &signature).is_err());
    }

    #[test]
    fn ml_dsa_signatures() {
        fn check<P: ml_dsa::MlDsaParams>(set: MlDsaSet) {
            let signer = ml_dsa::SigningKey::<P>::from_seed(&[7; 32].into());
            let key = PublicKey::MlDsa { set, key: signer.verifying_key().encode().to_vec() };
            only_the_signature_verifies(&key, SignatureScheme::MlDsa(set), &signer.sign(MESSAGE).to_vec());
            let other = if set == MlDsaSet::MlDsa44 { MlDsaSet::MlDsa87 } else { MlDsaSet::MlDsa44 };
            let mismatch = verify(&key, SignatureScheme::MlDsa(other), MESSAGE, &[]);
            assert!(matches!(mismatch, Err(Error::SchemeMismatch { .. })));
        }
        check::<ml_dsa::MlDsa44>(MlDsaSet::MlDsa44);
        check::<ml_dsa::MlDsa65>(MlDsaSet::MlDsa65);
        check::<ml_dsa::MlDsa87>(MlDsaSet::MlDsa87);
    }

    #[test]
    fn each_scheme_is_known_by_its_algorithm_identifier() {
        let hashes = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
        let with_hash = hashes.into_iter().flat_map(|hash| {
            [SignatureScheme::RsaPkcs1(hash), SignatureScheme::RsaPss(hash), SignatureScheme::Ecdsa(hash)]
        });
        let without = MlDsaSet::ALL.map(SignatureScheme::MlDsa).into_iter().chain([SignatureScheme::Ed25519]);
        for expected in with_hash.chain(without) {
            assert_eq!(scheme(&algorithm(expected).unwrap()), Some(expected));
        }
    }
}
