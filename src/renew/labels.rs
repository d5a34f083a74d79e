//! The labels are swapped: what was in use gets the day behind its label, and the new pair gets the label.

use super::Site;
use crate::error::Error;
use crate::key::KeyId;
use crate::key_reference::KeyReference;
use crate::rename;
use crate::state::State;
use crate::token::{Object, Session};

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
pub(super) fn swap(
    session: &Session<'_>,
    site: &Site,
    id: &KeyId,
    since: &str,
    state: &State,
    warnings: &mut Vec<String>,
) -> Result<Names, Error> {
    let others: Vec<Object> =
        session.objects_labelled(&site.label)?.into_iter().filter(|object| object.id != *id).collect();
    let mut old = None;
    if let Some(other) = others.first() {
        let label = dated(session, &site.label, &other.id, since)?;
        match rename::rename(session, &KeyReference::Id(other.id.clone()), &label, Some(state)) {
            Ok(renamed) => warnings.extend(renamed.warnings),
            Err(error @ Error::NotRenamed { .. }) => return kept(session, id, &error, warnings),
            Err(error) => return Err(error),
        }
        old = Some(label);
    }
    match rename::rename(session, &KeyReference::Id(id.clone()), &site.label, Some(state)) {
        Ok(renamed) => warnings.extend(renamed.warnings),
        Err(error @ Error::NotRenamed { .. }) => return kept(session, id, &error, warnings),
        Err(error) => return Err(error),
    }
    Ok(Names { label: site.label.clone(), old })
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
