//! `hsmcert status`.

mod json;
mod own_file;
mod prometheus;
mod table;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hsmcert::due::{Margin, Phase};
use hsmcert::state::Record;
use hsmcert::status::{self, Clock, Status};
use hsmcert::{Error, ErrorKind};

use super::failure::Failure;
use super::progress::Progress;
use super::report::Report;
use super::{Global, clock, connect, request_file, state, which_label};
use own_file::OwnFile;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert status                           all of the token, and what is known
  hsmcert status 'www.*' request.inf       by label, and that of a request
  hsmcert status --fail-on due             code 21: one is due; 22: over
  hsmcert status --offline --prometheus=/var/lib/node_exporter/hsmcert.prom
  hsmcert status --html certificates.html  one page for people

Exit codes: 0; with --fail-on 21 (due) and 22 (expired); 8 when a certificate has lost its key.")]
pub(super) struct StatusArguments {
    /// Label (with * and ?) or request file [default: all certificates]
    #[arg(value_name = "LABEL|SPEC")]
    which: Vec<String>,
    /// Show also those in whose place renew has put others; they are never due
    #[arg(long)]
    all: bool,
    /// When a certificate is due: so long before its end, as in 30d, 12h or 33%
    /// [default: a third of its lifetime is left, half if that is 10 days or less]
    #[arg(long, value_name = "MARGIN")]
    before: Option<Margin>,
    /// Ask no token: only what accept remembers, which needs no PIN
    #[arg(long)]
    offline: bool,
    /// Fail when a certificate is due or expired (21, 22), or only when one is expired (22)
    #[arg(long, value_name = "WHEN")]
    fail_on: Option<FailOn>,
    /// Prometheus' text format, on stdout or into FILE (for the node exporter's textfile collector)
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-",
          conflicts_with = "json")]
    prometheus: Option<PathBuf>,
    /// A page with a timeline
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Due,
    Expired,
}

pub(super) fn run(global: &Global, arguments: &StatusArguments, report: &Report) -> Result<(), Failure> {
    let StatusArguments { which, all: with_superseded, before, offline, fail_on, prometheus, html } = arguments;
    let (labels, request) = which_label::labels(which, report)?;
    let prometheus_file = prometheus.as_deref().filter(|path| !request_file::is_standard_stream(path));
    let prometheus_file = prometheus_file.map(|path| OwnFile::new(path, prometheus::MARK)).transpose()?;
    let html_file = html.as_deref().map(|path| OwnFile::new(path, status::page::MARK)).transpose()?;
    let remembered = remembered(global, report)?;
    let clock = Clock { now: clock::now(), margin: before.unwrap_or_default() };
    let mut all = if *offline {
        status::of_state(&remembered, clock)
    } else {
        connect::with_session(global, &request, report, |session| {
            let progress = Progress::new("reading object", report);
            status::of_token(session, &remembered, clock, &|done, total| progress.show(done, total))
        })?
    };
    all.retain(|one| status::is_named(one, &labels));
    // Nobody waits for their end.
    let (superseded, all): (Vec<Status>, Vec<Status>) = all.into_iter().partition(|one| one.superseded.is_some());
    if all.is_empty() && superseded.is_empty() && !which.is_empty() {
        let message = format!("no certificate has the label {}", which.join(" or "));
        return Err(Failure::new(ErrorKind::NotFound, message).hint("hsmcert status shows all"));
    }

    let metrics = || prometheus::text(&all, clock.now);
    match (&prometheus_file, prometheus) {
        (Some(file), _) => file.write(metrics().as_bytes())?,
        (None, Some(_)) => report.stdout(metrics().as_bytes()),
        (None, None) => {}
    }
    if let Some(file) = &html_file {
        file.write(status::page::page(&all, clock.now).as_bytes())?;
    }
    if prometheus.is_none() {
        let shown = if *with_superseded { superseded.as_slice() } else { &[] };
        let left_out = superseded.len() - shown.len();
        report.result_in_pieces(&json::all(&all, &superseded, shown, clock), |out| {
            table::table(out, &all, shown, left_out, clock)
        });
    }
    verdict(&all, *fail_on)
}

/// What can be read of the state; what cannot is told.
fn remembered(global: &Global, report: &Report) -> Result<Vec<Record>, Failure> {
    let Some(state) = state::read(global) else { return Ok(Vec::new()) };
    let (records, unreadable) = state.records().map_err(Error::from)?;
    for error in unreadable {
        report.warning(&format!("{error}; accept makes it anew"));
    }
    Ok(records)
}

/// A broken link is worse than a date, and what is over is worse than what is due.
fn verdict(all: &[Status], fail_on: Option<FailOn>) -> Result<(), Failure> {
    let labels = |fits: &dyn Fn(&Status) -> bool| -> Vec<String> {
        all.iter().filter(|one| fits(one)).map(|one| format!("\"{}\"", one.label)).collect()
    };
    let broken = labels(&|one| one.link.is_broken());
    if !broken.is_empty() {
        let message = format!("the link of {} is broken", broken.join(", "));
        return Err(Failure::new(ErrorKind::CertificateRejected, message)
            .hint("hsmcert verify LABEL shows where; hsmcert find-key --orphans what lacks its partner"));
    }
    let expired = labels(&|one| one.phase == Phase::Expired);
    if fail_on.is_some() && !expired.is_empty() {
        return Err(Failure::new(ErrorKind::Expired, format!("{} expired", were(&expired)))
            .hint("make a new CSR: hsmcert new SPEC"));
    }
    let due = labels(&|one| one.phase == Phase::Due);
    if fail_on == Some(FailOn::Due) && !due.is_empty() {
        return Err(Failure::new(ErrorKind::Due, format!("{} due for renewal", were(&due)))
            .hint("make a new CSR: hsmcert new SPEC"));
    }
    Ok(())
}

fn were(labels: &[String]) -> String {
    format!("{} {}", labels.join(", "), if labels.len() == 1 { "is" } else { "are" })
}
