//! `accept`: the CA's answer is matched with its key, stored beside it, and the link is proved.

use sha1::{Digest as _, Sha1};

use crate::error::Error;
use crate::key::{KeyAlgorithm, KeyId, PublicKey, SignatureScheme};
use crate::proof::prove;
use crate::token::{CertificateObject, KeyPair, NewCertificate, ObjectClass, Session};
use crate::x509::{self, Certificate};

/// What `accept` leaves behind.
#[derive(Debug)]
pub struct Accepted {
    /// The certificate of the key.
    pub leaf: Certificate,
    /// Leaf and intermediates in order, without the root.
    pub chain: Vec<Certificate>,
    /// Label of key and certificate.
    pub label: String,
    /// `CKA_ID` of both.
    pub id: KeyId,
    /// Algorithm of the key.
    pub algorithm: KeyAlgorithm,
    /// What happened on the token.
    pub change: Change,
    /// How many intermediates were stored now.
    pub stored_intermediates: usize,
    /// The schemes by which the link was proved.
    pub proved: Vec<SignatureScheme>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// What happened to the leaf on the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Stored,
    /// It was there already, linked.
    Unchanged,
    /// It took the place of so many others of the same key.
    Replaced(usize),
}

/// Takes the certificates of a file: finds the one that belongs to a key on the token, checks it, and sorts
/// the others behind it. Changes nothing.
///
/// # Errors
/// [`Error::ForeignKey`], [`Error::SeveralLeaves`], [`Error::Expired`], [`Error::NoKeyId`], token errors.
pub fn choose<'s>(
    session: &'s Session<'s>,
    certificates: &[Certificate],
    now: i64,
) -> Result<(Certificate, Vec<Certificate>, KeyPair<'s>), Error> {
    let mut found = Vec::new();
    for certificate in certificates {
        let Ok(key) = certificate.public_key() else { continue };
        if let Some(pair) = session.find_key(&key)? {
            found.push((certificate.clone(), pair));
        }
    }
    if found.len() > 1 {
        return Err(Error::SeveralLeaves(found.iter().map(|(leaf, _)| leaf.subject().to_string()).collect()));
    }
    let Some((leaf, pair)) = found.pop() else { return Err(foreign(session, certificates)) };
    if pair.id().is_empty() {
        return Err(Error::NoKeyId(pair.label().to_owned()));
    }
    if leaf.not_after() < now {
        return Err(Error::Expired { subject: leaf.subject().to_string(), not_after: date(leaf.not_after()) });
    }
    let others = certificates.iter().filter(|one| one.der() != leaf.der()).cloned().collect();
    Ok((leaf, others, pair))
}

/// Leaf and intermediates in order, without the root (RFC 8446, 4.4.2 lets it be left out), and the
/// certificates that lead nowhere.
#[must_use]
pub fn chain(leaf: &Certificate, others: &[Certificate]) -> (Vec<Certificate>, Vec<Certificate>) {
    let sorted = x509::sort_chain(leaf, others);
    let issuers = sorted.issuers.into_iter().filter(|one| !one.is_self_issued());
    (std::iter::once(leaf.clone()).chain(issuers).collect(), sorted.unrelated)
}

/// Stores the leaf by the linking rule, proves the link, and only then removes what it replaces.
///
/// # Errors
/// [`Error::LabelOfOther`], [`Error::LinkNotProved`], token errors. The token is then as before.
pub fn accept(session: &Session<'_>, certificates: &[Certificate], now: i64) -> Result<Accepted, Error> {
    let (leaf, others, pair) = choose(session, certificates, now)?;
    let mut warnings = Vec::new();
    if leaf.not_before() > now {
        warnings.push(format!("the certificate is not valid before {}", date(leaf.not_before())));
    }
    let (chain, unrelated) = chain(&leaf, &others);
    warnings.extend(unrelated.iter().map(|one| format!("not part of the chain, left out: {}", one.subject())));

    let (id, label) = (pair.id().clone(), pair.label().to_owned());
    let (same, outdated) = neighbours(session, &pair, &leaf)?;
    let written = if same.is_none() { Some(store(session, &leaf, &id, &label)?) } else { None };
    let proved = match prove(session, &leaf, &id) {
        Ok(proved) => proved,
        Err(error) => {
            if let Some(written) = &written {
                session.destroy_certificate(written)?;
            }
            return Err(error);
        }
    };
    for old in &outdated {
        session.destroy_certificate(old)?;
    }
    let pss = proved.iter().any(|scheme| matches!(scheme, SignatureScheme::RsaPss(_)));
    if matches!(pair.public_key(), PublicKey::Rsa { .. }) && !pss {
        warnings.push("the token cannot sign RSA-PSS, which TLS 1.3 needs: servers will offer TLS 1.2 only".to_owned());
    }
    let stored_intermediates = store_intermediates(session, &chain[1..])?;
    let change = match (&same, outdated.len()) {
        (Some(_), 0) => Change::Unchanged,
        (None, 0) => Change::Stored,
        (_, count) => Change::Replaced(count),
    };
    let algorithm = pair.public_key().algorithm();
    Ok(Accepted { leaf, chain, label, id, algorithm, change, stored_intermediates, proved, warnings })
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

fn store(
    session: &Session<'_>,
    certificate: &Certificate,
    id: &KeyId,
    label: &str,
) -> Result<CertificateObject, Error> {
    Ok(session.store_certificate(&NewCertificate {
        id,
        label,
        subject: certificate.subject_der(),
        issuer: certificate.issuer_der(),
        serial: certificate.serial_der(),
        value: certificate.der(),
    })?)
}

/// Intermediates get an id and a label of their own, so that they never look like the leaf.
fn store_intermediates(session: &Session<'_>, intermediates: &[Certificate]) -> Result<usize, Error> {
    let mut stored = 0;
    for certificate in intermediates {
        let id = KeyId::new(Sha1::digest(certificate.spki_der()).to_vec());
        if session.certificates_with_id(&id)?.iter().any(|one| one.value == certificate.der()) {
            continue;
        }
        let subject = certificate.subject();
        let label = subject.common_name().map_or_else(|| subject.to_string(), str::to_owned);
        let taken = !session.certificates_with_label(&label)?.is_empty();
        let label = if taken { format!("{label} {}", &id.to_string()[..8]) } else { label };
        store(session, certificate, &id, &label)?;
        stored += 1;
    }
    Ok(stored)
}

fn foreign(session: &Session<'_>, certificates: &[Certificate]) -> Error {
    // Of a bundle the first one that is no CA is meant.
    let meant = certificates.iter().find(|one| !one.is_ca()).or_else(|| certificates.first());
    let describe = |key: &PublicKey| format!("{}, SPKI SHA-256 {}", key.algorithm(), x509::spki_fingerprint(key));
    let compared = session.objects(ObjectClass::PrivateKey).unwrap_or_default();
    Error::ForeignKey {
        subject: meant.map(|one| one.subject().to_string()).unwrap_or_default(),
        key: meant.and_then(|one| one.public_key().ok()).as_ref().map_or("unknown".to_owned(), describe),
        compared: compared
            .iter()
            .map(|key| {
                let kind = || key.key_type.clone().unwrap_or_else(|| "unknown type".to_owned());
                let value = key.public_key.as_ref().map_or_else(kind, describe);
                format!("\"{}\" (id {}): {value}", key.label, key.id)
            })
            .collect(),
    }
}

/// A date as people and tables want it: `2026-11-24`.
#[must_use]
pub fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "an impossible date".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
