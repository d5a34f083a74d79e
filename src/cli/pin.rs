//! Reading a PIN: file, stdin, environment, command, or a prompt that does not echo.

use std::io::{ErrorKind as ErrorOfSystem, IsTerminal as _, Read};
use std::process::{Command, Stdio};

use hsmcert::ErrorKind;
use hsmcert::pin::{Pin, PinSource};
use hsmcert::token::Role;
use hsmcert::token::vendor::PinForm;
use zeroize::Zeroizing;

use super::environment;
use super::failure::Failure;
use super::report::Report;
use super::target::Target;

/// Where the security officer's PIN may be.
const OFFICERS_PIN: &str = "HSMCERT_SO_PIN";

/// No PIN and no token of a CA is longer.
const LONGEST: usize = 16 * 1024;

/// A PIN, and where it can be read anew.
type Found = (Pin, Option<PinSource>);

/// The PIN for a target; `None` when there is none and nobody can be asked.
pub(super) fn find(target: &Target, token: &str, report: &Report) -> Result<Option<Found>, Failure> {
    if let Some(found) = configured(target, report)? {
        return Ok(Some(found));
    }
    let prompt = format!("PIN of the token \"{}\": ", super::report::shown(token));
    Ok(ask(&prompt, report)?.map(|typed| (typed, None)))
}

/// The PIN that options, environment or profile give.
pub(super) fn configured(target: &Target, report: &Report) -> Result<Option<Found>, Failure> {
    let Some(source) = place(target) else { return Ok(None) };
    report.choice(&format!("PIN from {source}"));
    Ok(Some((read(&source)?, again(&source))))
}

/// Where options, environment or profile say that the PIN is; the first of them that says so.
pub(super) fn place(target: &Target) -> Option<PinSource> {
    let variable = |name: &str| environment::text(name).map(|_| PinSource::Env(name.to_owned()));
    let vendors: &[&str] = match target.vendor.map_or(PinForm::Plain, |vendor| vendor.pin) {
        PinForm::UserPassword => &["CLOUDHSM_PIN", "n3fips_password"],
        PinForm::Plain | PinForm::KeyIdPassword => &[],
    };
    let by_option = || target.pin_source.clone();
    let by_profile = || target.profile_pin_source.clone();
    by_option()
        .or_else(|| variable("HSMCERT_PIN"))
        .or_else(by_profile)
        .or_else(|| vendors.iter().find_map(|name| variable(name)))
}

/// The security officer's PIN that option or environment give.
pub(super) fn officers(source: Option<&PinSource>, report: &Report) -> Result<Option<Pin>, Failure> {
    if let Some(source) = source {
        return read(source).map(Some);
    }
    let pin = environment::text(OFFICERS_PIN).map(Pin::new);
    if pin.is_some() {
        report.choice(&format!("security officer's PIN from the environment variable {OFFICERS_PIN}"));
    }
    Ok(pin)
}

/// Asks for a PIN, without an echo; `None` when nobody can be asked.
pub(super) fn ask(prompt: &str, report: &Report) -> Result<Option<Pin>, Failure> {
    if !can_ask(report) {
        return Ok(None);
    }
    let typed = rpassword::prompt_password(prompt).map_err(|error| unreadable("the terminal", &error.to_string()))?;
    Ok(Some(Pin::new(typed)))
}

/// Says that the PIN is typed at the device, and that one given by an option is not used.
pub(super) fn at_device(token: &str, what: &str, unused: Option<&PinSource>, report: &Report) {
    if let Some(source) = unused {
        report.note(&format!("PINs of the token \"{token}\" are typed at the device: {source} is not read"));
    }
    report.at_device(&format!("look at the device of the token \"{token}\" and type {what} there"));
}

/// What comes from standard input is gone, and what was typed is not kept.
fn again(source: &PinSource) -> Option<PinSource> {
    match source {
        PinSource::Stdin => None,
        PinSource::File(_) | PinSource::Env(_) | PinSource::Exec(_) => Some(source.clone()),
    }
}

/// Asks for a new PIN twice, since nobody sees what is typed.
pub(super) fn ask_twice(whose: Role, report: &Report) -> Result<Option<Pin>, Failure> {
    let Some(first) = ask(&format!("new {whose}: "), report)? else { return Ok(None) };
    let second = ask(&format!("the same {whose} again: "), report)?;
    if second.is_none_or(|second| !first.is_same(&second)) {
        return Err(Failure::new(ErrorKind::LoginFailed, format!("the two entries of the {whose} differ"))
            .hint("nothing was changed; run the command again"));
    }
    Ok(Some(first))
}

/// Somebody is there who can answer.
pub(super) fn can_ask(report: &Report) -> bool {
    !report.is_quiet() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Reads a source; one that cannot be read is an error, not "no PIN".
pub(super) fn read(source: &PinSource) -> Result<Pin, Failure> {
    read_secret(source).map_err(|reason| unreadable(&source.to_string(), &reason))
}

/// Reads any secret that is kept like a PIN. In words why it cannot be read.
pub(super) fn read_secret(source: &PinSource) -> Result<Pin, String> {
    let in_words = |error: std::io::Error| error.to_string();
    let bytes = match source {
        PinSource::File(path) => read_until(fs_err::File::open(path).map_err(in_words)?, End::Line)?,
        PinSource::Stdin => read_until(unbuffered_stdin().map_err(in_words)?, End::Line)?,
        PinSource::Env(name) => Zeroizing::new(environment::text(name).ok_or("it is not set")?.into_bytes()),
        PinSource::Exec(command) => run(command)?,
    };
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    if line.is_empty() {
        return Err("its first line is empty".to_owned());
    }
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    Ok(Pin::new(text.to_owned()))
}

/// Where reading ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With the first line: whoever writes may keep the other end open.
    Line,
    /// With the last byte: a command that nobody listens to any more fails.
    Everything,
}

/// Reads into memory that does not move, so that nothing of it is left behind when it is wiped.
fn read_until(mut from: impl Read, end: End) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(vec![0; LONGEST]);
    let mut length = 0;
    loop {
        match from.read(&mut bytes[length..]) {
            Ok(0) if length == LONGEST => return Err(format!("it is longer than {} KiB", LONGEST / 1024)),
            Ok(0) => break,
            Ok(count) => {
                let new = length..length + count;
                length += count;
                if end == End::Line && bytes[new].contains(&b'\n') {
                    break;
                }
            }
            Err(error) if error.kind() == ErrorOfSystem::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The buffer of the standard library is never wiped.
fn unbuffered_stdin() -> std::io::Result<std::fs::File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&std::io::stdin()).try_clone_to_owned()?;
    Ok(handle.into())
}

fn run(command: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut process = Command::new(shell);
    process.args([flag, command]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    // It runs as the user would run it, and what gives one secret needs no other.
    for name in hsmcert::pin::variables() {
        process.env_remove(name);
    }
    let mut child = process.spawn().map_err(|error| error.to_string())?;
    let printed =
        child.stdout.take().map_or_else(|| Ok(Zeroizing::default()), |from| read_until(from, End::Everything));
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(status.to_string());
    }
    printed
}

fn unreadable(source: &str, reason: &str) -> Failure {
    Failure::new(ErrorKind::LoginFailed, format!("the PIN cannot be read from {source}: {reason}"))
        .hint("--pin-source takes FILE, - (stdin), env:NAME or exec:COMMAND")
}
