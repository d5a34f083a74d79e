//! The result as JSON: `pairs`, or `objects`, each with all that the module shows.

use std::collections::BTreeMap;

use hsmcert::find::{self, Query, Row, Rows};
use hsmcert::token::{AttributeValue, Listed, TokenInfo};
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

/// The rows, and whether all of the token was read.
struct Pairs<'f>(&'f [Row], bool);

struct Objects<'f>(&'f [Row], bool);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| pair(row, self.1)))
    }
}

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(|row| object(row, self.1)))
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
struct Pair {
    #[serde(flatten)]
    facts: Facts,
    objects: Vec<Member>,
}

/// One object.
#[derive(Serialize)]
struct Object {
    #[serde(flatten)]
    member: Member,
    #[serde(flatten)]
    facts: Facts,
}

#[derive(Serialize)]
struct Member {
    handle: u64,
    class: &'static str,
    attributes: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct Facts {
    label: String,
    id: String,
    algorithm: String,
    spki_sha256: Option<String>,
    certificate_subject: Option<String>,
    certificate_issuer: Option<String>,
    certificate_serial: Option<String>,
    certificate_sha256: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    orphan: Option<&'static str>,
    weaknesses: Vec<&'static str>,
    /// Null where only a part of the token was read.
    duplicates: Option<Vec<String>>,
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
        let (pairs, objects) = match query.rows {
            Rows::Pairs => (Some(Pairs(&found.rows, is_complete)), None),
            Rows::Objects(_) => (None, Some(Objects(&found.rows, is_complete))),
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

fn pair(row: &Row, is_complete: bool) -> Pair {
    Pair { facts: facts(row, is_complete), objects: row.objects.iter().map(|listed| member(listed)).collect() }
}

fn object(row: &Row, is_complete: bool) -> Option<Object> {
    Some(Object { member: member(row.objects.first()?), facts: facts(row, is_complete) })
}

fn member(listed: &Listed) -> Member {
    let attributes = listed.attributes.iter().map(|(name, value)| (name.clone(), json(value))).collect();
    Member { handle: listed.object.handle(), class: class_name(listed.object.class), attributes }
}

fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Flag(on) => Value::Flag(*on),
        AttributeValue::Number(number) => Value::Number(*number),
        AttributeValue::Text(text) => Value::Text(text.clone()),
        AttributeValue::Bytes(bytes) => Value::Text(base16ct::lower::encode_string(bytes)),
        AttributeValue::List(words) => Value::List(words.clone()),
    }
}

fn facts(row: &Row, is_complete: bool) -> Facts {
    let certificate = row.certificate.as_ref();
    Facts {
        label: row.label.clone(),
        id: row.id.to_string(),
        algorithm: row.algorithm.clone(),
        spki_sha256: row.public_key.as_ref().map(x509::spki_fingerprint),
        certificate_subject: certificate.map(|one| one.subject.to_string()),
        certificate_issuer: certificate.map(|one| one.issuer.clone()),
        certificate_serial: certificate.map(|one| one.serial.clone()),
        certificate_sha256: certificate.map(|one| one.sha256.clone()),
        not_before: certificate.map(|one| date(one.not_before)),
        not_after: certificate.map(|one| date(one.not_after)),
        days_left: certificate.map(|one| one.days_left),
        orphan: row.orphan.map(orphan_word),
        weaknesses: row.weaknesses.iter().map(|weakness| weakness.word()).collect(),
        duplicates: is_complete.then(|| row.shared.iter().map(ToString::to_string).collect()),
        uri: row.uri.to_string(),
    }
}
