//! What a token says of itself, in words: no login is needed for any of it.

use std::fmt;

use super::error::{Doing as _, Error};
use super::module::Module;
use super::slot::TokenInfo;
use super::x9_31::RSA_X9_31_KEY_PAIR_GEN;

/// The mechanisms that certificates need: to make keys, and to sign.
const MECHANISMS: [&str; 13] = [
    "CKM_RSA_PKCS_KEY_PAIR_GEN",
    "CKM_RSA_X9_31_KEY_PAIR_GEN",
    "CKM_EC_KEY_PAIR_GEN",
    "CKM_EC_EDWARDS_KEY_PAIR_GEN",
    "CKM_ML_DSA_KEY_PAIR_GEN",
    "CKM_RSA_PKCS",
    "CKM_SHA256_RSA_PKCS",
    "CKM_RSA_PKCS_PSS",
    "CKM_SHA256_RSA_PKCS_PSS",
    "CKM_ECDSA",
    "CKM_ECDSA_SHA256",
    "CKM_EDDSA",
    "CKM_ML_DSA",
];

/// A flag of `CK_TOKEN_INFO` (PKCS#11 3.1, 3.2) that says what can be done with the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFlag {
    /// No user PIN was set yet.
    PinUnset,
    /// Wrong PINs were given since the last right one.
    PinTriesFew,
    /// One more wrong PIN locks it.
    PinFinalTry,
    /// No PIN is accepted any more.
    PinLocked,
    /// The PIN is the one that the token came with, or has expired.
    PinToBeChanged,
    /// The PIN is typed at the device.
    PinPad,
    /// Nobody has to log in.
    NoLogin,
    /// Nothing can be written.
    WriteProtected,
    /// The security officer's PIN is locked.
    OfficerPinLocked,
    /// One more wrong PIN of the security officer locks it.
    OfficerPinFinalTry,
    /// The security officer's PIN is the one that the token came with, or has expired.
    OfficerPinToBeChanged,
    /// A self-test has failed.
    ErrorState,
}

impl fmt::Display for TokenFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PinUnset => "no user PIN set",
            Self::PinTriesFew => "few PIN tries left",
            Self::PinFinalTry => "one PIN try left",
            Self::PinLocked => "PIN locked",
            Self::PinToBeChanged => "PIN must be changed",
            Self::PinPad => "PIN is typed at the device",
            Self::NoLogin => "no login needed",
            Self::WriteProtected => "write-protected",
            Self::OfficerPinLocked => "security officer's PIN locked",
            Self::OfficerPinFinalTry => "one try of the security officer's PIN left",
            Self::OfficerPinToBeChanged => "security officer's PIN must be changed",
            Self::ErrorState => "error state: a self-test has failed",
        })
    }
}

/// More of a token than is needed to choose it. What the token does not tell is `None`.
#[derive(Debug, Clone)]
pub struct TokenDetails {
    /// The token.
    pub token: TokenInfo,
    /// Version of the firmware.
    pub firmware: String,
    /// What is out of the ordinary.
    pub flags: Vec<TokenFlag>,
    /// Shortest and longest PIN, in bytes.
    pub pin_length: (usize, usize),
    /// Free space for public objects in bytes.
    pub free_public: Option<usize>,
    /// Free space for private objects in bytes.
    pub free_private: Option<usize>,
}

impl Module {
    /// What a token says of itself.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn details(&self, token: &TokenInfo) -> Result<TokenDetails, Error> {
        let slot = token.slot.0;
        let info = self.token_info(slot).doing("describe itself")?;
        let flags = [
            (!info.user_pin_initialized() && info.login_required(), TokenFlag::PinUnset),
            (info.user_pin_count_low(), TokenFlag::PinTriesFew),
            (info.user_pin_final_try(), TokenFlag::PinFinalTry),
            (info.user_pin_locked(), TokenFlag::PinLocked),
            (info.user_pin_to_be_changed(), TokenFlag::PinToBeChanged),
            (info.protected_authentication_path(), TokenFlag::PinPad),
            (!info.login_required(), TokenFlag::NoLogin),
            (info.write_protected(), TokenFlag::WriteProtected),
            (info.so_pin_locked(), TokenFlag::OfficerPinLocked),
            (info.so_pin_final_try(), TokenFlag::OfficerPinFinalTry),
            (info.so_pin_to_be_changed(), TokenFlag::OfficerPinToBeChanged),
            (info.error_state(), TokenFlag::ErrorState),
        ];
        Ok(TokenDetails {
            token: token.clone(),
            firmware: info.firmware_version().to_string(),
            flags: flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).collect(),
            pin_length: (info.min_pin_length(), info.max_pin_length()),
            free_public: info.free_public_memory(),
            free_private: info.free_private_memory(),
        })
    }

    /// The mechanisms that certificates need, as `CKM_...`, and whether the token has them.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn certificate_mechanisms(&self, token: &TokenInfo) -> Result<Vec<(&'static str, bool)>, Error> {
        let slot = token.slot.0;
        let mut present: Vec<String> = self.mechanisms(slot)?.iter().map(ToString::to_string).collect();
        // cryptoki leaves out of the list what it has no name for.
        let info = self.call("C_GetMechanismInfo", |pkcs11| pkcs11.get_mechanism_info(slot, RSA_X9_31_KEY_PAIR_GEN));
        present.extend(info.is_ok().then(|| RSA_X9_31_KEY_PAIR_GEN.to_string()));
        Ok(MECHANISMS.into_iter().map(|name| (name, present.iter().any(|one| one == name))).collect())
    }
}
