//! What belongs together: the two halves of a key and its certificates share `CKA_ID` and public key, as Java, NSS and
//! OpenSSL's engine see it. All of this is linear in the number of objects.

use std::collections::HashMap;
use std::sync::Arc;

use super::duplicate::{Shared, SharedValues};
use super::inventory::Entry;
use super::weakness::{self, Weakness};
use crate::key::{KeyId, PublicKey};
use crate::request::Name;
use crate::token::{Listed, Object, ObjectClass, TokenInfo};
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509::{self, Certificate};

/// A key with its certificate, or one object. Everything is here once, since a token may hold thousands: its objects have
/// neither `public_key` nor, unless the query asks for it, the `value` of a certificate.
#[derive(Debug, Clone)]
pub struct Row {
    /// The object that names it: the first one of private key, public key, certificate and secret key.
    pub first: Arc<Listed>,
    others: Vec<Arc<Listed>>,
    /// The public key, of the key or of its certificate.
    pub public_key: Option<Arc<PublicKey>>,
    /// The linked certificate; for a certificate itself.
    pub certificate: Option<Arc<Linked>>,
    /// What it lacks.
    pub orphan: Option<Orphan>,
    /// Why its key is not as good as one that was made in the token.
    pub weaknesses: Vec<Weakness>,
    /// What other objects of the same class have too.
    pub shared: Vec<Shared>,
    /// What runs that were ended have left of it, where that was asked for: words of [`Left`].
    ///
    /// [`Left`]: super::Left
    pub traces: Vec<&'static str>,
}

/// What a listing says of a certificate.
#[derive(Debug, Clone)]
pub struct Linked {
    subject: Box<[u8]>,
    issuer: Box<[u8]>,
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
            subject: certificate.subject_der().into(),
            issuer: certificate.issuer_der().into(),
            serial: certificate.serial_hex(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            days_left: (certificate.not_after() - now).div_euclid(86_400),
            sha256: certificate.fingerprint_sha256(),
        }
    }

    /// Its subject.
    #[must_use]
    pub fn subject(&self) -> Name {
        x509::read_name(&self.subject)
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> Name {
        x509::read_name(&self.issuer)
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
    /// The objects that it stands for, in the order of their classes.
    pub fn objects(&self) -> impl Iterator<Item = &Listed> {
        std::iter::once(&self.first).chain(&self.others).map(AsRef::as_ref)
    }

    /// Whether an object of this class is in it.
    #[must_use]
    pub fn has(&self, class: ObjectClass) -> bool {
        self.objects().any(|listed| listed.object.class == class)
    }

    /// `CKA_LABEL` of the first object.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.first.object.label
    }

    /// `CKA_ID` of the first object.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.first.object.id
    }

    /// Algorithm and size, as far as the token tells.
    #[must_use]
    pub fn algorithm(&self) -> String {
        let key = self.public_key.as_ref().map(|key| key.algorithm().to_string());
        let told = || self.objects().find_map(|listed| listed.object.key_type.as_ref()).map(ToString::to_string);
        key.or_else(told).unwrap_or_else(|| "unknown".to_owned())
    }

    /// The URI of the first object.
    #[must_use]
    pub fn uri(&self, token: &TokenInfo) -> Pkcs11Uri {
        uri(&self.first.object, token)
    }
}

/// Objects with one id and one public key.
#[derive(Debug, Default)]
pub(super) struct Group<'e> {
    /// In the order of their classes.
    entries: Vec<&'e Entry>,
    key: Option<&'e Arc<PublicKey>>,
}

impl<'e> Group<'e> {
    pub(super) fn entries(&self) -> impl Iterator<Item = &'e Entry> {
        self.entries.iter().copied()
    }

    /// The public key, where one of its objects shows it.
    pub(super) fn key(&self) -> Option<&'e PublicKey> {
        self.key.map(AsRef::as_ref)
    }

    pub(super) fn id(&self) -> Option<&'e KeyId> {
        self.entries.first().map(|entry| &entry.listed.object.id)
    }

    pub(super) fn of(&self, class: ObjectClass) -> &[&'e Entry] {
        let from = self.entries.partition_point(|entry| entry.listed.object.class < class);
        &self.entries[from..self.end_of(class)]
    }

    pub(super) fn has(&self, class: ObjectClass) -> bool {
        !self.of(class).is_empty()
    }

    fn end_of(&self, class: ObjectClass) -> usize {
        self.entries.partition_point(|entry| entry.listed.object.class <= class)
    }

    /// Behind those of its class.
    fn put(&mut self, entry: &'e Entry) {
        self.entries.insert(self.end_of(entry.listed.object.class), entry);
        self.key = self.key.or(entry.key.as_ref());
    }

    fn orphan(&self) -> Option<Orphan> {
        let has = |class| self.has(class);
        match (has(ObjectClass::PrivateKey), has(ObjectClass::Certificate), has(ObjectClass::PublicKey)) {
            (true, false, _) => Some(Orphan::NoCertificate),
            (false, true, false) if self.entries().all(|entry| entry.is_ca) => None,
            (false, true, _) => Some(Orphan::NoKey),
            (false, false, true) => Some(Orphan::NoPrivateKey),
            (true, true, _) | (false, false, false) => None,
        }
    }
}

/// Sorts objects into groups.
pub(super) fn group(entries: &[Entry]) -> Vec<Group<'_>> {
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
struct Groups<'e> {
    all: Vec<Group<'e>>,
    by_key: HashMap<(&'e KeyId, &'e PublicKey), usize>,
    /// The first group of an id.
    by_id: HashMap<&'e KeyId, usize>,
    /// Groups of an id that a key of this label has opened: where several keys have one id, the label tells them apart.
    by_label: HashMap<(&'e KeyId, &'e str), Vec<usize>>,
}

impl<'e> Groups<'e> {
    fn alone(&mut self, entry: &'e Entry) {
        let mut group = Group::default();
        group.put(entry);
        self.all.push(group);
    }

    /// To the group of its id and key; a group that does not know its key may have any.
    fn by_key(&mut self, entry: &'e Entry) {
        let Some(key) = &entry.key else { return self.by_id(entry) };
        let id = &entry.listed.object.id;
        let known = self.by_key.get(&(id, &**key)).copied();
        let unknown = self.by_id.get(id).copied().filter(|index| self.all[*index].key.is_none());
        let index = known.or(unknown).unwrap_or(self.all.len());
        self.put(index, entry);
        self.by_key.insert((id, key), index);
    }

    /// To a group of its id and label that has no such object yet, else to the first group of its id.
    fn by_id(&mut self, entry: &'e Entry) {
        let Object { id, label, class, .. } = &entry.listed.object;
        let with_label = self.by_label.get_mut(&(id, label.as_str())).and_then(Vec::pop);
        let with_label = with_label.filter(|index| !self.all[*index].has(*class));
        let index = with_label.or(self.by_id.get(id).copied()).unwrap_or(self.all.len());
        self.put(index, entry);
    }

    fn put(&mut self, index: usize, entry: &'e Entry) {
        if index == self.all.len() {
            self.all.push(Group::default());
            let Object { id, label, .. } = &entry.listed.object;
            if !id.is_empty() {
                self.by_id.entry(id).or_insert(index);
                self.by_label.entry((id, label)).or_default().push(index);
            }
        }
        self.all[index].put(entry);
    }
}

/// A row for each key and certificate that belong together.
pub(super) fn pairs<'e>(groups: &[Group<'e>], shared: &SharedValues<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        let halves =
            [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate].map(|class| group.of(class));
        // Several keys or certificates of one id: each stands in a row, beside the first of the others.
        for index in 0..halves.map(<[_]>::len).into_iter().max().unwrap_or_default() {
            let nth = |all: &[&'e Entry]| all.get(index).or(all.first()).copied();
            let entries: Vec<&Entry> = halves.into_iter().filter_map(nth).collect();
            rows.extend(row(&entries, group, shared));
        }
        rows.extend(group.of(ObjectClass::SecretKey).iter().filter_map(|secret| row(&[secret], group, shared)));
    }
    rows
}

/// A row for each object of these classes.
pub(super) fn objects(groups: &[Group<'_>], classes: &[ObjectClass], shared: &SharedValues<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        let wanted = group.entries().filter(|entry| classes.contains(&entry.listed.object.class));
        rows.extend(wanted.filter_map(|entry| row(&[entry], group, shared)));
    }
    rows
}

fn row(entries: &[&Entry], group: &Group<'_>, shared: &SharedValues<'_>) -> Option<Row> {
    let (first, others) = entries.split_first()?;
    let own = entries.iter().find(|entry| entry.listed.object.class == ObjectClass::Certificate);
    let certificate = own.or(group.of(ObjectClass::Certificate).first());
    let public_key = entries.iter().find_map(|entry| entry.key.as_ref()).or(group.key).cloned();
    Some(Row {
        first: Arc::clone(&first.listed),
        others: others.iter().map(|entry| Arc::clone(&entry.listed)).collect(),
        certificate: certificate.and_then(|entry| entry.certificate.clone()),
        orphan: group.orphan(),
        weaknesses: weakness::of(entries.iter().map(|entry| entry.listed.as_ref()), public_key.as_deref()),
        shared: shared.of(entries),
        traces: vec![],
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
