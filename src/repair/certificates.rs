//! Certificates: each beside its key, one for each key, proved, in a chain file, and remembered.

use std::path::{Path, PathBuf};

use super::mend::{changed, lock};
use super::{Mended, RepairError};
use crate::accept::{self, Accepted, ChainFile, Terms};
use crate::error::Error;
use crate::file;
use crate::find::Trace;
use crate::state::{Record, State};
use crate::token::{Object, Session};
use crate::x509::{self, Certificate};

/// Of several certificates one stays, which is proved first.
pub(super) fn leave_one(
    session: &Session<'_>,
    trace: &Trace,
    stays: &[u8],
    state: Option<&State>,
    now: i64,
) -> Result<Mended, Error> {
    let leaf = Certificate::from_der(stays)?;
    let going: Vec<&Object> = trace.objects.iter().filter(|one| one.value.as_deref() != Some(stays)).collect();
    let files = going.iter().map(|one| copy(one, trace)).collect::<Result<Vec<_>, _>>()?;
    let Mended { warnings, .. } = settle(session, trace, &leaf, state, now)?;
    Ok(Mended { files, warnings })
}

/// A certificate under another id than its key's is stored again under that.
pub(super) fn bring_home(
    session: &Session<'_>,
    trace: &Trace,
    state: Option<&State>,
    now: i64,
) -> Result<Mended, Error> {
    let [stray] = trace.objects.as_slice() else { return Err(changed(trace)) };
    let leaf = Certificate::from_der(stray.value.as_deref().unwrap_or_default())?;
    let mended = settle(session, trace, &leaf, state, now)?;
    destroy(session, stray)?;
    Ok(mended)
}

/// A certificate that is one too many.
pub(super) fn take_off(session: &Session<'_>, trace: &Trace) -> Result<Mended, Error> {
    let [stray] = trace.objects.as_slice() else { return Err(changed(trace)) };
    let files = vec![copy(stray, trace)?];
    destroy(session, stray)?;
    Ok(Mended { files, warnings: vec![] })
}

/// What is beside the key is accepted to the end.
pub(super) fn accept(session: &Session<'_>, trace: &Trace, state: Option<&State>, now: i64) -> Result<Mended, Error> {
    let [stored] = trace.objects.as_slice() else { return Err(changed(trace)) };
    let leaf = Certificate::from_der(stored.value.as_deref().unwrap_or_default())?;
    settle(session, trace, &leaf, state, now)
}

/// The certificate that is remembered comes back from its chain file.
pub(super) fn put_back(
    session: &Session<'_>,
    trace: &Trace,
    chain_file: &Path,
    state: Option<&State>,
    now: i64,
) -> Result<Mended, Error> {
    let accepted = trace.record.as_ref().and_then(|record| record.accepted.as_ref());
    let is_it = |one: &Certificate| accepted.is_some_and(|known| known.fingerprint_sha256 == one.fingerprint_sha256());
    let leaf = x509::read_certificates(&file::read(chain_file)?)?.into_iter().find(is_it);
    let leaf = leaf.ok_or_else(|| RepairError::NotInFile { path: chain_file.to_owned() })?;
    settle(session, trace, &leaf, state, now)
}

/// Links the leaf by the rule, and only then takes off what it replaces. Where hsmcert knows of the key, that is `accept`,
/// which writes the chain and remembers; it refuses what has expired, and that is linked all the same.
fn settle(
    session: &Session<'_>,
    trace: &Trace,
    leaf: &Certificate,
    state: Option<&State>,
    now: i64,
) -> Result<Mended, Error> {
    let place = trace.record.as_ref().and_then(|record| record.chain_place()).filter(|_| leaf.not_after() >= now);
    if let Some(place) = place {
        let certificates = with_issuers(session, leaf, trace.record.as_deref(), &place)?;
        let chain_file = ChainFile::new(&place, false)?;
        let Accepted { warnings, .. } =
            accept::accept(session, &certificates, &Terms::default(), &chain_file, state, now).map_err(in_the_way)?;
        return Ok(Mended { files: vec![], warnings });
    }
    let _entry = lock(trace, state)?;
    let pair = session.find_key(&leaf.public_key()?)?.ok_or_else(|| changed(trace))?;
    accept::link(session, &pair, leaf)?;
    Ok(Mended::default())
}

/// `accept` has an option for that, and this has none.
fn in_the_way(error: Error) -> Error {
    match error {
        Error::File(file::Error::Exists(path)) => RepairError::ChainInTheWay { path }.into(),
        error => error,
    }
}

/// The leaf with those that issued it: as the chain file has them, else the CA's answer beside the CSR, else the token.
fn with_issuers(
    session: &Session<'_>,
    leaf: &Certificate,
    record: Option<&Record>,
    place: &Path,
) -> Result<Vec<Certificate>, Error> {
    let answer = place.file_name().and_then(|name| name.to_str()?.strip_suffix(".fullchain.pem").map(str::to_owned));
    let answer = answer.map(|stem| place.with_file_name(format!("{stem}.pem")));
    let spec = record.and_then(|record| record.request.as_ref()?.spec_file.clone());
    let of_site = spec.map(|spec| spec.with_extension("crt.pem"));
    for path in [Some(place.to_owned()), answer, of_site].into_iter().flatten() {
        let in_file = file::read(&path).ok().and_then(|bytes| x509::read_certificates(&bytes).ok()).unwrap_or_default();
        if in_file.iter().any(|one| one.der() == leaf.der()) {
            return Ok(in_file);
        }
    }
    let stored = session.certificates()?;
    let stored: Vec<Certificate> = stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok()).collect();
    Ok(std::iter::once(leaf.clone()).chain(x509::sort_chain(leaf, &stored).issuers).collect())
}

/// A certificate that goes is in a file first: beside the chain of its key, else in the working folder.
fn copy(object: &Object, trace: &Trace) -> Result<PathBuf, Error> {
    let named =
        |character: char| if character.is_alphanumeric() || ".-_".contains(character) { character } else { '_' };
    let here = || PathBuf::from(format!("{}.fullchain.pem", trace.label.chars().map(named).collect::<String>()));
    let place = trace.record.as_ref().and_then(|record| record.chain_place()).unwrap_or_else(here);
    let (path, _) = ChainFile::new(&place, true)?.keep(object.value.as_deref().unwrap_or_default())?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

fn destroy(session: &Session<'_>, object: &Object) -> Result<(), Error> {
    match session.destroy_object(object) {
        // It went with what replaced it.
        Err(_) if session.still_has(object) == Some(false) => Ok(()),
        done => Ok(done?),
    }
}
