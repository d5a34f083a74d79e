//! The mechanism that makes a pair: the one that the vendor prefers, if the token has it, else the usual one.

use std::ffi::c_ulong;

use cryptoki::mechanism::vendor_defined::{CKM_VENDOR_DEFINED, VendorDefinedMechanism};
use cryptoki::mechanism::{Mechanism, MechanismType};

use super::error::Error;
use super::mechanism;
use super::new_key_pair::NewKeyPair;
use super::session::Session;
use super::vendor::RsaGeneration;
use super::x9_31::RSA_X9_31_KEY_PAIR_GEN;
use crate::key::KeyAlgorithm;

/// `CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN` of Thales Luna.
const LUNA_FIPS_186_3: c_ulong = CKM_VENDOR_DEFINED + 0x143;

impl Session<'_> {
    /// The mechanisms that may make the pair, in the order in which they are tried.
    pub(super) fn generation_mechanisms(&self, pair: &NewKeyPair) -> Vec<Mechanism<'static>> {
        let rsa = match (pair.algorithm, pair.rsa_generation) {
            (KeyAlgorithm::Rsa { .. }, Some(forced)) => vec![forced],
            (KeyAlgorithm::Rsa { .. }, None) => {
                let preferred = self.quirks().rsa_generation;
                let others = [RsaGeneration::RsaPkcs, RsaGeneration::RsaX931];
                std::iter::once(preferred).chain(others.into_iter().filter(|other| *other != preferred)).collect()
            }
            (KeyAlgorithm::Ec(_), _) => return vec![Mechanism::EccKeyPairGen],
            (KeyAlgorithm::Ed25519, _) => return vec![Mechanism::EccEdwardsKeyPairGen],
            (KeyAlgorithm::MlDsa(_), _) => return vec![Mechanism::MlDsaKeyPairGen],
        };
        rsa.into_iter().map(rsa_mechanism).collect()
    }

    /// The first of them that the token has.
    ///
    /// # Errors
    /// [`Error::MechanismMissing`], [`Error::Call`].
    pub(super) fn generation_mechanism(&self, pair: &NewKeyPair) -> Result<MechanismType, Error> {
        let wanted: Vec<_> = self.generation_mechanisms(pair).iter().map(Mechanism::mechanism_type).collect();
        for mechanism in &wanted {
            if self.has_mechanism(*mechanism)? {
                return Ok(*mechanism);
            }
        }
        // That the mechanism which only some vendors define is not there says nothing to the others.
        let named = wanted.iter().filter(|mechanism| wanted.len() == 1 || ***mechanism < CKM_VENDOR_DEFINED);
        Err(Error::MechanismMissing {
            doing: format!("make a key of type {}", pair.algorithm),
            wanted: named.map(ToString::to_string).collect(),
            present: mechanism::names(self.mechanisms()?, "KEY_PAIR_GEN"),
        })
    }

    /// cryptoki leaves out of `C_GetMechanismList` what it has no name for.
    fn has_mechanism(&self, mechanism: MechanismType) -> Result<bool, Error> {
        if self.mechanisms()?.contains(&mechanism) {
            return Ok(true);
        }
        let is_unnamed = mechanism == RSA_X9_31_KEY_PAIR_GEN || *mechanism >= CKM_VENDOR_DEFINED;
        let slot = self.token().slot.0;
        let info = || self.module.call("C_GetMechanismInfo", |pkcs11| pkcs11.get_mechanism_info(slot, mechanism));
        Ok(is_unnamed && info().is_ok())
    }
}

fn rsa_mechanism(generation: RsaGeneration) -> Mechanism<'static> {
    let unnamed = |mechanism| Mechanism::VendorDefined(VendorDefinedMechanism::new::<()>(mechanism, None));
    match generation {
        RsaGeneration::RsaPkcs => Mechanism::RsaPkcsKeyPairGen,
        RsaGeneration::RsaX931 => unnamed(RSA_X9_31_KEY_PAIR_GEN),
        RsaGeneration::LunaFips186 => {
            MechanismType::new_vendor_defined(LUNA_FIPS_186_3).map_or(Mechanism::RsaPkcsKeyPairGen, unnamed)
        }
    }
}

/// The name of a mechanism, for people.
pub(super) fn name(mechanism: &Mechanism<'_>) -> String {
    match *mechanism.mechanism_type() {
        LUNA_FIPS_186_3 => "CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN".to_owned(),
        _ => mechanism.mechanism_type().to_string(),
    }
}
