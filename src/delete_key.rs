//! `delete-key`: both halves of a key go, its certificates when that is asked for, and nothing that was not named.

mod gone;

pub use gone::only_remembered;

use std::path::PathBuf;

use crate::accept::date;
use crate::error::Error;
use crate::find::{self, Nameable, StoredCertificate, StoredKey};
use crate::key::KeyId;
use crate::key_reference::KeyReference;
use crate::proof;
use crate::state::{AcceptedCertificate, Entry, Record, State};
use crate::token::vendor::Certificates;
use crate::token::{Object, ObjectClass, Session};
use crate::uri::ObjectType;

/// What the user allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// The key's certificates go too.
    pub certificate: bool,
    /// Also a key that a certificate needs which has not expired.
    pub force: bool,
}

/// What will go and what stays. Nothing is changed until [`Deletion::carry_out`].
#[derive(Debug)]
pub struct Deletion<'s> {
    session: &'s Session<'s>,
    /// The key with all that belongs to it; nothing, where a run was ended before it could forget a key that it deleted.
    pub key: StoredKey,
    /// What will be destroyed, in this order.
    pub going: Vec<Object>,
    /// What belongs to the key, or shares its id, and stays.
    pub staying: Vec<Object>,
    /// What is remembered of the key.
    pub record: Option<Record>,
    entry: Option<Entry>,
}

impl Deletion<'_> {
    /// `CKA_LABEL`, or the one that is remembered.
    #[must_use]
    pub fn label(&self) -> &str {
        let remembered = || self.record.as_ref().map_or("", |record| &record.label);
        if self.going.is_empty() { remembered() } else { self.key.label() }
    }

    /// `CKA_ID`, or the one that is remembered.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let remembered = self.record.as_ref().filter(|_| self.going.is_empty());
        remembered.map_or_else(|| self.key.id(), Record::key_id)
    }

    /// Files that hsmcert wrote or read for the key. They stay.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(record) = &self.record else { return vec![] };
        let request = record.request.iter().flat_map(|request| [&request.spec_file, &request.csr_file]);
        let chain = record.accepted.iter().map(|accepted| accepted.chain_file.clone());
        request.flatten().cloned().chain(chain).filter(|path| path.is_file()).collect()
    }

    /// A request was made with the key and no certificate is accepted for it yet.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.request.is_some() && record.accepted.is_none())
    }
}

/// Finds the key, and refuses what should not be deleted.
///
/// # Errors
/// Those of [`find::stored_key`]; [`Error::HalfOfPair`], [`Error::CertificateOfKey`], [`Error::UnclearPair`],
/// [`Error::CertificateGoesToo`], [`Error::KeyInUse`], [`crate::state::Error::Busy`].
pub fn plan<'s>(
    session: &'s Session<'s>,
    reference: &KeyReference,
    terms: Terms,
    state: Option<&State>,
    now: i64,
) -> Result<Deletion<'s>, Error> {
    let nameable = if terms.certificate { Nameable::LoneCertificate } else { Nameable::Key };
    let mut key = find::stored_key(session, reference, nameable)?;
    check_halves(session, reference, &key)?;
    check_certificates(session, &mut key)?;
    let parts = parts(session, &key);
    if !parts.is_empty() && !terms.certificate {
        let certificates = parts.iter().map(ToString::to_string).collect();
        return Err(Error::CertificateGoesToo { label: key.label().to_owned(), certificates });
    }
    let public_key = match &key.public_key {
        None => gone::key_of(session, &key)?,
        shown => shown.clone(),
    };
    let entry = match (state, public_key) {
        (Some(state), Some(public_key)) => Some(state.lock(&public_key)?),
        _ => None,
    };
    // A record that cannot be read, or that is about another token, is not this key's.
    let record = entry.as_ref().and_then(|entry| entry.read().ok().flatten());
    let record = record.filter(|record| record.token_serial == session.token().serial);
    let needed_by = needed_by(&key, record.as_ref(), now);
    if !needed_by.is_empty() && !terms.force {
        return Err(Error::KeyInUse { label: key.label().to_owned(), needed_by });
    }
    let certificates = key.certificates.iter().map(|one| &one.object).filter(|_| terms.certificate);
    // The private key first: it is the likeliest to be refused, and then everything is as before.
    let mut going: Vec<Object> = key.private.iter().chain(&key.public).chain(certificates).cloned().collect();
    going.extend(parts.into_iter().filter(|part| !key.objects().any(|own| own == part)));
    let staying = key.objects().chain(&key.neighbours).filter(|object| !going.contains(object)).cloned().collect();
    Ok(Deletion { session, going, staying, record, entry, key })
}

/// The certificates that the token destroys with the private key, whosever they are.
fn parts(session: &Session<'_>, key: &StoredKey) -> Vec<Object> {
    let all = key.certificates.iter().map(|one| &one.object).chain(&key.neighbours);
    all.filter(|one| one.class == ObjectClass::Certificate && is_part(session, key, one)).cloned().collect()
}

/// Whether the token destroys an object together with the private key.
fn is_part(session: &Session<'_>, key: &StoredKey, object: &Object) -> bool {
    match session.quirks().certificates {
        Certificates::WithKey => key.private.as_ref().is_some_and(|private| private.id == object.id),
        Certificates::Stored | Certificates::OffAtFirst | Certificates::Never => false,
    }
}

/// Each half must be named, or be seen to belong to the one that is.
fn check_halves(session: &Session<'_>, reference: &KeyReference, key: &StoredKey) -> Result<(), Error> {
    let names = |wanted| matches!(reference, KeyReference::Uri(uri) if uri.object_type == Some(wanted));
    if let Some(half) = key.private.as_ref().or(key.public.as_ref()).filter(|_| names(ObjectType::Certificate)) {
        return Err(Error::CertificateOfKey { key: half.to_string() });
    }
    let Some(private) = &key.private else { return Ok(()) };
    if names(ObjectType::Public) {
        return Err(Error::HalfOfPair { private: private.to_string() });
    }
    let Some(public) = &key.public else { return Ok(()) };
    let is_one_named = reference.label().is_some() && private.label != public.label;
    if !is_one_named || private.public_key.is_some() {
        return Ok(());
    }
    // They share the id and no more can be seen: EC private keys do not show their public key.
    let is_pair = match &public.public_key {
        Some(public_key) => proof::is_half_of(session, private, public_key)?,
        None => false,
    };
    let unclear = || Error::UnclearPair { private: private.to_string(), public: public.to_string() };
    if is_pair { Ok(()) } else { Err(unclear()) }
}

/// Where no key object shows the public key, a certificate of the id is the key's only if a signature proves it.
fn check_certificates(session: &Session<'_>, key: &mut StoredKey) -> Result<(), Error> {
    let (Some(private), None) = (&key.private, &key.public_key) else { return Ok(()) };
    let mut proved = Vec::new();
    for one in std::mem::take(&mut key.certificates) {
        let shown = one.certificate.as_ref().and_then(|certificate| certificate.public_key().ok());
        match shown {
            Some(public_key) if proof::is_half_of(session, private, &public_key)? => {
                key.public_key = Some(public_key);
                proved.push(one);
            }
            Some(_) | None => key.neighbours.push(one.object),
        }
    }
    key.certificates = proved;
    Ok(())
}

/// The certificates that have not expired and are worth nothing without the private key, in words.
fn needed_by(key: &StoredKey, record: Option<&Record>, now: i64) -> Vec<String> {
    if key.private.is_none() {
        return vec![];
    }
    // Where the token does not show the public key, whatever has the id may be the key's certificate.
    let unclear = key.neighbours.iter().filter(|one| key.public_key.is_none() && one.class == ObjectClass::Certificate);
    let unclear = unclear.map(|object| StoredCertificate::read(object.clone()));
    let on_token = key.certificates.iter().cloned().chain(unclear).filter_map(|one| match one.certificate {
        Some(certificate) if certificate.not_after() < now => None,
        Some(certificate) => Some(format!("{}, valid to {}", certificate.subject(), date(certificate.not_after()))),
        None => Some(format!("\"{}\", which cannot be read", one.object.label)),
    });
    let accepted = record.and_then(|record| record.accepted.as_ref());
    on_token.chain(accepted.and_then(|accepted| in_file(accepted, now))).collect()
}

/// A token that takes no certificates: servers have it from the chain file.
fn in_file(accepted: &AcceptedCertificate, now: i64) -> Option<String> {
    let AcceptedCertificate { not_after, chain_file, on_token, .. } = accepted;
    let has_expired = not_after.parse::<jiff::Timestamp>().is_ok_and(|end| end.as_second() < now);
    (!on_token && !has_expired).then(|| format!("the one in {}, valid to {not_after}", chain_file.display()))
}

/// What became of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    /// There was none.
    Nothing,
    /// It is gone with the key.
    Forgotten,
    /// It could not be removed.
    Stays(String),
}

impl Deletion<'_> {
    /// Destroys what was planned.
    ///
    /// # Errors
    /// [`Error::NotDeleted`] says what is gone and what is left. The same command finishes the work.
    pub fn carry_out(&self) -> Result<Memory, Error> {
        for (index, object) in self.going.iter().enumerate() {
            let Err(source) = self.session.destroy_object(object) else { continue };
            // A module may show for a while what the token destroyed with the private key, and then refuse it.
            if index > 0 && is_part(self.session, &self.key, object) {
                continue;
            }
            // Whoever was faster has done the work.
            let is_there = self.session.still_has(object);
            if is_there == Some(false) {
                continue;
            }
            let words = |objects: &[Object]| objects.iter().map(ToString::to_string).collect::<Vec<_>>();
            let mut left = words(&self.going[index..]);
            if is_there.is_none() {
                left[0].push_str(" (perhaps: the token did not answer when it was asked)");
            }
            return Err(Error::NotDeleted { gone: words(&self.going[..index]), left, source: Box::new(source.into()) });
        }
        let (Some(entry), Some(_)) = (&self.entry, &self.record) else { return Ok(Memory::Nothing) };
        Ok(match entry.forget() {
            Ok(()) => Memory::Forgotten,
            Err(error) => Memory::Stays(error.to_string()),
        })
    }
}
