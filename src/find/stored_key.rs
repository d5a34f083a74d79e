//! One key by what a user can type, with all that belongs to it: found by a constant number of searches.

use std::collections::HashSet;

use super::inventory::Entry;
use super::pair::{self, Group};
use crate::error::Error;
use crate::key::{KeyId, PublicKey};
use crate::key_reference::KeyReference;
use crate::token::{Detail, Object, ObjectClass, Session, TokenInfo, Wanted};
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509::Certificate;

const CLASSES: [ObjectClass; 3] = [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate];

/// More keys of one label than these are several anyway: what belongs to each is not asked for.
const FEW: usize = 8;

/// What a reference may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nameable {
    /// A key, by either half.
    Key,
    /// Also a certificate that has no key on the token.
    LoneCertificate,
    /// Also a key by its certificate.
    Certificate,
}

/// A key on the token. At least one of its objects is there.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// The private key.
    pub private: Option<Object>,
    /// The public key object.
    pub public: Option<Object>,
    /// Its certificates: with its public key, and its id or its label. Where the token does not show the public key,
    /// the id decides.
    pub certificates: Vec<StoredCertificate>,
    /// What shares the id and is not the key's.
    pub neighbours: Vec<Object>,
    /// The public key, where a key object shows it.
    pub public_key: Option<PublicKey>,
}

/// A certificate on the token.
#[derive(Debug, Clone)]
pub struct StoredCertificate {
    /// The object.
    pub object: Object,
    /// What is in it, if it can be read.
    pub certificate: Option<Certificate>,
}

impl StoredCertificate {
    /// Reads what is in an object.
    #[must_use]
    pub fn read(object: Object) -> Self {
        let certificate = object.value.as_deref().and_then(|der| Certificate::from_der(der).ok());
        Self { object, certificate }
    }
}

impl StoredKey {
    /// Its objects, the private key first, then the public key and the certificates.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.private.iter().chain(&self.public).chain(self.certificates.iter().map(|one| &one.object))
    }

    /// `CKA_LABEL` of the first of them.
    #[must_use]
    pub fn label(&self) -> &str {
        self.objects().next().map(|object| object.label.as_str()).unwrap_or_default()
    }

    /// `CKA_ID` of the first of them.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.objects().next().map_or_else(|| KeyId::new(vec![]), |object| object.id.clone())
    }

    /// The algorithm, as far as the token tells.
    #[must_use]
    pub fn algorithm(&self) -> String {
        let certified = || self.certificates.iter().find_map(|one| one.certificate.as_ref()?.public_key().ok());
        let key = self.public_key.clone().or_else(certified);
        let told = || self.objects().find_map(|object| object.key_type.as_ref()).map(ToString::to_string);
        key.map(|key| key.algorithm().to_string()).or_else(told).unwrap_or_else(|| "unknown".to_owned())
    }
}

/// Finds the one key that is named. What names a key is not taken for the name of a certificate.
///
/// # Errors
/// [`Error::KeyNotFound`], [`Error::SeveralKeys`], [`Error::OtherToken`], token errors.
pub fn stored_key(session: &Session<'_>, reference: &KeyReference, nameable: Nameable) -> Result<StoredKey, Error> {
    check_token(reference, session.token())?;
    session.in_one_session(|| find(session, reference, nameable))
}

fn find(session: &Session<'_>, reference: &KeyReference, nameable: Nameable) -> Result<StoredKey, Error> {
    let entries = read(session, reference)?;
    let is_key = |entry: &Entry| entry.listed.object.class != ObjectClass::Certificate;
    let is_named = |entry: &Entry| fits(reference, &entry.listed.object);
    let groups = pair::group(&entries);
    let named_by = |test: &dyn Fn(&Entry) -> bool| -> Vec<&Group<'_>> {
        groups.iter().filter(|group| group.entries().any(|entry| is_named(entry) && test(entry))).collect()
    };
    let mut named = named_by(&is_key);
    if named.is_empty() {
        let is_lone = |group: &&Group<'_>| !group.entries().any(is_key);
        named = match nameable {
            Nameable::Key => vec![],
            Nameable::LoneCertificate => named_by(&|_| true).into_iter().filter(is_lone).collect(),
            Nameable::Certificate => named_by(&|_| true),
        };
    }
    // `type` decides between halves that are no pair; a pair is named by either of its halves.
    let wanted = class(reference);
    if let Some(class) = wanted.filter(|class| named.iter().any(|group| group.has(*class))) {
        named.retain(|group| group.has(class));
    }
    let [group] = named.as_slice() else {
        let found = named.iter().filter_map(|group| group.entries().next()).map(|entry| &entry.listed.object);
        return Err(not_one(reference, session.token(), found.collect()));
    };
    let (privates, publics) = (group.of(ObjectClass::PrivateKey), group.of(ObjectClass::PublicKey));
    let is_crowded = privates.len() > 1 || publics.len() > 1;
    // Several keys that nothing but their label tells apart: each half must be named.
    let halves = |all: &[&Entry]| -> Vec<Object> {
        let named = all.iter().filter(|entry| !is_crowded || is_named(entry));
        named.map(|entry| entry.listed.object.clone()).collect()
    };
    let (mut privates, mut publics) = (halves(privates), halves(publics));
    if privates.len() > 1 || publics.len() > 1 {
        return Err(not_one(reference, session.token(), privates.iter().chain(&publics).collect()));
    }
    let (private, public) = (privates.pop(), publics.pop());
    let shown = |half: &Option<Object>| half.as_ref().and_then(|object| object.public_key.clone());
    let public_key = shown(&public).or_else(|| shown(&private));
    let key = StoredKey { private, public, certificates: vec![], neighbours: vec![], public_key };
    // In a crowd a certificate is the key's only if it shows the same public key, or was itself named.
    let is_own = |entry: &&&Entry| match &key.public_key {
        _ if !is_crowded => true,
        Some(own) => entry.key.as_deref() == Some(own),
        None => key.objects().next().is_none() && is_named(entry),
    };
    let own: Vec<Object> =
        group.of(ObjectClass::Certificate).iter().filter(is_own).map(|one| one.listed.object.clone()).collect();
    surroundings(session, key, &groups, own)
}

/// Everything with the id or label, and what shares the ids of that.
fn read(session: &Session<'_>, reference: &KeyReference) -> Result<Vec<Entry>, Error> {
    let list = |wanted| session.list(&CLASSES, wanted, Detail::Summary, Entry::without_facts, &|_, _| {});
    let mut found = match (reference.id(), reference.label()) {
        (Some(id), _) => list(Wanted::Id(id))?,
        (None, label) => list(Wanted::Label(label.unwrap_or_default()))?,
    };
    if reference.id().is_some() {
        return Ok(found);
    }
    let ids = |test: fn(&Object) -> bool| -> HashSet<KeyId> {
        let named = found.iter().map(|one| &one.listed.object).filter(|object| test(object) && !object.id.is_empty());
        named.map(|object| object.id.clone()).collect()
    };
    let of_keys = ids(|object| object.class != ObjectClass::Certificate);
    let ids = if of_keys.is_empty() { ids(|_| true) } else { of_keys };
    if ids.len() <= FEW {
        let mut seen: HashSet<_> = found.iter().map(Entry::identity).collect();
        for id in &ids {
            let partners = list(Wanted::Id(id))?;
            found.extend(partners.into_iter().filter(|one| seen.insert(one.identity())));
        }
    }
    Ok(found)
}

/// Adds the certificates of the key, and what only shares its id.
fn surroundings(
    session: &Session<'_>,
    mut key: StoredKey,
    groups: &[Group<'_>],
    certificates: Vec<Object>,
) -> Result<StoredKey, Error> {
    let mut certificates: Vec<StoredCertificate> = certificates.into_iter().map(StoredCertificate::read).collect();
    let label = key.label().to_owned();
    if !label.is_empty()
        && let Some(public_key) = &key.public_key
    {
        for object in session.objects_with_label(ObjectClass::Certificate, &label)? {
            let found = StoredCertificate::read(object);
            let shown = found.certificate.as_ref().and_then(|certificate| certificate.public_key().ok());
            if shown.as_ref() == Some(public_key) && !certificates.iter().any(|known| known.object == found.object) {
                certificates.push(found);
            }
        }
    }
    key.certificates = certificates;
    let id = key.id();
    if !id.is_empty() {
        let all = groups.iter().flat_map(Group::entries).map(|entry| &entry.listed.object);
        let others = all.filter(|object| object.id == id && !key.objects().any(|own| own == *object)).cloned();
        key.neighbours = others.collect();
    }
    Ok(key)
}

fn fits(reference: &KeyReference, object: &Object) -> bool {
    reference.id().is_none_or(|id| object.id == *id) && reference.label().is_none_or(|label| object.label == label)
}

fn class(reference: &KeyReference) -> Option<ObjectClass> {
    let KeyReference::Uri(uri) = reference else { return None };
    match uri.object_type? {
        ObjectType::Private => Some(ObjectClass::PrivateKey),
        ObjectType::Public => Some(ObjectClass::PublicKey),
        ObjectType::Certificate => Some(ObjectClass::Certificate),
        ObjectType::SecretKey | ObjectType::Data => None,
    }
}

fn not_one(reference: &KeyReference, token: &TokenInfo, found: Vec<&Object>) -> Error {
    if found.is_empty() {
        return Error::KeyNotFound(reference.to_string());
    }
    let describe = |object: &Object| format!("{object}: {}", pair::uri(object, token));
    Error::SeveralKeys { wanted: reference.to_string(), found: found.into_iter().map(describe).collect() }
}

/// A URI that names a token names no key on another one.
fn check_token(reference: &KeyReference, token: &TokenInfo) -> Result<(), Error> {
    let KeyReference::Uri(uri) = reference else { return Ok(()) };
    let Pkcs11Uri { token: label, serial, manufacturer, model, slot_id, .. } = &**uri;
    let same = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
    let fits = same(label, &token.label)
        && same(serial, &token.serial)
        && same(manufacturer, &token.manufacturer)
        && same(model, &token.model)
        && slot_id.is_none_or(|wanted| wanted == token.slot_number());
    if fits { Ok(()) } else { Err(Error::OtherToken { uri: uri.to_string(), token: token.to_string() }) }
}
