//! keyUsage and extKeyUsage, with what is usual where the file says nothing.

use crate::key::KeyAlgorithm;
use crate::request::{KeyUsage, Oid};
use crate::spec::Diagnostic;
use crate::spec::toml::findings::Findings;
use crate::spec::toml::placed::Many;
use crate::spec::toml::words::{self, KEY_USAGES, SERVER_AUTH};

const DIGITAL_SIGNATURE: u16 = 1 << 0;
const KEY_ENCIPHERMENT: u16 = 1 << 2;
const DATA_ENCIPHERMENT: u16 = 1 << 3;
const KEY_AGREEMENT: u16 = 1 << 4;
const KEY_CERT_SIGN: u16 = 1 << 5;
const CRL_SIGN: u16 = 1 << 6;

/// The key usage; `None` if there shall be none.
///
/// The default is digitalSignature alone, also for RSA: TLS 1.3 and the ECDHE suites of TLS 1.2 only sign, and the RSA
/// key transport that keyEncipherment stands for should not be used (RFC 9325, 4.1).
pub(super) fn key_usage(
    words: Option<&Many<String>>,
    ca: bool,
    algorithm: KeyAlgorithm,
    found: &mut Findings<'_>,
) -> Option<KeyUsage> {
    let Some(words) = words else {
        return Some(KeyUsage::from_bits(if ca { KEY_CERT_SIGN | CRL_SIGN } else { DIGITAL_SIGNATURE }));
    };
    let mut bits = 0;
    for word in &words.items {
        if let Some(bit) = found.take(words::look_up(KEY_USAGES, word, "key usage")) {
            bits |= 1 << bit;
        }
    }
    for doubt in doubts(bits, ca, algorithm) {
        found.push(doubt.at(words.span));
    }
    (bits != 0).then(|| KeyUsage::from_bits(bits))
}

/// What CAs refuse, or change without a word.
fn doubts(bits: u16, ca: bool, algorithm: KeyAlgorithm) -> Vec<Diagnostic> {
    let can_encipher = matches!(algorithm, KeyAlgorithm::Rsa { .. });
    let can_agree = matches!(algorithm, KeyAlgorithm::Ec(_));
    let mut doubts = Vec::new();
    if bits & (KEY_ENCIPHERMENT | DATA_ENCIPHERMENT) != 0 && !can_encipher {
        let doubt = Diagnostic::warning(format!("a key of {algorithm} cannot encipher"), None);
        doubts.push(doubt.help("leave key-encipherment and data-encipherment out; only RSA keys do that"));
    }
    if bits & KEY_AGREEMENT != 0 && !can_agree {
        let doubt = Diagnostic::warning(format!("a key of {algorithm} cannot agree on keys"), None);
        doubts.push(doubt.help("leave key-agreement out; only EC keys do that"));
    }
    if bits & KEY_CERT_SIGN != 0 && !ca {
        let doubt = Diagnostic::warning("key-cert-sign is for CAs only (RFC 5280, 4.2.1.9)", None);
        doubts.push(doubt.help("add basic-constraints = { ca = true }, or leave it out"));
    }
    doubts
}

/// The extended key usages; `None` if there shall be none.
pub(super) fn extended(words: Option<&Many<String>>, ca: bool, found: &mut Findings<'_>) -> Option<Vec<Oid>> {
    let Some(words) = words else {
        return (!ca).then(|| vec![SERVER_AUTH]);
    };
    let mut purposes: Vec<Oid> = Vec::new();
    for word in &words.items {
        let purpose = found.take(words::purpose(word));
        match purpose {
            Some(purpose) if purposes.contains(&purpose) => {
                found.push(Diagnostic::warning(format!("`{}` is named twice", word.value), Some(word.span)));
            }
            Some(purpose) => purposes.push(purpose),
            None => {}
        }
    }
    (!purposes.is_empty()).then_some(purposes)
}
