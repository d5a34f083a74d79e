//! hsmcert's own files: configuration, state folder, trial token.

use std::path::Path;

use hsmcert::ErrorKind;
use hsmcert::platform::{self, Stranger};
use hsmcert::trial::TrialToken;

use super::check::{Check, State};
use super::checks::Checks;
use crate::cli::config::Config;
use crate::cli::failure::Failure;
use crate::cli::{Global, state};

/// `hsmcert.toml`; one that cannot be used is as if there were none for the checks that follow.
pub(super) fn configuration(checks: &Checks) -> Config {
    const CHECK: &str = "hsmcert.toml";
    let Some(path) = Config::place() else {
        let looked: Vec<_> = Config::places().iter().map(|path| path.display().to_string()).collect();
        checks.push(Check::ok(CHECK, format!("there is none; it may be {}", looked.join(", "))));
        return Config::default();
    };
    if let Some(stranger) = platform::stranger(&path) {
        let detail = format!("{stranger}, and so have hsmcert run commands and modules by {}", path.display());
        checks.push(Check::warning(CHECK, detail, keep_out(&stranger)));
    }
    match Config::read(&path) {
        Ok(config) => {
            let profiles: Vec<_> = config.profile.keys().map(String::as_str).collect();
            let profiles = if profiles.is_empty() { "no profiles".to_owned() } else { profiles.join(", ") };
            checks.push(Check::ok(CHECK, format!("{}: {profiles}", path.display())));
            config
        }
        Err(failure) => {
            checks.push(Check::failure(CHECK, Failure { kind: ErrorKind::Io, ..failure }));
            Config::default()
        }
    }
}

/// How somebody is kept from writing there.
pub(super) fn keep_out(stranger: &Stranger) -> String {
    let path = stranger.path.display();
    match cfg!(windows) {
        true => format!("take the right to change {path} from them (icacls)"),
        false => format!("chown root {path}; chmod go-w {path}"),
    }
}

/// The folder of what is remembered. Only one that was named must work.
pub(super) fn state(global: &Global, checks: &Checks) {
    const CHECK: &str = "state folder";
    let is_named = state::named(global).is_some();
    let Some(folder) = state::folder(global) else {
        return checks.push(Check::warning(
            CHECK,
            "there is no home folder, so nothing is remembered between new and accept",
            "set HOME, or name a folder with --state-dir or HSMCERT_STATE_DIR",
        ));
    };
    let Err(reason) = writable(&folder) else {
        return checks.push(Check::ok(CHECK, format!("{} can be written", folder.display())));
    };
    let detail = format!("{} cannot be written: {reason}", folder.display());
    let remedy = "give this user the right to write there, or name another with --state-dir or HSMCERT_STATE_DIR";
    checks.push(match is_named {
        true => Check::problem(CHECK, ErrorKind::Io, detail, remedy),
        false => Check::warning(CHECK, detail, remedy),
    });
}

/// Whether files can be made there; of a folder that is not there, the nearest one above is meant.
pub(super) fn writable(folder: &Path) -> Result<(), String> {
    let there = folder.ancestors().find(|above| above.as_os_str().is_empty() || above.exists());
    let there = there.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    hsmcert::file::check_writable(there).map_err(|error| error.to_string())
}

/// The trial token's folder is for its owner only.
pub(super) fn trial(trial: &TrialToken, checks: &Checks) {
    const CHECK: &str = "trial token";
    let folder = trial.folder();
    if !trial.configuration().exists() {
        let parent = writable(folder).err();
        checks.push(match parent {
            None => Check::ok(CHECK, format!("it is made in {} when it is first used", folder.display())),
            Some(reason) => Check::problem(
                CHECK,
                ErrorKind::Io,
                format!("{} cannot be made: {reason}", folder.display()),
                "set HOME or XDG_DATA_HOME to a folder that this user can write",
            ),
        });
        return;
    }
    checks.push(match open_to_others(folder) {
        None => Check::ok(CHECK, format!("{} is for its owner only", folder.display())),
        Some(mode) => Check::warning(
            CHECK,
            format!("others may get into {} (mode {mode:o}), where its PIN is", folder.display()),
            format!("chmod 700 {}", folder.display()),
        ),
    });
    if let Err(reason) = writable(folder) {
        checks.push(Check {
            state: State::Problem(ErrorKind::Io),
            ..Check::warning(
                CHECK,
                format!("{} cannot be written: {reason}", folder.display()),
                "run hsmcert as the user whose trial token it is",
            )
        });
    }
}

/// The mode, if it lets others than the owner do anything.
#[cfg(unix)]
pub(super) fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = path.metadata().ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Windows has access lists instead of modes.
#[cfg(not(unix))]
pub(super) fn open_to_others(_: &Path) -> Option<u32> {
    None
}
