//! The key pair and the signature.

use crate::key::{Curve, Hash, KeyAlgorithm};
use crate::request::{KeyPurposes, KeyRequest, KeySource, SignatureRequest};
use crate::spec::Diagnostic;
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{Key, Signature};
use crate::spec::toml::placed::Placed;
use crate::spec::toml::words::{self, ALGORITHMS, CURVES, Family, HASHES, KEY_PURPOSES, Purpose};

/// The key; RSA with 2048 bits where the file says nothing.
pub(super) fn read(key: Key, found: &mut Findings<'_>) -> KeyRequest {
    let Key { algorithm, size, curve, label, reuse, purposes } = key;
    if let Some(label) = label.as_ref().filter(|label| label.value.is_empty()) {
        let error = Diagnostic::error("the label is empty", Some(label.span));
        found.push(error.help("leave it out: the label is then the CN, or the first alternative name"));
    }
    let algorithm = self::algorithm(algorithm, size, curve, found);
    let purposes = purposes.map(|words| words.items).unwrap_or_default();
    if let (true, Some(first)) = (reuse, purposes.first()) {
        let error = Diagnostic::error("an existing key keeps its own uses", Some(first.span));
        found.push(error.help("leave purposes out"));
    }
    KeyRequest {
        algorithm,
        label: label.map(|label| label.value),
        source: if reuse { KeySource::Existing } else { KeySource::Generate },
        purposes: if reuse { KeyPurposes::default() } else { self::purposes(purposes, algorithm, found) },
    }
}

fn purposes(words: Vec<Placed<String>>, algorithm: KeyAlgorithm, found: &mut Findings<'_>) -> KeyPurposes {
    let mut wanted = KeyPurposes::default();
    for word in words {
        let Some(purpose) = found.take(words::look_up(KEY_PURPOSES, &word, "purpose")) else { continue };
        match (purpose, algorithm) {
            (Purpose::Decrypt, KeyAlgorithm::Rsa { .. }) => wanted.decrypt = true,
            (Purpose::Derive, KeyAlgorithm::Ec(_)) => wanted.derive = true,
            (Purpose::Decrypt, KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_))
            | (Purpose::Derive, KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_)) => {
                let error = Diagnostic::error(format!("{algorithm} keys cannot {}", word.value), Some(word.span));
                found.push(error.help(format!("leave \"{}\" out", word.value)));
            }
        }
    }
    wanted
}

fn algorithm(
    word: Option<Placed<String>>,
    size: Option<Placed<u32>>,
    curve: Option<Placed<String>>,
    found: &mut Findings<'_>,
) -> KeyAlgorithm {
    let family = match &word {
        None => Family::Rsa,
        Some(word) => match found.take(family(word)) {
            Some(family) => family,
            None => return KeyAlgorithm::DEFAULT,
        },
    };
    let name = word.map_or_else(|| "rsa".to_owned(), |word| word.value);
    if let (Some(size), true) = (&size, family != Family::Rsa) {
        let error = Diagnostic::error(format!("`{name}` has no size to choose"), Some(size.span));
        found.push(error.help("leave size out"));
    }
    if let (Some(curve), true) = (&curve, family != Family::Ecdsa) {
        let error = Diagnostic::error(format!("`{name}` has no curve to choose"), Some(curve.span));
        found.push(error.help("leave curve out, or write algorithm = \"ecdsa\""));
    }
    match family {
        Family::Rsa => size.map_or(KeyAlgorithm::DEFAULT, |size| rsa(&size, found)),
        Family::Ecdsa => {
            let chosen = curve.and_then(|curve| found.take(words::look_up(CURVES, &curve, "curve")));
            KeyAlgorithm::Ec(chosen.unwrap_or(Curve::P256))
        }
        Family::EcdsaOn(curve) => KeyAlgorithm::Ec(curve),
        Family::Ed25519 => KeyAlgorithm::Ed25519,
        Family::MlDsa(set) => KeyAlgorithm::MlDsa(set),
    }
}

fn family(word: &Placed<String>) -> Result<Family, Diagnostic> {
    let lower = word.value.to_lowercase();
    let rsa_size = lower.strip_prefix("rsa").map(|size| size.trim_start_matches(['-', '_']));
    match rsa_size.filter(|size| !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(size) => Err(words::unknown(ALGORITHMS, word, "key algorithm")
            .help(format!("write algorithm = \"rsa\" and size = {size}"))),
        None => words::look_up(ALGORITHMS, word, "key algorithm"),
    }
}

fn rsa(size: &Placed<u32>, found: &mut Findings<'_>) -> KeyAlgorithm {
    let bits = size.value;
    if !KeyAlgorithm::RSA_SIZES.contains(&bits) {
        let smallest = KeyAlgorithm::RSA_SIZES[0];
        let why = if bits < smallest { "CAs refuse smaller RSA keys" } else { "HSMs make these" };
        let error = Diagnostic::error(format!("RSA keys with {bits} bits are not made"), Some(size.span));
        found.push(error.expecting(format!("expected 2048, 3072 or 4096: {why}")));
    }
    KeyAlgorithm::Rsa { bits }
}

/// Hash and padding, if the key leaves a choice.
pub(super) fn signature(signature: Signature, algorithm: KeyAlgorithm, found: &mut Findings<'_>) -> SignatureRequest {
    let Signature { hash, pss } = signature;
    let (has_hash, is_rsa) = match algorithm {
        KeyAlgorithm::Rsa { .. } => (true, true),
        KeyAlgorithm::Ec(_) => (true, false),
        KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => (false, false),
    };
    if let (Some(hash), false) = (&hash, has_hash) {
        let error = Diagnostic::error(format!("{algorithm} has no hash to choose"), Some(hash.span));
        found.push(error.help("leave hash out"));
    }
    if let Some(pss) = pss.as_ref().filter(|pss| pss.value && !is_rsa) {
        let error = Diagnostic::error(format!("{algorithm} has no PSS padding"), Some(pss.span));
        found.push(error.help("leave pss out; it is for RSA keys"));
    }
    let hash = hash.and_then(|word| found.take(self::hash(&word)));
    SignatureRequest { hash, pss: pss.is_some_and(|pss| pss.value) }
}

fn hash(word: &Placed<String>) -> Result<Hash, Diagnostic> {
    let plain = word.value.replace('-', "").to_lowercase();
    if matches!(plain.as_str(), "sha1" | "md5" | "md4" | "md2") {
        let error = Diagnostic::error(format!("signatures with {} are not safe", word.value), Some(word.span));
        return Err(error.help("write hash = \"sha256\""));
    }
    words::look_up(HASHES, word, "hash")
}
