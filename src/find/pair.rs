//! What belongs together: the two halves of a key and its certificates share `CKA_ID` and public key, as Java, NSS and
//! OpenSSL's engine see it. All of this is linear in the number of objects.

use std::collections::HashMap;
use std::sync::Arc;

use super::duplicate::{Shared, SharedValues};
use super::inventory::Entry;
use super::weakness::{self, Weakness};
use crate::key::{KeyId, PublicKey};
use crate::token::{Listed, Object, ObjectClass, TokenInfo};
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509::Certificate;

/// A key with its certificate, or one object.
#[derive(Debug, Clone)]
pub struct Row {
    /// The objects that it stands for: private key, public key, certificate or secret key, in this order.
    pub objects: Vec<Arc<Listed>>,
    /// `CKA_LABEL` of the first one.
    pub label: String,
    /// `CKA_ID` of the first one.
    pub id: KeyId,
    /// Algorithm and size, as far as the token tells.
    pub algorithm: String,
    /// The public key, of the key or of its certificate.
    pub public_key: Option<PublicKey>,
    /// The linked certificate; for a certificate itself.
    pub certificate: Option<Arc<Linked>>,
    /// What it lacks.
    pub orphan: Option<Orphan>,
    /// Why its key is not as good as one that was made in the token.
    pub weaknesses: Vec<Weakness>,
    /// What other objects of the same class have too.
    pub shared: Vec<Shared>,
    /// The URI of the first object.
    pub uri: Pkcs11Uri,
}

/// What a listing says of a certificate.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Its subject.
    pub subject: crate::request::Name,
    /// Its issuer.
    pub issuer: String,
    /// The serial number in lower hex.
    pub serial: String,
    /// notBefore, seconds since 1970.
    pub not_before: i64,
    /// notAfter, seconds since 1970.
    pub not_after: i64,
    /// Whole days until then; negative when it is over.
    pub days_left: i64,
    /// SHA-256 of its DER in lower hex.
    pub sha256: String,
}

impl Linked {
    pub(super) fn new(certificate: &Certificate, now: i64) -> Self {
        Self {
            subject: certificate.subject(),
            issuer: certificate.issuer().to_string(),
            serial: certificate.serial_hex(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            days_left: (certificate.not_after() - now).div_euclid(86_400),
            sha256: certificate.fingerprint_sha256(),
        }
    }
}

/// What an object lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphan {
    /// A private key without a certificate.
    NoCertificate,
    /// A certificate that is no CA's, without its private key.
    NoKey,
    /// A public key without its private key.
    NoPrivateKey,
}

impl Row {
    /// Whether an object of this class is in it.
    #[must_use]
    pub fn has(&self, class: ObjectClass) -> bool {
        self.objects.iter().any(|listed| listed.object.class == class)
    }
}

/// Objects with one id and one public key.
#[derive(Debug, Default)]
pub(super) struct Group {
    privates: Vec<Entry>,
    publics: Vec<Entry>,
    certificates: Vec<Entry>,
    secrets: Vec<Entry>,
    key: Option<PublicKey>,
}

impl Group {
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.privates.iter().chain(&self.publics).chain(&self.certificates).chain(&self.secrets)
    }

    pub(super) fn of(&self, class: ObjectClass) -> &[Entry] {
        match class {
            ObjectClass::PrivateKey => &self.privates,
            ObjectClass::PublicKey => &self.publics,
            ObjectClass::Certificate => &self.certificates,
            ObjectClass::SecretKey => &self.secrets,
        }
    }

    pub(super) fn has(&self, class: ObjectClass) -> bool {
        !self.of(class).is_empty()
    }

    fn of_class(&mut self, class: ObjectClass) -> &mut Vec<Entry> {
        match class {
            ObjectClass::PrivateKey => &mut self.privates,
            ObjectClass::PublicKey => &mut self.publics,
            ObjectClass::Certificate => &mut self.certificates,
            ObjectClass::SecretKey => &mut self.secrets,
        }
    }

    fn orphan(&self) -> Option<Orphan> {
        match (self.privates.is_empty(), self.certificates.is_empty(), self.publics.is_empty()) {
            (false, true, _) => Some(Orphan::NoCertificate),
            (true, false, true) if self.certificates.iter().all(|entry| entry.is_ca) => None,
            (true, false, _) => Some(Orphan::NoKey),
            (true, true, false) => Some(Orphan::NoPrivateKey),
            (false, false, _) | (true, true, true) => None,
        }
    }
}

/// Sorts objects into groups.
pub(super) fn group(entries: Vec<Entry>) -> Vec<Group> {
    let mut groups = Groups::default();
    let (mut unknown, mut certificates) = (Vec::new(), Vec::new());
    for entry in entries {
        match (entry.listed.object.class, &entry.key) {
            (ObjectClass::SecretKey, _) => groups.alone(entry),
            (ObjectClass::Certificate, _) => certificates.push(entry),
            (ObjectClass::PrivateKey | ObjectClass::PublicKey, Some(_)) => groups.by_key(entry),
            // Private EC keys do not show their public key: the id alone says to which they belong.
            (ObjectClass::PrivateKey | ObjectClass::PublicKey, None) => unknown.push(entry),
        }
    }
    for entry in unknown {
        groups.by_id(entry);
    }
    for entry in certificates {
        // Nothing is linked by an empty id.
        if entry.listed.object.id.is_empty() { groups.alone(entry) } else { groups.by_key(entry) }
    }
    groups.all
}

#[derive(Default)]
struct Groups {
    all: Vec<Group>,
    by_key: HashMap<(KeyId, PublicKey), usize>,
    /// The first group of an id.
    by_id: HashMap<KeyId, usize>,
    /// Groups of an id that a key of this label has opened: where several keys have one id, the label tells them apart.
    by_label: HashMap<(KeyId, String), Vec<usize>>,
}

impl Groups {
    fn alone(&mut self, entry: Entry) {
        let mut group = Group { key: entry.key.clone(), ..Group::default() };
        group.of_class(entry.listed.object.class).push(entry);
        self.all.push(group);
    }

    /// To the group of its id and key; a group that does not know its key may have any.
    fn by_key(&mut self, entry: Entry) {
        let Some(key) = entry.key.clone() else { return self.by_id(entry) };
        let id = entry.listed.object.id.clone();
        let known = self.by_key.get(&(id.clone(), key.clone())).copied();
        let unknown = self.by_id.get(&id).copied().filter(|index| self.all[*index].key.is_none());
        let index = known.or(unknown).unwrap_or(self.all.len());
        self.put(index, entry);
        self.all[index].key.get_or_insert_with(|| key.clone());
        self.by_key.insert((id, key), index);
    }

    /// To a group of its id and label that has no such object yet, else to the first group of its id.
    fn by_id(&mut self, entry: Entry) {
        let Object { id, label, class, .. } = &entry.listed.object;
        let with_label = self.by_label.get_mut(&(id.clone(), label.clone())).and_then(Vec::pop);
        let with_label = with_label.filter(|index| self.all[*index].of_class(*class).is_empty());
        let index = with_label.or(self.by_id.get(id).copied()).unwrap_or(self.all.len());
        self.put(index, entry);
    }

    fn put(&mut self, index: usize, entry: Entry) {
        if index == self.all.len() {
            self.all.push(Group::default());
            let Object { id, label, .. } = &entry.listed.object;
            if !id.is_empty() {
                self.by_id.entry(id.clone()).or_insert(index);
                self.by_label.entry((id.clone(), label.clone())).or_default().push(index);
            }
        }
        self.all[index].of_class(entry.listed.object.class).push(entry);
    }
}

/// A row for each key and certificate that belong together.
pub(super) fn pairs<'g>(groups: &'g [Group], shared: &SharedValues<'_>, token: &TokenInfo) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        let Group { privates, publics, certificates, secrets, key: _ } = group;
        // Several keys or certificates of one id: each stands in a row, beside the first of the others.
        let nth = |all: &'g [Entry], index: usize| all.get(index).or(all.first());
        for index in 0..privates.len().max(publics.len()).max(certificates.len()) {
            let entries = [nth(privates, index), nth(publics, index), nth(certificates, index)];
            let entries: Vec<&Entry> = entries.into_iter().flatten().collect();
            rows.extend(row(&entries, group, shared, token));
        }
        rows.extend(secrets.iter().filter_map(|secret| row(&[secret], group, shared, token)));
    }
    rows
}

/// A row for each object of these classes.
pub(super) fn objects(
    groups: &[Group],
    classes: &[ObjectClass],
    shared: &SharedValues<'_>,
    token: &TokenInfo,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        let wanted = group.entries().filter(|entry| classes.contains(&entry.listed.object.class));
        rows.extend(wanted.filter_map(|entry| row(&[entry], group, shared, token)));
    }
    rows
}

fn row(entries: &[&Entry], group: &Group, shared: &SharedValues<'_>, token: &TokenInfo) -> Option<Row> {
    let first = &entries.first()?.listed.object;
    let own = entries.iter().copied().find(|entry| entry.listed.object.class == ObjectClass::Certificate);
    let certificate = own.or(group.certificates.first()).and_then(|entry| entry.certificate.clone());
    let public_key = entries.iter().find_map(|entry| entry.key.clone()).or_else(|| group.key.clone());
    let word = || entries.iter().find_map(|entry| entry.listed.object.key_type.clone());
    let algorithm = public_key.as_ref().map(|key| key.algorithm().to_string()).or_else(word);
    Some(Row {
        objects: entries.iter().map(|entry| Arc::clone(&entry.listed)).collect(),
        label: first.label.clone(),
        id: first.id.clone(),
        algorithm: algorithm.unwrap_or_else(|| "unknown".to_owned()),
        certificate,
        orphan: group.orphan(),
        weaknesses: weakness::of(entries.iter().map(|entry| entry.listed.as_ref()), public_key.as_ref()),
        shared: shared.of(entries),
        uri: uri(first, token),
        public_key,
    })
}

/// The URI of an object.
#[must_use]
pub fn uri(object: &Object, token: &TokenInfo) -> Pkcs11Uri {
    Pkcs11Uri {
        token: Some(token.label.clone()),
        id: Some(object.id.clone()).filter(|id| !id.is_empty()),
        object: Some(object.label.clone()).filter(|label| !label.is_empty()),
        object_type: Some(match object.class {
            ObjectClass::PrivateKey => ObjectType::Private,
            ObjectClass::PublicKey => ObjectType::Public,
            ObjectClass::Certificate => ObjectType::Certificate,
            ObjectClass::SecretKey => ObjectType::SecretKey,
        }),
        ..Pkcs11Uri::default()
    }
}
