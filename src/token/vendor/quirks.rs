//! Where a product is unlike the standard, as values that the code acts on.
//!
//! The names of the fields are those of `[profile.NAME.quirks]` in `hsmcert.toml`, in kebab case.

use serde::{Deserialize, Serialize};

/// How a token wants to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quirks {
    /// Length of a new `CKA_ID` in bytes.
    pub id_length: usize,
    /// A key has one name, which is its `CKA_ID` and its `CKA_LABEL`; only letters and digits are taken.
    pub label_is_id: bool,
    /// The greatest length of a `CKA_LABEL` in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_length: Option<usize>,
    /// `C_FindObjects` finds keys by their public key (`CKA_MODULUS`, `CKA_EC_POINT`); else all are read and compared.
    pub finds_by_public_key: bool,
    /// `CKA_PRIVATE` of a new public key.
    pub public_key_private: bool,
    /// Uses that nobody asked for are said false when a private key is made; else they are taken away afterwards.
    pub deny_uses_in_template: bool,
    /// What `C_SetAttributeValue` changes.
    pub changes: Changes,
    /// The mechanism by which RSA keys are made, if the token has it.
    pub rsa_generation: RsaGeneration,
    /// `C_GenerateKeyPair` makes keys from the attributes of the standard.
    pub generates_keys: bool,
    /// Whether the token holds certificates.
    pub certificates: Certificates,
    /// Two certificates may have one `CKA_ID` for a moment, so that a new one is proved before the old one goes.
    pub certificates_share_id: bool,
    /// Objects are changed in several sessions at once, a thread each; else one after the other.
    pub changes_side_by_side: bool,
    /// So many seconds a new key may need until it can be used: it is not on every HSM of a cluster yet.
    pub new_key_seconds: u64,
    /// So many seconds a refused operation on certificates is tried again: the token limits their rate.
    pub certificate_retry_seconds: u64,
}

impl Quirks {
    /// What hsmcert does with a module that it does not know. A `CKA_ID` of 16 random bytes is too long for two tools
    /// to meet, and short enough for all modules but `YubiHSM`'s.
    pub const STANDARD: Self = Self {
        id_length: 16,
        label_is_id: false,
        label_length: None,
        finds_by_public_key: true,
        public_key_private: false,
        deny_uses_in_template: false,
        changes: Changes::All,
        rsa_generation: RsaGeneration::RsaPkcs,
        generates_keys: true,
        certificates: Certificates::Stored,
        certificates_share_id: true,
        changes_side_by_side: false,
        new_key_seconds: 0,
        certificate_retry_seconds: 0,
    };
}

/// What `C_SetAttributeValue` changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changes {
    /// Attributes of keys and certificates.
    All,
    /// Attributes of certificates only.
    Certificates,
    /// None.
    Nothing,
}

/// The mechanisms that make RSA keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RsaGeneration {
    /// `CKM_RSA_PKCS_KEY_PAIR_GEN` (PKCS#11 3.1, 6.1.4).
    RsaPkcs,
    /// `CKM_RSA_X9_31_KEY_PAIR_GEN` (PKCS#11 3.1, 6.1.5).
    #[serde(rename = "rsa-x9.31")]
    RsaX931,
    /// `CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN`, which Thales Luna defines (`CKM_VENDOR_DEFINED` + 0x143).
    #[serde(rename = "luna-fips-186-3")]
    LunaFips186,
}

/// Whether a token holds certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificates {
    /// As objects of their own.
    Stored,
    /// After they were enabled.
    OffAtFirst,
    /// Never.
    Never,
    /// Each as a part of a key, so that those of CAs have no place.
    WithKey,
}
