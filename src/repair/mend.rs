//! Keys, their names, and what is remembered of them.

use std::path::Path;

use super::{Mended, RepairError};
use crate::accept;
use crate::delete_key::{self, Memory, Terms};
use crate::error::{Error, ErrorKind};
use crate::file;
use crate::find::{self, Trace};
use crate::key_reference::KeyReference;
use crate::proof;
use crate::rename;
use crate::state::{Entry, State};
use crate::token::{ObjectClass, Session};
use crate::x509::Certificate;

/// As `delete-key` would have gone on.
pub(super) fn lone_public_key(
    session: &Session<'_>,
    trace: &Trace,
    state: Option<&State>,
    now: i64,
) -> Result<Mended, Error> {
    let [public] = trace.objects.as_slice() else { return Err(changed(trace)) };
    let reference = KeyReference::Uri(Box::new(find::uri(public, session.token())));
    let deletion = delete_key::plan(session, &reference, Terms::default(), state, now)?;
    if deletion.key.private.is_some() || deletion.going.iter().any(|one| one.handle() != public.handle()) {
        return Err(changed(trace));
    }
    Ok(match deletion.carry_out()? {
        Memory::Nothing | Memory::Forgotten => Mended::default(),
        Memory::Stays(reason) => {
            Mended { warnings: vec![format!("what is remembered of it is still there: {reason}")], ..Mended::default() }
        }
    })
}

/// As `rename` would have gone on. A token that changes no labels of certificates takes a new object.
pub(super) fn labels(session: &Session<'_>, trace: &Trace, to: &str, state: Option<&State>) -> Result<Mended, Error> {
    let entry = lock(trace, state)?;
    let is_certificate_only =
        trace.objects.iter().filter(|one| one.label != to).all(|one| one.class == ObjectClass::Certificate);
    match rename::change(session, trace.objects.iter(), to) {
        Err(Error::NotRenamed { .. } | Error::LabelFixed { .. }) if is_certificate_only => relink(session, trace)?,
        changed => changed.map(|_| ())?,
    }
    let mut mended = Mended::default();
    if let Some(entry) = entry
        && let Ok(Some(mut record)) = entry.read()
    {
        to.clone_into(&mut record.label);
        let written = entry.write(&record);
        mended.warnings.extend(written.err().map(|error| format!("its label is not remembered: {error}")));
    }
    Ok(mended)
}

fn relink(session: &Session<'_>, trace: &Trace) -> Result<(), Error> {
    let certificate = trace.objects.iter().find(|one| one.class == ObjectClass::Certificate);
    let leaf = Certificate::from_der(certificate.and_then(|one| one.value.as_deref()).unwrap_or_default())?;
    let pair = session.find_key(&leaf.public_key()?)?.ok_or_else(|| changed(trace))?;
    accept::link(session, &pair, &leaf).map(|_| ())
}

/// Only a signature shows that two halves are one pair.
pub(super) fn ids(session: &Session<'_>, trace: &Trace) -> Result<Mended, Error> {
    let ([public, private], Some(key)) = (trace.objects.as_slice(), &trace.key) else { return Err(changed(trace)) };
    if !proof::is_half_of(session, private, key)? {
        return Err(RepairError::NoPair { private: private.to_string(), public: public.to_string() }.into());
    }
    match session.set_id(public, &private.id).map_err(Error::from) {
        // Many modules change no attribute, and take a new object.
        Err(refusal) if refusal.kind() == ErrorKind::TokenRefused => {
            session.store_public_key(key, private)?;
            session.destroy_object(public)?;
            return Ok(Mended::default());
        }
        changed => changed?,
    }
    if public.label != private.label && !private.label.is_empty() {
        rename::change(session, std::iter::once(public), &private.label)?;
    }
    Ok(Mended::default())
}

/// What a certificate or a request shows is the key's only if a signature proves it.
pub(super) fn public_key(session: &Session<'_>, trace: &Trace) -> Result<Mended, Error> {
    let ([private], Some(key)) = (trace.objects.as_slice(), &trace.key) else { return Err(changed(trace)) };
    if !proof::is_half_of(session, private, key)? {
        let public = format!("public key of the certificate or request of \"{}\"", trace.label);
        return Err(RepairError::NoPair { private: private.to_string(), public }.into());
    }
    session.store_public_key(key, private)?;
    Ok(Mended::default())
}

/// Forgets a key.
pub(super) fn memory(trace: &Trace, state: Option<&State>) -> Result<Mended, Error> {
    if let (Some(state), Some(record)) = (state, &trace.record) {
        state.forget(&record.spki_sha256)?;
    }
    Ok(Mended::default())
}

/// Removes a file.
pub(super) fn file(path: &Path) -> Result<Mended, Error> {
    file::remove(path)?;
    Ok(Mended::default())
}

/// The record of the key, where there is one.
pub(super) fn lock(trace: &Trace, state: Option<&State>) -> Result<Option<Entry>, Error> {
    Ok(state.zip(trace.key.as_ref()).map(|(state, key)| state.lock(key)).transpose()?)
}

pub(super) fn changed(trace: &Trace) -> Error {
    RepairError::Changed(trace.label.clone()).into()
}
