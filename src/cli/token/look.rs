//! A look at one module. It is had from a thread of its own: one that does not work or hangs is part of the list, and the
//! others are looked at all the same.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hsmcert::token::{TimeLimit, TokenDetails, Watchdog};
use hsmcert::{Error, platform};

use crate::cli::connect;
use crate::cli::failure::Failure;
use crate::cli::report::Report;

/// So long a call may take here: there are other modules to look at.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The tokens of a module, or why they cannot be told. After a call that hangs its thread stays behind.
pub(super) fn tokens(
    path: &Path,
    init_args: Option<&str>,
    limit: Option<TimeLimit>,
    report: &Report,
) -> Result<Vec<TokenDetails>, String> {
    // tpm2-pkcs11 writes a dozen lines to stderr where there is no TPM. With -vv they are seen.
    let silence = if report.shows_calls() { None } else { platform::Silence::begin() };
    let (sender, answer) = mpsc::channel();
    let on_hang = sender.clone();
    let watchdog = limit.map(|limit| {
        Watchdog::start(path, limit, move |error| {
            let _ = on_hang.send(Err(error.into()));
        })
    });
    let (path, init_args, report): (PathBuf, Option<String>, Report) =
        (path.to_owned(), init_args.map(str::to_owned), report.clone());
    let look = move || {
        let tokens = || -> Result<Vec<TokenDetails>, Error> {
            let module = connect::load_watched(&path, init_args.as_deref(), watchdog, &report)?;
            module.tokens()?.iter().map(|token| Ok(module.details(token)?)).collect()
        };
        let _ = sender.send(tokens());
    };
    let is_begun = thread::Builder::new().spawn(look).map(|_| ());
    let tokens = match is_begun {
        Ok(()) => answer.recv().map_err(|_| "the look at it ended early".to_owned()),
        Err(error) => Err(format!("no thread can be started: {error}")),
    };
    drop(silence);
    tokens?.map_err(|error| {
        let Failure { message, causes, .. } = Failure::from(error);
        [vec![message], causes].concat().join(": ")
    })
}
