//! The CSR of a renewal: the one that an earlier run made, else a new one for the key that is to be used.

use std::cell::OnceCell;
use std::path::PathBuf;

use super::known::{Current, Known};
use super::{Site, World, answer};
use crate::enroll::{self, Document};
use crate::error::Error;
use crate::file;
use crate::key::{KeyId, PublicKey};
use crate::key_reference::KeyReference;
use crate::renewal::{Age, KeyPolicy};
use crate::request::KeySource;
use crate::state::{self, OpenRenewal, PendingRequest, Record, RenewalStep};
use crate::token::{KeyPair, NewKeyPair, ObjectClass, Session};
use crate::x509::{self, Csr, UnsignedCsr};

/// The private keys of the token, by label and id, as they were when a run first needed them.
#[derive(Debug, Default)]
pub struct Keys(OnceCell<Vec<(String, KeyId)>>);

impl Keys {
    fn all(&self, session: &Session<'_>) -> Result<&[(String, KeyId)], Error> {
        if let Some(all) = self.0.get() {
            return Ok(all);
        }
        let all = session.objects(ObjectClass::PrivateKey)?.into_iter().map(|key| (key.label, key.id)).collect();
        Ok(self.0.get_or_init(|| all))
    }
}

/// A CSR that is remembered.
#[derive(Debug)]
pub(super) struct Requested {
    pub(super) csr: Csr,
    pub(super) key: PublicKey,
    pub(super) is_new_key: bool,
    /// Why the renewal was due.
    pub(super) why: String,
    /// Since when it is under way, as RFC 3339.
    pub(super) since: String,
    /// SHA-256 of the certificate that is replaced.
    pub(super) replaces: Option<String>,
    /// Where the chain is, when the certificate was accepted already.
    pub(super) chain_file: Option<PathBuf>,
    /// What a run that was ended had left, and what became of it.
    pub(super) left: Option<String>,
}

/// Who makes a request, of what, and when.
struct Maker<'m, 's> {
    session: &'s Session<'s>,
    site: &'m Site,
    world: World<'m>,
    now: i64,
}

/// Finds the CSR of an earlier run, or makes one and remembers it.
pub(super) fn find_or_make<'s>(
    session: &'s Session<'s>,
    site: &Site,
    known: &Known,
    keys: &Keys,
    why: &str,
    world: World<'_>,
    now: i64,
) -> Result<Requested, Error> {
    let maker = Maker { session, site, world, now };
    let replaces = known.current.as_ref().map(|current| current.fingerprint.clone());
    let open = OpenRenewal::new(why, replaces, RenewalStep::Requested, now);
    if let Some(pending) = &known.pending
        && let Some(csr) = pending.csr()
        && let Some(pair) = session.find_key(&csr.public_key()?)?
    {
        let open = pending.renewal.clone().unwrap_or(open);
        let accepted = pending.accepted.as_ref();
        let accepted = accepted.filter(|one| open.replaces.as_ref() != Some(&one.fingerprint_sha256));
        // The certificate of this renewal is its first one, come or to come.
        let is_new_key = pending.uses + u32::from(accepted.is_none()) <= 1;
        if accepted.is_none() && !asks_for(&csr, site, pair.public_key()) {
            // The request file says something else by now.
            return maker.sign(&pair, &open, is_new_key);
        }
        if pending.renewal.is_none() {
            world.state.update(pair.public_key(), |record| record.renewal = Some(open.clone()))?;
        }
        let mut requested = maker.requested(csr, &open, is_new_key)?;
        requested.chain_file = accepted.map(|accepted| accepted.chain_file.clone());
        return Ok(requested);
    }
    if let Some(pair) = same_key(session, site, known.current.as_ref(), now)? {
        return maker.sign(&pair, &open, false);
    }
    match orphan(session, site, known, keys)? {
        Some(pair) => {
            let requested = match csr_of_file(site, pair.public_key()) {
                Some(csr) => {
                    maker.remember(&csr, (pair.label(), pair.id()), &open, true)?;
                    maker.requested(csr, &open, true)
                }
                None => maker.sign(&pair, &open, true),
            };
            let left = format!("a run that was ended had left the pair \"{}\", which is taken", pair.label());
            Ok(Requested { left: Some(left), ..requested? })
        }
        None => maker.make(&open),
    }
}

impl Maker<'_, '_> {
    /// Makes a pair, and a CSR for it.
    fn make(&self, open: &OpenRenewal) -> Result<Requested, Error> {
        let Self { session, site, .. } = self;
        let (algorithm, purposes) = (site.spec.key.algorithm, site.spec.key.purposes);
        let mut planned = session.plan_pair(site.label.clone(), algorithm, purposes)?;
        if !session.objects_labelled(&planned.label)?.is_empty() {
            let label = match session.quirks().label_is_id {
                false => suffixed(&site.label, &planned.id),
                // The id follows from the label there.
                true => format!("{}.{:08x}", site.label, self.now),
            };
            let renamed = session.plan_pair(label, algorithm, purposes)?;
            planned = NewKeyPair { id: if session.quirks().label_is_id { renamed.id } else { planned.id }, ..renamed };
        }
        let name = (planned.label.as_str(), &planned.id);
        let write = |document: &Document| self.remember(request(document, site)?, name, open, true);
        let made = enroll::with_new_pair(session, &planned, &site.spec, false, self.now, write)?;
        self.requested(request(&made.document, site)?.clone(), open, true)
    }

    /// Signs a CSR for a pair that is there.
    fn sign(&self, pair: &KeyPair<'_>, open: &OpenRenewal, is_new_key: bool) -> Result<Requested, Error> {
        let name = (pair.label(), pair.id());
        let write = |document: &Document| self.remember(request(document, self.site)?, name, open, is_new_key);
        let made = enroll::with_pair(self.session, pair, &self.site.spec, self.now, write)?;
        self.requested(request(&made.document, self.site)?.clone(), open, is_new_key)
    }

    /// The request is remembered before anybody sees it.
    fn remember(
        &self,
        csr: &Csr,
        (label, id): (&str, &KeyId),
        open: &OpenRenewal,
        is_new_key: bool,
    ) -> Result<(), Error> {
        let Self { session, site, world, now } = self;
        let key = csr.public_key()?;
        let request = PendingRequest::new(csr, Some(&site.csr_file()), Some(&site.spec_file), site.windows(), *now);
        let mut record = Record::new(&key, label, id, session.token());
        record.module = std::path::absolute(session.module_path()).ok();
        record.key_made = is_new_key.then(|| state::time(*now));
        record.renewal = Some(open.clone());
        Ok(world.state.remember(request, record, &key)?)
    }

    fn requested(&self, csr: Csr, open: &OpenRenewal, is_new_key: bool) -> Result<Requested, Error> {
        answer::write_csr(self.site, &csr)?;
        let OpenRenewal { why, since, replaces, done: _, before: _ } = open.clone();
        Ok(Requested { key: csr.public_key()?, csr, is_new_key, why, since, replaces, chain_file: None, left: None })
    }
}

fn request<'d>(document: &'d Document, site: &Site) -> Result<&'d Csr, Error> {
    match document {
        Document::Request(csr) => Ok(csr),
        Document::Certificate(_) => Err(Error::SelfSigned { spec: site.spec_file.clone() }),
    }
}

/// The CSR in the site's file, if it is for this key and asks for the same.
fn csr_of_file(site: &Site, key: &PublicKey) -> Option<Csr> {
    let csr = Csr::from_bytes(&file::read(&site.csr_file()).ok()?).ok()?;
    (asks_for(&csr, site, key) && csr.verify().is_ok()).then_some(csr)
}

fn asks_for(csr: &Csr, site: &Site, key: &PublicKey) -> bool {
    UnsignedCsr::new(&site.spec, key).is_ok_and(|unsigned| csr.is_as(&unsigned))
}

/// The key of the certificate in use, if it is to be used again.
fn same_key<'s>(
    session: &'s Session<'s>,
    site: &Site,
    current: Option<&Current>,
    now: i64,
) -> Result<Option<KeyPair<'s>>, Error> {
    if site.spec.key.source == KeySource::Existing {
        let reference = enroll::existing(&site.label)?;
        let pair = session.find_key_by_reference(&reference)?;
        return Ok(Some(pair.ok_or_else(|| Error::KeyMissing(reference.to_string()))?));
    }
    let Some(Current { key: Some(key), key_made, uses, not_before, .. }) = current else { return Ok(None) };
    if site.renewal.key.unwrap_or_default() == KeyPolicy::New {
        return Ok(None);
    }
    let is_used_up = site.renewal.max_key_uses.is_some_and(|most| *uses >= most.get());
    // A key is as old as its first certificate at least.
    let age = now.saturating_sub(key_made.unwrap_or(*not_before));
    let is_too_old = site.renewal.max_key_age.is_some_and(|Age(most)| age >= most);
    if is_used_up || is_too_old {
        return Ok(None);
    }
    Ok(session.find_key(key)?)
}

/// A pair that a run made which was ended before it could remember it: it has the label of a renewal's new pair, or the
/// site's own if no certificate had it, and no certificate.
fn orphan<'s>(session: &'s Session<'s>, site: &Site, known: &Known, keys: &Keys) -> Result<Option<KeyPair<'s>>, Error> {
    let is_free = session.certificates_with_label(&site.label)?.is_empty();
    for (label, id) in keys.all(session)? {
        let is_candidate = *label == suffixed(&site.label, id) || (*label == site.label && is_free);
        if !is_candidate || id.is_empty() || !session.certificates_with_id(id)?.is_empty() {
            continue;
        }
        let Some(pair) = session.find_whole_key_by_reference(&KeyReference::Id(id.clone()))? else { continue };
        let is_in_use = known.current.as_ref().is_some_and(|current| current.key.as_ref() == Some(pair.public_key()));
        let fits = pair.public_key().algorithm() == site.spec.key.algorithm;
        if fits && !is_in_use && !known.remembered.contains(&x509::spki_fingerprint(pair.public_key())) {
            return Ok(Some(pair));
        }
    }
    Ok(None)
}

/// The label of a new pair beside one that has the site's.
pub(super) fn suffixed(label: &str, id: &KeyId) -> String {
    let id = id.to_string();
    format!("{label}.{}", id.get(..8).unwrap_or(&id))
}
