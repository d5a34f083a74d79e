//! The key pair and the signature.

use super::super::super::write::{Lost, Part};
use super::value::setting;
use crate::key::{Curve, Hash, KeyAlgorithm};
use crate::request::{KeyPurposes, KeyRequest, KeySource, RequestSpec, SignatureRequest};

/// The label of a key that must be found, where a TOML leaves it to the names: `UseExistingKeySet` wants it spelt out.
pub(super) fn label_to_find(request: &RequestSpec) -> Option<String> {
    match request.key.source {
        KeySource::Existing => request.label(),
        KeySource::Generate => None,
    }
}

/// The lines about the key.
pub(super) fn write(
    key: &KeyRequest,
    label: Option<String>,
    signature: SignatureRequest,
    lost: &mut Vec<Lost>,
) -> Vec<String> {
    let KeyRequest { algorithm, label: _, source, purposes } = key;
    let SignatureRequest { hash, pss } = signature;
    let mut lines = match algorithm {
        KeyAlgorithm::Rsa { bits } => vec!["KeyAlgorithm = RSA".to_owned(), format!("KeyLength = {bits}")],
        KeyAlgorithm::Ec(curve) => vec![format!("KeyAlgorithm = {}", curve_name(*curve))],
        KeyAlgorithm::Ed25519 => vec!["KeyAlgorithm = Ed25519".to_owned()],
        KeyAlgorithm::MlDsa(set) => vec![format!("KeyAlgorithm = ML-DSA-{}", set.number())],
    };
    lines.extend(purposes_line(*algorithm, *purposes, lost));
    let no_label = label.is_none();
    lines.extend(label.and_then(|label| setting("KeyContainer", &label, Part::Key, lost)));
    match source {
        KeySource::Generate => {}
        KeySource::Existing => {
            if no_label {
                let what = "key.reuse without key.label, a CN or a SAN: an INF names the key by KeyContainer";
                lost.push(Lost::new(Part::Key, what));
            }
            lines.push("UseExistingKeySet = TRUE".to_owned());
        }
    }
    lines.extend(hash.map(|hash| format!("HashAlgorithm = {}", hash_name(hash))));
    lines.extend(pss.then(|| "AlternateSignatureAlgorithm = TRUE".to_owned()));
    lines
}

fn curve_name(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "ECDSA_P256",
        Curve::P384 => "ECDSA_P384",
        Curve::P521 => "ECDSA_P521",
    }
}

fn hash_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    }
}

/// `KeyUsageProperty` for a key that does more than sign.
fn purposes_line(algorithm: KeyAlgorithm, purposes: KeyPurposes, lost: &mut Vec<Lost>) -> Option<String> {
    let KeyPurposes { decrypt, derive } = purposes;
    let (can_decrypt, can_derive) = match algorithm {
        KeyAlgorithm::Rsa { .. } => (true, false),
        KeyAlgorithm::Ec(_) => (false, true),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => (false, false),
    };
    for (wanted, can, word) in [(decrypt, can_decrypt, "decrypt"), (derive, can_derive, "derive")] {
        if wanted && !can {
            let what = format!("key.purposes = \"{word}\": in an INF an {algorithm} key does not do that");
            lost.push(Lost::new(Part::Key, what));
        }
    }
    let purpose = match (decrypt && can_decrypt, derive && can_derive) {
        (true, _) => "NCRYPT_ALLOW_DECRYPT_FLAG",
        (false, true) => "NCRYPT_ALLOW_KEY_AGREEMENT_FLAG",
        (false, false) => return None,
    };
    Some(format!("KeyUsageProperty = \"NCRYPT_ALLOW_SIGNING_FLAG | {purpose}\""))
}
