//! The module: its file, whether it starts, and the token that is meant.

use std::path::Path;

use hsmcert::platform::{self, ModuleFile};
use hsmcert::token::vendor_setup::VendorSetup;
use hsmcert::token::{Error as TokenError, Selector, TimeLimit, TokenFlag, TokenInfo};
use hsmcert::{Error, ErrorKind, trial};

use super::check::{Check, State};
use super::checks::Checks;
use super::files;
use crate::cli::connect;
use crate::cli::report::Report;
use crate::cli::target::Target;

/// Whether the file can be what it should be.
pub(super) fn file(path: &Path, checks: &Checks) -> bool {
    const CHECK: &str = "module file";
    let problem = |detail: String, remedy: &str| Check::problem(CHECK, ErrorKind::TokenUnavailable, detail, remedy);
    let check = match ModuleFile::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => problem(
            format!("{} is not there", path.display()),
            "install the HSM's client software, or name its module with --module FILE",
        ),
        Err(error) => {
            problem(format!("{} cannot be read: {error}", path.display()), "give this user the right to read it")
        }
        Ok(file) => match file.flaw() {
            None => Check::ok(CHECK, format!("{} is a library for this system and processor", path.display())),
            Some(flaw) => problem(
                format!("{} is {flaw}", path.display()),
                "a module is a shared library for this system and processor, from the HSM's vendor; its modules for 32 and \
                 64 bits may be two packages",
            ),
        },
    };
    let is_right = check.state == State::Ok;
    checks.push(check);
    if let Some(stranger) = platform::stranger(path).filter(|_| is_right) {
        let detail = format!("{stranger}, and so replace the module, which sees the PIN");
        checks.push(Check::warning(CHECK, detail, files::keep_out(&stranger)));
    }
    is_right
}

/// Loads the module, starts it and looks at the token, which is given back.
pub(super) fn start(
    target: &Target,
    is_trial: bool,
    login: bool,
    limit: Option<TimeLimit>,
    report: &Report,
    checks: &Checks,
) -> Option<TokenInfo> {
    let failed = |check: Check| {
        checks.push(check);
        None
    };
    let watchdog = limit.map(|limit| checks.watchdog(&target.module, limit));
    let module = match connect::load_watched(&target.module, target.init_args.as_deref(), watchdog, report) {
        Ok(module) => module,
        Err(error) => return failed(not_started(error, target.setup())),
    };
    checks.push(Check::ok("start of the module", "it is loaded and initialised"));
    let trial_selector = Selector { label: Some(trial::LABEL.to_owned()), ..Selector::default() };
    let token = match module.token(if is_trial { &trial_selector } else { &target.selector }) {
        Ok(token) => token,
        Err(error) => return failed(Check::failure("token", Error::from(error).into())),
    };
    checks.push(Check::ok("token", token.to_string()));
    match module.details(&token) {
        Ok(details) => checks.extend(details.flags.iter().filter_map(|flag| state(*flag))),
        Err(error) => checks.push(Check::failure("token", Error::from(error).into())),
    }
    if login && !is_trial {
        checks.push(match connect::log_in(&module, token.clone(), target, report) {
            Ok(_) => Check::ok("login", "the token lets the user in"),
            Err(failure) => Check::failure("login", failure),
        });
    }
    Some(token)
}

fn not_started(error: Error, setup: Option<&VendorSetup>) -> Check {
    let unusable =
        if let Error::Token(TokenError::ModuleUnusable { reason, .. }) = &error { Some(reason) } else { None };
    let missing = unusable.and_then(|reason| missing_library(reason)).map(str::to_owned);
    let starts = unusable.is_none();
    let check = Check::failure("start of the module", error.into());
    let check = match missing {
        Some(library) => check.and(format!(
            "the module needs {library}, which the system does not find: install its package, or add its folder to the \
             loader's path (ldd shows all that is missing)"
        )),
        None => check,
    };
    match setup.and_then(|setup| setup.needs).filter(|_| starts) {
        Some(needs) => check.and(format!("check that {needs}")),
        None => check,
    }
}

/// The library that the loader of Linux or macOS misses.
fn missing_library(reason: &str) -> Option<&str> {
    let linux = reason.strip_suffix(": cannot open shared object file: No such file or directory");
    let macos = || reason.split_once("Library not loaded: ").map(|(_, rest)| rest.lines().next().unwrap_or(rest));
    linux.or_else(macos).map(str::trim)
}

fn state(flag: TokenFlag) -> Option<Check> {
    const CHECK: &str = "state of the token";
    let problem = |kind, remedy: &str| Some(Check::problem(CHECK, kind, flag.to_string(), remedy));
    let warning = |remedy: &str| Some(Check::warning(CHECK, flag.to_string(), remedy));
    match flag {
        TokenFlag::PinUnset => problem(ErrorKind::LoginFailed, "set it with: hsmcert token set-pin --so"),
        TokenFlag::PinLocked => {
            problem(ErrorKind::LoginFailed, "the security officer can set a new one: hsmcert token set-pin --so")
        }
        TokenFlag::PinFinalTry => problem(
            ErrorKind::LoginFailed,
            "hsmcert does not take the last try: log in once with the vendor's own tool, which resets the counter",
        ),
        TokenFlag::ErrorState => problem(ErrorKind::TokenUnavailable, "see the vendor's documentation on self-tests"),
        TokenFlag::PinTriesFew => warning("somebody gave a wrong PIN: check where it comes from before the next try"),
        TokenFlag::PinToBeChanged => warning("change it with: hsmcert token set-pin"),
        TokenFlag::WriteProtected => warning("keys and certificates can be used, and none be added"),
        TokenFlag::OfficerPinLocked | TokenFlag::OfficerPinFinalTry | TokenFlag::OfficerPinToBeChanged => {
            warning("only the security officer is affected; see the vendor's own tool")
        }
        TokenFlag::PinPad | TokenFlag::NoLogin => Some(Check::ok(CHECK, flag.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::missing_library;

    #[test]
    fn the_library_that_is_missing_is_named() {
        let linux = "libfoo.so.1: cannot open shared object file: No such file or directory";
        assert_eq!(missing_library(linux), Some("libfoo.so.1"));
        let macos = "dlopen(/m.dylib, 0x0005): Library not loaded: @rpath/libfoo.dylib\n  Referenced from: /m.dylib";
        assert_eq!(missing_library(macos), Some("@rpath/libfoo.dylib"));
        assert_eq!(missing_library("/m.so: undefined symbol: foo"), None);
    }
}
