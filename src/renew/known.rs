//! What is known of a site without its token: what is remembered, else the files beside its request.

use std::path::{Path, PathBuf};

use super::Site;
use crate::due::Advice;
use crate::error::Error;
use crate::file;
use crate::key::PublicKey;
use crate::state::{self, AcceptedCertificate, OpenRenewal, PendingRequest, Record, RenewalStep, State};
use crate::token::{KeyPair, Session};
use crate::x509::{self, Certificate, Csr};

/// What is known.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The newest certificate.
    pub current: Option<Current>,
    /// The record of a key for which a certificate is awaited, or whose renewal is not through.
    pub pending: Option<Record>,
    /// The record of the last request.
    pub newest_record: Option<Record>,
    /// SHA-256 of the public keys that something is remembered of.
    pub(super) remembered: Vec<String>,
    /// CSRs that were made for the site.
    pub(super) csrs: Vec<Csr>,
}

/// A certificate that is in use.
#[derive(Debug, Clone)]
pub struct Current {
    /// notBefore, seconds since 1970.
    pub not_before: i64,
    /// notAfter, seconds since 1970.
    pub not_after: i64,
    /// SHA-256 of the certificate, in lower hex.
    pub fingerprint: String,
    /// Its key, where certificate or request is at hand.
    pub key: Option<PublicKey>,
    /// What was asked for.
    pub csr: Option<Csr>,
    /// When the key was made, seconds since 1970.
    pub key_made: Option<i64>,
    /// How many certificates were accepted for the key.
    pub uses: u32,
    /// What its CA said of it.
    pub advice: Option<Advice>,
    /// The file that begins with it.
    pub(super) file: PathBuf,
}

impl Known {
    /// Looks for the site among all records, by its request file, then by its label, then at its files. `is_meant` tells
    /// whether a record is of the token that is meant.
    #[must_use]
    pub fn of(
        site: &Site,
        records: &[Record],
        unreadable: &[state::Error],
        is_meant: impl Fn(&Record) -> bool,
    ) -> Self {
        let own: Vec<&Record> = records.iter().filter(|record| is_meant(record) && is_of(site, record)).collect();
        let pending =
            own.iter().filter(|record| is_pending(site, record)).max_by(|one, other| made(one).cmp(made(other)));
        let pending = pending.map(|record| Record::clone(record));
        // Of keys that nobody uses any more only where there is nothing else; of another label only where none has the site's.
        let rank = |record: &Record| (record.superseded.is_none(), record.label == site.label);
        let newest = own.iter().filter_map(|record| Some((rank(record), of_record(record)?)));
        let newest = newest.max_by_key(|(rank, one)| (*rank, one.not_before, one.not_after)).map(|(_, one)| one);
        let remembered: Vec<String> = own.iter().map(|record| record.spki_sha256.clone()).collect();
        let awaited = pending.as_ref().map(|record| record.spki_sha256.as_str());
        let current = newest.or_else(|| of_files(site, unreadable, awaited));
        let newest_record =
            own.iter().max_by(|one, other| made(one).cmp(made(other))).map(|record| Record::clone(record));
        Self {
            current,
            pending,
            newest_record,
            remembered,
            csrs: own.iter().filter_map(|record| record.csr()).collect(),
        }
    }
}

fn made(record: &Record) -> &str {
    record.request.as_ref().map(|request| request.created.as_str()).unwrap_or_default()
}

/// By the request file; a record whose file is gone, or was never one, by the label.
pub(super) fn is_of(site: &Site, record: &Record) -> bool {
    match record.request.as_ref().and_then(|request| request.spec_file.as_deref()) {
        Some(file) if file == site.spec_file => true,
        Some(file) => record.label == site.label && !file.exists(),
        None => record.label == site.label,
    }
}

/// A renewal that is not through, or a request by `new` under the site's own label.
fn is_pending(site: &Site, record: &Record) -> bool {
    let is_first = record.request.is_some() && record.accepted.is_none() && record.label == site.label;
    record.csr().is_some() && (record.renewal.is_some() || is_first)
}

fn of_record(record: &Record) -> Option<Current> {
    let accepted = record.accepted.as_ref()?;
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    let remembered = accepted.not_before.as_deref().and_then(seconds).zip(seconds(&accepted.not_after));
    let csr = record.csr();
    // Records of older versions do not know when it begins.
    let read = || leaf_of_file(&accepted.chain_file).map(|leaf| (leaf.not_before(), leaf.not_after()));
    let (not_before, not_after) = remembered.or_else(read)?;
    Some(Current {
        not_before,
        not_after,
        fingerprint: accepted.fingerprint_sha256.clone(),
        key: csr.as_ref().and_then(|csr| csr.public_key().ok()),
        csr,
        key_made: record.key_made.as_deref().and_then(seconds),
        uses: record.uses,
        advice: record.advice.clone(),
        file: accepted.chain_file.clone(),
    })
}

/// The certificate files of the site. One of a key whose record is damaged is not taken for the end of a renewal, and one
/// that is awaited not for the one in use.
fn of_files(site: &Site, unreadable: &[state::Error], awaited: Option<&str>) -> Option<Current> {
    let files = [site.chain_file(), site.certificate_file()];
    let (leaf, file) = files.into_iter().find_map(|path| Some((leaf_of_file(&path)?, path)))?;
    let spki = x509::spki_fingerprint(&leaf.public_key().ok()?);
    let name = format!("{spki}.json");
    let is_damaged = unreadable.iter().any(|error| match error {
        state::Error::Damaged { path, .. } => path.ends_with(&name),
        state::Error::Busy(_) | state::Error::Folder { .. } | state::Error::Newer { .. } | state::Error::File(_) => {
            false
        }
    });
    (!is_damaged && awaited != Some(&spki)).then(|| of_leaf(&leaf, file))
}

fn of_leaf(leaf: &Certificate, file: PathBuf) -> Current {
    Current {
        not_before: leaf.not_before(),
        not_after: leaf.not_after(),
        fingerprint: leaf.fingerprint_sha256(),
        key: leaf.public_key().ok(),
        csr: None,
        key_made: None,
        uses: 1,
        advice: None,
        file,
    }
}

impl Known {
    /// Asks the token where nothing is remembered: a new machine, or a state that is lost. What is found is remembered, so
    /// that the next run need not ask.
    pub(super) fn look_at_token(&mut self, session: &Session<'_>, site: &Site, state: &State) -> Result<(), Error> {
        if self.current.is_some() || self.pending.is_some() {
            return Ok(());
        }
        let stored = session.certificates_with_label(&site.label)?;
        let stored = stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok());
        let of_files = [site.chain_file(), site.certificate_file()];
        let mut newest: Option<(Certificate, KeyPair<'_>)> = None;
        for leaf in stored.chain(of_files.iter().filter_map(|path| leaf_of_file(path))) {
            let Some(pair) = session.find_whole_key(&leaf.public_key()?)? else { continue };
            if newest.as_ref().is_none_or(|(known, _)| known.not_before() < leaf.not_before()) {
                newest = Some((leaf, pair));
            }
        }
        let Some((leaf, pair)) = newest else { return Ok(()) };
        rebuild(session, site, state, &leaf, &pair)?;
        self.remembered.push(x509::spki_fingerprint(pair.public_key()));
        self.current = Some(of_leaf(&leaf, site.chain_file()));
        Ok(())
    }
}

/// Remembers a certificate that is in use. Where its key has not got its label yet, a renewal was ended there.
fn rebuild(
    session: &Session<'_>,
    site: &Site,
    state: &State,
    leaf: &Certificate,
    pair: &KeyPair<'_>,
) -> Result<(), Error> {
    let mut record = Record::new(pair.public_key(), pair.label(), pair.id(), session.token());
    record.module = std::path::absolute(session.module_path()).ok();
    record.uses = 1;
    let chain_file = site.chain_file();
    record.accepted = Some(AcceptedCertificate {
        fingerprint_sha256: leaf.fingerprint_sha256(),
        not_before: Some(state::time(leaf.not_before())),
        not_after: state::time(leaf.not_after()),
        chain_sha256: file::read(&chain_file).map(|bytes| file::sha256(&bytes)).unwrap_or_default(),
        chain_file,
        on_token: session.certificates_with_id(pair.id())?.iter().any(|one| one.value == leaf.der()),
    });
    let csr = file::read(&site.csr_file()).ok().and_then(|bytes| Csr::from_bytes(&bytes).ok());
    record.request = csr.filter(|csr| csr.public_key().is_ok_and(|key| key == *pair.public_key())).map(|csr| {
        let windows = site.windows();
        PendingRequest::new(&csr, Some(&site.csr_file()), Some(&site.spec_file), windows, leaf.not_before())
    });
    let is_unfinished = pair.label() != site.label && record.request.is_some();
    let open = || OpenRenewal::new("a renewal was not finished", None, RenewalStep::Accepted, leaf.not_before());
    record.renewal = is_unfinished.then(open);
    Ok(state.lock(pair.public_key())?.write(&record)?)
}

/// The first certificate of a file that is no CA's, else the first.
pub(super) fn leaf_of_file(path: &Path) -> Option<Certificate> {
    let mut all = x509::read_certificates(&file::read(path).ok()?).ok()?;
    let place = all.iter().position(|one| !one.is_ca()).unwrap_or_default();
    if all.is_empty() { None } else { Some(all.swap_remove(place)) }
}
