//! `hsmcert prune [LABEL|SPEC...]`.

mod entry;
mod known;

use clap::Args;
use hsmcert::delete_key::Memory;
use hsmcert::prune::{self, Address, Plan};
use hsmcert::request::TokenRequest;
use hsmcert::state::State;

use super::confirm::{check_possible, confirm};
use super::failure::Failure;
use super::report::Report;
use super::verify::HostPort;
use super::{Global, clock, connect};
use entry::{Entry, Fate, Pruned};
use known::Known;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert prune --dry-run           what would go, of all sites
  hsmcert prune sites/*.toml --yes  for a job: one old pair of each stays
  hsmcert prune www.example.com --keep 0 --connect www.example.com:443

A pair goes with its certificate, and only if a renewal has put another one in its place: the newer certificate is \
on the token, its link is proved, it is valid and has all names. A pair whose key a server still serves stays; the \
servers of deploy in the request file are asked, and those of --connect.

Exit codes: 0 nothing is left to do; 7 a pair has no successor; 14 a server still serves it, or does not answer; 15 \
several stay for different reasons; 75 a renewal is at work.")]
pub(super) struct PruneArguments {
    /// Label of the certificate in use (with * and ?), or its request file [default: all]
    #[arg(value_name = "LABEL|SPEC")]
    which: Vec<String>,
    /// So many old pairs of each certificate stay, the newest
    #[arg(long, value_name = "N", default_value_t = 1)]
    keep: usize,
    /// Ask this server, too, whether it still serves an old key (repeatable)
    #[arg(long, value_name = "HOST:PORT")]
    connect: Vec<HostPort>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Show what would be deleted, and delete nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub(super) fn run(global: &Global, arguments: &PruneArguments, report: &Report) -> Result<(), Failure> {
    let PruneArguments { which, keep, yes, dry_run, .. } = arguments;
    let Some((state, sites)) = known::sites(global, which, report)? else { return tell(&[], *dry_run, report) };
    let mut entries: Vec<Entry> = Vec::new();
    let mut groups: Vec<(TokenRequest, Vec<Known>)> = Vec::new();
    for mut site in sites {
        let going = site.old.split_off(site.old.len().min(*keep));
        entries.extend(site.old.iter().map(|old| Entry::new(&site.in_use, old, Fate::Kept)));
        if going.is_empty() {
            continue;
        }
        match Known::of(site.in_use.clone(), global) {
            Err(failure) => {
                entries.extend(going.iter().map(|old| Entry::new(&site.in_use, old, Fate::Failed(failure.again()))));
            }
            Ok(known) => match groups.iter_mut().find(|(token, _)| *token == known.token) {
                Some((_, group)) => group.push(known),
                None => groups.push((known.token.clone(), vec![known])),
            },
        }
    }
    if !groups.is_empty() && !dry_run {
        check_possible("old pairs are deleted", *yes, report)?;
    }
    for (token, group) in &groups {
        entries.extend(on_token(global, token, group, arguments, &state, report)?);
    }
    tell(&entries, *dry_run, report)
}

/// One login for all sites of a token: looked at, shown, asked, deleted.
fn on_token(
    global: &Global,
    token: &TokenRequest,
    group: &[Known],
    arguments: &PruneArguments,
    state: &State,
    report: &Report,
) -> Result<Vec<Entry>, Failure> {
    let PruneArguments { keep, connect, yes, dry_run, which: _ } = arguments;
    let asked: Vec<Address> = connect.iter().map(known::address).collect();
    let (entries, declined) = connect::with_session(global, token, report, |session| {
        let (mut entries, mut going, mut locks) = (Vec::new(), Vec::new(), Vec::new());
        for Known { in_use, servers, token: _ } in group {
            if in_use.token_serial != session.token().serial {
                report.note(&format!("\"{}\" is on the token \"{}\", which is not asked", in_use.label, in_use.token));
                continue;
            }
            let servers: Vec<Address> = servers.iter().chain(&asked).cloned().collect();
            let Plan { pairs, lock } = match prune::plan(session, in_use, *keep, &servers, state, clock::now()) {
                Ok(plan) => plan,
                Err(error) => {
                    entries.push(Entry::new(in_use, in_use, Fate::Failed(error.into())));
                    continue;
                }
            };
            locks.push(lock);
            for (old, judged) in pairs {
                let mut entry = Entry::new(in_use, &old, Fate::Goes);
                entry.asked = servers.len();
                match judged {
                    Ok(pair) => {
                        entry.objects = entry::objects(&pair, session.token());
                        going.push((entries.len(), old, pair));
                    }
                    Err(error) => entry.fate = Fate::Failed(error.into()),
                }
                entries.push(entry);
            }
        }
        if *dry_run || going.is_empty() {
            return Ok((entries, None));
        }
        if !yes {
            going.iter().for_each(|(index, ..)| report.aside(&entries[*index].line()));
        }
        let count = going.len();
        let question = format!("Delete {count} old pair{}? This cannot be undone.", if count == 1 { "" } else { "s" });
        if let Err(declined) = confirm(&question, *yes) {
            return Ok((entries, Some(declined)));
        }
        for (index, old, pair) in going {
            entries[index].fate = match pair.carry_out(&old, state) {
                Ok(memory) => Fate::Deleted(memory),
                Err(error) => Fate::Failed(error.into()),
            };
        }
        Ok((entries, None))
    })?;
    declined.map_or(Ok(entries), Err)
}

/// One line for each, and an exit code for all.
fn tell(entries: &[Entry], dry_run: bool, report: &Report) -> Result<(), Failure> {
    let mut text = String::new();
    for entry in entries {
        match &entry.fate {
            Fate::Failed(failure) if entries.len() > 1 => report.finding(&failure.about(&entry.label)),
            Fate::Failed(_) => {}
            Fate::Kept | Fate::Goes | Fate::Deleted(_) => text.push_str(&entry.line()),
        }
        if let Fate::Deleted(Memory::Stays(reason)) = &entry.fate {
            report.warning(&format!("{} is deleted, and what is remembered of it could not be: {reason}", entry.label));
        }
    }
    if entries.is_empty() {
        text.push_str("no renewal has left an old pair behind\n");
    } else if dry_run {
        text.push_str("nothing was deleted (--dry-run)\n");
    }
    report.result(&Pruned::new(entries), &text);
    let failures: Vec<&Failure> = entries.iter().filter_map(Entry::failure).collect();
    match failures.as_slice() {
        [] => Ok(()),
        [failure] if entries.len() == 1 => Err(failure.again()),
        _ => {
            let message = format!("{} of {} old pairs stay that were to go", failures.len(), entries.len());
            let all: Vec<Failure> = failures.iter().map(|failure| failure.again()).collect();
            let mut failure = Failure::of_several(&all, message);
            failure.retryable = all.iter().all(|failure| failure.retryable);
            Err(failure)
        }
    }
}
