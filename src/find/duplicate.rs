//! What several objects of one class share, although programs take it for a name: they then find one of them by chance.

use std::collections::HashMap;
use std::fmt;

use super::inventory::Entry;
use super::pair::Group;
use crate::key::{KeyId, PublicKey};
use crate::token::{Object, ObjectClass};

/// What is shared with another object of the same class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// `CKA_ID`.
    Id,
    /// `CKA_LABEL`.
    Label,
    /// The public key of a key.
    Key,
    /// The whole certificate.
    Certificate,
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Label => "label",
            Self::Key => "key",
            Self::Certificate => "certificate",
        })
    }
}

/// How often each value is there.
#[derive(Default)]
pub(super) struct SharedValues<'a> {
    ids: HashMap<(ObjectClass, &'a KeyId), usize>,
    labels: HashMap<(ObjectClass, &'a str), usize>,
    keys: HashMap<(ObjectClass, &'a PublicKey), usize>,
    certificates: HashMap<&'a [u8], usize>,
}

pub(super) fn shared<'a>(groups: &[Group<'a>]) -> SharedValues<'a> {
    let mut counted = SharedValues::default();
    for entry in groups.iter().flat_map(Group::entries) {
        let Object { class, id, label, .. } = &entry.listed.object;
        // An empty id or label is no name.
        if !id.is_empty() {
            *counted.ids.entry((*class, id)).or_default() += 1;
        }
        if !label.is_empty() {
            *counted.labels.entry((*class, label)).or_default() += 1;
        }
        match (certificate(entry), &entry.key) {
            (Some(certificate), _) => *counted.certificates.entry(certificate).or_default() += 1,
            (None, Some(key)) => *counted.keys.entry((*class, key)).or_default() += 1,
            (None, None) => {}
        }
    }
    counted
}

/// What tells a certificate from others: its hash, or all of it where it cannot be read.
fn certificate(entry: &Entry) -> Option<&[u8]> {
    let hash = entry.certificate.as_ref().map(|certificate| certificate.sha256.as_bytes());
    hash.or(entry.listed.object.value.as_deref())
}

impl SharedValues<'_> {
    /// What these objects share with others.
    pub(super) fn of(&self, entries: &[&Entry]) -> Vec<Shared> {
        let several = |count: Option<&usize>| count.is_some_and(|count| *count > 1);
        let has = |entry: &Entry, what| {
            let Object { class, id, label, .. } = &entry.listed.object;
            match what {
                Shared::Id => several(self.ids.get(&(*class, id))),
                Shared::Label => several(self.labels.get(&(*class, label.as_str()))),
                Shared::Key => entry.key.as_ref().is_some_and(|key| several(self.keys.get(&(*class, &**key)))),
                Shared::Certificate => certificate(entry).is_some_and(|one| several(self.certificates.get(one))),
            }
        };
        let all = [Shared::Id, Shared::Label, Shared::Key, Shared::Certificate];
        all.into_iter().filter(|what| entries.iter().any(|entry| has(entry, *what))).collect()
    }
}
