//! `hsmcert renew SPEC...`.

mod entry;
mod json;
mod prepare;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hsmcert::due::Margin;
use hsmcert::renew::{self, Advisers, Keys, Ran, Verdict, World};
use hsmcert::renewal::{KeyPolicy, Renewal};
use hsmcert::request::TokenRequest;
use hsmcert::rollout::Machine;
use hsmcert::state::State;
use hsmcert::{ErrorKind, platform};

use super::bind::place;
use super::ca::Here;
use super::failure::Failure;
use super::progress::Progress;
use super::report::Report;
use super::request_file::{self, RequestOptions};
use super::{Global, clock, connect, patterns, state};
use entry::{Entry, Fate};
use json::Renewals;
use prepare::{Planned, Sites};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert renew web.toml --ca company
  hsmcert renew sites/*.toml            for a daily job: one login for all
  hsmcert renew sites/*.toml --dry-run  what would be done
  hsmcert renew web.toml --key same --force

Settings: [renewal] in the request (TOML) or in hsmcert.toml, see docs/renew.md. What is not due needs no login. A \
run that was ended is finished by the next one. The old key stays on the token until prune deletes it.

Exit codes: 0 nothing is left to do; 12 a CA has not decided, or the certificate is still to be brought; with \
--exit-code 20 when something was renewed; 15 when several failed in different ways; 75 when another run is at work.")]
pub(super) struct RenewArguments {
    /// Request files, certreq INF or TOML
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// The CA: [ca.NAME] of the request or of hsmcert.toml; dev is the throw-away CA
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
    /// When a certificate is due: so long before its end, as in 30d, 12h or 33%
    /// [default: a third of its lifetime is left, half if that is 10 days or less]
    #[arg(long, value_name = "MARGIN")]
    before: Option<Margin>,
    /// A new key pair, or the one that there is [default: new]
    #[arg(long, value_name = "KEY")]
    key: Option<Key>,
    /// Renew also what is not due, and ask a CA that wants to be left alone
    #[arg(short, long)]
    force: bool,
    /// Show what would be done, and touch neither token nor disk
    #[arg(long)]
    dry_run: bool,
    /// Exit with 20 when something was renewed
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    request: RequestOptions,
}

/// The spelling of `--key`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Key {
    New,
    Same,
}

impl From<Key> for KeyPolicy {
    fn from(key: Key) -> Self {
        match key {
            Key::New => Self::New,
            Key::Same => Self::Same,
        }
    }
}

pub(super) fn run(global: &Global, arguments: &RenewArguments, report: &Report) -> Result<(), Failure> {
    let RenewArguments { specs, ca, before, key, force, dry_run, exit_code, request } = arguments;
    if specs.iter().any(|spec| request_file::is_standard_stream(spec)) {
        return Err(Failure::usage("a renewal needs the request in a file, beside which it puts what it makes"));
    }
    let wishes = Renewal { ca: ca.clone(), before: *before, key: key.map(KeyPolicy::from), ..Renewal::default() };
    let sites = Sites::new(global, wishes, *force, request, report)?;
    let here = Here { name: "", report };
    let advisers = Advisers::new(&here, state::read(global).filter(|_| !dry_run));
    let now = clock::now();
    let mut entries: Vec<Entry> = Vec::new();
    let mut due: Vec<(usize, Planned)> = Vec::new();
    for spec in patterns::expand(specs)? {
        match sites.plan(&spec, &advisers, now) {
            Err(failure) => entries.push(Entry::unread(&spec, failure)),
            Ok(planned) => {
                let fate = match &planned.verdict {
                    Verdict::NotDue(life) => Fate::NotDue(life.clone()),
                    Verdict::Waits(waits) => Fate::Waits(waits.clone()),
                    Verdict::Due(why) => Fate::Due(why.clone()),
                };
                entries.push(Entry::new(&spec, &planned.site, fate));
                if matches!(planned.verdict, Verdict::Due(_)) {
                    due.push((entries.len() - 1, planned));
                }
            }
        }
    }
    if !dry_run && !due.is_empty() {
        let state = state::open(global, report)?.ok_or_else(no_state)?;
        for (token, group) in by_token(due) {
            renew_all(global, &token, &group, &state, &mut entries, report);
        }
    }
    tell(&entries, *exit_code, now, report)
}

/// Sites in groups of the same token, in the order in which they were named.
fn by_token(due: Vec<(usize, Planned)>) -> Vec<(TokenRequest, Vec<(usize, Planned)>)> {
    let mut groups: Vec<(TokenRequest, Vec<(usize, Planned)>)> = Vec::new();
    for one in due {
        match groups.iter_mut().find(|(token, _)| *token == one.1.token) {
            Some((_, group)) => group.push(one),
            None => groups.push((one.1.token.clone(), vec![one])),
        }
    }
    groups
}

/// One login for all. What fails does not keep the others from being renewed.
fn renew_all(
    global: &Global,
    token: &TokenRequest,
    group: &[(usize, Planned)],
    state: &State,
    entries: &mut [Entry],
    report: &Report,
) {
    let dev_folder = platform::data_folder().map(|folder| folder.join("dev-ca"));
    let mut fates: Vec<Option<(Fate, Option<Failure>)>> = group.iter().map(|_| None).collect();
    let connected = connect::with_target(global, token, report, |session, hsm| {
        let (keys, progress) = (Keys::default(), Progress::new("renewing", report));
        let machine = Machine {
            module: place::module(session.module_path()),
            // One that cannot stand in a configuration is refused when there is one to be written.
            pin_file: place::pin_file(None, hsm).unwrap_or_default(),
            environment: place::environment(),
        };
        for (index, (_, planned)) in group.iter().enumerate() {
            progress.show(index, group.len());
            let site = &planned.site;
            let here = Here { name: site.ca.as_ref().map_or("", |(name, _)| name), report };
            let world = World { state, around: &here, dev_folder: dev_folder.as_deref(), machine: &machine };
            fates[index] = Some(match renew::renew(session, site, &keys, world, clock::now()) {
                Ok(Ran { outcome, post }) => (Fate::of(outcome, session.token()), post.map(Failure::from)),
                Err(error) => (Fate::Failed(error.into()), None),
            });
        }
        Ok(())
    });
    let lost = connected.err();
    for ((place, _), fate) in group.iter().zip(fates) {
        let entry = &mut entries[*place];
        (entry.fate, entry.post) = match (fate, &lost) {
            (Some(of_run), _) => of_run,
            (None, Some(failure)) => (Fate::Failed(failure.again()), None),
            (None, None) => (Fate::Failed(Failure::new(ErrorKind::Internal, "nothing was done")), None),
        };
    }
}

/// One line for each, and an exit code for all.
fn tell(entries: &[Entry], exit_code: bool, now: i64, report: &Report) -> Result<(), Failure> {
    let mut text = String::new();
    for entry in entries {
        for warning in entry.warnings() {
            report.warning(&format!("{}: {warning}", entry.name));
        }
        if !matches!(entry.fate, Fate::Failed(_)) {
            text.push_str(&format!("{}: {}\n", super::report::shown(&entry.name), entry.words(now)));
        }
        // Of a single one the failure is told at the end.
        if let Some(failure) = entry.trouble().filter(|_| entries.len() > 1) {
            report.finding(&failure.about(&entry.name));
        }
    }
    report.result(&Renewals::new(entries, now), &text);
    let failures: Vec<Failure> = entries.iter().filter_map(Entry::failure).collect();
    if failures.is_empty() {
        let renewed = entries.iter().filter(|entry| matches!(entry.fate, Fate::Renewed(..))).count();
        return match renewed {
            0 => Ok(()),
            _ if !exit_code => Ok(()),
            count => Err(Failure::new(ErrorKind::Renewed, format!("{count} of {} renewed", entries.len()))),
        };
    }
    if let ([failure], [_]) = (failures.as_slice(), entries) {
        return Err(failure.again());
    }
    let of_all = format!("{} of {}", failures.len(), entries.len());
    let waits = failures.iter().all(|failure| failure.kind == ErrorKind::CaPending);
    let message = if waits { format!("{of_all} wait for their certificate") } else { format!("{of_all} not renewed") };
    let mut failure = Failure::of_several(&failures, message);
    failure.retryable = failures.iter().all(|failure| failure.retryable);
    // What is wrong with a command line or a request stays wrong.
    let is_again = |one: &Failure| !matches!(one.kind, ErrorKind::Usage | ErrorKind::RequestInvalid);
    if failures.iter().any(is_again) {
        failure = failure.hint("run the same command again: it goes on where this one ended");
    }
    Err(failure)
}

fn no_state() -> Failure {
    Failure::new(ErrorKind::Io, "there is no folder to remember renewals in, so one could not be resumed")
        .hint("name one with --state-dir or HSMCERT_STATE_DIR")
}
