//! The child of `--isolate`: it tells its parent each call before it makes it, and ends with it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use hsmcert::token::Watchdog;
use hsmcert::{ErrorKind, platform};

use super::post::{self, Letters, State};
use crate::cli::exit;
use crate::cli::failure::Failure;

/// Says at the first place of the command line that this is a child, and where its parent is told. It is no variable, which
/// the child's own children would have, too.
pub(super) const OPTION: &str = "--isolated-in";

/// How the parent is told; `None`: this process is nobody's child, or all is said.
static LETTERS: Mutex<Option<Letters>> = Mutex::new(None);

fn letters() -> MutexGuard<'static, Option<Letters>> {
    LETTERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process is a child.
pub(super) fn is_one() -> bool {
    letters().is_some()
}

/// Takes what the parent said from the command line, if it said anything.
pub(in crate::cli) fn enter(mut arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    if arguments.get(1).is_none_or(|first| first != OPTION) {
        return Ok(arguments);
    }
    let words: Vec<_> = arguments.drain(1..arguments.len().min(3)).collect();
    let folder = words.get(1).map(PathBuf::from).unwrap_or_default();
    let opened = Letters::open(&folder).map_err(|error| {
        let message = format!("{OPTION} {}: {error}", folder.display());
        Failure::new(ErrorKind::Io, message).hint("hsmcert says this to itself; you type --isolate")
    })?;
    opened.tell(&State::Begun);
    *letters() = Some(opened);
    let thread = thread::Builder::new().name("parent".to_owned());
    // Without the thread the work is done all the same.
    let _ = thread.spawn(move || {
        if post::outlive(&folder).is_ok() {
            // Nobody is left to remove it (on Windows, when nothing in it is open any more), or to read an exit code.
            drop(letters().take());
            let _ = fs_err::remove_dir_all(&folder);
            platform::end_process(exit::code(ErrorKind::Internal).0);
        }
    });
    Ok(arguments)
}

/// The watch on a module, which also tells the parent of its calls, if there is one.
pub(in crate::cli) fn followed(module: &Path, watchdog: Option<Watchdog>) -> Option<Watchdog> {
    if !is_one() {
        return watchdog;
    }
    let watchdog = watchdog.unwrap_or_else(|| Watchdog::without_limit(module));
    watchdog.follow(Box::new(|underway| {
        if let Some(letters) = &*letters() {
            letters.tell(&State::Calls(underway.clone()));
        }
    }));
    Some(watchdog)
}

/// All is done and said; what threads still do is nobody's concern.
pub(in crate::cli) fn is_over() {
    if let Some(letters) = letters().take() {
        letters.tell(&State::Over);
    }
}
