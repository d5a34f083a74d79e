//! The labels are swapped: what was in use gets the day behind its label, and the new pair gets the label.

use super::Site;
use super::request::suffixed;
use crate::error::{Error, ErrorKind};
use crate::key::KeyId;
use crate::key_reference::KeyReference;
use crate::rename;
use crate::state::{Record, State};
use crate::token::{self, Object, ObjectClass, Reach, Session};

/// More renewals than these in one day are not told apart.
const MOST: u32 = 99;

/// The labels afterwards.
#[derive(Debug)]
pub(super) struct Names {
    /// Of the new pair.
    pub(super) label: String,
    /// Of the one that was in use before.
    pub(super) old: Option<String>,
}

/// Gives the label of the site to the pair with this id. A token that does not change labels keeps them, which is told in
/// `warnings`. What an earlier run has begun is finished.
///
/// # Errors
/// Those of [`rename::rename`], but not that the token changes no labels; the same call finishes the work.
pub(super) fn swap(
    session: &Session<'_>,
    site: &Site,
    id: &KeyId,
    since: &str,
    state: &State,
    warnings: &mut Vec<String>,
) -> Result<Names, Error> {
    let mut give = || {
        let old = move_away(session, site, id, since, state, warnings)?;
        let renamed = rename::rename(session, &KeyReference::Id(id.clone()), &site.label, Some(state))?;
        warnings.extend(renamed.warnings);
        follow(session, site, id, state)?;
        Ok(Names { label: site.label.clone(), old })
    };
    // Once may be a device that is ill, or an object that is gone meanwhile.
    let given = give().or_else(|error| if is_refusal(&error) { give() } else { Err(error) });
    match given {
        Err(error) if is_refusal(&error) => kept(session, id, &error, warnings),
        given => given,
    }
}

/// Whether the token does not want to change labels, as far as one answer can tell.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::LabelFixed { .. } => true,
        Error::NotRenamed { source, .. } => match &**source {
            Error::Token(token::Error::Call { source, .. }) => {
                matches!(source.reach(), Reach::Refused | Reach::ReadOnly)
            }
            source => source.kind() == ErrorKind::TokenRefused,
        },
        _ => false,
    }
}

/// All that has the label of the site, but the new pair, gets another one; that of the first.
fn move_away(
    session: &Session<'_>,
    site: &Site,
    new: &KeyId,
    since: &str,
    state: &State,
    warnings: &mut Vec<String>,
) -> Result<Option<String>, Error> {
    let mut first = None;
    loop {
        let others = session.objects_labelled(&site.label)?.into_iter().filter(|object| object.id != *new);
        let others: Vec<Object> = others.collect();
        let Some(other) = others.first() else { return Ok(first) };
        let label = dated(session, &site.label, &other.id, since)?;
        if other.class == ObjectClass::PrivateKey && !other.id.is_empty() {
            let renamed = rename::rename(session, &KeyReference::Id(other.id.clone()), &label, Some(state))?;
            warnings.extend(renamed.warnings);
        } else {
            // No pair: a certificate or half a key by itself, perhaps without an id.
            rename::change(session, others.iter().filter(|one| one.id == other.id), &label)?;
        }
        first.get_or_insert(label);
    }
}

/// What is remembered has the labels of the token, also where a run was ended in between or could not write.
fn follow(session: &Session<'_>, site: &Site, new: &KeyId, state: &State) -> Result<(), Error> {
    let of_token = |record: &Record| record.token_serial == session.token().serial;
    let is_stale = |record: &Record| (record.label == site.label) != (record.key_id() == *new);
    for stale in state.records_that(|record| of_token(record) && is_stale(record))?.0 {
        if let Some(pair) = session.find_whole_key_by_reference(&KeyReference::Id(stale.key_id()))? {
            state.update_by_name(&stale.spki_sha256, |record| pair.label().clone_into(&mut record.label))?;
        }
    }
    Ok(())
}

/// Undoes [`swap`]: the old pair is in use again.
pub(super) fn swap_back(
    session: &Session<'_>,
    site: &Site,
    new: &KeyId,
    old: &KeyId,
    state: &State,
) -> Result<(), Error> {
    if new == old {
        return Ok(());
    }
    for (id, label) in [(new, suffixed(&site.label, new)), (old, site.label.clone())] {
        match rename::rename(session, &KeyReference::Id(id.clone()), &label, Some(state)) {
            // Where labels stay, none was swapped.
            Err(error) if !is_refusal(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn kept(session: &Session<'_>, id: &KeyId, error: &Error, warnings: &mut Vec<String>) -> Result<Names, Error> {
    let pair = session.find_key_by_reference(&KeyReference::Id(id.clone()))?;
    let label = pair.map(|pair| pair.label().to_owned()).unwrap_or_default();
    warnings.push(format!("the token does not change labels, so the new pair keeps \"{label}\": {error}"));
    Ok(Names { label, old: None })
}

/// `www.20261125`, and `www.20261125-2` when that day had another one. A label that the same pair has in part is its own.
fn dated(session: &Session<'_>, label: &str, id: &KeyId, since: &str) -> Result<String, Error> {
    let day: String = since.chars().take(10).filter(char::is_ascii_digit).collect();
    for number in 1..=MOST {
        let name = if number == 1 { format!("{label}.{day}") } else { format!("{label}.{day}-{number}") };
        if session.objects_labelled(&name)?.iter().all(|object| object.id == *id) {
            return Ok(name);
        }
    }
    Ok(format!("{label}.{day}-{id}"))
}
