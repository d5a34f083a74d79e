//! Which certificate of a file is meant: the one whose key is on the token.

use std::collections::HashSet;

use crate::error::Error;
use crate::key::PublicKey;
use crate::token::{KeyPair, ObjectClass, Session};
use crate::x509::{self, Certificate};

/// Up to so many keys are looked for one by one; for more of them the token is asked once for all that it has.
const FEW: usize = 8;

/// A certificate and its key.
#[derive(Debug)]
pub struct Choice<'s> {
    /// The certificate.
    pub leaf: Certificate,
    /// The other certificates of the file.
    pub others: Vec<Certificate>,
    /// Its key pair on the token.
    pub pair: KeyPair<'s>,
}

/// Takes the certificates of a file and finds the one that belongs to a key on the token. Of several a CA's own and
/// an expired one are not meant. Changes nothing.
///
/// # Errors
/// [`Error::ForeignKey`], [`Error::SeveralLeaves`], [`Error::NoKeyId`], token errors.
pub fn choose<'s>(session: &'s Session<'s>, certificates: &[Certificate], now: i64) -> Result<Choice<'s>, Error> {
    let mut found = Vec::new();
    for certificate in candidates(session, certificates)? {
        let Ok(key) = certificate.public_key() else { continue };
        if let Some(pair) = session.find_key(&key)? {
            found.push((certificate, pair));
        }
    }
    for is_meant in [|one: &Certificate, _: i64| !one.is_ca(), |one: &Certificate, now| one.not_after() >= now] {
        if found.len() > 1 && found.iter().any(|(one, _)| is_meant(one, now)) {
            found.retain(|(one, _)| is_meant(one, now));
        }
    }
    if found.len() > 1 {
        return Err(Error::SeveralLeaves(found.iter().map(|(leaf, _)| leaf.subject().to_string()).collect()));
    }
    let Some((leaf, pair)) = found.pop() else { return Err(foreign(session, certificates)) };
    if pair.id().is_empty() {
        return Err(Error::NoKeyId(pair.label().to_owned()));
    }
    let others = certificates.iter().filter(|one| one.der() != leaf.der()).cloned().collect();
    Ok(Choice { leaf: leaf.clone(), others, pair })
}

/// Each certificate once; of many only those whose key the token shows.
fn candidates<'c>(session: &Session<'_>, certificates: &'c [Certificate]) -> Result<Vec<&'c Certificate>, Error> {
    let mut seen = HashSet::new();
    let mut all: Vec<_> = certificates.iter().filter(|one| seen.insert(one.der())).collect();
    if all.len() > FEW {
        let mut present: HashSet<PublicKey> = HashSet::new();
        for class in [ObjectClass::PublicKey, ObjectClass::PrivateKey] {
            present.extend(session.objects(class)?.into_iter().filter_map(|object| object.public_key));
        }
        all.retain(|one| one.public_key().is_ok_and(|key| present.contains(&key)));
    }
    Ok(all)
}

fn foreign(session: &Session<'_>, certificates: &[Certificate]) -> Error {
    // Of a bundle the first one that is no CA is meant.
    let meant = certificates.iter().find(|one| !one.is_ca()).or_else(|| certificates.first());
    let describe = |key: &PublicKey| format!("{}, SPKI SHA-256 {}", key.algorithm(), x509::spki_fingerprint(key));
    let compared = session.objects(ObjectClass::PrivateKey).unwrap_or_default();
    Error::ForeignKey {
        subject: meant.map(Certificate::name).unwrap_or_default(),
        key: meant.and_then(|one| one.public_key().ok()).as_ref().map_or("unknown".to_owned(), describe),
        compared: compared
            .iter()
            .map(|key| {
                let value = key.public_key.as_ref().map_or("unknown type".to_owned(), describe);
                format!("\"{}\" (id {}): {value}", key.label, key.id)
            })
            .collect(),
    }
}
