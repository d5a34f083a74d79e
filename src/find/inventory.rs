//! What is read from the token: all of it, or what one search finds and what shares an id with that.

use std::collections::HashSet;
use std::sync::Arc;

use super::pair::Linked;
use super::{Query, Rows};
use crate::error::Error;
use crate::key::PublicKey;
use crate::token::{Listed, ObjectClass, Session, Wanted};
use crate::x509::Certificate;

const KEYS: [ObjectClass; 3] = [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::SecretKey];

/// More ids than these are not asked for one by one.
const FEW: usize = 8;

/// An object, and what its certificate says. Rows share both: a token may hold thousands.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) listed: Arc<Listed>,
    pub(super) certificate: Option<Arc<Linked>>,
    pub(super) is_ca: bool,
    /// Its public key, where the object shows one.
    pub(super) key: Option<Arc<PublicKey>>,
}

impl Entry {
    /// With what its certificate says on this day. What the entry tells by itself its object does not tell once more;
    /// the DER of a certificate stays where it is asked for.
    fn new(mut listed: Listed, query: &Query, now: i64) -> Self {
        let certificate = certificate(&listed);
        if certificate.is_some() && !query.with_der {
            listed.object.value = None;
        }
        let key = listed.object.public_key.take();
        let facts = certificate.as_ref().map(|certificate| Arc::new(Linked::new(certificate, now)));
        Self { certificate: facts, ..Self::of(listed, key, certificate.as_ref()) }
    }

    /// For those who do not ask what its certificate says.
    pub(super) fn without_facts(listed: Listed) -> Self {
        let (certificate, key) = (certificate(&listed), listed.object.public_key.clone());
        Self::of(listed, key, certificate.as_ref())
    }

    /// What tells it from other objects of the token, in one session.
    pub(super) fn identity(&self) -> (ObjectClass, u64) {
        (self.listed.object.class, self.listed.object.handle())
    }

    fn of(listed: Listed, key: Option<PublicKey>, certificate: Option<&Certificate>) -> Self {
        let of_certificate = || certificate.and_then(|certificate| certificate.public_key().ok());
        Self {
            key: key.or_else(of_certificate).map(Arc::new),
            is_ca: certificate.is_some_and(Certificate::is_ca),
            certificate: None,
            listed: Arc::new(listed),
        }
    }
}

fn certificate(listed: &Listed) -> Option<Certificate> {
    Certificate::from_der(listed.object.value.as_deref()?).ok()
}

/// What was read.
pub(super) struct Inventory {
    pub(super) entries: Vec<Entry>,
    /// So many keys are on the token, when all objects of these classes were read.
    pub(super) keys: Option<usize>,
}

/// Reads as little as the filter allows.
pub(super) fn read(
    session: &Session<'_>,
    query: &Query,
    now: i64,
    progress: &dyn Fn(usize, usize),
) -> Result<Inventory, Error> {
    let classes = classes(&query.rows);
    let list = |wanted, progress| {
        session.list(classes, wanted, query.detail, |listed| Entry::new(listed, query, now), progress)
    };
    let complete = || -> Result<Inventory, Error> {
        let mut entries = list(Wanted::All, progress)?;
        entries.sort_by_key(|one| one.listed.object.class);
        let mut keys = entries.iter().filter(|one| one.listed.object.class != ObjectClass::Certificate).count();
        for class in KEYS.into_iter().filter(|class| !classes.contains(class)) {
            keys += session.count(class)?;
        }
        Ok(Inventory { entries, keys: Some(keys) })
    };
    let Some(wanted) = query.filter.search() else { return complete() };
    let mut entries = list(wanted, &|_, _| {})?;
    let mut seen: HashSet<_> = entries.iter().map(Entry::identity).collect();
    if entries.is_empty() && matches!(wanted, Wanted::Key(_)) {
        // Only a certificate may have the key, and certificates cannot be searched by it.
        return complete();
    }
    if !matches!(wanted, Wanted::Id(_)) {
        let ids: HashSet<_> = entries.iter().map(|one| one.listed.object.id.clone()).collect();
        let ids: Vec<_> = ids.into_iter().filter(|id| !id.is_empty()).collect();
        if ids.len() > FEW {
            return complete();
        }
        for id in &ids {
            let partners = list(Wanted::Id(id), &|_, _| {})?;
            entries.extend(partners.into_iter().filter(|one| seen.insert(one.identity())));
        }
    }
    Ok(Inventory { entries, keys: None })
}

/// Whose objects are read: what a key is linked with is told by all of its classes.
fn classes(rows: &Rows) -> &[ObjectClass] {
    match rows {
        Rows::Objects(classes) if classes.as_slice() == [ObjectClass::SecretKey] => classes,
        Rows::Pairs | Rows::Objects(_) => &ObjectClass::ALL,
    }
}
