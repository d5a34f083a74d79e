//! What `accept` says about the certificate store of Windows.

use std::path::Path;

use clap::Args;
use hsmcert::accept::Accepted;
pub(super) use hsmcert::accept::windows_store::Wishes;
use hsmcert::accept::windows_store::{self, Plan};
use hsmcert::key::PublicKey;
use hsmcert::platform::{KeyLink, StoreChange, StoreLocation, Stored};
use hsmcert::token::vendor::Vendor;
use hsmcert::{deploy, file};
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::{Global, environment};

/// They stand in the help of every system, so that a page of documentation holds for all.
#[derive(Debug, Args)]
pub(super) struct WindowsStoreOptions {
    /// Windows: leave the certificate store as it is
    #[arg(long, conflicts_with_all = ["ksp", "ksp_container"])]
    no_windows_store: bool,
    /// Windows: key storage provider that holds the key [default: `ProviderName`, else that of the HSM]
    #[arg(long, value_name = "NAME")]
    ksp: Option<String>,
    /// Windows: name of the key's container [default: `KeyContainer` of the INF, else a key-reference file of AWS]
    #[arg(long, value_name = "NAME")]
    ksp_container: Option<String>,
}

impl WindowsStoreOptions {
    /// What is wanted; `None`: nothing. Elsewhere than on Windows a store that must be left alone is no problem, but
    /// a link that is asked for cannot be made, and saying nothing would be a lie.
    pub(super) fn wishes(&self, global: &Global) -> Result<Option<Wishes>, Failure> {
        let Self { no_windows_store, ksp: provider, ksp_container: container } = self;
        let (provider, container) = (provider.clone(), container.clone());
        if !cfg!(windows) {
            let option = provider.map(|_| "--ksp").or(container.map(|_| "--ksp-container"));
            return option.map_or(Ok(None), |option| {
                Err(Failure::usage(format!(
                    "{option} is about the certificate store of Windows, and this is not Windows"
                ))
                .hint("run hsmcert accept on the Windows server, where the HSM's client is installed too")
                .hint("or write the files for it here: hsmcert bind iis"))
            });
        }
        let location = match (global.machine, global.user) {
            (true, _) => Some(StoreLocation::LocalMachine),
            (_, true) => Some(StoreLocation::CurrentUser),
            (false, false) => None,
        };
        Ok((!no_windows_store).then_some(Wishes { location, provider, container }))
    }
}

/// The outcome as JSON.
#[derive(Serialize)]
pub(super) struct InStore {
    store: String,
    change: &'static str,
    friendly_name: Option<String>,
    /// Of the link as it was read back; `null` for both without a link.
    provider: Option<String>,
    container: Option<String>,
    /// The key-reference files of AWS CloudHSM that were seen when the container was not known, the oldest first.
    key_references: Vec<String>,
    #[serde(skip)]
    is_by_key_reference: bool,
    /// What makes the link that is missing.
    next: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    purpose: String,
    command: String,
}

/// Puts the certificate that was accepted into the store.
pub(super) fn put(
    wishes: &Wishes,
    accepted: &Accepted,
    vendor: Option<&Vendor>,
    file_name: &Path,
    report: &Report,
) -> Result<InStore, Failure> {
    let request = accepted.request.as_ref().map(|request| request.windows.clone()).unwrap_or_default();
    let plan = Plan::new(wishes.clone(), &request, vendor);
    let key_references = if plan.wants_key_reference { key_references(report) } else { vec![] };
    let plan = plan.with_key_references(&key_references, &accepted.label);
    let Stored { change, link } = windows_store::store(&plan, &accepted.leaf)?;
    let next = if link.is_some() { vec![] } else { next(&plan, accepted, vendor, file_name) };
    let (provider, container) =
        link.map_or((None, None), |KeyLink { provider, container, key_spec: _ }| (Some(provider), Some(container)));
    Ok(InStore {
        store: plan.location.to_string(),
        change: match change {
            StoreChange::Added => "added",
            StoreChange::Updated => "updated",
            StoreChange::Unchanged => "unchanged",
        },
        friendly_name: plan.friendly_name,
        provider,
        container,
        is_by_key_reference: plan.wants_key_reference && plan.container.is_some(),
        key_references,
        next,
    })
}

/// A folder that cannot be read is no reason to fail: the certificate is then stored without a link.
fn key_references(report: &Report) -> Vec<String> {
    file::names(&environment::key_references()).unwrap_or_else(|error| {
        report.warning(&format!("the key-reference files of AWS CloudHSM cannot be read: {error}"));
        vec![]
    })
}

/// What to type for a link.
fn next(plan: &Plan, accepted: &Accepted, vendor: Option<&Vendor>, file: &Path) -> Vec<Step> {
    if vendor.is_some_and(|vendor| vendor.software) {
        return vec![];
    }
    let modulus = match accepted.leaf.public_key() {
        Ok(PublicKey::Rsa { modulus, .. }) => {
            Some(modulus.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Ok(PublicKey::Ec { .. } | PublicKey::Ed25519(_) | PublicKey::MlDsa { .. }) | Err(_) => None,
    };
    let provider = plan.provider.as_deref();
    let mut commands = match plan.container {
        Some(_) => deploy::find_container(None, None, ""),
        None => deploy::find_container(provider, modulus.as_deref(), &accepted.label),
    };
    let known = |name: Option<&str>| name.map_or_else(|| "NAME".to_owned(), |name| format!("\"{name}\""));
    let (ksp, container) = (known(provider), known(plan.container.as_deref()));
    commands.push(("link", format!("hsmcert accept \"{}\" --ksp {ksp} --ksp-container {container}", file.display())));
    commands.into_iter().map(|(purpose, command)| Step { purpose: purpose.to_owned(), command }).collect()
}

impl InStore {
    /// What is new in the store, if anything is.
    pub(super) fn changed(&self) -> Option<String> {
        match self.change {
            "unchanged" => None,
            "added" => Some(format!("added to {} of Windows", self.store)),
            _ => Some(format!("{} in {} of Windows", self.change, self.store)),
        }
    }

    /// Lines for people.
    pub(super) fn describe(&self) -> String {
        let Self { store, change, friendly_name, provider, container, key_references, is_by_key_reference, next } =
            self;
        let mut text = String::new();
        let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<10} {}\n", shown(value)));
        line("store", &format!("{store} of Windows ({change})"));
        if let Some(name) = friendly_name {
            line("", &format!("friendly name \"{name}\""));
        }
        match (provider, container) {
            (Some(provider), Some(container)) => {
                line("", &format!("its key is \"{container}\" in \"{provider}\""));
                if *is_by_key_reference {
                    line("", "there is a key-reference file of this name, which is the label of the key");
                }
            }
            _ if next.is_empty() => {
                line("", "without a link: SoftHSM's keys are in no key storage provider of Windows");
            }
            _ => {
                line("", "without a link to its key: provider and container are not both known");
                if !key_references.is_empty() {
                    let names = key_references.join(", ");
                    line("", &format!("no key-reference file is named as the key; there are (newest last): {names}"));
                }
            }
        }
        for Step { purpose, command } in next {
            text.push_str(&format!("next: {purpose}: {}\n", shown(command)));
        }
        text
    }
}
