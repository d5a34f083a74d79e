//! Tokens in software, and openCryptoki, which has them beside those of IBM's hardware.

use super::quirks::Quirks;
use super::row::Vendor;

/// `SoftHSM`, which also holds the trial token.
pub const SOFTHSM: Vendor = Vendor {
    profile: "softhsm",
    product: "SoftHSM 2",
    sources: &[
        "measured with 2.6.1: CKA_DECRYPT and CKA_UNWRAP are true unless said otherwise, and taken in a template; threads that \
         change objects get CKR_GENERAL_ERROR and lose some",
    ],
    unix: &[
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ],
    macos: &["/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"],
    windows: &["C:\\SoftHSM2\\lib\\softhsm2-x64.dll", "C:\\Program Files\\SoftHSM2\\lib\\softhsm2-x64.dll"],
    software: true,
    quirks: Quirks { deny_uses_in_template: true, ..Quirks::STANDARD },
    ..Vendor::UNKNOWN
};

/// kryoptic.
pub(super) const KRYOPTIC: Vendor = Vendor {
    profile: "kryoptic",
    product: "kryoptic",
    sources: &["measured with 1.5.4: uses said false are taken in a template"],
    unix: &[
        "/usr/lib/x86_64-linux-gnu/pkcs11/libkryoptic_pkcs11.so",
        "/usr/lib64/pkcs11/libkryoptic_pkcs11.so",
        "/usr/local/lib/pkcs11/libkryoptic_pkcs11.so",
    ],
    macos: &["/usr/local/lib/pkcs11/libkryoptic_pkcs11.dylib"],
    software: true,
    quirks: Quirks { deny_uses_in_template: true, ..Quirks::STANDARD },
    ..Vendor::UNKNOWN
};

/// openCryptoki.
pub(super) const OPENCRYPTOKI: Vendor = Vendor {
    profile: "opencryptoki",
    product: "openCryptoki",
    sources: &[
        "openCryptoki documentation, \"Configuring openCryptoki\"",
        "measured with 3.8.1 and its software token: uses said false are taken in a template, PINs have 4 to 8 characters",
    ],
    unix: &[
        "/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so",
        "/usr/lib/x86_64-linux-gnu/opencryptoki/libopencryptoki.so.0",
        "/usr/lib64/pkcs11/libopencryptoki.so",
        "/usr/lib64/opencryptoki/libopencryptoki.so",
        "/usr/lib/s390x-linux-gnu/pkcs11/libopencryptoki.so",
    ],
    quirks: Quirks { deny_uses_in_template: true, changes_side_by_side: true, ..Quirks::STANDARD },
    remarks: &[
        "pkcsslotd must run, and the user be in the group pkcs11",
        "tokens of adapters are hardware; the software token is not, which its model tells (--require-hardware refuses it)",
    ],
    ..Vendor::UNKNOWN
};

/// NSS' token, where Firefox and certutil keep keys.
pub(super) const NSS: Vendor = Vendor {
    profile: "nss",
    product: "NSS softokn",
    sources: &[
        "measured with 3.87: a new key of the same CKA_ID replaces the old one, the same certificate twice is refused",
    ],
    unix: &[
        "/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
        "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
        "/usr/lib64/libsoftokn3.so",
        "/usr/lib/libsoftokn3.so",
    ],
    macos: &["/opt/homebrew/lib/libsoftokn3.dylib", "/usr/local/lib/libsoftokn3.dylib"],
    windows: &["C:\\Program Files\\Mozilla Firefox\\softokn3.dll"],
    software: true,
    needed_variable: Some("NSS_LIB_PARAMS"),
    quirks: Quirks { changes_side_by_side: true, ..Quirks::STANDARD },
    remarks: &[
        "its database is named by init-args in a profile: configdir='sql:/folder' certPrefix='' keyPrefix='' flags=",
        "without init-args it is named by the same text in NSS_LIB_PARAMS",
    ],
    ..Vendor::UNKNOWN
};
