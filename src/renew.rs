//! `renew`: a certificate that is due is followed by a new one, with the same key or a new pair.
//!
//! What is done is remembered before the next step begins, and each step can be done again without harm: a run that was
//! ended at any point is finished by the next one, with the same key, the same CSR and the same order at the CA.

mod advice;
mod answer;
mod hooks;
mod known;
mod labels;
mod request;
mod verdict;

use std::path::{Path, PathBuf};

pub use advice::Advisers;
pub use known::{Current, Known};
pub use request::Keys;
pub use verdict::{Life, Verdict, Waits, verdict};

use crate::accept::{self, ChainFile, Terms};
use crate::authority::Authority;
use crate::ca::Surroundings;
use crate::due::Advice;
use crate::error::Error;
use crate::key::{KeyId, PublicKey};
use crate::proof;
use crate::renewal::Renewal;
use crate::request::{KeySource, RequestSpec};
use crate::rollout::{Machine, Step};
use crate::state::{self, OpenRenewal, Record, RenewalStep, State, Superseded, WindowsRequest};
use crate::token::{self, Session};
use crate::x509::{self, Certificate};
use answer::Answered;
use hooks::Hooks;
use labels::Names;
use request::Requested;

/// A certificate that is to be kept alive.
#[derive(Debug, Clone)]
pub struct Site {
    /// `CKA_LABEL` that key and certificate are to have.
    pub label: String,
    /// The request.
    pub spec: RequestSpec,
    /// Its file, absolute.
    pub spec_file: PathBuf,
    /// How it is renewed.
    pub renewal: Renewal,
    /// The CA with its name.
    pub ca: Option<(String, Authority)>,
    /// What is done with the new certificate.
    pub deploy: Vec<Step>,
    /// Renew it also when it is not due.
    pub force: bool,
    /// What the CA said in this run of when it is due.
    pub advice: Option<Advice>,
}

impl Site {
    /// Where the CSR is: `web.toml` gives `web.csr.pem`, as for `new`.
    #[must_use]
    pub fn csr_file(&self) -> PathBuf {
        self.spec_file.with_extension("csr.pem")
    }

    /// Where the CA's answer is.
    #[must_use]
    pub fn certificate_file(&self) -> PathBuf {
        self.spec_file.with_extension("crt.pem")
    }

    /// Where leaf and intermediates are.
    #[must_use]
    pub fn chain_file(&self) -> PathBuf {
        self.spec_file.with_extension("fullchain.pem")
    }

    fn windows(&self) -> WindowsRequest {
        WindowsRequest {
            machine_store: self.spec.machine_store,
            friendly_name: self.spec.friendly_name.clone(),
            provider: self.spec.token.provider_name.clone(),
            key_container: None,
        }
    }
}

/// What a renewal may use of the world.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// What is remembered.
    pub state: &'a State,
    /// For the CA.
    pub around: &'a dyn Surroundings,
    /// The usual folder of the throw-away CA.
    pub dev_folder: Option<&'a Path>,
    /// For servers.
    pub machine: &'a Machine,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("state", self.state).finish_non_exhaustive()
    }
}

/// What became of a renewal that was due.
#[derive(Debug)]
pub enum Outcome {
    /// Another run was faster.
    NotDue(Life),
    /// The CA has not decided, or nobody has brought the certificate yet.
    Waits(Waits),
    /// There is a new certificate.
    Renewed(Box<Renewed>),
}

/// A certificate that was renewed.
#[derive(Debug)]
pub struct Renewed {
    /// Why.
    pub why: String,
    /// The certificate.
    pub leaf: Certificate,
    /// Label of key and certificate.
    pub label: String,
    /// `CKA_ID` of both.
    pub id: KeyId,
    /// Whether the key is a new one.
    pub is_new_key: bool,
    /// The label that the pair has now which was in use before.
    pub old_label: Option<String>,
    /// Leaf and intermediates.
    pub chain_file: PathBuf,
    /// What is probably not what the user wants.
    pub warnings: Vec<String>,
    /// Why it is not brought to those who use it: the next run does that again.
    pub unfinished: Option<Error>,
}

/// What a run has done.
#[derive(Debug)]
pub struct Ran {
    /// What became of the certificate.
    pub outcome: Result<Outcome, Error>,
    /// Why the last command failed.
    pub post: Option<Error>,
}

/// Renews what is due, or goes on with a renewal that is not through. `keys` is what one run has seen of the token.
///
/// # Errors
/// [`crate::state::Error::Busy`] when another run is at work on the label, and what is refused before anything is done.
pub fn renew(session: &Session<'_>, site: &Site, keys: &Keys, world: World<'_>, now: i64) -> Result<Ran, Error> {
    let _lock = world.state.lock_label(&session.token().serial, &site.label)?;
    // Another run may have changed it before the lock was ours.
    let is_own = |record: &Record| record.token_serial == session.token().serial && known::is_of(site, record);
    let (records, unreadable) = world.state.records_that(is_own)?;
    let mut known = Known::of(site, &records, &unreadable, is_own);
    known.look_at_token(session, site, world.state)?;
    let why = match verdict(site, &known, now) {
        Verdict::NotDue(life) => return Ok(Ran { outcome: Ok(Outcome::NotDue(life)), post: None }),
        Verdict::Waits(waits) => return Ok(Ran { outcome: Ok(Outcome::Waits(waits)), post: None }),
        Verdict::Due(why) => why,
    };
    check_files(session, site, &known)?;

    let hooks = Hooks { site, world, why: &why };
    let outcome = hooks.pre().and_then(|()| carry_out(session, &hooks, &known, keys, now));
    let post = hooks.post(&outcome).err();
    Ok(Ran { outcome, post })
}

/// From the CSR to the certificate at its place.
///
/// # Errors
/// Those of [`crate::enroll`], [`crate::submit`] and [`crate::accept`]. The same call goes on where this one ended.
fn carry_out(session: &Session<'_>, hooks: &Hooks<'_>, known: &Known, keys: &Keys, now: i64) -> Result<Outcome, Error> {
    let Hooks { site, world, why } = *hooks;
    let requested = request::find_or_make(session, site, known, keys, why, world, now)?;
    let certificates = match answer::certificates(site, known, &requested, world, now)? {
        Answered::Waits(waits) => return Ok(Outcome::Waits(waits)),
        Answered::Issued(certificates) => certificates,
    };
    // A CA takes its time, and its certificates may begin in the second in which they are made.
    let now = world.around.now();
    let chain_file = chain_file(session, site, &requested)?;
    let mut accepted = accept::accept(session, &certificates, &Terms::default(), &chain_file, Some(world.state), now)?;
    if let Some(error) = accepted.unremembered.take() {
        // The next run accepts it once more, and remembers it.
        return Err(error.into());
    }
    done(world.state, &requested.key, RenewalStep::Accepted)?;

    let mut warnings = accepted.warnings.clone();
    warnings.extend(requested.left.iter().chain(&accepted.left).cloned());
    let names = match site.spec.key.source {
        // The request names a key, which may be no label.
        KeySource::Existing => Names { label: accepted.label.clone(), old: None },
        KeySource::Generate => labels::swap(session, site, &accepted.id, &requested.since, world.state, &mut warnings)?,
    };
    done(world.state, &requested.key, RenewalStep::Named)?;
    proof::prove(session, &accepted.leaf, &accepted.id)?;

    let deployed = hooks.deploy(session, &accepted, &names.label, requested.replaces.as_deref());
    let unfinished = deployed.and_then(|()| close(world.state, &requested, known, now)).err();
    Ok(Outcome::Renewed(Box::new(Renewed {
        why: requested.why,
        leaf: accepted.leaf,
        label: names.label,
        id: accepted.id,
        is_new_key: requested.is_new_key,
        old_label: names.old,
        chain_file: accepted.chain_file,
        warnings,
        unfinished,
    })))
}

/// Refuses, before the token changes, to write over what is not of this site.
fn check_files(session: &Session<'_>, site: &Site, known: &Known) -> Result<(), Error> {
    answer::check_csr_file(site, known)?;
    for path in [site.certificate_file(), site.chain_file()] {
        if path.symlink_metadata().is_ok() && !is_of_token(session, &path)? {
            return Err(crate::file::Error::Exists(path).into());
        }
    }
    Ok(())
}

/// Whether a file begins with a certificate whose key is on the token. What cannot be read is somebody else's.
fn is_of_token(session: &Session<'_>, path: &Path) -> Result<bool, Error> {
    let Some(leaf) = known::leaf_of_file(path) else { return Ok(false) };
    let Ok(key) = leaf.public_key() else { return Ok(false) };
    match session.find_key(&key) {
        Ok(pair) => Ok(pair.is_some()),
        Err(token::Error::KeyAmbiguous { .. }) => Ok(true),
        Err(token::Error::PrivateKeyMissing(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn chain_file(session: &Session<'_>, site: &Site, requested: &Requested) -> Result<ChainFile, Error> {
    let path = requested.chain_file.clone().unwrap_or_else(|| site.chain_file());
    let is_predecessor = path.is_file() && is_of_token(session, &path)?;
    Ok(ChainFile::new(&path, false)?.replacing(is_predecessor))
}

/// Remembers a step that is done.
fn done(state: &State, key: &PublicKey, step: RenewalStep) -> Result<(), Error> {
    Ok(state.update(key, |record| {
        if let Some(OpenRenewal { done, .. }) = &mut record.renewal {
            *done = step;
        }
    })?)
}

/// Nothing is left to be done: the key of the certificate that was replaced is not in use any more.
fn close(state: &State, requested: &Requested, known: &Known, now: i64) -> Result<(), Error> {
    let own = x509::spki_fingerprint(&requested.key);
    for other in known.remembered.iter().filter(|other| **other != own) {
        state.update_by_name(other, |record| {
            let accepted = record.accepted.as_ref().map(|one| &one.fingerprint_sha256);
            let is_replaced = accepted.is_some() && accepted == requested.replaces.as_ref();
            let since = record.superseded.take().map(|before| before.since);
            let since = since.or_else(|| is_replaced.then(|| state::time(now)));
            record.superseded = since.map(|since| Superseded { since, by: own.clone() });
        })?;
    }
    Ok(state.update(&requested.key, |record| {
        (record.renewal, record.superseded) = (None, None);
        if let Some(request) = &mut record.request {
            request.order = None;
        }
    })?)
}
