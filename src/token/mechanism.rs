//! Mechanisms: which ones make a key, which ones sign, and what a token without the best one gets instead.

use std::ffi::c_ulong;
use std::ops::RangeInclusive;

use cryptoki::mechanism::dsa::{HedgeType, SignAdditionalContext};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::slot::Slot;
use cryptoki::types::Ulong;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::error::{Doing as _, Error};
use super::module::Module;
use crate::key::{Hash, KeyAlgorithm, SignatureScheme};

impl Module {
    /// The mechanisms of a token.
    pub(super) fn mechanisms(&self, slot: Slot) -> Result<Vec<MechanismType>, Error> {
        const PSS: MechanismType = MechanismType::RSA_PKCS_PSS;
        let listed = self.call("C_GetMechanismList", |pkcs11| self.functions.mechanisms(pkcs11, slot));
        let mut present = listed.doing("list its mechanisms")?;
        // tpm2-pkcs11 1.9.0 signs by RSA-PSS and does not list it; only C_GetMechanismInfo tells.
        if present.contains(&MechanismType::RSA_PKCS) && !present.contains(&PSS) {
            let info = self.call("C_GetMechanismInfo", |pkcs11| pkcs11.get_mechanism_info(slot, PSS));
            present.extend(info.is_ok_and(|info| info.sign()).then_some(PSS));
        }
        Ok(present)
    }
}

/// The sizes in bits that `C_GetMechanismInfo` gives for a mechanism that makes keys. Only for RSA and EC keys the
/// standard says what its numbers count (PKCS#11 3.1, 6.1.4 and 6.3.7); a greatest size that is none, such as 0 or a
/// number of bytes, says nothing.
pub(super) fn sizes(algorithm: KeyAlgorithm, min: usize, max: usize) -> Option<RangeInclusive<usize>> {
    let smallest_usual = match algorithm {
        KeyAlgorithm::Rsa { .. } => 1024,
        KeyAlgorithm::Ec(_) => 160,
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => return None,
    };
    (max >= smallest_usual && min <= max).then_some(min..=max)
}

/// One way to make a signature: a mechanism, and what is given to it.
pub(super) struct Signing<'a> {
    pub(super) mechanism: Mechanism<'a>,
    input: Input,
}

/// What `C_Sign` gets.
#[derive(Clone, Copy)]
enum Input {
    /// The message; the module hashes.
    Message,
    /// Its hash.
    Digest(Hash),
    /// A `DigestInfo` with the hash (RFC 8017, 9.2).
    DigestInfo(Hash),
}

impl Signing<'_> {
    /// What is handed to `C_Sign` for this message.
    pub(super) fn input(&self, message: &[u8]) -> Vec<u8> {
        match self.input {
            Input::Message => message.to_vec(),
            Input::Digest(hash) => digest(hash, message),
            Input::DigestInfo(hash) => [digest_info_prefix(hash), &digest(hash, message)].concat(),
        }
    }

    /// What that is, for people.
    pub(super) fn input_name(&self) -> &'static str {
        match self.input {
            Input::Message => "message",
            Input::Digest(_) => "hash",
            Input::DigestInfo(_) => "DigestInfo",
        }
    }
}

/// The first way that the token's mechanism list allows: hashing in the module is preferred, since a
/// validated module then sees the message; else the hash is made here and only the raw operation there.
///
/// # Errors
/// [`Error::MechanismMissing`] names what would do and what is there.
pub(super) fn signing(scheme: SignatureScheme, present: &[MechanismType]) -> Result<Signing<'static>, Error> {
    let ways = ways(scheme);
    let wanted = ways.iter().map(|way| way.mechanism.mechanism_type().to_string()).collect();
    ways.into_iter().find(|way| present.contains(&way.mechanism.mechanism_type())).ok_or_else(|| {
        let word = match scheme {
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_) => "RSA",
            SignatureScheme::Ecdsa(_) => "ECDSA",
            SignatureScheme::Ed25519 => "EDDSA",
            SignatureScheme::MlDsa(_) => "ML_DSA",
        };
        Error::MechanismMissing { doing: format!("sign by {scheme}"), wanted, present: names(present, word) }
    })
}

/// Names of the mechanisms that have `word` in them.
pub(super) fn names(present: &[MechanismType], word: &str) -> Vec<String> {
    present.iter().map(ToString::to_string).filter(|name| name.contains(word)).collect()
}

/// All ways to make a signature of a scheme, best one first.
pub(super) fn ways(scheme: SignatureScheme) -> Vec<Signing<'static>> {
    let way = |mechanism, input| Signing { mechanism, input };
    match scheme {
        SignatureScheme::RsaPkcs1(hash) => {
            let hashing = match hash {
                Hash::Sha256 => Mechanism::Sha256RsaPkcs,
                Hash::Sha384 => Mechanism::Sha384RsaPkcs,
                Hash::Sha512 => Mechanism::Sha512RsaPkcs,
            };
            vec![way(hashing, Input::Message), way(Mechanism::RsaPkcs, Input::DigestInfo(hash))]
        }
        SignatureScheme::RsaPss(hash) => {
            let parameters = pss_parameters(hash);
            let hashing = match hash {
                Hash::Sha256 => Mechanism::Sha256RsaPkcsPss(parameters),
                Hash::Sha384 => Mechanism::Sha384RsaPkcsPss(parameters),
                Hash::Sha512 => Mechanism::Sha512RsaPkcsPss(parameters),
            };
            vec![way(hashing, Input::Message), way(Mechanism::RsaPkcsPss(parameters), Input::Digest(hash))]
        }
        SignatureScheme::Ecdsa(hash) => {
            let hashing = match hash {
                Hash::Sha256 => Mechanism::EcdsaSha256,
                Hash::Sha384 => Mechanism::EcdsaSha384,
                Hash::Sha512 => Mechanism::EcdsaSha512,
            };
            vec![way(hashing, Input::Message), way(Mechanism::Ecdsa, Input::Digest(hash))]
        }
        SignatureScheme::Ed25519 => {
            vec![way(Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)), Input::Message)]
        }
        SignatureScheme::MlDsa(_) => {
            let context = SignAdditionalContext::new(HedgeType::Preferred, None);
            vec![way(Mechanism::MlDsa(context), Input::Message)]
        }
    }
}

fn pss_parameters(hash: Hash) -> PkcsPssParams {
    let (hash_alg, mgf, salt) = match hash {
        Hash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32u8),
        Hash::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48),
        Hash::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
    };
    PkcsPssParams { hash_alg, mgf, s_len: Ulong::from(c_ulong::from(salt)) }
}

fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(message).to_vec(),
        Hash::Sha384 => Sha384::digest(message).to_vec(),
        Hash::Sha512 => Sha512::digest(message).to_vec(),
    }
}

/// The DER of `DigestInfo` up to the hash (RFC 8017, 9.2, note 1).
fn digest_info_prefix(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        Hash::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        Hash::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Curve;

    #[test]
    fn sizes_that_are_none_say_nothing() {
        let rsa = KeyAlgorithm::Rsa { bits: 4096 };
        assert_eq!(sizes(rsa, 1024, 3072), Some(1024..=3072));
        for (min, max) in [(0, 0), (64, 512), (4096, 2048)] {
            assert_eq!(sizes(rsa, min, max), None, "{min} to {max}");
        }
        assert_eq!(sizes(KeyAlgorithm::Ec(Curve::P521), 192, 384), Some(192..=384));
        assert_eq!(sizes(KeyAlgorithm::Ed25519, 192, 256), None);
    }

    #[test]
    fn hashing_in_the_module_is_preferred_and_the_raw_operation_is_the_fallback() {
        let scheme = SignatureScheme::RsaPkcs1(Hash::Sha256);
        let both = [MechanismType::RSA_PKCS, MechanismType::SHA256_RSA_PKCS];
        let best = signing(scheme, &both).unwrap();
        assert_eq!(best.mechanism.mechanism_type(), MechanismType::SHA256_RSA_PKCS);
        assert_eq!(best.input(b"abc"), b"abc");
        let raw = signing(scheme, &both[..1]).unwrap();
        assert_eq!(raw.mechanism.mechanism_type(), MechanismType::RSA_PKCS);
        assert_eq!(raw.input(b"abc").len(), 19 + 32);
        let Err(Error::MechanismMissing { wanted, .. }) = signing(scheme, &[]) else { panic!() };
        assert_eq!(wanted, ["CKM_SHA256_RSA_PKCS", "CKM_RSA_PKCS"]);
    }
}
