//! `KeyAlgorithm`, `KeyLength` and the other keys about the key pair.

use super::super::super::Diagnostic;
use super::super::super::suggest::did_you_mean;
use super::super::settings::Settings;
use super::super::text::Fragment;
use super::purposes;
use crate::key::{Curve, KeyAlgorithm, MlDsaSet};
use crate::request::{KeyRequest, KeySource};

/// The key pair that the section asks for.
pub(super) fn read(settings: &mut Settings<'_>) -> KeyRequest {
    let asked = settings.value("KeyAlgorithm").map(|name| algorithm(name, settings.problems));
    let (algorithm, agreement) = match asked {
        Some(Some(Asked { algorithm, agreement })) => (with_length(algorithm, settings), agreement),
        // 256 with an algorithm that nobody knows is the size of a curve.
        Some(None) if settings.number("KeyLength").is_some_and(|bits| bits < 1024) => (KeyAlgorithm::DEFAULT, false),
        Some(None) | None => (with_length(KeyAlgorithm::DEFAULT, settings), false),
    };
    let label = settings.text("KeyContainer");
    let source = if settings.boolean("UseExistingKeySet").unwrap_or(false) {
        if label.is_none() {
            let message = "UseExistingKeySet needs the label of the key";
            let problem = Diagnostic::error(message, settings.span("UseExistingKeySet"));
            settings.problems.push(problem.help("add KeyContainer = \"label of the key on the token\""));
        }
        KeySource::Existing
    } else {
        KeySource::Generate
    };
    let purposes = match source {
        KeySource::Existing => purposes::of_existing(settings),
        KeySource::Generate => purposes::read(algorithm, agreement, settings),
    };
    KeyRequest { algorithm, label, source, purposes }
}

struct Asked {
    algorithm: KeyAlgorithm,
    /// For key agreement (`ECDH_*`).
    agreement: bool,
}

/// certreq's names, and for what certreq does not have the names of the standards.
const NAMES: [&str; 11] = [
    "RSA",
    "ECDSA_P256",
    "ECDSA_P384",
    "ECDSA_P521",
    "ECDH_P256",
    "ECDH_P384",
    "ECDH_P521",
    "Ed25519",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
];

fn algorithm(name: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Asked> {
    let lower = name.to_lowercase();
    let agreement = lower.starts_with("ecdh_");
    let curve_name = lower.strip_prefix("ecdh_").or(lower.strip_prefix("ecdsa_")).unwrap_or(&lower);
    let algorithm = match lower.as_str() {
        "rsa" | "1.2.840.113549.1.1.1" => KeyAlgorithm::DEFAULT,
        "ed25519" | "1.3.101.112" => KeyAlgorithm::Ed25519,
        "ml-dsa-44" | "mldsa44" | "2.16.840.1.101.3.4.3.17" => KeyAlgorithm::MlDsa(MlDsaSet::MlDsa44),
        "ml-dsa-65" | "mldsa65" | "2.16.840.1.101.3.4.3.18" => KeyAlgorithm::MlDsa(MlDsaSet::MlDsa65),
        "ml-dsa-87" | "mldsa87" | "2.16.840.1.101.3.4.3.19" => KeyAlgorithm::MlDsa(MlDsaSet::MlDsa87),
        "dsa" => return refused(name, "DSA keys are accepted by no CA (FIPS 186-5 withdrew DSA)", problems),
        "dh" => return refused(name, "a DH key cannot sign its request", problems),
        _ => match curve(curve_name) {
            Some(curve) => KeyAlgorithm::Ec(curve),
            None => return unknown(name, problems),
        },
    };
    if agreement {
        let message = format!("{} is one key for agreement and signatures (CKA_DERIVE, CKA_SIGN)", name.as_str());
        problems.push(Diagnostic::note(message, Some(name.span())).help("write ECDSA_... for signatures alone"));
    }
    Some(Asked { algorithm, agreement })
}

/// The names that Windows, SEC 2 and FIPS 186 give the curves.
fn curve(name: &str) -> Option<Curve> {
    match name {
        "p256" | "p-256" | "nistp256" | "secp256r1" | "prime256v1" | "1.2.840.10045.3.1.7" => Some(Curve::P256),
        "p384" | "p-384" | "nistp384" | "secp384r1" | "1.3.132.0.34" => Some(Curve::P384),
        "p521" | "p-521" | "nistp521" | "secp521r1" | "1.3.132.0.35" => Some(Curve::P521),
        _ => None,
    }
}

fn refused(name: Fragment<'_>, reason: &str, problems: &mut Vec<Diagnostic>) -> Option<Asked> {
    problems.push(Diagnostic::error(reason, Some(name.span())).expecting("expected RSA or ECDSA_P256"));
    None
}

fn unknown(name: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Asked> {
    let near = match name.to_lowercase().as_str() {
        "ec" | "ecc" => "; did you mean `ECDSA_P256`?".to_owned(),
        _ => did_you_mean(&name, NAMES),
    };
    let problem = Diagnostic::error(format!("unknown key algorithm `{}`{near}", name.as_str()), Some(name.span()));
    problems.push(problem.expecting(format!("expected {}", NAMES.join(", "))));
    None
}

/// Checks `KeyLength` against the algorithm.
fn with_length(algorithm: KeyAlgorithm, settings: &mut Settings<'_>) -> KeyAlgorithm {
    let Some(bits) = settings.number("KeyLength") else { return algorithm };
    let span = settings.span("KeyLength");
    match algorithm {
        KeyAlgorithm::Rsa { .. } if KeyAlgorithm::RSA_SIZES.contains(&bits) => return KeyAlgorithm::Rsa { bits },
        KeyAlgorithm::Rsa { .. } => {
            let near = KeyAlgorithm::RSA_SIZES.into_iter().find(|size| *size >= bits).unwrap_or(4096);
            let what = if bits < 2048 { "too small" } else { "not supported" };
            let problem = Diagnostic::error(format!("an RSA key of {bits} bits is {what}"), span);
            let problem = problem.expecting("expected 2048, 3072 or 4096");
            settings.problems.push(problem.help(format!("write KeyLength = {near}")));
        }
        KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) if bits != algorithm.bits() => {
            let problem = Diagnostic::error(format!("KeyLength {bits} does not fit {algorithm}"), span);
            settings.problems.push(problem.help("leave KeyLength away: the algorithm says the size"));
        }
        KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => {}
    }
    algorithm
}
