//! `KeyUsage`.

use super::super::super::{Diagnostic, key_usage};
use super::super::scalar;
use super::super::settings::Settings;
use super::super::text::Fragment;
use crate::key::KeyAlgorithm;
use crate::request::KeyUsage;

/// The usages; none for a sum of 0.
pub(super) fn read(settings: &mut Settings<'_>, algorithm: KeyAlgorithm) -> Option<KeyUsage> {
    let value = settings.flag_words("KeyUsage")?;
    let mut bits = 0;
    for part in value.split('|').map(Fragment::trim) {
        let usage = match scalar::number(part) {
            Ok(number) => key_usage::from_certreq(number),
            Err(_) => key_usage::by_name(&part),
        };
        bits |= settings.kept(usage.map_err(|problem| problem.at(part.span())))?.bits();
    }
    let usage = KeyUsage::from_bits(bits);
    settings.problems.extend(doubt(usage, algorithm).map(|doubt| doubt.at(value.span())));
    (bits != 0).then_some(usage)
}

/// Only RSA keys encipher (RFC 8813, section 3; RFC 9295, section 3; RFC 9881, section 5).
fn doubt(usage: KeyUsage, algorithm: KeyAlgorithm) -> Option<Diagnostic> {
    const KEY_ENCIPHERMENT: u16 = 1 << 2;
    const DATA_ENCIPHERMENT: u16 = 1 << 3;
    let enciphers = usage.bits() & (KEY_ENCIPHERMENT | DATA_ENCIPHERMENT) != 0;
    match algorithm {
        KeyAlgorithm::Rsa { .. } => None,
        KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => enciphers.then(|| {
            Diagnostic::warning(format!("an {algorithm} key cannot encipher"), None)
                .expecting("public CAs refuse keyEncipherment and dataEncipherment here")
                .help("write KeyUsage = 0x80 for digitalSignature alone")
        }),
    }
}
