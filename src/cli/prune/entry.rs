//! What becomes of one old pair, as a line and as JSON.

use hsmcert::delete_key::Memory;
use hsmcert::prune::Old;
use hsmcert::state::Record;
use hsmcert::token::TokenInfo;
use serde::Serialize;

use super::super::failure::Failure;
use super::super::report::{JsonFailure, shown};
use super::super::which_key::JsonObject;

/// An old pair.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) label: String,
    id: String,
    token_serial: String,
    /// The label in use.
    followed_by: String,
    since: String,
    not_after: Option<String>,
    /// What is on the token of it.
    pub(super) objects: Vec<JsonObject>,
    /// How many servers were asked whether they still use it.
    pub(super) asked: usize,
    pub(super) fate: Fate,
}

#[derive(Debug)]
pub(super) enum Fate {
    /// It is one of the newest.
    Kept,
    /// It may go.
    Goes,
    Deleted(Memory),
    Failed(Failure),
}

/// What goes with a pair, in this order.
pub(super) fn objects(old: &Old<'_>, token: &TokenInfo) -> Vec<JsonObject> {
    match old {
        Old::Pair(deletion) => deletion.going.iter().map(|object| JsonObject::new(object, token)).collect(),
        Old::Gone => vec![],
    }
}

impl Entry {
    pub(super) fn new(in_use: &Record, old: &Record, fate: Fate) -> Self {
        Self {
            label: old.label.clone(),
            id: old.id.clone(),
            token_serial: old.token_serial.clone(),
            followed_by: in_use.label.clone(),
            since: old.superseded.as_ref().map(|superseded| superseded.since.clone()).unwrap_or_default(),
            not_after: old.accepted.as_ref().map(|accepted| accepted.not_after.clone()),
            objects: vec![],
            asked: 0,
            fate,
        }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        match &self.fate {
            Fate::Failed(failure) => Some(failure),
            Fate::Kept | Fate::Goes | Fate::Deleted(_) => None,
        }
    }

    fn outcome(&self) -> &'static str {
        match &self.fate {
            Fate::Kept => "kept",
            Fate::Goes => "due",
            Fate::Deleted(_) => "deleted",
            Fate::Failed(_) => "failed",
        }
    }

    /// `www.20261125: deleted: ...`.
    pub(super) fn line(&self) -> String {
        let what = match &self.fate {
            Fate::Kept => "kept".to_owned(),
            Fate::Goes if self.objects.is_empty() => "would be forgotten: nothing of it is on the token".to_owned(),
            Fate::Deleted(_) if self.objects.is_empty() => "forgotten: nothing of it is on the token".to_owned(),
            Fate::Goes => format!("would be deleted: {}", self.classes()),
            Fate::Deleted(_) => format!("deleted: {}", self.classes()),
            Fate::Failed(failure) => format!("failed: {}", failure.message),
        };
        let Self { label, id, followed_by, .. } = self;
        let day = |time: &str| time.split('T').next().unwrap_or_default().to_owned();
        let (since, id): (_, String) = (day(&self.since), id.chars().take(8).collect());
        let valid = self.not_after.as_deref().map(|end| format!(", valid to {}", day(end))).unwrap_or_default();
        let asked = match (&self.fate, self.asked) {
            (Fate::Goes | Fate::Deleted(_), 0) => ", no server was asked (--connect)",
            _ => "",
        };
        let text = format!("{label}: {what}; id {id}..., followed by \"{followed_by}\" on {since}{valid}{asked}");
        format!("{}\n", shown(&text))
    }

    /// `private key, public key, certificate`.
    fn classes(&self) -> String {
        let words = self.objects.iter().map(|object| match object.class {
            "private" => "private key",
            "public" => "public key",
            other => other,
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// The result as JSON.
#[derive(Serialize)]
pub(super) struct Pruned<'a> {
    /// Whether anything was deleted.
    pruned: bool,
    results: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    label: &'a str,
    id: &'a str,
    token_serial: &'a str,
    /// `kept`, `due` (a dry run), `deleted`, `failed`.
    outcome: &'static str,
    /// The line of the report.
    text: String,
    followed_by: &'a str,
    superseded: &'a str,
    not_after: Option<&'a str>,
    objects: &'a [JsonObject],
    /// How many servers were asked whether they still use it.
    servers_asked: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFailure<'a>>,
}

impl<'a> Pruned<'a> {
    pub(super) fn new(entries: &'a [Entry]) -> Self {
        let pruned = entries.iter().any(|entry| matches!(entry.fate, Fate::Deleted(_)));
        Self { pruned, results: entries.iter().map(One::new).collect() }
    }
}

impl<'a> One<'a> {
    fn new(entry: &'a Entry) -> Self {
        let Entry { label, id, token_serial, followed_by, since, not_after, objects, asked, fate: _ } = entry;
        Self {
            label,
            id,
            token_serial,
            outcome: entry.outcome(),
            text: entry.line().trim_end().to_owned(),
            followed_by,
            superseded: since,
            not_after: not_after.as_deref(),
            objects,
            servers_asked: *asked,
            error: entry.failure().map(JsonFailure::new),
        }
    }
}
