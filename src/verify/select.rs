//! Which certificates are meant.

use super::Candidate;
use crate::error::Error;
use crate::key::{KeyId, PublicKey};
use crate::state::State;
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

/// Finds them, one for each `CKA_ID`. The state knows which certificates the token could not take.
///
/// # Errors
/// [`Error::CertificateMissing`], [`Error::SeveralLeaves`], token errors.
pub fn select(session: &Session<'_>, what: Select<'_>, state: Option<&State>) -> Result<Vec<Candidate>, Error> {
    let all = session.certificates()?;
    let mut others: Vec<Certificate> = all.iter().filter_map(|one| Certificate::from_der(&one.value).ok()).collect();
    let with_id = |id: &KeyId| all.iter().filter(|one| one.id == *id && !id.is_empty()).cloned().collect();
    if let Select::File(certificates) = what {
        let (leaf, id) = leaf_of_file(session, certificates, &all)?;
        others.extend_from_slice(certificates);
        let known = |key: PublicKey| state.is_some_and(|state| state.is_in_file_only(&leaf, &key));
        let kept_in_file = leaf.public_key().is_ok_and(known);
        return Ok(vec![Candidate { stored: with_id(&id), id, file: Some(leaf), kept_in_file, others }]);
    }
    let keys = session.objects(ObjectClass::PrivateKey)?;
    let (wanted_id, wanted_label) = match what {
        Select::All | Select::File(_) => (None, None),
        Select::Label(label) => (None, Some(label)),
        Select::Uri(uri) => (uri.id.as_ref(), uri.object.as_deref()),
    };
    let is_named = wanted_id.is_some() || wanted_label.is_some();
    let fits = |id: &KeyId, label: &str| {
        wanted_id.is_none_or(|wanted| id == wanted) && wanted_label.is_none_or(|wanted| label == wanted)
    };
    // A CA's certificate without a key is an intermediate; any other certificate should have one.
    let should_have_key = |one: &CertificateObject| {
        let is_ca = Certificate::from_der(&one.value).is_ok_and(|certificate| certificate.is_ca());
        !is_ca || keys.iter().any(|key| !key.id.is_empty() && key.id == one.id)
    };
    let leaves: Vec<&CertificateObject> =
        all.iter().filter(|one| fits(&one.id, &one.label) && (is_named || should_have_key(one))).collect();
    let named_keys = keys.iter().filter(|key| is_named && fits(&key.id, &key.label)).map(|key| &key.id);
    let ids = unique(leaves.iter().map(|one| &one.id).chain(named_keys));
    let candidate =
        |id: KeyId, stored| Candidate { id, stored, file: None, kept_in_file: false, others: others.clone() };
    let (linked, bare): (Vec<_>, Vec<_>) =
        ids.into_iter().map(|id| (id.clone(), with_id(&id))).partition(|(_, stored)| !stored.is_empty());
    // What has no id is not one of several with the same id.
    let stray =
        leaves.iter().filter(|one| one.id.is_empty()).map(|one| (one.id.clone(), vec![CertificateObject::clone(one)]));
    let candidates: Vec<Candidate> =
        linked.into_iter().chain(stray).map(|(id, stored)| candidate(id, stored)).collect();
    if candidates.is_empty() {
        let keys = bare.into_iter().map(|(id, _)| id).collect();
        return Err(Error::CertificateMissing { wanted: words(what), keys });
    }
    Ok(candidates)
}

fn unique<'a>(ids: impl Iterator<Item = &'a KeyId>) -> Vec<KeyId> {
    let mut unique: Vec<KeyId> = Vec::new();
    for id in ids.filter(|id| !id.is_empty()) {
        if !unique.contains(id) {
            unique.push(id.clone());
        }
    }
    unique
}

fn words(what: Select<'_>) -> String {
    match what {
        Select::All => "no certificate that has, or should have, a key is on the token".to_owned(),
        Select::Label(label) => format!("no certificate on the token has the label \"{label}\""),
        Select::Uri(uri) => format!("no certificate on the token fits {uri}"),
        Select::File(_) => "the file holds no certificate".to_owned(),
    }
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
        if let Some(pair) = session.find_whole_key(&key)? {
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
