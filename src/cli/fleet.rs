//! The same work for many files in one run: one login, several sessions at once, one line for each file, and one exit code.

use std::path::Path;

use hsmcert::request::TokenRequest;
use hsmcert::token::{Session, TokenInfo};
use hsmcert::{Error, ErrorKind};

use super::failure::Failure;
use super::progress::Progress;
use super::report::Report;
use super::{Global, connect};

/// The token that all of the files are for.
pub(super) fn one_token<'a>(
    files: impl IntoIterator<Item = (&'a Path, &'a TokenRequest)>,
) -> Result<TokenRequest, Failure> {
    // One that names none is for whichever the others are for.
    let mut files = files.into_iter().filter(|(_, token)| **token != TokenRequest::default());
    let Some((file, token)) = files.next() else { return Ok(TokenRequest::default()) };
    match files.find(|(_, other)| *other != token) {
        None => Ok(token.clone()),
        Some((other, _)) => {
            Err(Failure::usage(format!("{} and {} are for different tokens", file.display(), other.display()))
                .hint("one run has one login: name the files of each token in a run of their own"))
        }
    }
}

/// What the work is to a module's threads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Objects are made.
    Creates,
    /// Objects that are there are changed, which not every module can do in several threads ([`Quirks`]).
    ///
    /// [`Quirks`]: hsmcert::token::vendor::Quirks::changes_side_by_side
    Changes,
}

/// Logs in and does the work for each of the jobs; `what` is counted at a terminal. What the token does not do while it does
/// other things is asked of it once more, alone: modules are not always as fit for threads as they say, and work that fails
/// leaves nothing behind.
pub(super) fn work<J: Sync, T: Send>(
    global: &Global,
    token: &TokenRequest,
    (kind, what, jobs): (Work, &'static str, &[J]),
    report: &Report,
    work: impl Fn(&Session<'_>, &J) -> Result<T, Error> + Sync,
) -> Result<(Vec<Result<T, Error>>, TokenInfo), Failure> {
    let done = connect::with_target(global, token, report, |session, target| {
        let progress = Progress::new(what, report);
        let show = |count| progress.show(count, jobs.len());
        if kind == Work::Changes && !session.quirks().changes_side_by_side {
            let each = |(done, job)| {
                show(done);
                work(session, job)
            };
            return Ok((jobs.iter().enumerate().map(each).collect(), session.token().clone()));
        }
        let results = session.share(jobs, &|| connect::conduct(target, None, report), &show, &work);
        let once_more = |(job, result): (&J, Result<T, Error>)| match result {
            Err(first) if matches!(first.kind(), ErrorKind::TokenUnavailable | ErrorKind::TokenRefused) => {
                report.choice(&format!("once more, alone: {first}"));
                work(session, job).map_err(|_| first)
            }
            result => result,
        };
        let results = jobs.iter().zip(results).map(once_more).collect();
        Ok((results, session.token().clone()))
    })?;
    Ok(done.0)
}

/// The exit code of all; `what` was not done: `requests were not made`.
pub(super) fn verdict(failures: &[Failure], all: usize, what: &str) -> Result<(), Failure> {
    match failures.len() {
        0 => Ok(()),
        failed => Err(Failure::of_several(failures, format!("{failed} of {all} {what}"))),
    }
}
