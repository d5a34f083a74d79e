//! What becomes of one trace, as text and as JSON.

use hsmcert::Error;
use hsmcert::find::{ByHand, Trace};
use hsmcert::repair::Mended;
use hsmcert::token::TokenInfo;
use serde::Serialize;

use super::super::facts::Facts;
use super::super::failure::Failure;
use super::super::report::{JsonFailure, shown};
use super::super::which_key::{JsonObject, line_with_subject};

/// A trace.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) label: String,
    id: String,
    what: &'static str,
    text: String,
    origin: &'static str,
    step: String,
    objects: Vec<JsonObject>,
    /// The objects as lines.
    lines: Vec<(String, String)>,
    pub(super) fate: Fate,
}

#[derive(Debug)]
pub(super) enum Fate {
    /// It can be mended.
    Due,
    /// It is for somebody to decide.
    ByHand(ByHand),
    Mended(Mended),
    Failed(Failure),
}

impl Entry {
    pub(super) fn new(trace: &Trace, busy: Option<&Error>, token: &TokenInfo) -> Self {
        let fate = match (&trace.by_hand, busy) {
            (Some(by_hand), _) => Fate::ByHand(by_hand.clone()),
            (None, Some(error)) => Fate::Failed(Failure::of(error)),
            (None, None) => Fate::Due,
        };
        Self {
            label: trace.label.clone(),
            id: trace.id.to_string(),
            what: trace.left.word(),
            text: trace.to_string(),
            origin: trace.left.origin(),
            step: trace.step(),
            objects: trace.objects.iter().map(|object| JsonObject::new(object, token)).collect(),
            lines: trace.objects.iter().map(line_with_subject).collect(),
            fate,
        }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        match &self.fate {
            Fate::Failed(failure) => Some(failure),
            Fate::Due | Fate::ByHand(_) | Fate::Mended(_) => None,
        }
    }

    /// Whether somebody was asked about it.
    pub(super) fn was_tried(&self) -> bool {
        matches!(self.fate, Fate::Mended(_))
    }

    pub(super) fn warnings(&self) -> &[String] {
        match &self.fate {
            Fate::Mended(mended) => &mended.warnings,
            Fate::Due | Fate::ByHand(_) | Fate::Failed(_) => &[],
        }
    }

    fn outcome(&self) -> &'static str {
        match &self.fate {
            Fate::Due => "due",
            Fate::ByHand(_) => "by-hand",
            Fate::Mended(_) => "mended",
            Fate::Failed(_) => "failed",
        }
    }
}

/// Which of them can be mended.
pub(super) fn due(entries: &[Entry]) -> Vec<usize> {
    let is_due = |index: &usize| matches!(entries[*index].fate, Fate::Due);
    (0..entries.len()).filter(is_due).collect()
}

/// Each trace with its objects, and what is to be done.
pub(super) fn describe(entries: &[Entry]) -> String {
    let mut text = String::new();
    for Entry { text: what, origin, step, lines, fate, .. } in entries {
        let mut facts = Facts::new(what, 11);
        facts.line("perhaps", origin);
        for (name, value) in lines {
            facts.line(name, value);
        }
        match fate {
            Fate::Due | Fate::Mended(_) | Fate::Failed(_) => facts.line("repair", step),
            Fate::ByHand(ByHand { why, commands }) => {
                facts.line("by hand", why);
                facts.list("type", commands);
            }
        }
        text.push_str(&facts.finish());
    }
    text
}

/// What was done, in one line, and the files that there are now.
pub(super) fn verdict(entries: &[Entry], dry_run: bool) -> String {
    let count = |outcome: &str| entries.iter().filter(|entry| entry.outcome() == outcome).count();
    let mut text = String::new();
    for entry in entries {
        if let Fate::Mended(Mended { files, .. }) = &entry.fate {
            for file in files {
                text.push_str(&shown(&format!(
                    "{}: the certificate that was taken off is in {}",
                    entry.label,
                    file.display()
                )));
                text.push('\n');
            }
        }
    }
    let left = match count("by-hand") {
        0 => String::new(),
        by_hand => format!("; {by_hand} left to you"),
    };
    text.push_str(&match (entries.len(), dry_run) {
        (0, _) => "no run has left anything behind\n".to_owned(),
        (_, true) => format!("{} can be mended{left}; nothing was changed (--dry-run)\n", count("due")),
        (_, false) if count("mended") == 0 => format!("nothing was mended{left}\n"),
        (_, false) => format!("{} mended{left}\n", count("mended")),
    });
    text
}

/// The result as JSON.
#[derive(Serialize)]
pub(super) struct Repaired<'a> {
    /// Whether anything was mended.
    repaired: bool,
    findings: Vec<One<'a>>,
    token: &'a str,
    token_serial: &'a str,
}

#[derive(Serialize)]
struct One<'a> {
    /// `labels-differ`, `several-certificates`, ...
    what: &'static str,
    text: &'a str,
    /// Which run leaves it.
    left_by: &'static str,
    label: &'a str,
    id: &'a str,
    objects: &'a [JsonObject],
    /// `due` (a dry run), `mended`, `by-hand`, `failed`.
    outcome: &'static str,
    /// What mends it; null where that is left to somebody.
    step: Option<&'a str>,
    /// Why it is left to somebody.
    why: Option<&'a str>,
    /// What can be typed then.
    commands: &'a [String],
    /// Certificates that were taken off the token are in these files.
    files: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFailure<'a>>,
}

impl<'a> Repaired<'a> {
    pub(super) fn new(entries: &'a [Entry], token: &'a TokenInfo) -> Self {
        Self {
            repaired: entries.iter().any(Entry::was_tried),
            findings: entries.iter().map(One::new).collect(),
            token: &token.label,
            token_serial: &token.serial,
        }
    }
}

impl<'a> One<'a> {
    fn new(entry: &'a Entry) -> Self {
        let Entry { label, id, what, text, origin, step, objects, lines: _, fate } = entry;
        let by_hand = match fate {
            Fate::ByHand(by_hand) => Some(by_hand),
            Fate::Due | Fate::Mended(_) | Fate::Failed(_) => None,
        };
        let files = match fate {
            Fate::Mended(mended) => mended.files.iter().map(|file| file.display().to_string()).collect(),
            Fate::Due | Fate::ByHand(_) | Fate::Failed(_) => vec![],
        };
        Self {
            what,
            text,
            left_by: origin,
            label,
            id,
            objects,
            outcome: entry.outcome(),
            step: by_hand.is_none().then_some(step),
            why: by_hand.map(|by_hand| by_hand.why.as_str()),
            commands: by_hand.map_or(&[], |by_hand| &by_hand.commands),
            files,
            error: entry.failure().map(JsonFailure::new),
        }
    }
}
