//! Many answers in one run: all are read first, then there is one login for all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hsmcert::accept::Terms;
use hsmcert::request::TokenRequest;
use hsmcert::{ErrorKind, x509};
use serde::Serialize;

use super::super::failure::Failure;
use super::super::fleet::Work;
use super::super::report::{JsonFailure, Report, shown};
use super::super::windows_store::Wishes;
use super::super::{Global, fleet, request_file, state};
use super::{AcceptArguments, Job, Linked, Stored};

#[derive(Serialize)]
struct Accepted<'a> {
    accepted: usize,
    failed: usize,
    results: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    certificate: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    linked: Option<&'a Linked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFailure<'a>>,
}

pub(super) fn run(
    global: &Global,
    arguments: &AcceptArguments,
    files: &[PathBuf],
    terms: &Terms,
    wishes: Option<&Wishes>,
    report: &Report,
) -> Result<(), Failure> {
    let jobs = read(global, arguments, files, wishes, report)?;
    apart(&jobs)?;
    let memory = state::open(global, report)?;
    let tokens = jobs.iter().map(|job| state::token_of(memory.as_ref(), &job.certificates, global));
    let tokens: Vec<TokenRequest> = tokens.collect::<Result<_, _>>()?;
    let token = fleet::one_token(jobs.iter().map(|job| job.file.as_path()).zip(&tokens))?;
    let (stored, _) =
        fleet::work(global, &token, (Work::Changes, "certificate", &jobs), report, |session, job: &Job| {
            job.accept(session, terms, memory.as_ref(), report)
        })?;
    let tell = |(job, stored): (&Job, Result<Stored, hsmcert::Error>)| {
        stored?.tell(job, wishes, &format!("{}: ", job.file.display()), report)
    };
    let outcomes: Vec<Result<Linked, Failure>> = jobs.iter().zip(stored).map(tell).collect();
    let (mut text, mut results) = (String::new(), Vec::new());
    for (job, outcome) in jobs.iter().zip(&outcomes) {
        let certificate = job.file.display().to_string();
        match outcome {
            Ok(linked) => text.push_str(&format!("{}: {}\n", shown(&certificate), shown(&linked.line()))),
            Err(failure) => report.finding(&failure.about(&certificate)),
        }
        let error = outcome.as_ref().err().map(JsonFailure::new);
        results.push(One { certificate, linked: outcome.as_ref().ok(), error });
    }
    let failures: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err().map(Failure::again)).collect();
    report.result(&Accepted { accepted: jobs.len() - failures.len(), failed: failures.len(), results }, &text);
    fleet::verdict(&failures, jobs.len(), "certificates were not accepted")
        .map_err(|failure| failure.hint("what was accepted stays; run the command again for the files that are left"))
}

/// Nothing is stored unless all files can be read.
fn read(
    global: &Global,
    arguments: &AcceptArguments,
    files: &[PathBuf],
    wishes: Option<&Wishes>,
    report: &Report,
) -> Result<Vec<Job>, Failure> {
    if arguments.chain_out.is_some() {
        return Err(Failure::usage("--chain-out is for one certificate, and several are named"));
    }
    if wishes.is_some_and(|wishes| wishes.container.is_some()) {
        return Err(Failure::usage("--ksp-container is for one certificate, and several are named"));
    }
    if files.iter().any(|file| request_file::is_standard_stream(file)) {
        return Err(Failure::usage("one of several certificates cannot come from stdin"));
    }
    let (mut jobs, mut failures) = (Vec::new(), Vec::new());
    for file in files {
        match Job::read(global, arguments, file) {
            Ok(job) => jobs.push(job),
            Err(failure) => {
                let failure = failure.about(&file.display().to_string());
                report.finding(&failure);
                failures.push(failure);
            }
        }
    }
    fleet::verdict(&failures, files.len(), "files cannot be used; no certificate was stored")?;
    Ok(jobs)
}

/// Two certificates of one key would take turns on it, and two files of one name would be one chain file.
fn apart(jobs: &[Job]) -> Result<(), Failure> {
    let conflict = |one: &Path, other: &Path, what: &str| {
        Err(Failure::new(ErrorKind::Conflict, format!("{} and {} {what}", one.display(), other.display()))
            .hint("accept one of them"))
    };
    let (mut keys, mut chains) = (HashMap::new(), HashMap::new());
    for job in jobs {
        let leaves = job.certificates.iter().filter(|certificate| !certificate.is_ca());
        for key in leaves.filter_map(|leaf| leaf.public_key().ok()) {
            match keys.insert(x509::spki_fingerprint(&key), &job.file) {
                Some(other) if *other != job.file => return conflict(other, &job.file, "are for one key"),
                Some(_) | None => {}
            }
        }
        if let Some(other) = chains.insert(&job.chain_out, &job.file) {
            return conflict(other, &job.file, "would have one chain file");
        }
    }
    Ok(())
}
