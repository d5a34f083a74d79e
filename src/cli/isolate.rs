//! `--isolate`: the command runs in a child, this binary once more. When a module takes the child with it, this process
//! tells what the child was doing and what may be left over.

pub(super) mod child;
mod post;

use std::ffi::OsString;
use std::path::Path;
use std::process::Command as Process;

use hsmcert::platform::{self, Ending};
use hsmcert::{ErrorKind, token::Underway};

use super::config::Config;
use super::environment::Environment;
use super::failure::Failure;
use super::report::Report;
use super::{Command, Global, hint};
use post::{Post, State};

/// The exit code of a Rust program that panics.
const PANIC: i32 = 101;

/// Whether the command is to run in a child: this one is none yet, and the option or, for a command that uses them, the
/// environment or the configuration say so.
pub(super) fn is_wanted(global: &Global, command: &Command) -> bool {
    if child::is_one() {
        return false;
    }
    // A configuration that cannot be read is the command's to tell.
    let by_default = || Environment::read().isolate || Config::find().is_ok_and(|config| config.isolate);
    global.isolate || (command.is_configured() && by_default())
}

/// Runs the command line in a child; the child's exit code. Input and output are the child's, and so are signals.
///
/// # Errors
/// The child did not come to its end, or there is none.
pub(super) fn run(arguments: &[OsString], report: &Report) -> Result<u8, Failure> {
    let cannot = |error: std::io::Error| Failure::new(ErrorKind::Io, format!("no process of its own can run: {error}"));
    let post = Post::open().map_err(|error| {
        let folder = std::env::temp_dir();
        cannot(error).hint(format!("it writes to the folder for temporary files, {}: see TMPDIR", folder.display()))
    })?;
    let mut process = Process::new(std::env::current_exe().map_err(cannot)?);
    process.arg(child::OPTION).arg(post.folder()).args(arguments.iter().skip(1));
    let mut child = process.spawn().map_err(cannot)?;
    report.choice(&format!("works in a process of its own, {}", child.id()));
    let ending = platform::wait(&mut child).map_err(cannot)?;
    let state = post.state();
    drop(post);
    match (ending, state) {
        (Ending::Asked(how), _) => platform::end_as_asked(how),
        // One that has not begun has said why, or the system has.
        (Ending::Code(code), Some(State::Over) | None) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        (ending, state) => Err(failure(&ending, state)),
    }
}

/// What is known of a child that did not come to its end.
fn failure(ending: &Ending, state: Option<State>) -> Failure {
    let how = match ending {
        Ending::Code(PANIC) => "hsmcert panicked".to_owned(),
        Ending::Code(code) | Ending::Asked(code) => format!("it ended itself with exit code {code}"),
        Ending::Crash(signal) => signal.clone(),
    };
    let underway = match state {
        Some(State::Calls(underway)) => Some(underway),
        Some(State::Begun | State::Over) | None => None,
    };
    let kind = if *ending == Ending::Code(PANIC) { ErrorKind::Internal } else { ErrorKind::TokenUnavailable };
    let message = format!("the process ended {}: {how}", place(underway.as_ref()));
    let unsettled = underway.as_ref().map(|underway| underway.unsettled.as_slice()).unwrap_or_default();
    let mut failure = Failure::new(kind, message);
    failure.retryable = unsettled.is_empty();
    failure.hints = hint::left_over(unsettled);
    if underway.is_some() && unsettled.is_empty() {
        failure
            .hints
            .push("that changes nothing on the token; what was done before is done: see hsmcert find-key".into());
    }
    failure.hint(match (kind, &underway) {
        (ErrorKind::Internal, _) => "this is a bug of hsmcert: please report it, with what was said above",
        (_, None) => "no module was in use: please report it, with what hsmcert -vv says",
        (_, Some(underway)) if underway.running.is_empty() => "see with -vv what it does before",
        (_, Some(_)) => "report it to the HSM's vendor, with the calls that -vv shows",
    })
}

/// Where it was.
fn place(underway: Option<&Underway>) -> String {
    let Some(Underway { module, running, last, .. }) = underway else {
        return "before it called a module".to_owned();
    };
    let module = Path::new(module).display();
    let mut functions: Vec<&str> = running.iter().map(String::as_str).collect();
    functions.sort_unstable();
    functions.dedup();
    match functions.as_slice() {
        [] => format!("outside of the PKCS#11 module {module}, after {last}"),
        functions => format!("in {} of the PKCS#11 module {module}", functions.join(" or ")),
    }
}
