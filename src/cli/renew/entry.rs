//! What became of one request file, in a line.

use std::path::{Path, PathBuf};

use hsmcert::accept;
use hsmcert::renew::{Life, Outcome, Renewed, Site, Waits};
use hsmcert::token::TokenInfo;
use hsmcert::{Error, ErrorKind};

use super::super::failure::Failure;

/// A request file.
#[derive(Debug)]
pub(super) struct Entry {
    /// As the user wrote it.
    pub(super) spec: PathBuf,
    /// Its label; the file's name where that cannot be read.
    pub(super) name: String,
    /// The CA, if one is named.
    pub(super) ca: Option<String>,
    pub(super) fate: Fate,
    /// The last command failed.
    pub(super) post: Option<Failure>,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Fate {
    NotDue(Life),
    Waits(Waits),
    /// It is due, and that is all: a dry run.
    Due(String),
    Renewed(Box<Renewed>, TokenInfo),
    /// The new certificate is on the token, and those who use it do not have it.
    Unfinished(Box<Renewed>, TokenInfo, Failure),
    Failed(Failure),
}

impl Fate {
    /// What a run has done.
    pub(super) fn of(outcome: Result<Outcome, Error>, token: &TokenInfo) -> Self {
        match outcome {
            Ok(Outcome::NotDue(life)) => Self::NotDue(life),
            Ok(Outcome::Waits(waits)) => Self::Waits(waits),
            Ok(Outcome::Renewed(mut renewed)) => match renewed.unfinished.take() {
                None => Self::Renewed(renewed, token.clone()),
                Some(error) => Self::Unfinished(renewed, token.clone(), error.into()),
            },
            Err(error) => Self::Failed(error.into()),
        }
    }
}

impl Entry {
    pub(super) fn new(spec: &Path, site: &Site, fate: Fate) -> Self {
        let ca = site.ca.as_ref().map(|(name, _)| name.clone());
        Self { spec: spec.to_owned(), name: site.label.clone(), ca, fate, post: None }
    }

    pub(super) fn unread(spec: &Path, failure: Failure) -> Self {
        let (spec, name) = (spec.to_owned(), spec.display().to_string());
        Self { spec, name, ca: None, fate: Fate::Failed(failure), post: None }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = match &self.fate {
            Fate::Renewed(renewed, _) | Fate::Unfinished(renewed, ..) => renewed.warnings.clone(),
            Fate::NotDue(_) | Fate::Waits(_) | Fate::Due(_) | Fate::Failed(_) => vec![],
        };
        // Where something else is told as the failure.
        let is_told = matches!(self.fate, Fate::Renewed(..));
        warnings.extend(self.post.iter().filter(|_| !is_told).map(|failure| failure.message.clone()));
        warnings
    }

    /// What went wrong.
    pub(super) fn trouble(&self) -> Option<&Failure> {
        match &self.fate {
            Fate::Failed(failure) | Fate::Unfinished(_, _, failure) => Some(failure),
            Fate::Renewed(..) => self.post.as_ref(),
            Fate::NotDue(_) | Fate::Waits(_) | Fate::Due(_) => None,
        }
    }

    /// What was done and why.
    pub(super) fn words(&self, now: i64) -> String {
        match &self.fate {
            Fate::NotDue(life) => {
                let window = life.window_words().map(|window| format!(": {window}")).unwrap_or_default();
                format!("not due: {}, due from {}{window}", life.left_words(now), life.due_words())
            }
            Fate::Waits(waits) => waits_words(waits),
            Fate::Due(why) => match &self.ca {
                Some(ca) => format!("would be renewed by {ca}: {why}"),
                None => format!("would make a CSR, as no CA is named: {why}"),
            },
            Fate::Renewed(renewed, _) => self.renewed_words(renewed),
            Fate::Unfinished(renewed, ..) => format!("{}; not deployed", self.renewed_words(renewed)),
            Fate::Failed(failure) => format!("failed: {}", failure.message),
        }
    }

    fn renewed_words(&self, renewed: &Renewed) -> String {
        let Renewed { why, leaf, label, id, is_new_key, old_label, chain_file: _, warnings: _, unfinished: _ } =
            renewed;
        let by = self.ca.as_ref().map(|ca| format!(" by {ca}")).unwrap_or_default();
        let id: String = id.to_string().chars().take(8).collect();
        let key = if *is_new_key { "new key" } else { "same key" };
        let mut text = format!("renewed{by}: {why}; {key} {id}..., valid to {}", accept::date(leaf.not_after()));
        if let Some(old) = old_label {
            text.push_str(&format!(", the old pair is \"{old}\""));
        }
        if *label != self.name {
            text.push_str(&format!(", its label is \"{label}\""));
        }
        text
    }

    /// What the exit code tells of it.
    pub(super) fn failure(&self) -> Option<Failure> {
        match &self.fate {
            Fate::NotDue(_) | Fate::Due(_) | Fate::Renewed(..) | Fate::Failed(_) | Fate::Unfinished(..) => {
                self.trouble().map(Failure::again)
            }
            Fate::Waits(waits) => {
                let mut failure = Failure::new(ErrorKind::CaPending, format!("{} {}", self.name, waits_words(waits)));
                failure.retryable = true;
                Some(match waits {
                    Waits::Ca { .. } => failure.hint("run the same command again later: it asks for the same order"),
                    Waits::Certificate { certificate, .. } => failure.hint(format!(
                        "put the CA's answer into {} and run the same command again; or name a CA with --ca or in \
                         [renewal]",
                        certificate.display()
                    )),
                })
            }
        }
    }
}

fn waits_words(waits: &Waits) -> String {
    match waits {
        Waits::Ca { ca, message, since, until } => {
            let message = if message.is_empty() { String::new() } else { format!(": {message}") };
            let until = until.as_ref().map(|until| format!(", which is not asked before {until}")).unwrap_or_default();
            format!("waits for the CA {ca} since {since}{until}{message}")
        }
        Waits::Certificate { csr, certificate } => {
            format!("waits for the certificate of {} as {}", csr.display(), certificate.display())
        }
    }
}
