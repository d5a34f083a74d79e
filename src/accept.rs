//! `accept`: the CA's answer is matched with its key, stored beside it, and the link is proved.

mod chain_file;
mod changes;
mod choose;
mod examine;
mod left;
mod link;
pub mod windows_store;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::Error;
use crate::key::{KeyAlgorithm, KeyId, PublicKey, SignatureScheme};
use crate::proof::{self, Step, prove};
use crate::state::{self, AcceptedCertificate, Entry, OpenRenewal, PendingRequest, Record, State};
use crate::tls;
use crate::token::vendor::Certificates;
use crate::token::{self, KeyPair, Session};
use crate::x509::{self, Certificate, Difference};

pub use chain_file::ChainFile;
use changes::Changes;
pub use choose::{Choice, choose};
use examine::{Findings, examine};
use left::left;
use link::Placed;

/// What the user says about a certificate that is to be accepted.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Refuse whatever would be a warning, and every difference from the request.
    pub strict: bool,
    /// Take a CA certificate although the request did not ask for one.
    pub allow_ca: bool,
    /// Roots to which a valid path must lead; empty: not checked.
    pub roots: Vec<Certificate>,
    /// Leave the intermediates out of the token.
    pub no_chain: bool,
    /// Keep the certificate that is replaced, as a PEM file.
    pub keep_old: bool,
}

/// What `accept` leaves behind.
#[derive(Debug)]
pub struct Accepted {
    /// The certificate of the key.
    pub leaf: Certificate,
    /// Leaf and intermediates in order, without the root.
    pub chain: Vec<Certificate>,
    /// Label of key and certificate.
    pub label: String,
    /// `CKA_ID` of both.
    pub id: KeyId,
    /// Algorithm of the key.
    pub algorithm: KeyAlgorithm,
    /// What happened on the token.
    pub change: Change,
    /// How many intermediates were stored now.
    pub stored_intermediates: usize,
    /// The schemes by which the link was proved.
    pub proved: Vec<SignatureScheme>,
    /// Handshakes in memory with the key in the token, or why there were none.
    pub handshakes: Vec<Step>,
    /// How the certificate differs from the request; `None` when the request is not known.
    pub differences: Option<Vec<Difference>>,
    /// What is probably not what the user wants.
    pub warnings: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// What runs that were ended had left of the key, and what became of it.
    pub left: Vec<String>,
    /// The chain file, absolute.
    pub chain_file: PathBuf,
    /// Whether the chain file was written: it is left alone if it holds the same already.
    pub chain_written: bool,
    /// Where the chain was that this one replaced.
    pub previous_chain: Option<PathBuf>,
    /// Where the certificates are that were replaced on the token.
    pub kept: Vec<PathBuf>,
    /// What is remembered of the request.
    pub request: Option<PendingRequest>,
    /// Why the certificate, which is in place, is not remembered; one of the warnings, too.
    pub unremembered: Option<state::Error>,
}

/// What happened to the leaf on the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Stored,
    /// It was there already, linked.
    Unchanged,
    /// It took the place of so many others of the same key.
    Replaced(usize),
    /// The token holds no certificates; how it said so.
    NotStored(String),
}

/// Checks the CA's answer, stores the leaf by the linking rule, proves the link, writes the chain, and only then
/// removes what the leaf replaces.
///
/// # Errors
/// What [`choose`] refuses; a certificate that is not what was asked for; [`Error::File`] for the chain file;
/// [`Error::LinkNotProved`] and token errors, and the token is as before then, unless [`Error::NotUndone`] or
/// [`Error::OldStays`] say what is left.
pub fn accept(
    session: &Session<'_>,
    certificates: &[Certificate],
    terms: &Terms,
    chain_file: &ChainFile,
    state: Option<&State>,
    now: i64,
) -> Result<Accepted, Error> {
    let Choice { leaf, others, pair } = choose(session, certificates, now)?;
    let (id, label, key) = (pair.id().clone(), pair.label().to_owned(), pair.public_key());
    let Memory { entry, record: known, lost, mut unremembered } = recall(state, key)?;

    let request = known.as_ref().and_then(Record::csr);
    let sorted = x509::sort_chain(&leaf, &others);
    let Findings { mut warnings, mut notes, differences } = examine(&leaf, &sorted, request.as_ref(), terms, now)?;
    warnings.extend(lost);
    let chain = served(&leaf, sorted, now);
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    let chain_plan = chain_file.plan(pem, known.as_ref().and_then(|record| record.accepted.as_ref()))?;

    // Nothing was changed up to here; what is changed from here on is undone when anything fails.
    let mut changes = Changes::new(session, Some(chain_file));
    let mut link = || -> Result<_, Error> {
        let placed = link::place(&mut changes, &pair, &leaf)?;
        let proved = prove(session, &leaf, &id)?;
        let handshakes = shake_hands(&pair, &proved, &chain, &terms.roots, now)?;
        let stored = match &placed {
            Placed::Refused(_) => 0,
            _ if terms.no_chain => 0,
            Placed::There(_) | Placed::Stored(_) | Placed::InPlace(_) => {
                link::store_intermediates(&mut changes, &chain[1..], &mut warnings)?
            }
        };
        Ok((placed, proved, handshakes, stored, chain_plan.write()?))
    };
    let (placed, proved, handshakes, stored_intermediates, previous_chain) = match link() {
        Ok(linked) => linked,
        Err(error) => return Err(changes.undo(error)),
    };
    let left = left(session, &placed, &pair, state, now);
    let change = settle(placed, &mut changes, &pair, &leaf, terms.keep_old)?;
    let kept = changes.kept();

    if session.quirks().certificates == Certificates::WithKey && chain.len() > 1 && !terms.no_chain {
        notes.push("the token holds certificates only with their key: those of CAs are in the chain file".to_owned());
    }
    let pss = proved.iter().any(|scheme| matches!(scheme, SignatureScheme::RsaPss(_)));
    if matches!(key, PublicKey::Rsa { .. }) && !pss {
        warnings.push("the token cannot sign RSA-PSS, which TLS 1.3 needs: servers will offer TLS 1.2 only".to_owned());
    }
    let Past { request, before, key_made, uses, renewal, written } = known.map(Past::from).unwrap_or_default();
    if let Some(entry) = entry {
        let mut record = Record::new(key, &label, &id, session.token());
        record.module = std::path::absolute(session.module_path()).ok();
        record.request.clone_from(&request);
        (record.key_made, record.renewal, record.written) = (key_made, renewal, written);
        record.uses = uses + u32::from(before.is_none_or(|before| before != leaf.fingerprint_sha256()));
        record.accepted = Some(AcceptedCertificate {
            fingerprint_sha256: leaf.fingerprint_sha256(),
            not_before: Some(state::time(leaf.not_before())),
            not_after: state::time(leaf.not_after()),
            chain_file: chain_plan.absolute().to_owned(),
            chain_sha256: chain_plan.sha256(),
            on_token: !matches!(change, Change::NotStored(_)),
        });
        unremembered = entry.write(&record).err();
    }
    if let Some(error) = &unremembered {
        warnings.push(format!("the certificate is in place, but that is not remembered: {error}"));
    }
    Ok(Accepted {
        leaf,
        chain,
        label,
        id,
        algorithm: key.algorithm(),
        change,
        stored_intermediates,
        proved,
        handshakes,
        differences,
        warnings,
        notes,
        left,
        chain_file: chain_plan.absolute().to_owned(),
        chain_written: chain_plan.writes(),
        previous_chain,
        kept,
        request,
        unremembered,
    })
}

/// Links a certificate that was made here, by the same rule: stored, proved, alone.
///
/// # Errors
/// [`Error::LinkNotProved`], token errors; the token is as before then. A token without certificates is one of them.
pub fn link(session: &Session<'_>, pair: &KeyPair<'_>, leaf: &Certificate) -> Result<Change, Error> {
    let mut changes = Changes::new(session, None);
    let mut link = || match link::place(&mut changes, pair, leaf)? {
        Placed::Refused(source) => Err(token::Error::CertificateRefused { source }.into()),
        placed => prove(session, leaf, pair.id()).map(|_| placed),
    };
    match link() {
        Ok(placed) => settle(placed, &mut changes, pair, leaf, false),
        Err(error) => Err(changes.undo(error)),
    }
}

/// Removes what a leaf replaces that is linked and proved.
fn settle(
    placed: Placed,
    changes: &mut Changes<'_>,
    pair: &KeyPair<'_>,
    leaf: &Certificate,
    keep_old: bool,
) -> Result<Change, Error> {
    Ok(match placed {
        Placed::Refused(refusal) => Change::NotStored(refusal.to_string()),
        Placed::InPlace(count) => Change::Replaced(count),
        Placed::There(0) => Change::Unchanged,
        Placed::Stored(0) => Change::Stored,
        Placed::There(_) | Placed::Stored(_) => Change::Replaced(link::remove_outdated(changes, pair, leaf, keep_old)?),
    })
}

/// What of a record is not about this certificate.
#[derive(Debug, Default)]
struct Past {
    request: Option<PendingRequest>,
    /// The last certificate, by its fingerprint.
    before: Option<String>,
    key_made: Option<String>,
    uses: u32,
    renewal: Option<OpenRenewal>,
    written: BTreeMap<PathBuf, String>,
}

impl From<Record> for Past {
    fn from(Record { request, accepted, key_made, uses, renewal, written, .. }: Record) -> Self {
        Self { request, before: accepted.map(|accepted| accepted.fingerprint_sha256), key_made, uses, renewal, written }
    }
}

/// What is remembered of a key, locked until `accept` is done.
#[derive(Debug, Default)]
struct Memory {
    entry: Option<Entry>,
    record: Option<Record>,
    /// Why there is no request to compare with.
    lost: Option<String>,
    /// Why nothing can be remembered.
    unremembered: Option<state::Error>,
}

/// Only a lock that another run holds is a reason to stop; everything but the comparison works without memory.
fn recall(state: Option<&State>, key: &PublicKey) -> Result<Memory, Error> {
    let lost =
        |reason: &dyn std::fmt::Display| Some(format!("the certificate is not compared with its request: {reason}"));
    let Some(state) = state else {
        return Ok(Memory { lost: lost(&"there is no state folder"), ..Memory::default() });
    };
    let (entry, unremembered) = match state.lock(key) {
        Ok(entry) => (Some(entry), None),
        Err(busy @ state::Error::Busy(_)) => return Err(busy.into()),
        Err(error) => (None, Some(error)),
    };
    let (record, lost) = match entry.as_ref().map_or_else(|| Ok(state.record(key)), Entry::read) {
        Ok(Some(record)) if record.csr().is_some() => (Some(record), None),
        Ok(record) => (record, lost(&"none is remembered for this key (made elsewhere, or by another user)")),
        Err(error) => (None, lost(&error)),
    };
    Ok(Memory { entry, record, lost, unremembered })
}

/// The certificate serves TLS with the key in the token: shown for its first name, by each version of TLS. What is not
/// valid yet is tried as on its first day.
fn shake_hands(
    pair: &KeyPair<'_>,
    proved: &[SignatureScheme],
    chain: &[Certificate],
    roots: &[Certificate],
    now: i64,
) -> Result<Vec<Step>, Error> {
    let roots = match roots {
        [] => None,
        roots => Some(tls::Roots::new(roots.iter().map(Certificate::der))?),
    };
    let day = chain.iter().map(Certificate::not_before).fold(now, i64::max);
    let steps = proof::handshakes(pair, proved, chain, roots.as_ref(), 1, day)?;
    let failed: Vec<_> = steps.iter().filter(|step| step.has_failed()).cloned().collect();
    if failed.is_empty() { Ok(steps) } else { Err(Error::HandshakeFailed { failed }) }
}

/// Leaf and intermediates in order, as a server sends them: without the root (RFC 8446, 4.4.2 lets it be left
/// out), and without what has expired and all above.
#[must_use]
pub fn served(leaf: &Certificate, sorted: x509::Chain, now: i64) -> Vec<Certificate> {
    let issuers = sorted.issuers.into_iter().take_while(|one| one.not_after() >= now && !one.is_self_issued());
    std::iter::once(leaf.clone()).chain(issuers).collect()
}

/// A date as people and tables want it: `2026-11-24`.
#[must_use]
pub fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an impossible date".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
