//! The linking rule on the token: exactly one certificate has the id and the label of its key.

use sha1::{Digest as _, Sha1};

use super::changes::Changes;
use crate::error::Error;
use crate::key::KeyId;
use crate::token::vendor::Certificates;
use crate::token::{self, CallError, CertificateObject, KeyPair, Session};
use crate::x509::Certificate;

/// Tokens whose ids are shorter have a space of their own for longer ones.
const SHORT_ID: usize = 8;

/// How the leaf got its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placed {
    /// It was there, and so many others that it replaces.
    There(usize),
    /// It is there now, beside so many others that it replaces.
    Stored(usize),
    /// So many others had to go first.
    InPlace(usize),
    /// The token takes no certificates; how it said so.
    Refused(CallError),
}

/// Puts the leaf beside its key. A token that refuses two certificates of one id gets the new one after the old one
/// is saved to a file and destroyed; a token that takes no certificate at all is left as it is.
pub(super) fn place(changes: &mut Changes<'_>, pair: &KeyPair<'_>, leaf: &Certificate) -> Result<Placed, Error> {
    let (same, outdated) = neighbours(changes.session, pair, leaf)?;
    if same.is_some() {
        return Ok(Placed::There(outdated.len()));
    }
    // Where it is known that the token refuses a second one, it is not asked.
    let is_refused = !changes.session.quirks().certificates_share_id && !outdated.is_empty() && changes.can_keep();
    if !is_refused {
        let refusal = match changes.create(leaf, pair.id(), pair.label()) {
            Ok(()) => return Ok(Placed::Stored(outdated.len())),
            Err(Error::Token(token::Error::CertificateRefused { source })) => source,
            Err(error) => return Err(error),
        };
        if outdated.is_empty() {
            return Ok(Placed::Refused(refusal));
        }
        if !changes.can_keep() || !takes_another(changes, pair, leaf)? {
            // Certificates were taken once and are not any more: what is there is not given up for nothing.
            return Err(token::Error::CertificateRefused { source: refusal }.into());
        }
    }
    for old in &outdated {
        // What cannot be read could not be put back either.
        Certificate::from_der(&old.value)?;
        changes.keep(old)?;
    }
    for old in &outdated {
        changes.remove(old)?;
    }
    changes.create(leaf, pair.id(), pair.label())?;
    Ok(Placed::InPlace(outdated.len()))
}

/// Whether the token takes the certificate under another id and label: then it is the id that it refuses.
fn takes_another(changes: &mut Changes<'_>, pair: &KeyPair<'_>, leaf: &Certificate) -> Result<bool, Error> {
    let id = KeyId::new(Sha1::digest(leaf.der()).to_vec());
    let label = format!("{}.{}", pair.label(), &id.to_string()[..8]);
    match changes.create(leaf, &id, &label) {
        Ok(()) => changes.take_back().map(|()| true),
        Err(Error::Token(token::Error::CertificateRefused { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Destroys what the leaf replaces, when it is linked and proved; how many there were. They are looked for anew: a
/// token may have put the new one in the place of the old one by itself.
pub(super) fn remove_outdated(
    changes: &mut Changes<'_>,
    pair: &KeyPair<'_>,
    leaf: &Certificate,
    keep: bool,
) -> Result<usize, Error> {
    let stays = |source: Error| Error::OldStays { label: pair.label().to_owned(), source: Box::new(source) };
    let (_, outdated) = neighbours(changes.session, pair, leaf).map_err(stays)?;
    for old in &outdated {
        if keep {
            changes.keep(old).map_err(stays)?;
        }
        changes.remove(old).map_err(stays)?;
    }
    Ok(outdated.len())
}

/// The certificates that have the key's id or label: the same one if it is there and linked, and those of the
/// same key that it replaces.
fn neighbours(
    session: &Session<'_>,
    pair: &KeyPair<'_>,
    leaf: &Certificate,
) -> Result<(Option<CertificateObject>, Vec<CertificateObject>), Error> {
    let mut all = session.certificates_with_id(pair.id())?;
    for one in session.certificates_with_label(pair.label())? {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    let (mut same, mut outdated) = (None, Vec::new());
    for one in all {
        let linked = one.id == *pair.id() && one.label == pair.label();
        if linked && one.value == leaf.der() && same.is_none() {
            same = Some(one);
            continue;
        }
        // Under the key's own id nothing else can be right; a label alone may belong to another key.
        let stored = Certificate::from_der(&one.value);
        let of_this_key =
            stored.as_ref().is_ok_and(|stored| stored.public_key().is_ok_and(|key| key == *pair.public_key()));
        if one.id == *pair.id() || of_this_key {
            outdated.push(one);
        } else {
            let subject = stored.map_or("unreadable".to_owned(), |stored| stored.subject().to_string());
            return Err(Error::LabelOfOther { label: one.label, subject });
        }
    }
    Ok((same, outdated))
}

/// Intermediates get an id and a label of their own, so that they never look like the leaf; how many are new. They
/// are a help for Java and no part of the link: a token that refuses them as such is told of in `warnings`.
pub(super) fn store_intermediates(
    changes: &mut Changes<'_>,
    intermediates: &[Certificate],
    warnings: &mut Vec<String>,
) -> Result<usize, Error> {
    let quirks = changes.session.quirks();
    if quirks.certificates == Certificates::WithKey {
        return Ok(0);
    }
    let mut stored = 0;
    for certificate in intermediates {
        let digest = Sha1::digest(certificate.spki_der());
        // Where ids of keys are short, those of certificates are.
        let id =
            KeyId::new(digest[..if quirks.id_length < SHORT_ID { quirks.id_length } else { digest.len() }].to_vec());
        if changes.session.certificates_with_id(&id)?.iter().any(|one| one.value == certificate.der()) {
            continue;
        }
        let subject = certificate.subject();
        let label = subject.common_name().map_or_else(|| subject.to_string(), str::to_owned);
        let taken = !changes.session.certificates_with_label(&label)?.is_empty();
        let label = if taken { format!("{label} {}", &id.to_string()[..8]) } else { label };
        match changes.create(certificate, &id, &label) {
            Ok(()) => stored += 1,
            Err(Error::Token(token::Error::CertificateRefused { source })) => {
                warnings.push(format!(
                    "the token does not take the CA certificate {subject} ({source}); the chain file has it"
                ));
            }
            Err(error) => {
                return Err(Error::Intermediate { subject: subject.to_string(), source: Box::new(error) });
            }
        }
    }
    Ok(stored)
}
