//! The result as JSON.

use hsmcert::due::Window;
use hsmcert::renew::{Renewed, Waits};
use hsmcert::state;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use serde::Serialize;

use super::super::report::JsonFailure;
use super::entry::{Entry, Fate};

/// One object.
#[derive(Serialize)]
pub(super) struct Renewals<'a> {
    /// Whether anything was renewed.
    renewed: bool,
    results: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    spec: String,
    label: &'a str,
    /// `not-due`, `waits`, `due` (a dry run), `renewed`, `failed`.
    outcome: &'static str,
    /// The line of the report.
    text: String,
    ca: Option<&'a str>,
    /// Why it was due.
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_from: Option<String>,
    /// What the CA said of when it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<&'a Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_asked_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Certificate<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFailure<'a>>,
}

/// What was issued.
#[derive(Serialize)]
struct Certificate<'a> {
    subject: String,
    issuer: String,
    subject_alt_names: Vec<String>,
    serial: String,
    not_before: String,
    not_after: String,
    fingerprint_sha256: String,
    label: &'a str,
    id: String,
    new_key: bool,
    /// What the pair has now that was in use before.
    old_label: Option<&'a str>,
    key_uri: String,
    chain: String,
}

impl<'a> Renewals<'a> {
    pub(super) fn new(entries: &'a [Entry], now: i64) -> Self {
        let renewed = entries.iter().any(|entry| matches!(entry.fate, Fate::Renewed(..)));
        Self { renewed, results: entries.iter().map(|entry| One::new(entry, now)).collect() }
    }
}

impl<'a> One<'a> {
    fn new(entry: &'a Entry, now: i64) -> Self {
        let Entry { spec, name, ca, fate, post: _ } = entry;
        let (mut outcome, mut why, mut life, mut certificate) = ("not-due", None, None, None);
        let (mut waits_since, mut not_asked_before) = (None, None);
        match fate {
            Fate::NotDue(of) => life = Some(of),
            Fate::Due(reason) => (outcome, why) = ("due", Some(reason.as_str())),
            Fate::Waits(Waits::Ca { ca: _, message: _, since, until }) => {
                (outcome, waits_since, not_asked_before) = ("waits", Some(since.as_str()), until.as_deref());
            }
            Fate::Waits(Waits::Certificate { csr: _, certificate: _ }) => outcome = "waits",
            Fate::Renewed(renewed, token) => {
                (outcome, why) = ("renewed", Some(renewed.why.as_str()));
                certificate = Some(Certificate::new(renewed, &token.label));
            }
            Fate::Unfinished(renewed, token, _) => {
                (outcome, why) = ("failed", Some(renewed.why.as_str()));
                certificate = Some(Certificate::new(renewed, &token.label));
            }
            Fate::Failed(_) => outcome = "failed",
        }
        Self {
            spec: spec.display().to_string(),
            label: name,
            outcome,
            text: entry.words(now),
            ca: ca.as_deref(),
            why,
            due_from: life.map(|life| state::time(life.due_at)),
            window: life.and_then(|life| life.window.as_ref()),
            not_after: life.map(|life| state::time(life.not_after)),
            waits_since,
            not_asked_before,
            certificate,
            error: entry.trouble().map(JsonFailure::new),
        }
    }
}

impl<'a> Certificate<'a> {
    fn new(renewed: &'a Renewed, token: &str) -> Self {
        let Renewed { why: _, leaf, label, id, is_new_key, old_label, chain_file, warnings: _, unfinished: _ } =
            renewed;
        let uri = Pkcs11Uri {
            token: Some(token.to_owned()),
            id: Some(id.clone()),
            object: Some(label.clone()),
            object_type: Some(ObjectType::Private),
            ..Pkcs11Uri::default()
        };
        Self {
            subject: leaf.subject().to_string(),
            issuer: leaf.issuer().to_string(),
            subject_alt_names: leaf.subject_alt_names().iter().map(ToString::to_string).collect(),
            serial: leaf.serial_hex(),
            not_before: state::time(leaf.not_before()),
            not_after: state::time(leaf.not_after()),
            fingerprint_sha256: leaf.fingerprint_sha256(),
            label,
            id: id.to_string(),
            new_key: *is_new_key,
            old_label: old_label.as_deref(),
            key_uri: uri.to_string(),
            chain: chain_file.display().to_string(),
        }
    }
}
