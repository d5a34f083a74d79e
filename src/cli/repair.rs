//! `hsmcert repair`.

mod entry;

use clap::Args;
use hsmcert::find::{Pattern, Trace};
use hsmcert::key::KeyId;
use hsmcert::repair;
use hsmcert::request::TokenRequest;

use super::confirm::{check_possible, confirm};
use super::failure::Failure;
use super::progress::Progress;
use super::report::Report;
use super::{Global, clock, connect, state, which};
use entry::{Entry, Fate, Repaired};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert repair --dry-run                   what runs that were ended have left
  hsmcert repair                             shows it, asks, mends it
  hsmcert repair --label 'www.*' --yes       for a job, one site after the other

A run that was killed, or lost its token, is usually finished by the same command. Repair is for what \
nobody runs again: two certificates of one key, a rename that stopped half way, a public key without \
its private key, an accept without its chain file, a key that is only remembered, files that never got \
their names. It deletes no private key, and of a key's certificates it leaves the newest, proves it, and \
writes the other to a file. Where something could be lost it says what to type instead.

Exit codes: 0 nothing is left that can be mended; 7, 8, 9, 10 what stands in the way; 15 several stay, \
for different reasons; 75 another run is at work.")]
pub(super) struct RepairArguments {
    /// Only what has this label; * stands for any characters, ? for one
    #[arg(long, value_name = "GLOB")]
    label: Option<Pattern>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Show what would be done, and change nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub(super) fn run(global: &Global, arguments: &RepairArguments, report: &Report) -> Result<(), Failure> {
    let RepairArguments { label, yes, dry_run } = arguments;
    check_possible("what was left is mended", *yes || *dry_run, report)
        .map_err(|refusal| refusal.hint("--dry-run shows what would be done"))?;
    let uri = which::objects(global);
    let is_meant = |trace: &Trace| {
        let any_label =
            |fits: &dyn Fn(&str) -> bool| fits(&trace.label) || trace.objects.iter().any(|object| fits(&object.label));
        let has_id = |id: &KeyId| trace.id == *id || trace.objects.iter().any(|object| object.id == *id);
        label.as_ref().is_none_or(|pattern| any_label(&|label| pattern.fits(label)))
            && uri.object.as_ref().is_none_or(|wanted| any_label(&|label| label == wanted))
            && uri.id.as_ref().is_none_or(has_id)
    };
    let is_everything = label.is_none() && uri.object.is_none() && uri.id.is_none();
    let memory = state::open(global, report)?;
    let target = which::token_of_objects(global);
    let (mut entries, token, declined) = connect::with_session(&target, &TokenRequest::default(), report, |session| {
        let progress = Progress::new("reading object", report);
        let show = |done, total| progress.show(done, total);
        let now = clock::now();
        let found = repair::look(session, memory.as_ref(), is_meant, is_everything, now, &show)?;
        drop(progress);
        for error in &found.unreadable {
            report.warning(&format!("{error}; what it is about is not looked at"));
        }
        let mut entries: Vec<Entry> =
            found.traces.iter().map(|(trace, busy)| Entry::new(trace, busy.as_ref(), session.token())).collect();
        let due: Vec<usize> = entry::due(&entries);
        if *dry_run || due.is_empty() {
            return Ok((entries, session.token().clone(), None));
        }
        if !yes {
            report.aside(&entry::describe(&entries));
            let question = match due.len() {
                1 => "Mend it?".to_owned(),
                count => format!("Mend these {count}?"),
            };
            if let Err(declined) = confirm(&question, *yes) {
                return Ok((entries, session.token().clone(), Some(declined)));
            }
        }
        for index in due {
            entries[index].fate = match repair::mend(session, &found.traces[index].0, memory.as_ref(), now) {
                Ok(mended) => Fate::Mended(mended),
                Err(error) => Fate::Failed(error.into()),
            };
        }
        Ok((entries, session.token().clone(), None))
    })?;
    if let Some(declined) = declined {
        return Err(declined);
    }
    for entry in &mut entries {
        for warning in entry.warnings() {
            report.warning(&format!("{}: {warning}", entry.label));
        }
    }
    // Who was asked has seen it already.
    let was_asked = !*yes && entries.iter().any(Entry::was_tried);
    let mut text = if was_asked { String::new() } else { entry::describe(&entries) };
    text.push_str(&entry::verdict(&entries, *dry_run));
    if entries.len() > 1 {
        entries.iter().filter_map(Entry::failure).for_each(|failure| report.finding(failure));
    }
    report.result(&Repaired::new(&entries, &token), &text);
    let failures: Vec<&Failure> = entries.iter().filter_map(Entry::failure).collect();
    match failures.as_slice() {
        [] => Ok(()),
        [failure] if entries.len() == 1 => Err(failure.again()),
        _ => {
            let all: Vec<Failure> = failures.iter().map(|failure| failure.again()).collect();
            let mut failure =
                Failure::of_several(&all, format!("{} of {} could not be mended", all.len(), entries.len()));
            failure.retryable = all.iter().all(|failure| failure.retryable);
            Err(failure)
        }
    }
}
