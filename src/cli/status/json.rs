//! The result as JSON.

use hsmcert::due::Phase;
use hsmcert::status::{Clock, Link, Status};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct All {
    checked: String,
    /// When a certificate is due.
    rule: String,
    total: usize,
    due: usize,
    expired: usize,
    broken: usize,
    /// In their place renewals have put others; they are in none of the other counts, and listed with `--all`.
    superseded: usize,
    certificates: Vec<One>,
}

#[derive(Serialize)]
struct One {
    label: String,
    id: String,
    key_uri: String,
    token: String,
    token_serial: String,
    subject: Option<String>,
    names: Vec<String>,
    issuer: Option<String>,
    serial: Option<String>,
    sha256: Option<String>,
    not_before: Option<String>,
    not_after: String,
    days_left: i64,
    due_at: Option<String>,
    due: bool,
    /// `not yet valid`, `fresh`, `due` or `expired`.
    phase: &'static str,
    /// `token`, `file`, `broken` or `not-asked`.
    link: &'static str,
    /// Why the link is broken, or where the file is.
    link_detail: Option<String>,
    /// Since when a renewal has put another one in its place.
    superseded: Option<String>,
}

pub(super) fn all(all: &[Status], superseded: &[Status], shown: &[Status], clock: Clock) -> All {
    let count = |fits: &dyn Fn(&Status) -> bool| all.iter().filter(|one| fits(one)).count();
    All {
        checked: time(clock.now),
        rule: clock.margin.to_string(),
        total: all.len(),
        due: count(&|one| one.phase == Phase::Due),
        expired: count(&|one| one.phase == Phase::Expired),
        broken: count(&|one| one.link.is_broken()),
        superseded: superseded.len(),
        certificates: all.iter().chain(shown).map(|status| one(status, clock)).collect(),
    }
}

fn one(status: &Status, clock: Clock) -> One {
    let Status { label, id, token, token_serial, certificate, not_after, due_at, phase, link, superseded, key_uri } =
        status;
    let facts = certificate.as_ref();
    let (word, detail) = match link {
        Link::Token => ("token", None),
        Link::File(path) => ("file", Some(path.display().to_string())),
        Link::Broken(why) => ("broken", Some(why.clone())),
        Link::NotAsked => ("not-asked", None),
    };
    One {
        label: label.clone(),
        id: id.to_string(),
        key_uri: key_uri.to_string(),
        token: token.clone(),
        token_serial: token_serial.clone(),
        subject: facts.map(|facts| facts.subject.to_string()),
        names: facts.map(|facts| facts.names.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        issuer: facts.map(|facts| facts.issuer.to_string()),
        serial: facts.map(|facts| facts.serial.clone()),
        sha256: facts.map(|facts| facts.sha256.clone()),
        not_before: facts.map(|facts| time(facts.not_before)),
        not_after: time(*not_after),
        days_left: (not_after - clock.now).div_euclid(86_400),
        due_at: due_at.map(time),
        due: superseded.is_none() && matches!(phase, Phase::Due | Phase::Expired),
        phase: phase.word(),
        link: word,
        link_detail: detail,
        superseded: superseded.clone(),
    }
}

fn time(seconds: i64) -> String {
    hsmcert::state::time(seconds)
}
