//! What `verify` found, as JSON and as text.

use hsmcert::accept::date;
use hsmcert::proof::{Outcome, Step};
use hsmcert::token::TokenInfo;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::verify::{self, Link, Live, Verification};
use hsmcert::x509::Certificate;
use serde::Serialize;

use crate::cli::report::shown;
use crate::cli::step::JsonStep;

/// The result as JSON.
#[derive(Serialize)]
pub(super) struct Verified {
    pub(super) verified: bool,
    pub(super) token: String,
    pub(super) token_serial: String,
    pub(super) certificates: Vec<JsonLink>,
    pub(super) server: Option<JsonServer>,
}

#[derive(Serialize)]
pub(in crate::cli) struct JsonLink {
    label: String,
    id: String,
    verified: bool,
    subject: Option<String>,
    issuer: Option<String>,
    subject_alt_names: Vec<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    fingerprint_sha256: Option<String>,
    key_uri: String,
    certificate_uri: String,
    warnings: Vec<String>,
    steps: Vec<JsonStep>,
}

impl JsonLink {
    pub(in crate::cli) fn key_uri(&self) -> &str {
        &self.key_uri
    }
}

#[derive(Serialize)]
pub(super) struct JsonServer {
    server: String,
    verified: bool,
    subject: Option<String>,
    issuer: Option<String>,
    subject_alt_names: Vec<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    fingerprint_sha256: Option<String>,
    chain: Vec<String>,
    steps: Vec<JsonStep>,
}

pub(in crate::cli) fn json_link(link: &Link, token: &TokenInfo, now: i64) -> JsonLink {
    let uri = |object_type| Pkcs11Uri {
        token: Some(token.label.clone()),
        id: Some(link.id.clone()).filter(|id| !id.is_empty()),
        object: Some(link.label.clone()).filter(|label| !label.is_empty()),
        object_type: Some(object_type),
        ..Pkcs11Uri::default()
    };
    let Link { id, label, leaf, chain: _, signs: _, steps, warnings } = link;
    let leaf = leaf.as_ref();
    JsonLink {
        label: label.clone(),
        id: id.to_string(),
        verified: link.is_proved(),
        subject: leaf.map(|leaf| leaf.subject().to_string()),
        issuer: leaf.map(|leaf| leaf.issuer().to_string()),
        subject_alt_names: leaf.map(names).unwrap_or_default(),
        not_before: leaf.map(|leaf| date(leaf.not_before())),
        not_after: leaf.map(|leaf| date(leaf.not_after())),
        days_left: leaf.map(|leaf| verify::days_left(leaf, now)),
        fingerprint_sha256: leaf.map(Certificate::fingerprint_sha256),
        key_uri: uri(ObjectType::Private).to_string(),
        certificate_uri: uri(ObjectType::Certificate).to_string(),
        warnings: warnings.clone(),
        steps: steps.iter().map(JsonStep::from).collect(),
    }
}

pub(super) fn json_server(live: &Live, now: i64) -> JsonServer {
    let Live { server, served, steps, is_retryable: _ } = live;
    let leaf = served.first();
    JsonServer {
        server: server.clone(),
        verified: !steps.iter().any(Step::has_failed),
        subject: leaf.map(|leaf| leaf.subject().to_string()),
        issuer: leaf.map(|leaf| leaf.issuer().to_string()),
        subject_alt_names: leaf.map(names).unwrap_or_default(),
        not_after: leaf.map(|leaf| date(leaf.not_after())),
        days_left: leaf.map(|leaf| verify::days_left(leaf, now)),
        fingerprint_sha256: leaf.map(Certificate::fingerprint_sha256),
        chain: served.iter().map(|one| one.subject().to_string()).collect(),
        steps: steps.iter().map(JsonStep::from).collect(),
    }
}

fn names(leaf: &Certificate) -> Vec<String> {
    leaf.subject_alt_names().iter().map(ToString::to_string).collect()
}

pub(super) fn describe(verification: &Verification) -> String {
    let mut text = String::new();
    for link in &verification.links {
        text.push_str(&format!("\"{}\", id {}\n", shown(&link.label), link.id));
        if let Some(leaf) = &link.leaf {
            let names = names(leaf).join(", ");
            for (name, value) in [
                ("subject", leaf.subject().to_string()),
                ("SANs", if names.is_empty() { "none".to_owned() } else { names }),
                ("issuer", leaf.issuer().to_string()),
            ] {
                text.push_str(&format!("  {name:<8} {}\n", shown(&value)));
            }
        }
        text.push_str(&table(&link.steps));
    }
    if let Some(live) = &verification.live {
        text.push_str(&format!("live server {}\n{}", live.server, table(&live.steps)));
    }
    if verification.verdict().is_ok() {
        let count = verification.links.len();
        let server = if verification.live.is_some() { ", and served as it should be" } else { "" };
        text.push_str(&format!("verified: {count} certificate{}{server}\n", if count == 1 { "" } else { "s" }));
    }
    text
}

/// One line for each step; steps that differ only in what they were done with share one.
fn table(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.check.to_string().len()).max().unwrap_or_default();
    let mut text = String::new();
    for same in steps.chunk_by(|one, next| one.check == next.check && one.outcome == next.outcome) {
        let [step, ..] = same else { continue };
        let word = match step.outcome {
            Outcome::Ok(_) => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "skipped",
        };
        let with: Vec<&str> = same.iter().filter_map(|step| step.with.as_deref()).collect();
        let with = if with.is_empty() { String::new() } else { format!("{}: ", with.join(", ")) };
        let detail = shown(&format!("{with}{}", step.outcome.detail()));
        text.push_str(&format!("  {word:<8} {:<width$}  {detail}\n", step.check.to_string()));
    }
    text
}
