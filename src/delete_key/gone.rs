//! A deletion that was ended before it could forget the key: the next one does.

use super::Deletion;
use crate::error::Error;
use crate::find::{self, Nameable, StoredKey};
use crate::key::PublicKey;
use crate::key_reference::KeyReference;
use crate::state::State;
use crate::token::{self, Session};

/// The key of a certificate that stands alone, where the token has it under no other id either.
pub(super) fn key_of(session: &Session<'_>, key: &StoredKey) -> Result<Option<PublicKey>, Error> {
    if key.private.is_some() || key.public.is_some() {
        return Ok(None);
    }
    let shown = key.certificates.iter().find_map(|one| one.certificate.as_ref()?.public_key().ok());
    let Some(public_key) = shown else { return Ok(None) };
    Ok(if is_gone(session, &public_key)? { Some(public_key) } else { None })
}

/// A key of this token of which nothing is left but what is remembered.
///
/// # Errors
/// [`crate::state::Error`], token errors.
pub fn only_remembered<'s>(
    session: &'s Session<'s>,
    reference: &KeyReference,
    state: &State,
) -> Result<Option<Deletion<'s>>, Error> {
    let (mut records, _) = state.records()?;
    records.retain(|record| {
        let is_named = reference.label().is_none_or(|label| record.label == label)
            && reference.id().is_none_or(|id| record.key_id() == *id);
        is_named && record.token_serial == session.token().serial
    });
    let [record] = records.as_slice() else { return Ok(None) };
    let Some(Ok(public_key)) = record.csr().map(|csr| csr.public_key()) else { return Ok(None) };
    let by_id = find::stored_key(session, &KeyReference::Id(record.key_id()), Nameable::Certificate);
    if !matches!(by_id, Err(Error::KeyNotFound(_))) || !is_gone(session, &public_key)? {
        return Ok(None);
    }
    let entry = Some(state.lock(&public_key)?);
    let (certificates, neighbours) = (vec![], vec![]);
    let key = StoredKey { private: None, public: None, certificates, neighbours, public_key: Some(public_key) };
    Ok(Some(Deletion { session, key, going: vec![], staying: vec![], record: Some(record.clone()), entry }))
}

fn is_gone(session: &Session<'_>, public_key: &PublicKey) -> Result<bool, Error> {
    match session.find_key(public_key) {
        Ok(pair) => Ok(pair.is_none()),
        Err(token::Error::KeyAmbiguous { .. } | token::Error::PrivateKeyMissing(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
