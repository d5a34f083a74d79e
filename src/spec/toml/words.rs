//! The words of the format: lists of `(word, meaning)`, and what to say about a word that is on none.

use super::placed::Placed;
use crate::key::{Curve, Hash, MlDsaSet};
use crate::request::{Oid, StringType};
use crate::spec::{Diagnostic, oid, suggest};

/// keyUsage bits (RFC 5280, 4.2.1.3).
pub(super) const KEY_USAGES: &[(&str, u16)] = &[
    ("digital-signature", 0),
    ("non-repudiation", 1),
    ("key-encipherment", 2),
    ("data-encipherment", 3),
    ("key-agreement", 4),
    ("key-cert-sign", 5),
    ("crl-sign", 6),
    ("encipher-only", 7),
    ("decipher-only", 8),
];

/// id-kp-serverAuth (RFC 5280, 4.2.1.12).
pub(super) const SERVER_AUTH: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.1");

/// The names of key purposes in [`oid::EXTENDED_KEY_USAGES`], as this format spells them.
pub(super) const PURPOSES: &[(&str, ())] = &[
    ("server-auth", ()),
    ("client-auth", ()),
    ("code-signing", ()),
    ("email-protection", ()),
    ("time-stamping", ()),
    ("ocsp-signing", ()),
    ("ipsec-ike", ()),
    ("document-signing", ()),
    ("any-extended-key-usage", ()),
    ("pkinit-client-auth", ()),
    ("pkinit-kdc", ()),
    ("smart-card-logon", ()),
    ("enrollment-agent", ()),
    ("remote-desktop", ()),
    ("encrypting-file-system", ()),
    ("file-recovery", ()),
    ("ms-document-signing", ()),
    ("document-encryption", ()),
    ("lifetime-signing", ()),
    ("key-recovery-agent", ()),
];

/// The key purpose with this name or object identifier.
///
/// # Errors
/// Neither of them, with the nearest name.
pub(super) fn purpose(word: &Placed<String>) -> Result<Oid, Diagnostic> {
    if let Ok(oid) = Oid::new(&word.value) {
        return Ok(oid);
    }
    look_up(PURPOSES, word, "extended key usage")?;
    oid::extended_key_usage(&word.value).ok_or_else(|| unknown(PURPOSES, word, "extended key usage"))
}

/// What an `algorithm` word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Rsa,
    /// The curve is in `curve`.
    Ecdsa,
    EcdsaOn(Curve),
    Ed25519,
    MlDsa(MlDsaSet),
}

pub(super) const ALGORITHMS: &[(&str, Family)] = &[
    ("rsa", Family::Rsa),
    ("ecdsa", Family::Ecdsa),
    ("ecdsa-p256", Family::EcdsaOn(Curve::P256)),
    ("ecdsa-p384", Family::EcdsaOn(Curve::P384)),
    ("ecdsa-p521", Family::EcdsaOn(Curve::P521)),
    ("ed25519", Family::Ed25519),
    ("ml-dsa-44", Family::MlDsa(MlDsaSet::MlDsa44)),
    ("ml-dsa-65", Family::MlDsa(MlDsaSet::MlDsa65)),
    ("ml-dsa-87", Family::MlDsa(MlDsaSet::MlDsa87)),
];

pub(super) const CURVES: &[(&str, Curve)] = &[("p256", Curve::P256), ("p384", Curve::P384), ("p521", Curve::P521)];

pub(super) const HASHES: &[(&str, Hash)] =
    &[("sha256", Hash::Sha256), ("sha384", Hash::Sha384), ("sha512", Hash::Sha512)];

pub(super) const STRING_TYPES: &[(&str, StringType)] = &[
    ("utf8", StringType::Utf8),
    ("printable", StringType::Printable),
    ("ia5", StringType::Ia5),
    ("teletex", StringType::Teletex),
    ("bmp", StringType::Bmp),
];

/// The extensions that `critical` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExtensionKey {
    KeyUsage,
    ExtendedKeyUsage,
    BasicConstraints,
    CertificatePolicies,
    ApplicationPolicies,
    NameConstraints,
    San,
    MustStaple,
    Template,
    TemplateOid,
    SubjectKeyIdentifier,
}

pub(super) const EXTENSION_KEYS: &[(&str, ExtensionKey)] = &[
    ("key-usage", ExtensionKey::KeyUsage),
    ("extended-key-usage", ExtensionKey::ExtendedKeyUsage),
    ("basic-constraints", ExtensionKey::BasicConstraints),
    ("certificate-policies", ExtensionKey::CertificatePolicies),
    ("application-policies", ExtensionKey::ApplicationPolicies),
    ("name-constraints", ExtensionKey::NameConstraints),
    ("san", ExtensionKey::San),
    ("must-staple", ExtensionKey::MustStaple),
    ("template", ExtensionKey::Template),
    ("template-oid", ExtensionKey::TemplateOid),
    ("subject-key-identifier", ExtensionKey::SubjectKeyIdentifier),
];

impl ExtensionKey {
    /// The type of the extension.
    pub(super) fn oid(self) -> Oid {
        match self {
            Self::KeyUsage => Oid::new_unwrap("2.5.29.15"),
            Self::ExtendedKeyUsage => Oid::new_unwrap("2.5.29.37"),
            Self::BasicConstraints => Oid::new_unwrap("2.5.29.19"),
            Self::CertificatePolicies => Oid::new_unwrap("2.5.29.32"),
            Self::ApplicationPolicies => Oid::new_unwrap("1.3.6.1.4.1.311.21.10"),
            Self::NameConstraints => Oid::new_unwrap("2.5.29.30"),
            Self::San => Oid::new_unwrap("2.5.29.17"),
            Self::MustStaple => Oid::new_unwrap("1.3.6.1.5.5.7.1.24"),
            Self::Template => Oid::new_unwrap("1.3.6.1.4.1.311.20.2"),
            Self::TemplateOid => Oid::new_unwrap("1.3.6.1.4.1.311.21.7"),
            Self::SubjectKeyIdentifier => Oid::new_unwrap("2.5.29.14"),
        }
    }
}

/// The extension with this key or object identifier.
///
/// # Errors
/// Neither of them, with the nearest key.
pub(super) fn extension(word: &Placed<String>) -> Result<Oid, Diagnostic> {
    match Oid::new(&word.value) {
        Ok(oid) => Ok(oid),
        Err(_) => look_up(EXTENSION_KEYS, word, "extension").map(ExtensionKey::oid),
    }
}

/// Uses of a private key beside signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Decrypt,
    Derive,
}

pub(super) const KEY_PURPOSES: &[(&str, Purpose)] = &[("decrypt", Purpose::Decrypt), ("derive", Purpose::Derive)];

/// What the word means.
///
/// # Errors
/// A word that is not on the list, with the nearest one that is. `what` names the kind, as in `key usage`.
pub(super) fn look_up<T: Copy>(list: &[(&str, T)], word: &Placed<String>, what: &str) -> Result<T, Diagnostic> {
    match list.iter().find(|(known, _)| *known == word.value) {
        Some((_, meaning)) => Ok(*meaning),
        None => Err(unknown(list, word, what)),
    }
}

/// The error about a word that is not on the list.
pub(super) fn unknown<T>(list: &[(&str, T)], word: &Placed<String>, what: &str) -> Diagnostic {
    let words: Vec<&str> = list.iter().map(|(known, _)| *known).collect();
    let error = Diagnostic::error(format!("unknown {what} `{}`", word.value), Some(word.span))
        .expecting(format!("one of {}", words.join(", ")));
    match nearest(&word.value, &words) {
        Some(near) => error.help(format!("did you mean \"{near}\"?")),
        None => error,
    }
}

/// The nearest word, where `digitalSignature`, `SHA-256` and `P-256` are spelled otherwise, not wrongly.
fn nearest<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    let plain = |word: &str| word.replace(['-', '_', ' '], "").to_lowercase();
    let meant = match plain(word).as_str() {
        "subjectaltname" | "subjectalternativename" => "san".to_owned(),
        other => other.to_owned(),
    };
    let same = words.iter().find(|known| plain(known) == meant).copied();
    same.or_else(|| suggest::nearest(word, words.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_purpose_has_its_word() {
        let oids: Vec<_> = PURPOSES.iter().map(|(word, ())| oid::extended_key_usage(word).unwrap()).collect();
        let expected: Vec<_> = oid::EXTENDED_KEY_USAGES.iter().map(|(_, oid)| *oid).collect();
        assert_eq!(oids, expected);
    }
}
