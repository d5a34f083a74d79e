//! Names of extended key usages (RFC 5280, 4.2.1.12).

use super::Oid;

/// Names of extended key usages: RFC 5280, 4.2.1.12; RFC 4556 (KDC); RFC 9336 (document signing); Microsoft's
/// "Object IDs associated with Microsoft cryptography".
pub const EXTENDED_KEY_USAGES: &[(&str, Oid)] = &[
    ("serverAuth", Oid::new_unwrap("1.3.6.1.5.5.7.3.1")),
    ("clientAuth", Oid::new_unwrap("1.3.6.1.5.5.7.3.2")),
    ("codeSigning", Oid::new_unwrap("1.3.6.1.5.5.7.3.3")),
    ("emailProtection", Oid::new_unwrap("1.3.6.1.5.5.7.3.4")),
    ("timeStamping", Oid::new_unwrap("1.3.6.1.5.5.7.3.8")),
    ("OCSPSigning", Oid::new_unwrap("1.3.6.1.5.5.7.3.9")),
    ("ipsecIKE", Oid::new_unwrap("1.3.6.1.5.5.7.3.17")),
    ("documentSigning", Oid::new_unwrap("1.3.6.1.5.5.7.3.36")),
    ("anyExtendedKeyUsage", Oid::new_unwrap("2.5.29.37.0")),
    ("pkinitClientAuth", Oid::new_unwrap("1.3.6.1.5.2.3.4")),
    ("pkinitKDC", Oid::new_unwrap("1.3.6.1.5.2.3.5")),
    ("smartcardLogon", Oid::new_unwrap("1.3.6.1.4.1.311.20.2.2")),
    ("enrollmentAgent", Oid::new_unwrap("1.3.6.1.4.1.311.20.2.1")),
    ("remoteDesktop", Oid::new_unwrap("1.3.6.1.4.1.311.54.1.2")),
    ("encryptingFileSystem", Oid::new_unwrap("1.3.6.1.4.1.311.10.3.4")),
    ("fileRecovery", Oid::new_unwrap("1.3.6.1.4.1.311.10.3.4.1")),
    ("msDocumentSigning", Oid::new_unwrap("1.3.6.1.4.1.311.10.3.12")),
    ("documentEncryption", Oid::new_unwrap("1.3.6.1.4.1.311.80.1")),
    ("lifetimeSigning", Oid::new_unwrap("1.3.6.1.4.1.311.10.3.13")),
    ("keyRecoveryAgent", Oid::new_unwrap("1.3.6.1.4.1.311.21.6")),
];

/// The name of a key purpose; `None` for one that is not in [`EXTENDED_KEY_USAGES`].
#[must_use]
pub fn extended_key_usage_name(purpose: Oid) -> Option<&'static str> {
    EXTENDED_KEY_USAGES.iter().find(|(_, oid)| *oid == purpose).map(|(name, _)| *name)
}
