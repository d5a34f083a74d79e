//! The objects of the token and what is remembered, found by what they share.

use std::collections::{HashMap, HashSet};

use super::super::inventory::Entry;
use super::super::pair::Group;
use super::look::Known;
use super::{Left, Trace};
use crate::key::{KeyId, PublicKey};
use crate::state::Record;
use crate::token::{Object, ObjectClass};
use crate::x509;

/// Random ids are so long. Shorter ones are anybody's.
const OWN_ID: usize = 16;

/// The objects, found by what they share.
pub(super) struct View<'v> {
    pub(super) groups: &'v [Group<'v>],
    pub(super) known: &'v Known<'v>,
    by_key: HashMap<&'v PublicKey, Vec<&'v Group<'v>>>,
    by_id: HashMap<&'v KeyId, Vec<&'v Group<'v>>>,
    records: HashMap<&'v str, &'v Record>,
    /// Public keys whose id no private key has, by their label.
    lone_publics: HashMap<&'v str, Vec<&'v Entry>>,
    /// For private keys without a public key: the one that seems to be their half.
    pub(super) halves: HashMap<usize, &'v Entry>,
    /// Public keys that are such halves, by their handles.
    pub(super) claimed: HashSet<u64>,
}

impl<'v> View<'v> {
    pub(super) fn new(groups: &'v [Group<'v>], known: &'v Known<'v>) -> Self {
        let (mut by_key, mut by_id): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
        for group in groups {
            if let Some(key) = group.key() {
                by_key.entry(key).or_default().push(group);
            }
            if let Some(id) = group.id().filter(|id| !id.is_empty()) {
                by_id.entry(id).or_default().push(group);
            }
        }
        let records = known.records.iter().map(|record| (record.spki_sha256.as_str(), *record)).collect();
        let mut lone_publics: HashMap<_, Vec<_>> = HashMap::new();
        for group in groups.iter().filter(|group| !group.has(ObjectClass::PrivateKey)) {
            for public in group.of(ObjectClass::PublicKey) {
                lone_publics.entry(public.listed.object.label.as_str()).or_default().push(*public);
            }
        }
        let (halves, claimed) = Default::default();
        let mut view = Self { groups, known, by_key, by_id, records, lone_publics, halves, claimed };
        view.halves = groups.iter().enumerate().filter_map(|(at, group)| Some((at, view.half_of(group)?))).collect();
        view.claimed = view.halves.values().map(|half| half.listed.object.handle()).collect();
        view
    }

    pub(super) fn trace(&self, left: Left, group: &Group<'_>, named_by: &Entry, objects: &[&Entry]) -> Trace {
        let Object { label, id, .. } = &named_by.listed.object;
        Trace {
            left,
            label: label.clone(),
            id: id.clone(),
            key: group.key().cloned(),
            record: self.record(group).map(|record| Box::new(record.clone())),
            objects: objects.iter().map(|entry| entry.listed.object.clone()).collect(),
            by_hand: None,
        }
    }

    /// By the public key; where the token does not show it, by the id.
    pub(super) fn record(&self, group: &Group<'_>) -> Option<&'v Record> {
        match group.key() {
            Some(_) if self.records.is_empty() => None,
            Some(key) => self.records.get(x509::spki_fingerprint(key).as_str()).copied(),
            None => self.known.records.iter().find(|record| Some(&record.key_id()) == group.id()).copied(),
        }
    }

    pub(super) fn is_own(&self, object: &Object, record: Option<&Record>) -> bool {
        record.is_some() || object.id.as_bytes().len() == OWN_ID
    }

    /// Something else has the id of a key: what is done by the id may hit it.
    pub(super) fn crowd(&self, group: &Group<'_>) -> bool {
        let same = group.id().and_then(|id| self.by_id.get(id)).map_or(&[][..], Vec::as_slice);
        same.iter().any(|other| !std::ptr::eq(*other, group))
    }

    /// Certificates of the key that have another id, and no key with that. Those of CAs are stored so, as a part of chains.
    /// A key without an id has nothing to be linked by.
    pub(super) fn strays(&self, group: &Group<'_>) -> Vec<&'v Entry> {
        if group.id().is_none_or(KeyId::is_empty) {
            return vec![];
        }
        let all = group.key().and_then(|key| self.by_key.get(key)).map_or(&[][..], Vec::as_slice);
        let others = all.iter().filter(|other| other.id() != group.id() && !other.has(ObjectClass::PrivateKey));
        let certificates = others.flat_map(|other| other.of(ObjectClass::Certificate).iter().copied());
        certificates.filter(|entry| !entry.is_ca && entry.certificate.is_some()).collect()
    }

    /// The one that is in use by right: valid if any is, and the newest.
    pub(super) fn newest<'e>(&self, certificates: &[&'e Entry]) -> Option<&'e Entry> {
        let rank = |entry: &&&'e Entry| {
            let now = self.known.now;
            entry
                .certificate
                .as_ref()
                .map(|one| (one.not_before <= now && now <= one.not_after, one.not_before, one.not_after))
        };
        certificates.iter().max_by_key(rank).copied()
    }

    /// The only public key without private key that may be the half of this private one, which has none.
    pub(super) fn half_of(&self, group: &Group<'_>) -> Option<&'v Entry> {
        let ([private], []) = (group.of(ObjectClass::PrivateKey), group.of(ObjectClass::PublicKey)) else {
            return None;
        };
        let Object { label, id, key_type, .. } = &private.listed.object;
        if id.is_empty() {
            return None;
        }
        let found: Vec<&'v Entry> = match group.key() {
            Some(key) => {
                let others = self.by_key.get(key).map_or(&[][..], Vec::as_slice).iter();
                let alone = others.filter(|other| !other.has(ObjectClass::PrivateKey));
                alone.flat_map(|other| other.of(ObjectClass::PublicKey).iter().copied()).collect()
            }
            // EC private keys do not show their public key.
            None if label.is_empty() => vec![],
            None => {
                let labelled = self.lone_publics.get(label.as_str()).map_or(&[][..], Vec::as_slice).iter().copied();
                labelled.filter(|other| other.listed.object.key_type == *key_type).collect()
            }
        };
        if let [half] = found.as_slice() { Some(half) } else { None }
    }
}
