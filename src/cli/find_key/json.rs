//! The result as JSON: `pairs`, or `objects`, each with all that the module shows.

use hsmcert::find::{self, Query, Row, Rows};
use hsmcert::token::{AttributeValue, Listed, ShownAttributes, TokenInfo};
use hsmcert::x509;
use serde::{Serialize, Serializer};

use super::super::clock::date;
use super::column::{class_name, orphan_word};

/// What is written row by row: a token may hold thousands.
#[derive(Serialize)]
pub(super) struct Found<'f> {
    token: &'f str,
    token_serial: &'f str,
    /// Rows that fit.
    count: usize,
    /// Keys on the token; null where only a part of it was read.
    total_keys: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<Pairs<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<Objects<'f>>,
}

struct Pairs<'f>(Listing<'f>);

struct Objects<'f>(Listing<'f>);

/// The rows, and what is needed to tell all of them.
#[derive(Clone, Copy)]
struct Listing<'f> {
    token: &'f TokenInfo,
    rows: &'f [Row],
    /// All of the token was read.
    is_complete: bool,
    /// What runs have left was looked for.
    has_traces: bool,
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows.iter().map(|row| self.0.pair(row)))
    }
}

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows.iter().map(|row| self.0.object(row)))
    }
}

/// With `--count`.
#[derive(Serialize)]
pub(super) struct Count {
    token: String,
    token_serial: String,
    count: usize,
    total_keys: Option<usize>,
}

/// A key with its certificate.
#[derive(Serialize)]
struct Pair<'r> {
    #[serde(flatten)]
    facts: Facts<'r>,
    objects: Vec<Member<'r>>,
}

/// One object.
#[derive(Serialize)]
struct Object<'r> {
    #[serde(flatten)]
    member: Member<'r>,
    #[serde(flatten)]
    facts: Facts<'r>,
}

#[derive(Serialize)]
struct Member<'r> {
    handle: u64,
    class: &'static str,
    attributes: Attributes<'r>,
}

struct Attributes<'r>(&'r ShownAttributes);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, json(value))))
    }
}

#[derive(Serialize)]
struct Facts<'r> {
    label: &'r str,
    id: String,
    algorithm: String,
    spki_sha256: Option<String>,
    certificate_subject: Option<String>,
    certificate_issuer: Option<String>,
    certificate_serial: Option<&'r str>,
    certificate_sha256: Option<&'r str>,
    not_before: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    orphan: Option<&'static str>,
    weaknesses: Vec<&'static str>,
    /// Null where only a part of the token was read.
    duplicates: Option<Vec<String>>,
    /// With `--orphans`.
    #[serde(skip_serializing_if = "Option::is_none")]
    traces: Option<&'r [&'static str]>,
    uri: String,
}

/// Bytes are lower hex.
#[derive(Serialize)]
#[serde(untagged)]
enum Value {
    Flag(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
}

impl<'f> Found<'f> {
    pub(super) fn new(token: &'f TokenInfo, query: &Query, found: &'f find::Found) -> Self {
        let is_complete = found.keys.is_some();
        let has_traces = is_complete && query.remembered.is_some();
        let listing = Listing { token, rows: &found.rows, is_complete, has_traces };
        let (pairs, objects) = match query.rows {
            Rows::Pairs => (Some(Pairs(listing)), None),
            Rows::Objects(_) => (None, Some(Objects(listing))),
        };
        Self {
            token: &token.label,
            token_serial: &token.serial,
            count: found.matched,
            total_keys: found.keys,
            pairs,
            objects,
        }
    }
}

impl Count {
    pub(super) fn new(token: &TokenInfo, found: &find::Found) -> Self {
        let (token, token_serial) = (token.label.clone(), token.serial.clone());
        Self { token, token_serial, count: found.matched, total_keys: found.keys }
    }
}

impl Listing<'_> {
    fn pair<'r>(&self, row: &'r Row) -> Pair<'r> {
        Pair { facts: self.facts(row), objects: row.objects().map(member).collect() }
    }

    fn object<'r>(&self, row: &'r Row) -> Object<'r> {
        Object { member: member(&row.first), facts: self.facts(row) }
    }

    fn facts<'r>(&self, row: &'r Row) -> Facts<'r> {
        let certificate = row.certificate.as_deref();
        Facts {
            label: row.label(),
            id: row.id().to_string(),
            algorithm: row.algorithm(),
            spki_sha256: row.public_key.as_deref().map(x509::spki_fingerprint),
            certificate_subject: certificate.map(|one| one.subject().to_string()),
            certificate_issuer: certificate.map(|one| one.issuer().to_string()),
            certificate_serial: certificate.map(|one| one.serial.as_str()),
            certificate_sha256: certificate.map(|one| one.sha256.as_str()),
            not_before: certificate.map(|one| date(one.not_before)),
            not_after: certificate.map(|one| date(one.not_after)),
            days_left: certificate.map(|one| one.days_left),
            orphan: row.orphan.map(orphan_word),
            weaknesses: row.weaknesses.iter().map(|weakness| weakness.word()).collect(),
            duplicates: self.is_complete.then(|| row.shared.iter().map(ToString::to_string).collect()),
            traces: self.has_traces.then_some(row.traces.as_slice()),
            uri: row.uri(self.token).to_string(),
        }
    }
}

fn member(listed: &Listed) -> Member<'_> {
    let Listed { object, attributes, .. } = listed;
    Member { handle: object.handle(), class: class_name(object.class), attributes: Attributes(attributes) }
}

fn json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::Flag(on) => Value::Flag(on),
        AttributeValue::Number(number) => Value::Number(number),
        AttributeValue::Text(text) => Value::Text(text),
        AttributeValue::Bytes(bytes) => Value::Text(base16ct::lower::encode_string(&bytes)),
        AttributeValue::List(words) => Value::List(words),
    }
}
