//! Which certificates are meant.

use super::Candidate;
use crate::error::Error;
use crate::key::KeyId;
use crate::token::{CertificateObject, ObjectClass, Session};
use crate::uri::Pkcs11Uri;
use crate::x509::Certificate;

/// What the user named.
#[derive(Debug, Clone, Copy)]
pub enum Select<'a> {
    /// Every certificate with a key, and every one that is no CA's: those should have one.
    All,
    /// `CKA_LABEL` of a certificate or its key.
    Label(&'a str),
    /// Id, label or both.
    Uri(&'a Pkcs11Uri),
    /// The certificates of a file: the one that belongs to a key on the token, with its chain.
    File(&'a [Certificate]),
}

/// Finds them, one for each `CKA_ID`.
///
/// # Errors
/// [`Error::CertificateMissing`], [`Error::SeveralLeaves`], token errors.
pub fn select(session: &Session<'_>, what: Select<'_>) -> Result<Vec<Candidate>, Error> {
    let all = session.certificates()?;
    let on_token: Vec<Certificate> = all.iter().filter_map(|one| Certificate::from_der(&one.value).ok()).collect();
    let (ids, file, others) = match what {
        Select::File(certificates) => {
            let (leaf, id) = leaf_of_file(session, certificates, &all)?;
            let others = certificates.iter().chain(&on_token).cloned().collect();
            (vec![id], Some(leaf), others)
        }
        Select::All => (ids_of_leaves(session, &all)?, None, on_token),
        Select::Label(label) => (ids_with(session, &all, None, Some(label))?, None, on_token),
        Select::Uri(uri) => (ids_with(session, &all, uri.id.as_ref(), uri.object.as_deref())?, None, on_token),
    };
    let candidate = |id: KeyId| {
        // What has no id is not one of several with the same id.
        let stored = all.iter().filter(|one| one.id == id && !id.is_empty()).cloned().collect();
        Candidate { id, stored, file: file.clone(), others: others.clone() }
    };
    let candidates: Vec<Candidate> = ids.into_iter().map(candidate).collect();
    let has_certificate = |one: &Candidate| one.file.is_some() || !one.stored.is_empty();
    if candidates.iter().any(has_certificate) {
        return Ok(candidates.into_iter().filter(has_certificate).collect());
    }
    Err(Error::CertificateMissing { wanted: words(what), keys: candidates.iter().map(|one| one.id.clone()).collect() })
}

fn words(what: Select<'_>) -> String {
    match what {
        Select::All => "no certificate that has, or should have, a key is on the token".to_owned(),
        Select::Label(label) => format!("no certificate on the token has the label \"{label}\""),
        Select::Uri(uri) => format!("no certificate on the token fits {uri}"),
        Select::File(_) => "the file holds no certificate".to_owned(),
    }
}

fn ids_of_leaves(session: &Session<'_>, all: &[CertificateObject]) -> Result<Vec<KeyId>, Error> {
    let keys: Vec<KeyId> = session.objects(ObjectClass::PrivateKey)?.into_iter().map(|key| key.id).collect();
    let meant = |one: &&CertificateObject| {
        keys.contains(&one.id) || Certificate::from_der(&one.value).is_ok_and(|certificate| !certificate.is_ca())
    };
    Ok(unique(all.iter().filter(meant).map(|one| one.id.clone())))
}

fn ids_with(
    session: &Session<'_>,
    all: &[CertificateObject],
    id: Option<&KeyId>,
    label: Option<&str>,
) -> Result<Vec<KeyId>, Error> {
    let fits = |found_id: &KeyId, found_label: &str| {
        id.is_none_or(|id| id == found_id) && label.is_none_or(|label| label == found_label)
    };
    let of_certificates = all.iter().filter(|one| fits(&one.id, &one.label)).map(|one| one.id.clone());
    let keys = session.objects(ObjectClass::PrivateKey)?;
    let of_keys = keys.iter().filter(|one| fits(&one.id, &one.label)).map(|one| one.id.clone());
    Ok(unique(of_certificates.chain(of_keys)))
}

fn unique(ids: impl Iterator<Item = KeyId>) -> Vec<KeyId> {
    let mut unique = Vec::new();
    for id in ids {
        if !unique.contains(&id) && !id.is_empty() {
            unique.push(id);
        }
    }
    unique
}

/// The certificate of the file that belongs to a key, else the first one that is no CA's, and its id on the token.
fn leaf_of_file(
    session: &Session<'_>,
    certificates: &[Certificate],
    all: &[CertificateObject],
) -> Result<(Certificate, KeyId), Error> {
    let mut found = Vec::new();
    for certificate in certificates {
        let Ok(key) = certificate.public_key() else { continue };
        // Two keys, or half a key, is for the proof to tell.
        if let Ok(Some(pair)) = session.find_key(&key) {
            found.push((certificate.clone(), pair.id().clone()));
        }
    }
    if found.len() > 1 {
        return Err(Error::SeveralLeaves(found.iter().map(|(leaf, _)| leaf.subject().to_string()).collect()));
    }
    if let Some(found) = found.pop() {
        return Ok(found);
    }
    let meant = certificates.iter().find(|one| !one.is_ca()).or_else(|| certificates.first());
    let missing = || Error::CertificateMissing { wanted: words(Select::File(certificates)), keys: vec![] };
    let leaf = meant.ok_or_else(missing)?;
    let id = all.iter().find(|one| one.value == leaf.der()).map(|one| one.id.clone());
    Ok((leaf.clone(), id.unwrap_or_else(|| KeyId::new(vec![]))))
}
