//! HSMs of one's own, and the TPM.

use super::pin_form::PinForm;
use super::quirks::{Certificates, Changes, Quirks, RsaGeneration};
use super::row::Vendor;

/// Thales Luna.
pub(super) const LUNA: Vendor = Vendor {
    profile: "luna",
    product: "Thales Luna",
    sources: &[
        "Thales Luna HSM client documentation, \"PKCS#11 libraries\"",
        "Keyfactor, \"Thales Luna HSM\", section \"Using Luna 6.x/7.x in FIPS Mode\": only key generation by FIPS 186-3 is approved there",
        "GnuTLS issue 418: the numbers of Luna's mechanisms",
    ],
    providers: &["SafeNet Key Storage Provider", "Luna Key Storage Provider"],
    unix: &["/usr/safenet/lunaclient/lib/libCryptoki2_64.so", "/usr/lib/libCryptoki2_64.so"],
    windows: &["C:\\Program Files\\SafeNet\\LunaClient\\cryptoki.dll"],
    quirks: Quirks { rsa_generation: RsaGeneration::LunaFips186, ..Quirks::STANDARD },
    remarks: &["the PIN is that of the crypto officer"],
    ..Vendor::UNKNOWN
};

/// Entrust nShield.
pub(super) const NSHIELD: Vendor = Vendor {
    profile: "nshield",
    product: "Entrust nShield",
    sources: &["Entrust nShield Security World documentation, \"PKCS #11\""],
    providers: &["nCipher Security World Key Storage Provider"],
    unix: &["/opt/nfast/toolkits/pkcs11/libcknfast.so"],
    windows: &["C:\\Program Files\\nCipher\\nfast\\toolkits\\pkcs11\\cknfast.dll"],
    remarks: &["a key that an operator card set protects needs its quorum for each login"],
    ..Vendor::UNKNOWN
};

/// `YubiHSM` 2.
pub(super) const YUBIHSM: Vendor = Vendor {
    profile: "yubihsm",
    product: "YubiHSM 2",
    sources: &[
        "Yubico, \"PKCS#11 with YubiHSM 2\"",
        "Yubico/yubihsm-shell, pkcs11/util_pkcs11.c, parse_rsa_generate_template: the attributes that are taken, ids of two bytes",
        "Yubico/yubihsm-shell, pkcs11/yubihsm_pkcs11.c, C_FindObjectsInit: nothing is found by CKA_MODULUS or CKA_EC_POINT",
    ],
    providers: &["YubiHSM Key Storage Provider"],
    unix: &[
        "/usr/lib/x86_64-linux-gnu/pkcs11/yubihsm_pkcs11.so",
        "/usr/lib64/pkcs11/yubihsm_pkcs11.so",
        "/usr/local/lib/pkcs11/yubihsm_pkcs11.so",
    ],
    macos: &["/usr/local/lib/pkcs11/yubihsm_pkcs11.dylib"],
    windows: &["C:\\Program Files\\Yubico\\YubiHSM Shell\\bin\\pkcs11\\yubihsm_pkcs11.dll"],
    pin: PinForm::KeyIdPassword,
    quirks: Quirks { id_length: 2, finds_by_public_key: false, certificates_share_id: false, ..Quirks::STANDARD },
    remarks: &[
        "the PIN is the id of the authentication key in four hex digits and its password: 0001password",
        "the subject of a certificate object reads back empty, so that Java builds no chain from it",
    ],
    ..Vendor::UNKNOWN
};

/// Nitrokey `NetHSM`.
pub(super) const NETHSM: Vendor = Vendor {
    profile: "nethsm",
    product: "Nitrokey NetHSM",
    sources: &[
        "Nitrokey/nethsm-pkcs11, pkcs11/src/backend/key.rs: a CKA_ID of other than letters and digits becomes hex, the label is the id, \
         a certificate is put to the key of its id",
        "Nitrokey/nethsm-pkcs11, pkcs11/src/backend/session.rs, delete_object: a private key is deleted with all its parts",
        "Nitrokey/nethsm-pkcs11, issues 183 and 260: no certificate without a key, and none survives its key",
    ],
    unix: &["/usr/lib/x86_64-linux-gnu/pkcs11/libnethsm_pkcs11.so", "/usr/lib/nitrokey/libnethsm_pkcs11.so"],
    quirks: Quirks {
        label_is_id: true,
        changes: Changes::Nothing,
        certificates: Certificates::WithKey,
        certificates_share_id: false,
        ..Quirks::STANDARD
    },
    remarks: &["keys are made with the PIN of an administrator, and used with that of an operator"],
    ..Vendor::UNKNOWN
};

/// Utimaco `SecurityServer`.
pub(super) const UTIMACO: Vendor = Vendor {
    profile: "utimaco",
    product: "Utimaco SecurityServer",
    sources: &["Utimaco, \"CryptoServer PKCS#11 R2 Developer Guide\""],
    providers: &["Utimaco CryptoServer Key Storage Provider"],
    unix: &[
        "/usr/lib/utimaco/libcs_pkcs11_R3.so",
        "/opt/utimaco/lib/libcs_pkcs11_R3.so",
        "/usr/lib/utimaco/libcs_pkcs11_R2.so",
        "/opt/utimaco/lib/libcs_pkcs11_R2.so",
    ],
    windows: &[
        "C:\\Program Files\\Utimaco\\SecurityServer\\Lib\\cs_pkcs11_R3.dll",
        "C:\\Program Files\\Utimaco\\CryptoServer\\Lib\\cs_pkcs11_R2.dll",
    ],
    ..Vendor::UNKNOWN
};

/// A TPM 2.0; Windows reaches it through its platform provider.
pub(super) const TPM2: Vendor = Vendor {
    profile: "tpm2",
    product: "TPM 2.0 (tpm2-pkcs11)",
    sources: &[
        "tpm2-software/tpm2-pkcs11, docs/INITIALIZING.md",
        "measured with 1.9.0: CKA_DECRYPT false in a template gives CKR_GENERAL_ERROR and leaves a key in the TPM",
    ],
    providers: &["Microsoft Platform Crypto Provider"],
    unix: &[
        "/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
        "/usr/lib/x86_64-linux-gnu/libtpm2_pkcs11.so.1",
        "/usr/lib64/pkcs11/libtpm2_pkcs11.so",
    ],
    remarks: &["a certificate got an id of its own before version 1.3 (issue 340)"],
    ..Vendor::UNKNOWN
};
