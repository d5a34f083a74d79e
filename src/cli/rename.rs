//! `hsmcert rename KEY LABEL`.

use clap::Args;
use hsmcert::rename::{self, Renamed};
use hsmcert::request::TokenRequest;
use hsmcert::token::{Object, ObjectClass};
use serde::Serialize;

use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;
use super::which_key::{JsonObject, WhichKey, line};
use super::{Global, connect, state};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert rename www.example.com www.example.com.20251231
  hsmcert rename id:0a1bff www.example.com

Private key, public key and certificates get the label together, or all keep the one that they have. Some HSMs do \
not change the label of a key: AWS CloudHSM, Google Cloud KMS, Nitrokey NetHSM.")]
pub(super) struct RenameArguments {
    /// Label, id:HEX or pkcs11: URI of the key
    #[arg(value_name = "KEY")]
    key: String,
    /// The new label
    #[arg(value_name = "LABEL")]
    label: String,
}

/// The result as JSON.
#[derive(Serialize)]
struct JsonRenamed {
    label: String,
    old_label: String,
    id: String,
    algorithm: String,
    /// What was changed; empty when all had the label already.
    changed: Vec<JsonObject>,
    /// Whether the record of the key has the new label, too.
    remembered: bool,
    token: String,
    token_serial: String,
}

pub(super) fn run(global: &Global, arguments: &RenameArguments, report: &Report) -> Result<(), Failure> {
    let RenameArguments { key, label } = arguments;
    let which = WhichKey::read(key, true)?;
    rename::check_label(label)?;
    let memory = state::open(global, report)?;
    let (renamed, token) = connect::with_session(&which.token(global), &TokenRequest::default(), report, |session| {
        let renamed = rename::rename(session, &which.reference, label, memory.as_ref())?;
        Ok((renamed, session.token().clone()))
    })?;
    let Renamed { key, changed, remembered, warnings } = renamed;
    let relabelled = |object: &Object| {
        let mut object = object.clone();
        object.label.clone_from(label);
        object
    };
    let changed: Vec<(Object, Object)> = changed.into_iter().map(|old| (relabelled(&old), old)).collect();
    let object = JsonRenamed {
        label: label.clone(),
        old_label: key.label().to_owned(),
        id: key.id().to_string(),
        algorithm: key.algorithm(),
        changed: changed.iter().map(|(new, _)| JsonObject::new(new, &token)).collect(),
        remembered,
        token: token.label,
        token_serial: token.serial,
    };
    for warning in &warnings {
        report.warning(warning);
    }
    if changed.iter().any(|(_, old)| old.class == ObjectClass::PrivateKey) {
        report.note("servers that name the key by its label do not find it any more: see hsmcert bind");
    }
    let text = if changed.is_empty() {
        format!("{} has this label already: nothing changed\n", super::report::shown(label))
    } else {
        let mut facts = Facts::new(&format!("renamed to \"{label}\""), 11);
        for (_, old) in &changed {
            let (name, text) = line(old);
            facts.line(&name, &format!("was {text}"));
        }
        for uri in object.changed.iter().take(1).map(|one| &one.uri) {
            facts.line("URI", uri);
        }
        facts.finish()
    };
    report.result(&object, &text);
    Ok(())
}
