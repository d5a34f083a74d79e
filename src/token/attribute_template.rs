//! The attribute templates that hsmcert sends, one commented line per attribute.

use cryptoki::object::{Attribute, CertificateType, KeyType, MlDsaParameterSetType, ObjectClass};
use cryptoki::types::Ulong;

use super::certificate_object::NewCertificate;
use super::new_key_pair::{Lifetime, NewKeyPair};
use super::template_ladder::Rung;
use super::vendor::Quirks;
use crate::key::{Curve, KeyAlgorithm, MlDsaSet, PublicKey};
use crate::request::KeyPurposes;

/// How `CKA_EC_PARAMS` names Ed25519 (PKCS#11 3.1, 6.3.3): modules take the one or the other form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ed25519Name {
    /// The `PrintableString` "edwards25519" of PKCS#11 3.0.
    Word,
    /// The OID of RFC 8410.
    Oid,
}

/// For `C_GenerateKeyPair`, the public half (PKCS#11 3.1, 4.8 and 6.1.2).
pub(super) fn public_key(pair: &NewKeyPair, ed25519: Ed25519Name, rung: Rung, quirks: &Quirks) -> Vec<Attribute> {
    // Readable without a login, where the product lets it be: GnuTLS, strongSwan and hsmcert look keys up before they
    // log in.
    let private = match rung {
        Rung::Vendor => Some(quirks.public_key_private),
        Rung::Full => Some(false),
        Rung::Minimal => None,
    };
    let mut template = vec![
        // It outlives the session, unless it is only to try the token.
        Attribute::Token(pair.lifetime == Lifetime::Token),
        // Equal on both halves, so that the pair and later its certificate are found together.
        Attribute::Id(pair.id.as_bytes().to_vec()),
        Attribute::Label(pair.label.as_bytes().to_vec()),
    ];
    template.extend(private.map(Attribute::Private));
    // The other half of CKA_SIGN.
    template.extend((rung != Rung::Minimal).then_some(Attribute::Verify(true)));
    match pair.algorithm {
        KeyAlgorithm::Rsa { bits } => {
            template.extend(Ulong::try_from(bits as usize).ok().map(Attribute::ModulusBits));
            // 65537: FIPS 186-5, A.1.1 allows nothing smaller, some HSMs nothing else.
            template.push(Attribute::PublicExponent(vec![0x01, 0x00, 0x01]));
        }
        KeyAlgorithm::Ec(curve) => template.push(Attribute::EcParams(curve_parameters(curve).to_vec())),
        KeyAlgorithm::Ed25519 => template.push(Attribute::EcParams(ed25519_parameters(ed25519).to_vec())),
        KeyAlgorithm::MlDsa(set) => template.push(Attribute::ParameterSet(parameter_set(set).into())),
    }
    if pair.purposes.derive && matches!(pair.algorithm, KeyAlgorithm::Ec(_)) {
        template.push(Attribute::Derive(true));
    }
    if pair.purposes.decrypt && matches!(pair.algorithm, KeyAlgorithm::Rsa { .. }) {
        template.push(Attribute::Encrypt(true));
    }
    template
}

/// For `C_GenerateKeyPair`, the private half (PKCS#11 3.1, 4.9). It says nothing about the size: AWS
/// CloudHSM refuses `CKA_MODULUS_BITS` and `CKA_PUBLIC_EXPONENT` here.
pub(super) fn private_key(pair: &NewKeyPair, rung: Rung, quirks: &Quirks) -> Vec<Attribute> {
    let mut template = vec![
        // It outlives the session, unless it is only to try the token.
        Attribute::Token(pair.lifetime == Lifetime::Token),
        // Only after a login.
        Attribute::Private(true),
        // Its value is never shown in plain text ...
        Attribute::Sensitive(true),
        // ... and cannot be wrapped out of the token either.
        Attribute::Extractable(false),
        // The one thing it is for, beside what is asked for below.
        Attribute::Sign(true),
        Attribute::Id(pair.id.as_bytes().to_vec()),
        Attribute::Label(pair.label.as_bytes().to_vec()),
    ];
    if pair.purposes.derive && matches!(pair.algorithm, KeyAlgorithm::Ec(_)) {
        template.push(Attribute::Derive(true));
    }
    if pair.purposes.decrypt && matches!(pair.algorithm, KeyAlgorithm::Rsa { .. }) {
        template.push(Attribute::Decrypt(true));
    }
    if rung == Rung::Vendor && quirks.deny_uses_in_template {
        template.extend(denied_uses(pair));
    }
    template
}

/// Uses that nobody asked for, said false. Only to modules that are known to take them: tpm2-pkcs11 fails at
/// `CKA_DECRYPT` false, and leaves the key in the TPM.
fn denied_uses(pair: &NewKeyPair) -> Vec<Attribute> {
    let KeyPurposes { decrypt, derive } = pair.purposes;
    let (is_rsa, is_ec) = match pair.algorithm {
        KeyAlgorithm::Rsa { .. } => (true, false),
        KeyAlgorithm::Ec(_) => (false, true),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => (false, false),
    };
    let denied = [
        (!(decrypt && is_rsa), Attribute::Decrypt(false)),
        // Decrypting under another name.
        (true, Attribute::Unwrap(false)),
        (is_ec && !derive, Attribute::Derive(false)),
    ];
    denied.into_iter().filter_map(|(is_denied, attribute)| is_denied.then_some(attribute)).collect()
}

/// Uses of a private key that nobody asked for and that it has all the same: what is not in a template has the module's
/// own default. They are taken away afterwards.
pub(super) fn unwanted_uses(private: &[Attribute], wanted: KeyPurposes) -> Vec<Attribute> {
    let KeyPurposes { decrypt, derive } = wanted;
    let unwanted = private.iter().filter_map(|attribute| match attribute {
        Attribute::Decrypt(true) if !decrypt => Some(Attribute::Decrypt(false)),
        // Decrypting under another name.
        Attribute::Unwrap(true) => Some(Attribute::Unwrap(false)),
        Attribute::Derive(true) if !derive => Some(Attribute::Derive(false)),
        _ => None,
    });
    unwanted.collect()
}

/// For `C_CreateObject` of an X.509 certificate (PKCS#11 3.1, 4.6.3). No `CKA_TRUSTED` (the security
/// officer's), no category, no dates: `YubiHSM` refuses unknown attributes, AWS CloudHSM other values.
pub(super) fn certificate(certificate: &NewCertificate<'_>) -> Vec<Attribute> {
    let NewCertificate { id, label, subject, issuer, serial, value } = certificate;
    vec![
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
        // It outlives the session.
        Attribute::Token(true),
        // Readable without a login: GnuTLS offers no certificate that it cannot read before.
        Attribute::Private(false),
        // The link: Java, NSS, OpenSSL's engine and strongSwan match by it.
        Attribute::Id(id.as_bytes().to_vec()),
        // Java's alias, and what people type.
        Attribute::Label(label.as_bytes().to_vec()),
        // Needed by the standard; Java builds its chain by it.
        Attribute::Subject(subject.to_vec()),
        // NSS does not list a certificate without these two.
        Attribute::Issuer(issuer.to_vec()),
        Attribute::SerialNumber(serial.to_vec()),
        Attribute::Value(value.to_vec()),
    ]
}

/// For `C_CreateObject` of a public key (PKCS#11 3.1, 4.8 and chapter 6): what is not found by a search for it.
pub(super) fn public_half(key: &PublicKey, ed25519: Ed25519Name) -> Vec<Attribute> {
    let parameters = match key {
        PublicKey::Rsa { exponent, .. } => Attribute::PublicExponent(exponent.clone()),
        PublicKey::Ec { curve, .. } => Attribute::EcParams(curve_parameters(*curve).to_vec()),
        PublicKey::Ed25519(_) => Attribute::EcParams(ed25519_parameters(ed25519).to_vec()),
        PublicKey::MlDsa { set, .. } => Attribute::ParameterSet(parameter_set(*set).into()),
    };
    vec![
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        // It outlives the session.
        Attribute::Token(true),
        // The other half of CKA_SIGN.
        Attribute::Verify(true),
        parameters,
    ]
}

/// `CKA_EC_PARAMS`: the DER of the curve's OID (RFC 5480, 2.1.1.1).
fn curve_parameters(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
    }
}

/// The curve of a `CKA_EC_PARAMS` value.
pub(super) fn curve_of(parameters: &[u8]) -> Option<Curve> {
    [Curve::P256, Curve::P384, Curve::P521].into_iter().find(|curve| curve_parameters(*curve) == parameters)
}

fn ed25519_parameters(name: Ed25519Name) -> &'static [u8] {
    match name {
        Ed25519Name::Word => b"\x13\x0cedwards25519",
        Ed25519Name::Oid => &[0x06, 0x03, 0x2b, 0x65, 0x70],
    }
}

/// Whether a `CKA_EC_PARAMS` value names Ed25519.
pub(super) fn is_ed25519(parameters: &[u8]) -> bool {
    [Ed25519Name::Word, Ed25519Name::Oid].into_iter().any(|name| ed25519_parameters(name) == parameters)
}

/// `CKA_PARAMETER_SET` of ML-DSA (PKCS#11 3.2).
pub(super) fn parameter_set(set: MlDsaSet) -> MlDsaParameterSetType {
    match set {
        MlDsaSet::MlDsa44 => MlDsaParameterSetType::ML_DSA_44,
        MlDsaSet::MlDsa65 => MlDsaParameterSetType::ML_DSA_65,
        MlDsaSet::MlDsa87 => MlDsaParameterSetType::ML_DSA_87,
    }
}

/// `CKA_KEY_TYPE` of an algorithm.
pub(super) fn key_type(algorithm: KeyAlgorithm) -> KeyType {
    match algorithm {
        KeyAlgorithm::Rsa { .. } => KeyType::RSA,
        KeyAlgorithm::Ec(_) => KeyType::EC,
        KeyAlgorithm::Ed25519 => KeyType::EC_EDWARDS,
        KeyAlgorithm::MlDsa(_) => KeyType::ML_DSA,
    }
}
