//! `[key]`, `[signature]` and `[self-signed]`.

use super::super::super::date;
use super::super::super::write::{Lost, Part};
use super::super::words::{CURVES, HASHES};
use super::Losses;
use super::value::{entry, text, texts};
use crate::key::KeyAlgorithm;
use crate::request::{KeyPurposes, KeyRequest, KeySource, Period, Product, SignatureRequest, Validity};

/// The lines of `[key]`.
pub(super) fn key(key: &KeyRequest) -> Vec<String> {
    let KeyRequest { algorithm, label, source, purposes } = key;
    let KeyPurposes { decrypt, derive } = purposes;
    let mut lines = match algorithm {
        KeyAlgorithm::Rsa { bits } => vec![entry("algorithm", "\"rsa\""), entry("size", &bits.to_string())],
        KeyAlgorithm::Ec(curve) => vec![entry("algorithm", "\"ecdsa\""), entry("curve", &word(CURVES, curve))],
        KeyAlgorithm::Ed25519 => vec![entry("algorithm", "\"ed25519\"")],
        KeyAlgorithm::MlDsa(set) => vec![entry("algorithm", &format!("\"ml-dsa-{}\"", set.number()))],
    };
    lines.extend(label.iter().map(|label| entry("label", &text(label))));
    match source {
        KeySource::Generate => {}
        KeySource::Existing => lines.push(entry("reuse", "true")),
    }
    let purposes = [(*decrypt, "decrypt"), (*derive, "derive")];
    let purposes: Vec<&str> = purposes.into_iter().filter(|(wanted, _)| *wanted).map(|(_, word)| word).collect();
    lines.extend((!purposes.is_empty()).then(|| texts("purposes", purposes.into_iter())));
    lines
}

/// The lines of `[signature]`.
pub(super) fn signature(signature: SignatureRequest) -> Vec<String> {
    let SignatureRequest { hash, pss } = signature;
    let hash = hash.map(|hash| entry("hash", &word(HASHES, &hash)));
    hash.into_iter().chain(pss.then(|| entry("pss", "true"))).collect()
}

/// The lines of `[self-signed]`.
pub(super) fn validity(product: Product, lost: &mut Losses) -> Vec<String> {
    match product {
        Product::Pkcs10 => vec![],
        Product::SelfSigned(Validity::For(period)) => vec![match period {
            Period::Months(months) if months % 12 == 0 => entry("years", &(months / 12).to_string()),
            Period::Months(months) => entry("months", &months.to_string()),
            Period::Seconds(seconds) if seconds % 86_400 == 0 => entry("days", &(seconds / 86_400).to_string()),
            Period::Seconds(seconds) => entry("seconds", &seconds.to_string()),
        }],
        Product::SelfSigned(Validity::Between { not_before, not_after }) => {
            let start = not_before.and_then(|time| time_entry("not-before", time, lost));
            start.into_iter().chain(time_entry("not-after", not_after, lost)).collect()
        }
    }
}

fn time_entry(key: &str, time: i64, lost: &mut Losses) -> Option<String> {
    let written = date::text(time);
    if written.is_none() {
        let what = format!("{key}, {time} seconds after 1970: its year does not have four digits");
        lost.push(Lost::new(Part::Product, what));
    }
    written.map(|written| entry(key, &written))
}

fn word<T: PartialEq>(list: &[(&str, T)], meaning: &T) -> String {
    text(list.iter().find(|(_, known)| known == meaning).map_or("", |(word, _)| word))
}
