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
    pub(super) key: Option<PublicKey>,
}

impl Entry {
    /// With what its certificate says on this day.
    fn new(listed: Listed, now: i64) -> Self {
        Self::with(listed, |certificate| Some(Arc::new(Linked::new(certificate, now))))
    }

    /// For those who do not ask what its certificate says.
    pub(super) fn without_facts(listed: Listed) -> Self {
        Self::with(listed, |_| None)
    }

    fn with(listed: Listed, facts: impl FnOnce(&Certificate) -> Option<Arc<Linked>>) -> Self {
        let certificate = listed.object.value.as_deref().and_then(|der| Certificate::from_der(der).ok());
        let of_certificate = || certificate.as_ref().and_then(|certificate| certificate.public_key().ok());
        let key = listed.object.public_key.clone().or_else(of_certificate);
        Self {
            is_ca: certificate.as_ref().is_some_and(Certificate::is_ca),
            certificate: certificate.as_ref().and_then(facts),
            listed: Arc::new(listed),
            key,
        }
    }
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
    let entries = |listed: Vec<Listed>| listed.into_iter().map(|listed| Entry::new(listed, now)).collect();
    let classes = classes(&query.rows);
    let list = |wanted, progress| session.list(&classes, wanted, query.detail, progress);
    let complete = || -> Result<Inventory, Error> {
        let listed = list(Wanted::All, progress)?;
        let mut keys = listed.iter().filter(|one| one.object.class != ObjectClass::Certificate).count();
        for class in KEYS.into_iter().filter(|class| !classes.contains(class)) {
            keys += session.count(class)?;
        }
        Ok(Inventory { entries: entries(listed), keys: Some(keys) })
    };
    let Some(wanted) = query.filter.search() else { return complete() };
    let mut found = list(wanted, &|_, _| {})?;
    let mut seen: HashSet<_> = found.iter().map(|one| (one.object.class, one.object.handle())).collect();
    if found.is_empty() && matches!(wanted, Wanted::Key(_)) {
        // Only a certificate may have the key, and certificates cannot be searched by it.
        return complete();
    }
    if !matches!(wanted, Wanted::Id(_)) {
        let ids: HashSet<_> = found.iter().map(|one| one.object.id.clone()).filter(|id| !id.is_empty()).collect();
        if ids.len() > FEW {
            return complete();
        }
        for id in &ids {
            let partners = list(Wanted::Id(id), &|_, _| {})?;
            found.extend(partners.into_iter().filter(|one| seen.insert((one.object.class, one.object.handle()))));
        }
    }
    Ok(Inventory { entries: entries(found), keys: None })
}

/// Whose objects are read: what a key is linked with is told by all three of its classes.
fn classes(rows: &Rows) -> Vec<ObjectClass> {
    use ObjectClass::{Certificate, PrivateKey, PublicKey, SecretKey};
    match rows {
        Rows::Pairs => vec![PrivateKey, PublicKey, Certificate, SecretKey],
        Rows::Objects(classes) if classes.as_slice() == [SecretKey] => vec![SecretKey],
        Rows::Objects(classes) if classes.contains(&SecretKey) => vec![PrivateKey, PublicKey, Certificate, SecretKey],
        Rows::Objects(_) => vec![PrivateKey, PublicKey, Certificate],
    }
}
