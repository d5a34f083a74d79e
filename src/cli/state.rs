//! Where hsmcert remembers requests and certificates: `--state-dir`, `HSMCERT_STATE_DIR`, else the user's state folder.

use std::path::PathBuf;

use hsmcert::Error;
use hsmcert::platform;
use hsmcert::state::State;

use super::failure::Failure;
use super::report::Report;
use super::{Global, environment};

/// Opens it. The usual folder may be missing (containers without a home): a warning. One that is named must work.
pub(super) fn open(global: &Global, report: &Report) -> Result<Option<State>, Failure> {
    if let Some(folder) = named(global) {
        return Ok(Some(State::open(&folder).map_err(Error::from)?));
    }
    let Some(folder) = platform::state_folder() else { return Ok(None) };
    Ok(State::open(&folder).inspect_err(|error| report.warning(&format!("nothing is remembered: {error}"))).ok())
}

/// For a command that changes nothing: what is not there is not missed.
pub(super) fn read(global: &Global) -> Option<State> {
    named(global).or_else(platform::state_folder).map(|folder| State::reader(&folder))
}

fn named(global: &Global) -> Option<PathBuf> {
    global.state_dir.clone().or_else(|| environment::text("HSMCERT_STATE_DIR").map(PathBuf::from))
}
