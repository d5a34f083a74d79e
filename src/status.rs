//! `status`: for each certificate of a key, whether it is due for renewal, and whether its link still holds.
//!
//! Two sources know of certificates: the token, and the state, which remembers what was accepted. What both know is told
//! once. No signature is made: `verify` proves a link, this looks at what belongs together.

pub mod page;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::due::{self, Advice, Margin, Phase};
use crate::error::Error;
use crate::file;
use crate::find::{self, Filter, Order, Orphan, Pattern, Query, Row, Rows};
use crate::key::KeyId;
use crate::request::{GeneralName, Name};
use crate::state::{AcceptedCertificate, Record};
use crate::token::{Detail, ObjectClass, Session, TokenInfo};
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509::{self, Certificate};

/// A certificate, as it stands.
#[derive(Debug, Clone)]
pub struct Status {
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID`.
    pub id: KeyId,
    /// Label of the token.
    pub token: String,
    /// Serial number of the token.
    pub token_serial: String,
    /// What the certificate says; without it only its end is known.
    pub certificate: Option<Facts>,
    /// notAfter, seconds since 1970.
    pub not_after: i64,
    /// From when on it is due; unknown without the certificate.
    pub due_at: Option<i64>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether it can be used with its key.
    pub link: Link,
    /// Since when a renewal has put another key in the place of its key, as RFC 3339.
    pub superseded: Option<String>,
    /// The URI of the private key.
    pub key_uri: Pkcs11Uri,
}

/// What is told of a certificate.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its subject.
    pub subject: Name,
    /// Its names.
    pub names: Vec<GeneralName>,
    /// Its issuer.
    pub issuer: Name,
    /// The serial number in lower hex.
    pub serial: String,
    /// notBefore, seconds since 1970.
    pub not_before: i64,
    /// SHA-256 of its DER in lower hex.
    pub sha256: String,
}

impl From<&Certificate> for Facts {
    fn from(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject(),
            names: certificate.subject_alt_names(),
            issuer: certificate.issuer(),
            serial: certificate.serial_hex(),
            not_before: certificate.not_before(),
            sha256: certificate.fingerprint_sha256(),
        }
    }
}

/// Whether certificate and key are together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Both are on the token and share id and public key.
    Token,
    /// The key is on the token, which holds no certificates; the certificate is in this file.
    File(std::path::PathBuf),
    /// They are not; why.
    Broken(String),
    /// Its token was not asked.
    NotAsked,
}

impl Link {
    /// Whether something is wrong.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
}

impl Status {
    /// What people call it: its common name, else its first name, else its label.
    #[must_use]
    pub fn name(&self) -> String {
        let facts = self.certificate.as_ref();
        let common_name = facts.and_then(|facts| facts.subject.common_name()).map(str::to_owned);
        let first = || facts.and_then(|facts| facts.names.first()).map(GeneralName::value_text);
        common_name.or_else(first).unwrap_or_else(|| self.label.clone())
    }

    /// The share of its lifetime that is left, 0 to 1; unknown without the certificate.
    #[must_use]
    pub fn left(&self, now: i64) -> Option<f64> {
        let not_before = self.certificate.as_ref()?.not_before;
        let lifetime = self.not_after.saturating_sub(not_before).max(1);
        #[allow(clippy::cast_precision_loss, reason = "a bar of ten signs")]
        Some((self.not_after.saturating_sub(now) as f64 / lifetime as f64).clamp(0.0, 1.0))
    }
}

/// How the life of certificates is seen.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Now, in seconds since 1970.
    pub now: i64,
    /// When a certificate is due.
    pub margin: Margin,
}

impl Clock {
    fn due_at(self, not_before: i64, not_after: i64, advice: Option<&Advice>) -> i64 {
        due::due(self.margin, (not_before, not_after), advice, self.now).0
    }
}

/// Looks at the token and at what is remembered. Certificates of CAs without a key are no sites and left out.
///
/// # Errors
/// Token errors.
pub fn of_token(
    session: &Session<'_>,
    remembered: &[Record],
    clock: Clock,
    progress: &dyn Fn(usize, usize),
) -> Result<Vec<Status>, Error> {
    let query = Query {
        rows: Rows::Pairs,
        filter: Filter::default(),
        order: Order::default(),
        limit: None,
        detail: Detail::Summary,
        with_der: true,
        remembered: None,
    };
    let rows = find::find(session, &query, clock.now, progress)?.rows;
    let token = session.token();
    let ambiguous = ambiguous(&rows);
    let of_token = remembered.iter().filter(|record| record.token_serial == token.serial);
    let records: HashMap<&str, &Record> = of_token.map(|record| (record.spki_sha256.as_str(), record)).collect();
    // A certificate stands in a row with each key object that shares its id.
    let mut seen = HashSet::new();
    let is_new = |one: &Status| {
        let sha256 = one.certificate.as_ref().map(|facts| facts.sha256.clone());
        seen.insert((one.id.clone(), one.label.clone(), sha256))
    };
    let mut all: Vec<Status> =
        rows.iter().filter_map(|row| of_row(row, &ambiguous, token, &records, clock)).filter(is_new).collect();
    let on_token: HashSet<String> =
        all.iter().filter_map(|one| Some(one.certificate.as_ref()?.sha256.clone())).collect();
    for record in remembered {
        let Some(accepted) = &record.accepted else { continue };
        if record.token_serial != token.serial {
            all.push(of_record(record, accepted, Link::NotAsked, clock));
        } else if !on_token.contains(&accepted.fingerprint_sha256) {
            let link = link_of_missing(record, accepted, &rows);
            all.push(of_record(record, accepted, link, clock));
        }
    }
    sort(&mut all);
    Ok(all)
}

/// What is remembered alone, without a token.
#[must_use]
pub fn of_state(remembered: &[Record], clock: Clock) -> Vec<Status> {
    let accepted = remembered.iter().filter_map(|record| Some((record, record.accepted.as_ref()?)));
    let mut all: Vec<Status> =
        accepted.map(|(record, accepted)| of_record(record, accepted, Link::NotAsked, clock)).collect();
    sort(&mut all);
    all
}

/// Whether a certificate has one of these labels.
#[must_use]
pub fn is_named(status: &Status, labels: &[Pattern]) -> bool {
    labels.is_empty() || labels.iter().any(|pattern| pattern.fits(&status.label))
}

/// The next end comes first.
fn sort(all: &mut [Status]) {
    all.sort_by(|one, other| (one.not_after, &one.label, &one.id).cmp(&(other.not_after, &other.label, &other.id)));
}

/// Ids that several private keys or several certificates have: a program that looks one up finds any of them.
fn ambiguous(rows: &[Row]) -> HashSet<&KeyId> {
    let objects = rows.iter().flat_map(Row::objects).map(|listed| &listed.object);
    let linked = objects.filter(|object| matches!(object.class, ObjectClass::PrivateKey | ObjectClass::Certificate));
    let mut handles: HashMap<(ObjectClass, &KeyId), HashSet<u64>> = HashMap::new();
    for object in linked.filter(|object| !object.id.is_empty()) {
        handles.entry((object.class, &object.id)).or_default().insert(object.handle());
    }
    handles.into_iter().filter(|(_, handles)| handles.len() > 1).map(|((_, id), _)| id).collect()
}

fn of_row(
    row: &Row,
    ambiguous: &HashSet<&KeyId>,
    token: &TokenInfo,
    records: &HashMap<&str, &Record>,
    clock: Clock,
) -> Option<Status> {
    let stored = row.objects().find(|listed| listed.object.class == ObjectClass::Certificate)?;
    let certificate = Certificate::from_der(stored.object.value.as_deref()?).ok()?;
    if certificate.is_ca() && !row.has(ObjectClass::PrivateKey) {
        return None;
    }
    let link = match row.orphan {
        Some(Orphan::NoKey | Orphan::NoPrivateKey) => Link::Broken("its private key is not on the token".to_owned()),
        Some(Orphan::NoCertificate) | None if ambiguous.contains(&stored.object.id) => {
            Link::Broken("several certificates or private keys have its id".to_owned())
        }
        Some(Orphan::NoCertificate) | None => Link::Token,
    };
    let key = certificate.public_key().ok();
    let record = key.and_then(|key| records.get(x509::spki_fingerprint(&key).as_str()));
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let advice = record.and_then(|record| record.advice.as_ref());
    let advice = advice.filter(|one| one.certificate == certificate.fingerprint_sha256());
    let due_at = clock.due_at(not_before, not_after, advice);
    Some(Status {
        label: stored.object.label.clone(),
        id: stored.object.id.clone(),
        token: token.label.clone(),
        token_serial: token.serial.clone(),
        not_after,
        due_at: Some(due_at),
        phase: Phase::at(clock.now, not_before, not_after, due_at),
        link,
        superseded: record.and_then(|record| since(record)),
        key_uri: key_uri(&token.label, &stored.object.id, &stored.object.label),
        certificate: Some(Facts::from(&certificate)),
    })
}

/// A certificate that was accepted and is not on its token.
fn link_of_missing(record: &Record, accepted: &AcceptedCertificate, rows: &[Row]) -> Link {
    let has_key = rows.iter().any(|row| {
        let is_its = row.public_key.as_ref().is_some_and(|key| x509::spki_fingerprint(key) == record.spki_sha256);
        is_its && row.has(ObjectClass::PrivateKey)
    });
    match (has_key, accepted.on_token) {
        (true, false) if accepted.chain_file.exists() => Link::File(accepted.chain_file.clone()),
        (true, false) => Link::Broken(format!("its file {} is missing", accepted.chain_file.display())),
        (true, true) => Link::Broken("it is no longer on the token".to_owned()),
        (false, true) => Link::Broken("neither it nor its private key is on the token any more".to_owned()),
        (false, false) => Link::Broken("its private key is not on the token".to_owned()),
    }
}

fn of_record(record: &Record, accepted: &AcceptedCertificate, link: Link, clock: Clock) -> Status {
    let certificate = leaf(&accepted.chain_file, &accepted.fingerprint_sha256);
    let remembered = |time: &str| time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    let not_after = certificate.as_ref().map(Certificate::not_after).or_else(|| remembered(&accepted.not_after));
    let not_after = not_after.unwrap_or(i64::MAX);
    let not_before = certificate.as_ref().map(Certificate::not_before);
    let not_before = not_before.or_else(|| remembered(accepted.not_before.as_deref()?));
    let advice = record.advice.as_ref().filter(|one| one.certificate == accepted.fingerprint_sha256);
    let due_at = not_before.map(|not_before| clock.due_at(not_before, not_after, advice));
    let id = record.key_id();
    Status {
        label: record.label.clone(),
        token: record.token.clone(),
        token_serial: record.token_serial.clone(),
        not_after,
        due_at,
        phase: match not_before.zip(due_at) {
            Some((not_before, due_at)) => Phase::at(clock.now, not_before, not_after, due_at),
            // Records of older versions.
            None if clock.now > not_after => Phase::Expired,
            None => Phase::Fresh,
        },
        link,
        superseded: since(record),
        key_uri: key_uri(&record.token, &id, &record.label),
        certificate: certificate.as_ref().map(Facts::from),
        id,
    }
}

fn since(record: &Record) -> Option<String> {
    record.superseded.as_ref().map(|superseded| superseded.since.clone())
}

/// The certificate of this fingerprint in a chain file.
fn leaf(chain_file: &Path, fingerprint: &str) -> Option<Certificate> {
    let certificates = x509::read_certificates(&file::read(chain_file).ok()?).ok()?;
    certificates.into_iter().find(|certificate| certificate.fingerprint_sha256() == fingerprint)
}

fn key_uri(token: &str, id: &KeyId, label: &str) -> Pkcs11Uri {
    Pkcs11Uri {
        token: Some(token.to_owned()),
        id: Some(id.clone()).filter(|id| !id.is_empty()),
        object: Some(label.to_owned()).filter(|label| !label.is_empty()),
        object_type: Some(ObjectType::Private),
        ..Pkcs11Uri::default()
    }
}
