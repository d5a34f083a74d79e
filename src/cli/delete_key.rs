//! `hsmcert delete-key KEY`.

use clap::Args;
use hsmcert::Error;
use hsmcert::delete_key::{self, Deletion, Memory, Terms};
use hsmcert::request::TokenRequest;
use hsmcert::state::PendingRequest;
use hsmcert::token::TokenInfo;
use serde::Serialize;

use super::confirm::{check_possible, confirm};
use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;
use super::which_key::{JsonObject, WhichKey, line_with_subject};
use super::{Global, clock, connect, state};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert delete-key old.example.com --dry-run
  hsmcert delete-key old.example.com --certificate
  hsmcert delete-key id:0a1bff --yes
  hsmcert delete-key 'pkcs11:object=old;type=public'  a public key alone

Both halves of the pair go. Files stay: request, CSR, chain. A deleted key cannot be had back, unless the HSM has a \
backup.")]
pub(super) struct DeleteKeyArguments {
    /// Label, id:HEX or pkcs11: URI of the key
    #[arg(value_name = "KEY")]
    key: String,
    /// Delete its certificates on the token, too
    #[arg(long)]
    certificate: bool,
    /// Also a key that is needed by a certificate which has not expired
    #[arg(short, long)]
    force: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Show what would be deleted, and delete nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct JsonDeletion {
    /// Whether it was done; `false` with `--dry-run`.
    deleted: bool,
    label: String,
    id: String,
    algorithm: String,
    /// What goes, in this order.
    objects: Vec<JsonObject>,
    /// What belongs to the key, or shares its id, and stays.
    staying: Vec<JsonObject>,
    /// Files of the key that hsmcert knows; they stay.
    files: Vec<String>,
    /// Whether something was remembered of the key.
    remembered: bool,
    /// A CSR was made with the key, and no certificate was accepted for it.
    request_pending: bool,
    token: String,
    token_serial: String,
}

enum Answer {
    Done(Memory),
    OnlyShown,
    Declined(Failure),
}

pub(super) fn run(global: &Global, arguments: &DeleteKeyArguments, report: &Report) -> Result<(), Failure> {
    let DeleteKeyArguments { key, certificate, force, yes, dry_run } = arguments;
    let which = WhichKey::read(key, *certificate)?;
    check_possible("a key is deleted", *yes || *dry_run, report)
        .map_err(|refusal| refusal.hint("--dry-run shows what would go"))?;
    let memory = state::open(global, report)?;
    let terms = Terms { certificate: *certificate, force: *force };
    let (answer, mut object, text) =
        connect::with_session(&which.token(global), &TokenRequest::default(), report, |session| {
            let planned = delete_key::plan(session, &which.reference, terms, memory.as_ref(), clock::now());
            let deletion = match (planned, &memory) {
                (Err(error @ Error::KeyNotFound(_)), Some(memory)) => {
                    delete_key::only_remembered(session, &which.reference, memory)?.ok_or(error)?
                }
                (planned, _) => planned?,
            };
            let (object, text) = (json(&deletion, session.token()), describe(&deletion, session.token()));
            if *dry_run {
                return Ok((Answer::OnlyShown, object, text));
            }
            if !yes {
                report.aside(&text);
                if let Err(declined) = confirm("Delete it? This cannot be undone.", *yes) {
                    return Ok((Answer::Declined(declined), object, text));
                }
            }
            Ok((Answer::Done(deletion.carry_out()?), object, text))
        })?;
    match answer {
        Answer::Declined(declined) => Err(declined),
        Answer::OnlyShown => {
            report.result(&object, &format!("{text}nothing was deleted (--dry-run)\n"));
            Ok(())
        }
        Answer::Done(memory) => {
            if let Memory::Stays(reason) = memory {
                report.warning(&format!("the key is deleted, and what is remembered of it could not be: {reason}"));
            }
            object.deleted = true;
            let count = object.objects.len();
            let done = format!("deleted {count} object{}\n", if count == 1 { "" } else { "s" });
            // Who was asked has seen it already.
            report.result(&object, &if *yes { text + &done } else { done });
            Ok(())
        }
    }
}

fn json(deletion: &Deletion<'_>, token: &TokenInfo) -> JsonDeletion {
    let objects = |all: &[hsmcert::token::Object]| all.iter().map(|one| JsonObject::new(one, token)).collect();
    JsonDeletion {
        deleted: false,
        label: deletion.label().to_owned(),
        id: deletion.id().to_string(),
        algorithm: deletion.key.algorithm(),
        objects: objects(&deletion.going),
        staying: objects(&deletion.staying),
        files: deletion.files().iter().map(|path| path.display().to_string()).collect(),
        remembered: deletion.record.is_some(),
        request_pending: deletion.is_awaited(),
        token: token.label.clone(),
        token_serial: token.serial.clone(),
    }
}

fn describe(deletion: &Deletion<'_>, token: &TokenInfo) -> String {
    let heading = match deletion.going.as_slice() {
        [] => format!(
            "nothing is left of \"{}\" on the token \"{}\", serial {}:",
            deletion.label(),
            token.label,
            token.serial
        ),
        _ => format!("to be deleted from the token \"{}\", serial {}:", token.label, token.serial),
    };
    let mut facts = Facts::new(&heading, 11);
    for (name, text) in deletion.going.iter().map(line_with_subject) {
        facts.line(&name, &text);
    }
    facts.line("algorithm", &deletion.key.algorithm());
    if let Some(record) = &deletion.record {
        let request = record.request.as_ref().map(|PendingRequest { created, .. }| format!("its request of {created}"));
        let accepted = record.accepted.as_ref().map(|_| "its accepted certificate".to_owned());
        let what: Vec<String> = request.into_iter().chain(accepted).collect();
        let what = if what.is_empty() { "its label".to_owned() } else { what.join(" and ") };
        facts.line("memory", &format!("hsmcert remembers {what}, and forgets it"));
    }
    if deletion.is_awaited() {
        facts.line("", "a certificate that the CA still issues for this request will be worth nothing");
    }
    let mut text = facts.finish();
    let files = deletion.files();
    if deletion.staying.is_empty() && files.is_empty() {
        return text;
    }
    let mut facts = Facts::new("to stay:", 11);
    for (name, text) in deletion.staying.iter().map(line_with_subject) {
        facts.line(&name, &text);
    }
    facts.list("files", files.iter().map(|path| path.display().to_string()));
    text.push_str(&facts.finish());
    text
}
