//! Where the traces are. All of this is linear in the number of objects.

use std::collections::HashSet;

use super::super::inventory::Entry;
use super::super::pair::Group;
use super::under_way::{renew, renewal, site_of};
use super::view::View;
use super::{ByHand, Left, Trace};
use crate::key::KeyId;
use crate::shell::word;
use crate::state::Record;
use crate::token::{Object, ObjectClass, TokenInfo};
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509;

/// What is known beside the objects.
#[derive(Debug)]
pub(in super::super) struct Known<'r> {
    /// What is remembered of keys of this token.
    pub(super) records: Vec<&'r Record>,
    /// All of the token was read: what is not there is nowhere.
    pub(super) is_complete: bool,
    pub(super) now: i64,
}

impl<'r> Known<'r> {
    pub(in super::super) fn new(records: &'r [Record], token: &TokenInfo, is_complete: bool, now: i64) -> Self {
        let records = records.iter().filter(|record| record.token_serial == token.serial).collect();
        Self { records, is_complete, now }
    }
}

/// The traces, key by key, then those that are in the memory alone.
pub(in super::super) fn look(groups: &[Group<'_>], known: &Known<'_>) -> Vec<Trace> {
    let view = View::new(groups, known);
    let mut traces: Vec<Trace> =
        groups.iter().enumerate().flat_map(|(index, group)| view.of_group(index, group)).collect();
    for trace in &mut traces {
        if !matches!(trace.left, Left::NoPrivateKey) {
            trace.by_hand = renewal(trace, &known.records).or(trace.by_hand.take());
        }
    }
    if known.is_complete {
        traces.extend(view.keys_gone(&traces));
    }
    traces
}

impl View<'_> {
    fn of_group(&self, index: usize, group: &Group<'_>) -> Vec<Trace> {
        // Two keys that nothing tells apart are no trace of a run.
        match (group.of(ObjectClass::PrivateKey), group.of(ObjectClass::PublicKey)) {
            ([private], [] | [_]) => self.of_private(index, group, private),
            ([], [public]) => self.of_public(group, public).into_iter().collect(),
            _ => vec![],
        }
    }

    fn of_private(&self, index: usize, group: &Group<'_>, private: &Entry) -> Vec<Trace> {
        let record = self.record(group);
        let trace = |left, objects: &[&Entry]| self.trace(left, group, private, objects);
        let public = group.of(ObjectClass::PublicKey).first().copied();
        let is_own = self.is_own(&private.listed.object, record);
        let mut traces = Vec::new();
        match (public, self.halves.get(&index)) {
            (None, Some(half)) => {
                let key = half.key.as_deref().cloned();
                traces.push(Trace { key, ..trace(Left::Ids, &[half, private]) });
            }
            (None, None) if is_own && private.key.is_none() => {
                let remembered = || record.and_then(Record::csr).and_then(|csr| csr.public_key().ok());
                let key = group.key().cloned().or_else(remembered);
                let half = Trace { key, ..trace(Left::NoPublicKey, &[private]) };
                traces.push(match half.key {
                    Some(_) => half,
                    None => by_hand(half, "neither a certificate nor a request shows it", vec![]),
                });
            }
            (None, None) | (Some(_), _) => {}
        }
        let certificates = group.of(ObjectClass::Certificate);
        traces.extend(self.labels(group, private, if is_own { certificates } else { &[] }));
        let readable: Vec<&Entry> = certificates.iter().copied().filter(|one| one.certificate.is_some()).collect();
        let strays = self.strays(group);
        let linked = match readable.as_slice() {
            [] if certificates.is_empty() => match (self.newest(&strays), record) {
                (Some(stray), _) => Some(trace(Left::Astray { is_linked: false }, &[stray])),
                (None, Some(record)) => self.gone(trace, record),
                (None, None) if is_own && public.is_some() => Some(self.unrequested(trace, private)),
                (None, None) => None,
            },
            [] => None,
            [one] => record.and_then(|record| self.unaccepted(trace, one, record)),
            several => self.several(trace, several),
        };
        let crowd = self.crowd(group).then(|| ByHand {
            why: "another key or its certificate has the same id".to_owned(),
            commands: vec!["hsmcert find-key --duplicates".to_owned()],
        });
        traces.extend(linked.map(|trace| Trace { by_hand: trace.by_hand.clone().or(crowd), ..trace }));
        let is_one_more = |stray: &&&Entry| {
            let id = stray.listed.object.id.to_string();
            let tried = format!("{}.{}", private.listed.object.label, id.get(..8).unwrap_or(&id));
            let is_tried = !readable.is_empty() && stray.listed.object.label == tried;
            is_tried || readable.iter().any(|own| is_same(own, stray))
        };
        let more = strays.iter().filter(is_one_more).map(|stray| trace(Left::Astray { is_linked: true }, &[stray]));
        traces.extend(more);
        traces
    }

    /// A public key alone is nobody's, unless it is the half of a private key with another id.
    fn of_public(&self, group: &Group<'_>, public: &Entry) -> Option<Trace> {
        let object = &public.listed.object;
        let has_no_name = object.id.is_empty() && object.label.is_empty();
        if has_no_name || self.claimed.contains(&object.handle()) || self.crowd(group) {
            return None;
        }
        let trace = self.trace(Left::NoPrivateKey, group, public, &[public]);
        if trace.record.is_some() {
            return Some(trace);
        }
        let uri = Pkcs11Uri {
            id: Some(object.id.clone()).filter(|id| !id.is_empty()),
            object: Some(object.label.clone()).filter(|label| !label.is_empty()),
            object_type: Some(ObjectType::Public),
            ..Pkcs11Uri::default()
        };
        let why = "nothing is remembered of it: somebody may want to verify with it";
        Some(by_hand(trace, why, vec![format!("hsmcert delete-key {}", word(&uri.to_string()))]))
    }

    /// Private key, public key and, where they are hsmcert's, certificates have one label.
    fn labels(&self, group: &Group<'_>, private: &Entry, certificates: &[&Entry]) -> Option<Trace> {
        let to = &private.listed.object.label;
        let publics = group.of(ObjectClass::PublicKey);
        let parts: Vec<&Entry> = [private].into_iter().chain(publics.iter().chain(certificates).copied()).collect();
        if to.is_empty() || parts.iter().all(|part| part.listed.object.label == *to) {
            return None;
        }
        let trace = self.trace(Left::Labels { to: to.clone() }, group, private, &parts);
        let is_taken =
            |entry: &Entry| entry.listed.object.label == *to && entry.listed.object.id != private.listed.object.id;
        if self.groups.iter().flat_map(Group::entries).any(is_taken) {
            let command = format!("hsmcert rename id:{} LABEL", private.listed.object.id);
            return Some(by_hand(trace, "something else has that label too", vec![command]));
        }
        Some(trace)
    }

    fn unrequested(&self, trace: impl Fn(Left, &[&Entry]) -> Trace, private: &Entry) -> Trace {
        let Object { label, id, .. } = &private.listed.object;
        let site = site_of(label, id);
        let of_site = self.known.records.iter().find(|record| site != label && record.label == site);
        let spec = of_site.and_then(|record| record.request.as_ref()?.spec_file.as_deref());
        let (why, first) = match of_site {
            // It is remembered before a CA sees its CSR.
            Some(_) => ("the next renewal takes it, and no CA has its CSR", renew(spec)),
            None => {
                let reuse = format!("hsmcert new SPEC --force --reuse-key {}", word(label));
                ("a CA may have its CSR, or another program may use it", reuse)
            }
        };
        by_hand(trace(Left::Unrequested, &[private]), why, vec![first, format!("hsmcert delete-key id:{id}")])
    }

    /// `accept` removes what a certificate replaces when that is linked and proved. A CA may have several for one key.
    fn several(&self, trace: impl Fn(Left, &[&Entry]) -> Trace, several: &[&Entry]) -> Option<Trace> {
        let stays = self.newest(several).filter(|_| !several.iter().any(|one| one.is_ca))?;
        let others: Vec<&Entry> = several.iter().copied().filter(|one| one.identity() != stays.identity()).collect();
        let not_after = stays.certificate.as_ref().map_or(0, |one| one.not_after);
        let stays = Box::new(stays.listed.object.clone());
        Some(trace(Left::SeveralCertificates { stays, not_after }, &others))
    }

    /// `accept` writes and remembers last.
    fn unaccepted(&self, trace: impl Fn(Left, &[&Entry]) -> Trace, one: &Entry, record: &Record) -> Option<Trace> {
        let found = one.certificate.as_ref().filter(|found| found.not_after >= self.known.now && !one.is_ca)?;
        if record.superseded.is_some()
            || record.accepted.as_ref().is_some_and(|accepted| accepted.fingerprint_sha256 == found.sha256)
        {
            return None;
        }
        let trace = trace(Left::Unaccepted, &[one]);
        match record.chain_place().is_some() {
            true => Some(trace),
            false => Some(by_hand(trace, "its files are not known", vec!["hsmcert accept CERTIFICATE".to_owned()])),
        }
    }

    /// A token that refuses two certificates of one id has none for a moment.
    fn gone(&self, trace: impl Fn(Left, &[&Entry]) -> Trace, record: &Record) -> Option<Trace> {
        let accepted = record.accepted.as_ref().filter(|accepted| accepted.on_token)?;
        let end = accepted.not_after.parse::<jiff::Timestamp>().ok()?;
        if record.superseded.is_some() || end.as_second() < self.known.now {
            return None;
        }
        let chain_file = accepted.chain_file.clone();
        let is_there = chain_file.is_file();
        let trace = trace(Left::CertificateGone { chain_file }, &[]);
        match is_there {
            true => Some(trace),
            false => Some(by_hand(trace, "its chain file is not there", vec!["hsmcert accept CERTIFICATE".to_owned()])),
        }
    }

    /// Records whose key has nothing left on the token that a trace is about.
    fn keys_gone(&self, traces: &[Trace]) -> Vec<Trace> {
        let privates: Vec<&Group<'_>> = self.groups.iter().filter(|group| group.has(ObjectClass::PrivateKey)).collect();
        let keys: HashSet<String> =
            privates.iter().filter_map(|group| group.key().map(x509::spki_fingerprint)).collect();
        let ids: HashSet<&KeyId> = privates.iter().filter_map(|group| group.id()).collect();
        let is_told = |record: &Record| {
            traces
                .iter()
                .any(|trace| trace.record.as_ref().is_some_and(|known| known.spki_sha256 == record.spki_sha256))
        };
        let is_gone = |record: &&&Record| {
            !keys.contains(&record.spki_sha256) && !ids.contains(&record.key_id()) && !is_told(record)
        };
        let trace = |record: &&Record| Trace {
            left: Left::KeyGone,
            label: record.label.clone(),
            id: record.key_id(),
            key: None,
            record: Some(Box::new(Record::clone(record))),
            objects: vec![],
            by_hand: None,
        };
        self.known.records.iter().filter(is_gone).map(trace).collect()
    }
}

fn is_same(one: &Entry, other: &Entry) -> bool {
    one.certificate.as_ref().map(|one| &one.sha256) == other.certificate.as_ref().map(|other| &other.sha256)
}

fn by_hand(trace: Trace, why: &str, commands: Vec<String>) -> Trace {
    Trace { by_hand: Some(ByHand { why: why.to_owned(), commands }), ..trace }
}
