//! `rename`: a key and its certificates get another label together, or everything keeps the one it has.

use crate::error::Error;
use crate::find::{self, Nameable, StoredKey};
use crate::key_reference::KeyReference;
use crate::state::State;
use crate::token::vendor::{Changes, Quirks};
use crate::token::{Object, ObjectClass, RawLabel, Session};

/// What was done.
#[derive(Debug, Clone)]
pub struct Renamed {
    /// The key, with the labels that it had before.
    pub key: StoredKey,
    /// What has another label now; empty when everything had it already.
    pub changed: Vec<Object>,
    /// The record of the key has the new label too.
    pub remembered: bool,
    /// What did not work and does no harm.
    pub warnings: Vec<String>,
}

/// Refuses what cannot be a label, or could not be typed as one.
///
/// # Errors
/// [`Error::UnusableLabel`].
pub fn check_label(label: &str) -> Result<(), Error> {
    let reason = match KeyReference::parse(label) {
        _ if label.trim().is_empty() => "it is empty",
        _ if label.chars().any(char::is_control) => "it has control characters",
        Ok(KeyReference::Label(_)) => return Ok(()),
        Ok(KeyReference::Id(_) | KeyReference::Uri(_)) | Err(_) => "commands would take it for an id or a URI",
    };
    Err(Error::UnusableLabel { label: label.to_owned(), reason })
}

/// Renames private key, public key and certificates, and reads each label back.
///
/// # Errors
/// [`Error::UnusableLabel`]; those of [`find::stored_key`]; [`crate::token::Error::LabelTooLong`], [`Error::LabelInUse`];
/// [`Error::LabelFixed`] where the product changes none; [`Error::NotRenamed`], and the labels are as before then, unless it says otherwise.
pub fn rename(
    session: &Session<'_>,
    reference: &KeyReference,
    label: &str,
    state: Option<&State>,
) -> Result<Renamed, Error> {
    check_label(label)?;
    session.check_label_length(label)?;
    let key = find::stored_key(session, reference, Nameable::Certificate)?;
    let is_own = |object: &Object| key.objects().any(|own| own.handle() == object.handle());
    let others = session.objects_labelled(label)?.into_iter().filter(|object| !is_own(object));
    let by: Vec<String> = others.map(|object| object.to_string()).collect();
    if !by.is_empty() {
        return Err(Error::LabelInUse { label: label.to_owned(), by });
    }
    let entry = match (state, &key.public_key) {
        (Some(state), Some(public_key)) => Some(state.lock(public_key)?),
        _ => None,
    };
    let changed = change(session, key.objects(), label)?;

    let (mut remembered, mut warnings) = (false, vec![]);
    if let Some(entry) = entry
        && let Ok(Some(mut record)) = entry.read()
        && record.token_serial == session.token().serial
    {
        label.clone_into(&mut record.label);
        match entry.write(&record) {
            Ok(()) => remembered = true,
            Err(error) => warnings.push(format!("the key is renamed, but that is not remembered: {error}")),
        }
    }
    Ok(Renamed { key, changed, remembered, warnings })
}

/// Sets the label of all, or of none; those that had another one.
///
/// # Errors
/// [`Error::LabelFixed`], [`Error::NotRenamed`].
pub fn change<'k>(
    session: &Session<'_>,
    objects: impl Iterator<Item = &'k Object>,
    label: &str,
) -> Result<Vec<Object>, Error> {
    let label = &RawLabel::from(label);
    let mut before = Vec::new();
    for object in objects {
        let old = session.raw_label(object)?;
        if old != *label {
            before.push((object, old));
        }
    }
    if let Some((object, _)) = before.iter().find(|(object, _)| !is_changeable(session, object.class)) {
        return Err(Error::LabelFixed { product: session.product(), object: object.to_string() });
    }
    for (index, (object, _)) in before.iter().enumerate() {
        let Err(source) = session.set_label(object, label) else { continue };
        let is_back = |object: &Object, old: &RawLabel| {
            session.raw_label(object).is_ok_and(|now| now == *old) || session.set_label(object, old).is_ok()
        };
        // The one that failed may have its new label all the same.
        let touched = before[..=index].iter();
        let astray = touched.filter(|(object, old)| !is_back(object, old)).map(|(object, _)| object.to_string());
        let (astray, refused) = (astray.collect(), object.to_string());
        let kept = before.iter().map(|(object, _)| object.to_string()).collect();
        return Err(Error::NotRenamed { refused, kept, astray, source: Box::new(source.into()) });
    }
    Ok(before.into_iter().map(|(object, _)| object.clone()).collect())
}

/// Whether the product changes labels of this class, as far as is known.
fn is_changeable(session: &Session<'_>, class: ObjectClass) -> bool {
    let Quirks { changes, label_is_id, .. } = session.quirks();
    let is_certificate = class == ObjectClass::Certificate;
    match changes {
        // A key's one name is also its id, which a link is made of.
        Changes::All => is_certificate || !label_is_id,
        Changes::Certificates => is_certificate,
        Changes::Nothing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_must_be_one_that_can_be_typed() {
        for label in ["", " ", "a\nb", "\u{1b}[31m", "id:01", "pkcs11:object=a", "pkcs11:"] {
            assert!(matches!(check_label(label), Err(Error::UnusableLabel { .. })), "{label:?}");
        }
        for label in ["web", "id:card", "Größe 1", "www.example.com"] {
            assert!(check_label(label).is_ok(), "{label:?}");
        }
    }
}
