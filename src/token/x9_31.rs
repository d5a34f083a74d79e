//! `CKM_RSA_X9_31_KEY_PAIR_GEN`, which cryptoki 0.12 does not have: neither a constant nor a way to name its number.
#![allow(unsafe_code)]

use std::ffi::c_ulong;

use cryptoki::mechanism::MechanismType;

/// PKCS#11 3.1, 6.1.5.
const NUMBER: c_ulong = 0xa;

/// The mechanism.
// SAFETY: `MechanismType` is `repr(transparent)` over `CK_MECHANISM_TYPE`, which is `c_ulong`, and every number is one
// that it may hold: a newer cryptoki with another layout does not compile, as the sizes differ then.
pub(super) const RSA_X9_31_KEY_PAIR_GEN: MechanismType =
    unsafe { std::mem::transmute::<c_ulong, MechanismType>(NUMBER) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_name_of_the_standard() {
        assert_eq!(*RSA_X9_31_KEY_PAIR_GEN, NUMBER);
        assert_eq!(RSA_X9_31_KEY_PAIR_GEN.to_string(), "CKM_RSA_X9_31_KEY_PAIR_GEN");
    }
}
