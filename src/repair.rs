//! `repair`: what runs that were ended have left is mended, each by the smallest step that leaves key and certificate as
//! the linking rule wants them.
//!
//! No private key is ever deleted. A certificate goes only when another one of the same key is proved to be linked, and
//! after it is in a file. Whatever could be lost is left to be done by hand ([`crate::find::ByHand`]).

mod certificates;
mod error;
mod files;
mod mend;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

pub use self::error::Error as RepairError;
use crate::error::Error;
use crate::find::{self, Filter, Left, Trace};
use crate::state::{self, LabelLock, State};
use crate::token::Session;

/// What was found. As long as it is there, no renewal can begin of what it is about.
#[derive(Debug)]
pub struct Found {
    /// Each trace, and why it cannot be mended now.
    pub traces: Vec<(Trace, Option<Error>)>,
    /// Records that cannot be read.
    pub unreadable: Vec<state::Error>,
    _locks: Vec<LabelLock>,
}

/// What was done about a trace.
#[derive(Debug, Default)]
pub struct Mended {
    /// Certificates that were taken off the token are in these files.
    pub files: Vec<PathBuf>,
    /// What is probably not what the user wants.
    pub warnings: Vec<String>,
}

/// Looks for what runs have left, and changes nothing. `is_meant` chooses among it; `with_files`: also for files.
///
/// # Errors
/// [`state::Error::Folder`], token errors.
pub fn look(
    session: &Session<'_>,
    state: Option<&State>,
    is_meant: impl Fn(&Trace) -> bool,
    with_files: bool,
    now: i64,
    progress: &dyn Fn(usize, usize),
) -> Result<Found, Error> {
    let records = || state.map_or(Ok(Default::default()), State::records);
    let (remembered, unreadable) = records()?;
    let mut traces = find::traces(session, Filter::default(), &remembered, now, progress)?;
    traces.retain(&is_meant);
    let (mut locks, mut busy) = (Vec::new(), HashMap::new());
    if let Some(state) = state.filter(|_| traces.iter().any(|trace| trace.by_hand.is_none())) {
        let mut held = |label: &str, error| match error {
            state::Error::Busy(path) => {
                busy.insert(label.to_owned(), path);
                Ok(())
            }
            error => Err(error),
        };
        let due = || traces.iter().filter(|trace| trace.by_hand.is_none());
        for label in due().map(|trace| trace.label.as_str()).collect::<BTreeSet<_>>() {
            match state.lock_label(&session.token().serial, label) {
                Ok(lock) => locks.push(lock),
                Err(error) => held(label, error)?,
            }
        }
        // What another run was in the middle of is no trace. It holds the lock of its key, or it is through by now.
        for (trace, key) in due().filter_map(|trace| Some((trace, trace.key.as_ref()?))) {
            if let Err(error) = state.lock(key) {
                held(&trace.label, error)?;
            }
        }
        let mut again = find::traces(session, Filter::default(), &records()?.0, now, progress)?;
        again.retain(|trace| traces.iter().any(|before| before.is_same(trace)));
        traces = again;
    }
    let with_lock = |trace: Trace| {
        let path = busy.get(&trace.label).filter(|_| trace.by_hand.is_none());
        let busy = path.map(|path| state::Error::Busy(path.clone()).into());
        (trace, busy)
    };
    let mut found: Vec<(Trace, Option<Error>)> = traces.into_iter().map(with_lock).collect();
    if with_files {
        found.extend(files::look(state, &remembered).into_iter().map(|trace| (trace, None)));
    }
    Ok(Found { traces: found, unreadable, _locks: locks })
}

/// Mends one trace.
///
/// # Errors
/// [`state::Error::Busy`], [`RepairError`], and those of [`crate::accept`], [`crate::rename`] and [`crate::delete_key`]. What
/// is done in part is found by the next [`look`].
pub fn mend(session: &Session<'_>, trace: &Trace, state: Option<&State>, now: i64) -> Result<Mended, Error> {
    match &trace.left {
        Left::Unrequested => Ok(Mended::default()),
        Left::NoPublicKey => mend::public_key(session, trace),
        Left::NoPrivateKey => mend::lone_public_key(session, trace, state, now),
        Left::Labels { to } => mend::labels(session, trace, to, state),
        Left::Ids => mend::ids(session, trace),
        Left::SeveralCertificates { stays, .. } => {
            certificates::leave_one(session, trace, stays.value.as_deref().unwrap_or_default(), state, now)
        }
        Left::Astray { is_linked: true } => certificates::take_off(session, trace),
        Left::Astray { is_linked: false } => certificates::bring_home(session, trace, state, now),
        Left::Unaccepted => certificates::accept(session, trace, state, now),
        Left::CertificateGone { chain_file } => certificates::put_back(session, trace, chain_file, state, now),
        Left::KeyGone => mend::memory(trace, state),
        Left::TemporaryFile(path) => mend::file(path),
    }
}
