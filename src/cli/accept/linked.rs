//! What was linked, as JSON and as text.

use hsmcert::accept::{self, Accepted, Change};
use hsmcert::proof::Outcome;
use hsmcert::token::TokenInfo;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::x509::{Difference, Field};
use serde::Serialize;

use super::super::clock;
use super::super::report::shown;
use super::super::step::JsonStep;
use super::super::windows_store::InStore;
use super::job::Job;

/// The result as JSON.
#[derive(Serialize)]
pub(super) struct Linked {
    subject: String,
    issuer: String,
    subject_alt_names: Vec<String>,
    not_before: String,
    not_after: String,
    days_left: i64,
    fingerprint_sha256: String,
    label: String,
    id: String,
    algorithm: String,
    change: &'static str,
    on_token: bool,
    stored_intermediates: usize,
    proved: Vec<String>,
    handshakes: Vec<JsonStep>,
    differences: Option<Vec<JsonDifference>>,
    chain: String,
    chain_written: bool,
    previous_chain: Option<String>,
    kept_old: Vec<String>,
    key_uri: String,
    certificate_uri: Option<String>,
    token: String,
    windows_store: Option<InStore>,
}

#[derive(Serialize)]
struct JsonDifference {
    field: &'static str,
    asked: Option<String>,
    issued: Option<String>,
}

impl Linked {
    pub(super) fn new(job: &Job, accepted: &Accepted, token: &TokenInfo, windows_store: Option<InStore>) -> Self {
        let now = clock::now();
        let on_token = !matches!(accepted.change, Change::NotStored(_));
        let uri = |object_type| Pkcs11Uri {
            token: Some(token.label.clone()),
            id: Some(accepted.id.clone()),
            object: Some(accepted.label.clone()),
            object_type: Some(object_type),
            ..Pkcs11Uri::default()
        };
        Self {
            subject: accepted.leaf.subject().to_string(),
            issuer: accepted.leaf.issuer().to_string(),
            subject_alt_names: accepted.leaf.subject_alt_names().iter().map(ToString::to_string).collect(),
            not_before: accept::date(accepted.leaf.not_before()),
            not_after: accept::date(accepted.leaf.not_after()),
            days_left: (accepted.leaf.not_after() - now).div_euclid(86_400),
            fingerprint_sha256: accepted.leaf.fingerprint_sha256(),
            label: accepted.label.clone(),
            id: accepted.id.to_string(),
            algorithm: accepted.algorithm.to_string(),
            change: match accepted.change {
                Change::Stored => "stored",
                Change::Unchanged => "unchanged",
                Change::Replaced(_) => "replaced",
                Change::NotStored(_) => "not-stored",
            },
            on_token,
            stored_intermediates: accepted.stored_intermediates,
            proved: accepted.proved.iter().map(ToString::to_string).collect(),
            handshakes: accepted.handshakes.iter().map(JsonStep::from).collect(),
            differences: accepted.differences.as_ref().map(|all| all.iter().map(json).collect()),
            chain: job.chain_out.display().to_string(),
            chain_written: accepted.chain_written,
            previous_chain: accepted.previous_chain.as_ref().map(|path| path.display().to_string()),
            kept_old: accepted.kept.iter().map(|path| path.display().to_string()).collect(),
            key_uri: uri(ObjectType::Private).to_string(),
            certificate_uri: on_token.then(|| uri(ObjectType::Certificate).to_string()),
            token: token.label.clone(),
            windows_store,
        }
    }

    /// What changed although the certificate was on the token.
    fn changed(&self) -> String {
        let mut changed = Vec::new();
        match self.stored_intermediates {
            0 => {}
            1 => changed.push("1 CA certificate stored".to_owned()),
            several => changed.push(format!("{several} CA certificates stored")),
        }
        if self.chain_written {
            changed.push("chain file written".to_owned());
        }
        changed.extend(self.windows_store.as_ref().and_then(InStore::changed));
        if changed.is_empty() { "nothing changed".to_owned() } else { changed.join(", ") }
    }

    pub(super) fn describe(&self, accepted: &Accepted) -> String {
        let mut text = match &accepted.change {
            Change::Stored => format!("certificate stored and linked to the key \"{}\"\n", shown(&self.label)),
            Change::Unchanged => {
                format!("certificate was linked to the key \"{}\" already: {}\n", shown(&self.label), self.changed())
            }
            Change::NotStored(_) => {
                format!("certificate belongs to the key \"{}\"; the token does not hold it\n", shown(&self.label))
            }
            Change::Replaced(count) => {
                format!(
                    "certificate stored and linked to the key \"{}\", replacing {count} older one(s)\n",
                    shown(&self.label)
                )
            }
        };
        let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<10} {}\n", shown(value)));
        line("subject", &self.subject);
        for (index, name) in self.subject_alt_names.iter().enumerate() {
            line(if index == 0 { "SANs" } else { "" }, name);
        }
        line("issuer", &self.issuer);
        line("valid", &format!("{} to {} ({} days left)", self.not_before, self.not_after, self.days_left));
        line("key", &format!("{}, id {}, on the token \"{}\"", self.algorithm, self.id, self.token));
        line(
            "proved",
            &format!("a nonce signed in the token verifies with the certificate: {}", self.proved.join("; ")),
        );
        for step in &accepted.handshakes {
            match &step.outcome {
                Outcome::Skipped(why) => line("", &format!("no {}: {why}", step.check)),
                Outcome::Ok(_) | Outcome::Failed(_) => line("", &step.to_string()),
            }
        }
        let count = accepted.chain.len();
        line("chain", &format!("{} ({count} certificate{})", self.chain, if count == 1 { "" } else { "s" }));
        if let Some(previous) = &self.previous_chain {
            line("", &format!("the one before is in {previous}"));
        }
        for (index, path) in self.kept_old.iter().enumerate() {
            line(if index == 0 { "old one" } else { "" }, path);
        }
        line("key URI", &self.key_uri);
        if let Some(uri) = &self.certificate_uri {
            line("cert URI", uri);
        }
        text + &self.windows_store.as_ref().map(InStore::describe).unwrap_or_default()
    }

    /// One line of many.
    pub(super) fn line(&self) -> String {
        let change = match self.change {
            "unchanged" => "was linked already",
            "not-stored" => "belongs to the key, and is in the chain file only",
            _ => "linked",
        };
        format!(
            "{change}: {} to the key \"{}\", valid to {}; chain in {}",
            self.subject, self.label, self.not_after, self.chain
        )
    }
}

fn json(difference: &Difference) -> JsonDifference {
    let Difference { field, asked, issued } = difference;
    let field = match field {
        Field::SubjectAltName => "subject_alt_name",
        Field::Subject => "subject",
        Field::KeyUsage => "key_usage",
        Field::ExtendedKeyUsage => "extended_key_usage",
        Field::Extension => "extension",
    };
    JsonDifference { field, asked: asked.clone(), issued: issued.clone() }
}
