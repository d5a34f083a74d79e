//! `prune`: key pairs in whose place a renewal has put another one are deleted, with their certificates.
//!
//! The certificate of such a pair is usually still valid. So the pair goes only when the certificate that followed it is
//! on the token, proved and for the same names, and no server that is known still uses the old key.

mod error;
mod look;

use std::collections::BTreeMap;

pub use self::error::Error as PruneError;
use crate::delete_key::{self, Deletion, Memory, Terms};
use crate::error::Error;
use crate::file;
use crate::find::{StoredCertificate, StoredKey};
use crate::key_reference::KeyReference;
use crate::proof;
use crate::state::{LabelLock, Record, State};
use crate::tls;
use crate::token::Session;
use crate::x509::{self, Certificate};
pub use look::Address;

/// A certificate in use, and the pairs that were in use before it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The record of the key in use.
    pub in_use: Record,
    /// The records of the others, the newest first.
    pub old: Vec<Record>,
}

/// Sites with superseded pairs, in the order of the records. A key that never had a certificate is not superseded.
#[must_use]
pub fn sites(records: &[Record]) -> Vec<Site> {
    let mut old: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.accepted.is_some()) {
        if let Some(superseded) = &record.superseded {
            old.entry(&superseded.by).or_default().push(record);
        }
    }
    let is_in_use = |record: &&Record| record.superseded.is_none() && record.accepted.is_some();
    let site = |record: &Record| {
        let of_token = |one: &&&Record| one.token_serial == record.token_serial;
        let mut old: Vec<Record> =
            old.get(record.spki_sha256.as_str())?.iter().filter(of_token).map(|one| Record::clone(one)).collect();
        old.sort_by(|one, other| age(other).cmp(&age(one)));
        (!old.is_empty()).then(|| Site { in_use: record.clone(), old })
    };
    records.iter().filter(is_in_use).filter_map(site).collect()
}

/// Greater is younger. The labels tell those of one second apart.
fn age(record: &Record) -> (Option<&str>, Option<&str>, &str) {
    let since = record.superseded.as_ref().map(|superseded| superseded.since.as_str());
    let accepted = record.accepted.as_ref().and_then(|accepted| accepted.not_before.as_deref());
    (since, accepted, &record.label)
}

/// What will go of one site. Nothing is changed until [`Old::carry_out`].
#[derive(Debug)]
pub struct Plan<'s> {
    /// Each superseded pair that is not kept, the newest first, and whether it may go.
    pub pairs: Vec<(Record, Result<Old<'s>, Error>)>,
    /// No renewal of the site can begin as long as this is there.
    pub lock: LabelLock,
}

/// A superseded pair that may go.
#[derive(Debug)]
pub enum Old<'s> {
    /// What is on the token.
    Pair(Box<Deletion<'s>>),
    /// Nothing is left but its record.
    Gone,
}

/// Looks at all but the `keep` newest superseded pairs of a site.
///
/// # Errors
/// [`crate::state::Error::Busy`]; what keeps a single pair stands beside it.
pub fn plan<'s>(
    session: &'s Session<'s>,
    in_use: &Record,
    keep: usize,
    servers: &[Address],
    state: &State,
    now: i64,
) -> Result<Plan<'s>, Error> {
    let lock = state.lock_label(&in_use.token_serial, &in_use.label)?;
    // Another run may have changed it before the lock was ours.
    let (records, _) = state.records()?;
    let site = sites(&records).into_iter().find(|site| site.in_use.spki_sha256 == in_use.spki_sha256);
    let Some(Site { in_use, old }) = site else { return Ok(Plan { pairs: vec![], lock }) };
    let judged = |old: Record| {
        let judged = judge(session, &old, &in_use, servers, state, now);
        (old, judged)
    };
    Ok(Plan { pairs: old.into_iter().skip(keep).map(judged).collect(), lock })
}

/// Whether a pair may go.
fn judge<'s>(
    session: &'s Session<'s>,
    old: &Record,
    in_use: &Record,
    servers: &[Address],
    state: &State,
    now: i64,
) -> Result<Old<'s>, Error> {
    // That a certificate which has not expired needs the key is answered here, by the one that followed.
    let terms = Terms { certificate: true, force: true };
    let deletion = match delete_key::plan(session, &KeyReference::Id(old.key_id()), terms, Some(state), now) {
        Err(Error::KeyNotFound(_)) => return Ok(Old::Gone),
        deletion => deletion?,
    };
    check_key(session, old, &deletion.key)?;
    let certificates: Vec<Certificate> =
        deletion.key.certificates.iter().filter_map(|one| one.certificate.clone()).collect();
    let followed_by = successor(session, in_use, now)?;
    check_names(old, &certificates, &followed_by, now)?;
    look::check_unused(old, &certificates, servers)?;
    Ok(Old::Pair(Box::new(deletion)))
}

/// What has the id is the key that is remembered. A private key that does not show its public key proves it by a signature.
fn check_key(session: &Session<'_>, old: &Record, key: &StoredKey) -> Result<(), Error> {
    let other = || PruneError::OtherKey { label: old.label.clone(), id: old.key_id() };
    let shown = key.certificates.iter().find_map(|StoredCertificate { certificate, .. }| certificate.as_ref());
    let shown = || shown.and_then(|certificate| certificate.public_key().ok());
    let public_key = key.public_key.clone().or_else(shown).ok_or_else(other)?;
    let is_own = x509::spki_fingerprint(&public_key) == old.spki_sha256;
    let is_proved = match &key.private {
        Some(private) if private.public_key.is_none() => is_own && proof::is_half_of(session, private, &public_key)?,
        Some(_) | None => is_own,
    };
    if is_proved { Ok(()) } else { Err(other().into()) }
}

/// The certificate in use, when it is linked and valid.
fn successor(session: &Session<'_>, in_use: &Record, now: i64) -> Result<Certificate, Error> {
    let not = |reason: &str| PruneError::NotReplaced { label: in_use.label.clone(), reason: reason.to_owned() };
    let accepted = in_use.accepted.as_ref().ok_or_else(|| not("has no certificate"))?;
    let stored = session.certificates_with_id(&in_use.key_id())?;
    let stored = stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok());
    let in_file = file::read(&accepted.chain_file).ok().and_then(|bytes| x509::read_certificates(&bytes).ok());
    let in_file = in_file.unwrap_or_default().into_iter().filter(|_| !accepted.on_token);
    let leaf = stored.chain(in_file).find(|one| one.fingerprint_sha256() == accepted.fingerprint_sha256);
    let leaf = leaf.ok_or_else(|| not("has lost its certificate"))?;
    if now < leaf.not_before() || now > leaf.not_after() {
        return Err(not("has a certificate that is not valid now").into());
    }
    proof::prove(session, &leaf, &in_use.key_id())?;
    Ok(leaf)
}

/// All names of certificates that have not expired are names of the one that followed.
fn check_names(old: &Record, certificates: &[Certificate], leaf: &Certificate, now: i64) -> Result<(), Error> {
    let valid = certificates.iter().filter(|one| one.not_after() >= now);
    let names = valid.flat_map(proof::server_names);
    let missing: Vec<String> = names.filter(|name| tls::check_name(leaf.der(), name).is_err()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let reason = format!("has a valid certificate for names that the newer one lacks: {}", missing.join(", "));
    Err(PruneError::NotReplaced { label: old.label.clone(), reason }.into())
}

impl Old<'_> {
    /// Deletes it, and what is remembered of it.
    ///
    /// # Errors
    /// Those of [`Deletion::carry_out`]; the same call finishes the work.
    pub fn carry_out(&self, old: &Record, state: &State) -> Result<Memory, Error> {
        let memory = match self {
            Self::Pair(deletion) => deletion.carry_out()?,
            Self::Gone => Memory::Nothing,
        };
        if memory == Memory::Nothing {
            // What was left on the token did not show its key.
            state.forget(&old.spki_sha256)?;
            return Ok(Memory::Forgotten);
        }
        Ok(memory)
    }
}
