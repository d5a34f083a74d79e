//! Where the PIN would come from, and whether it can be right; it is read where that does nothing else, and not used.

use std::io::IsTerminal as _;
use std::path::Path;

use hsmcert::ErrorKind;
use hsmcert::pin::{Pin, PinSource};
use hsmcert::token::vendor::PinForm;
use zeroize::Zeroizing;

use super::check::Check;
use super::checks::Checks;
use super::files::open_to_others;
use crate::cli::target::Target;
use crate::cli::{environment, pin};

const CHECK: &str = "PIN";

pub(super) fn source(target: &Target, checks: &Checks) {
    let form = target.vendor.map_or(PinForm::Plain, |vendor| vendor.pin);
    match pin::place(target) {
        Some(source) => of_source(&source, form, checks),
        None if std::io::stdin().is_terminal() => checks.push(Check::ok(CHECK, "it is asked for at the terminal")),
        None => checks.push(Check::warning(
            CHECK,
            "nothing gives it, and there is no terminal to ask at",
            "give it with --pin-source FILE (or env:NAME, exec:COMMAND) or HSMCERT_PIN, if the token needs one",
        )),
    }
}

fn of_source(source: &PinSource, form: PinForm, checks: &Checks) {
    match source {
        PinSource::File(path) => file(path, form, checks),
        PinSource::Env(name) => checks.push(match environment::text(name) {
            Some(value) => of_form(source.to_string(), &Pin::new(value), form),
            None => Check::problem(
                CHECK,
                ErrorKind::LoginFailed,
                format!("{source} is not set"),
                "set it, or take another --pin-source",
            ),
        }),
        PinSource::Exec(_) => {
            checks.push(Check::ok(
                CHECK,
                format!("{source}, which is run only with --login and when a command needs it"),
            ));
        }
        PinSource::Stdin => checks.push(Check::ok(CHECK, "it is read from standard input when a command needs it")),
    }
}

fn of_form(source: String, pin: &Pin, form: PinForm) -> Check {
    if form.fits(pin) {
        return Check::ok(CHECK, source);
    }
    Check::problem(
        CHECK,
        ErrorKind::LoginFailed,
        format!("{source} does not hold a PIN of the form {}", form.example()),
        "write it in this form; it was not tried",
    )
}

fn file(path: &Path, form: PinForm, checks: &Checks) {
    let problem = |detail: String, remedy: &str| Check::problem(CHECK, ErrorKind::LoginFailed, detail, remedy);
    let bytes = match std::fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) => {
            let detail = format!("the file {} cannot be read: {error}", path.display());
            return checks.push(problem(detail, "check the path, and the rights of this user"));
        }
    };
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    checks.push(match std::str::from_utf8(line) {
        Ok("") => problem(format!("the first line of {} is empty", path.display()), "write the PIN into it"),
        Ok(text) => of_form(format!("the file {}", path.display()), &Pin::new(text.to_owned()), form),
        Err(_) => problem(format!("{} is not UTF-8", path.display()), "write the PIN into it as plain text"),
    });
    if line.last().is_some_and(u8::is_ascii_whitespace) {
        checks.push(Check::warning(
            CHECK,
            format!("the PIN in {} ends with a blank, which is taken for a part of it", path.display()),
            "remove the blank, if it is none",
        ));
    }
    if line.len() < bytes.len() {
        let remedy = match bytes.len() - line.len() {
            1 => format!("remove it: truncate -s -1 {}", path.display()),
            _ => "remove all that follows the PIN".to_owned(),
        };
        let detail = format!("the PIN in {} ends with a line break", path.display());
        let why = "hsmcert stops there, while OpenSSL's engine and GnuTLS take all of the file";
        checks.push(Check::warning(CHECK, format!("{detail}: {why}"), remedy));
    }
    if let Some(mode) = open_to_others(path) {
        checks.push(Check::warning(
            CHECK,
            format!("others may use {} (mode {mode:o})", path.display()),
            format!("chmod 600 {}", path.display()),
        ));
    }
}
