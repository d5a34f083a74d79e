//! Many request files in one run: all are read and checked first, then there is one login for all, and keys are made in
//! several sessions at once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hsmcert::enroll::Enrolled;
use hsmcert::request::KeySource;
use hsmcert::token::TokenInfo;
use hsmcert::{Error, ErrorKind};
use serde::Serialize;

use super::super::failure::Failure;
use super::super::fleet::Work;
use super::super::report::{JsonFailure, Report, shown};
use super::super::{Global, fleet, request_file, state};
use super::{Created, Job, NewArguments};

#[derive(Serialize)]
struct Made<'a> {
    made: usize,
    failed: usize,
    results: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    spec: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    created: Option<&'a Created>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFailure<'a>>,
}

pub(super) fn run(
    global: &Global,
    arguments: &NewArguments,
    specs: &[PathBuf],
    folder: &Path,
    report: &Report,
) -> Result<(), Failure> {
    let jobs = read(global, arguments, specs, report)?;
    let token = fleet::one_token(jobs.iter().map(|job| (job.spec.as_path(), &job.request.token)))?;
    apart(&jobs, folder)?;
    let memory = state::open(global, report)?;
    let (made, token) =
        fleet::work(global, &token, (Work::Creates, "request", &jobs), report, |session, job: &Job| {
            let made = job.enroll(session, memory.as_ref(), report)?;
            if let Some(memory) = &memory {
                let module = std::path::absolute(session.module_path()).ok();
                job.remember(memory, &made, (session.token(), module), report);
            }
            Ok(made)
        })?;
    tell(&jobs, made, &token, report)
}

/// Nothing is made unless all files can be used.
fn read(global: &Global, arguments: &NewArguments, specs: &[PathBuf], report: &Report) -> Result<Vec<Job>, Failure> {
    if specs.iter().any(|spec| request_file::is_standard_stream(spec)) {
        return Err(Failure::usage("--out-dir names the CSRs after their request files, and stdin has no name"));
    }
    let (mut jobs, mut failures) = (Vec::new(), Vec::new());
    for spec in specs {
        match Job::read(global, arguments, spec, None, report) {
            Ok(job) => jobs.push(job),
            Err(failure) => {
                report.finding(&failure);
                failures.push(failure);
            }
        }
    }
    fleet::verdict(&failures, specs.len(), "requests cannot be made; the HSM was not touched")?;
    Ok(jobs)
}

/// Two requests that would have one key or one file are refused before the first is made.
fn apart(jobs: &[Job], folder: &Path) -> Result<(), Failure> {
    let (mut labels, mut files) = (HashMap::new(), HashMap::new());
    for job in jobs {
        let spec = job.spec.display();
        let makes_key = job.request.key.source == KeySource::Generate;
        if let Some(other) = makes_key.then(|| labels.insert(&job.label, &job.spec)).flatten() {
            let message = format!("{} and {spec} both ask for a key \"{}\"", other.display(), job.label);
            return Err(Failure::new(ErrorKind::Conflict, message).hint("give each a label of its own (key.label)"));
        }
        if let Some(other) = files.insert(&job.path, &job.spec) {
            let message = format!("{} and {spec} would both be {}", other.display(), job.path.display());
            return Err(Failure::new(ErrorKind::Conflict, message)
                .hint(format!("request files of one name need folders of their own, not only {}", folder.display())));
        }
    }
    Ok(())
}

/// One line for each, and an exit code for all.
fn tell(jobs: &[Job], made: Vec<Result<Enrolled, Error>>, token: &TokenInfo, report: &Report) -> Result<(), Failure> {
    let created = |(job, made): (&Job, Result<Enrolled, Error>)| -> Result<Created, Failure> {
        Ok(Created::new(job, &made?, token, false))
    };
    let outcomes: Vec<_> = jobs.iter().zip(made).map(created).collect();
    let (mut text, mut results) = (String::new(), Vec::new());
    for (job, outcome) in jobs.iter().zip(&outcomes) {
        let spec = job.spec.display().to_string();
        match outcome {
            Ok(created) => text.push_str(&format!("{}\n", shown(&created.line()))),
            Err(failure) => report.finding(&failure.about(&spec)),
        }
        let error = outcome.as_ref().err().map(JsonFailure::new);
        results.push(One { spec, created: outcome.as_ref().ok(), error });
    }
    let failures: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err().map(Failure::again)).collect();
    let failed = failures.len();
    report.result(&Made { made: jobs.len() - failed, failed, results }, &text);
    fleet::verdict(&failures, jobs.len(), "requests were not made").map_err(|failure| {
        failure.hint("what was made stays; run the command again with the request files that are left")
    })
}
