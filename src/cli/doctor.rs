//! `hsmcert doctor`: what usually goes wrong, looked for without a login.

mod check;
mod files;
mod module;
mod pin;
mod seed;
mod settings;
mod variables;

use clap::Args;
use hsmcert::token::TimeLimit;
use hsmcert::trial::TrialToken;
use hsmcert::{ErrorKind, platform};
use serde::Serialize;

use self::check::{Check, State};
use super::environment::Environment;
use super::failure::Failure;
use super::report::{Report, shown};
use super::target::{self, Target};
use super::{Global, exit, watch};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert doctor                              what commands would use here
  hsmcert doctor --module FILE --token LABEL  this module and token
  hsmcert doctor --login                      also whether the PIN is right; it is given to the token once

Each line is ok, a warning or a problem; with a problem the exit code is 4 (module and token), 5 (PIN) or 10 (files),
the first of them that there is. Nothing is changed, and without --login nobody logs in.")]
pub(super) struct DoctorArguments {
    /// Log in with the PIN, once
    #[arg(long)]
    login: bool,
}

#[derive(Serialize)]
struct JsonDoctor {
    problem_count: usize,
    warning_count: usize,
    checks: Vec<JsonCheck>,
}

#[derive(Serialize)]
struct JsonCheck {
    check: &'static str,
    state: &'static str,
    detail: String,
    remedies: Vec<String>,
    /// The word of the exit code that commands would end with.
    code: Option<&'static str>,
}

pub(super) fn run(global: &Global, arguments: &DoctorArguments, report: &Report) -> Result<(), Failure> {
    let limit = watch::time_limit(global, &Environment::read())?;
    let checks = examine(global, arguments, limit, report);
    let kinds = checks.iter().filter_map(|check| match check.state {
        State::Problem(kind) => Some(kind),
        State::Ok | State::Warning => None,
    });
    let worst = kinds.min_by_key(|kind| exit::code(*kind).0);
    let count = |wanted: &str| checks.iter().filter(|check| check.state.word() == wanted).count();
    let (problems, warnings) = (count("problem"), count("warning"));
    let text = draw(&checks, problems, warnings);
    let json =
        JsonDoctor { problem_count: problems, warning_count: warnings, checks: checks.into_iter().map(json).collect() };
    report.result(&json, &text);
    match worst {
        None => Ok(()),
        Some(kind) => Err(Failure::new(kind, format!("{} found", counted(problems, "problem")))
            .hint("each problem above says what to do")),
    }
}

fn examine(global: &Global, arguments: &DoctorArguments, limit: Option<TimeLimit>, report: &Report) -> Vec<Check> {
    let mut checks = Vec::new();
    let config = files::configuration(&mut checks);
    files::state(global, &mut checks);
    variables::names(&mut checks);
    let target = match target::resolve(global, &Environment::read(), &config, &Default::default()) {
        Ok(target) => target,
        Err(failure) => {
            checks.push(Check::failure("choice of the module", failure));
            seed::variables(None, &mut checks);
            return checks;
        }
    };
    checks.push(Check::ok("choice of the module", format!("{} ({})", target.module.display(), target.why)));
    let setup = settings::of(&target);
    seed::variables(setup, &mut checks);
    let trial = trial_token(&target);
    match &trial {
        Some(trial) => files::trial(trial, &mut checks),
        None => settings::check(setup, &mut checks),
    }
    let is_right = module::file(&target.module, &mut checks);
    let makes_trial = trial.as_ref().is_some_and(|trial| !trial.configuration().exists());
    if is_right && !makes_trial {
        module::start(&target, setup, trial.is_some(), arguments.login, limit, report, &mut checks);
    }
    if trial.is_none() && !arguments.login {
        pin::source(&target, setup, &mut checks);
    }
    checks
}

/// The trial token, if it is the one that commands would use; its module must find its configuration.
fn trial_token(target: &Target) -> Option<TrialToken> {
    let trial = TrialToken::below(&platform::data_folder().filter(|_| target.trial)?);
    if trial.configuration().exists() {
        platform::use_softhsm_configuration(&trial.configuration());
    }
    Some(trial)
}

fn json(check: Check) -> JsonCheck {
    let Check { check, state, detail, remedies } = check;
    let code = match state {
        State::Problem(kind) => Some(exit::code(kind).1),
        State::Ok | State::Warning => None,
    };
    JsonCheck { check, state: state.word(), detail, remedies, code }
}

fn draw(checks: &[Check], problems: usize, warnings: usize) -> String {
    let mut text = String::new();
    for Check { check, state, detail, remedies } in checks {
        text.push_str(&format!("{:<8} {check:<22} {}\n", state.word(), shown(detail)));
        for remedy in remedies {
            text.push_str(&format!("{:<31} -> {}\n", "", shown(remedy)));
        }
    }
    let (problems, warnings) = (counted(problems, "problem"), counted(warnings, "warning"));
    text.push_str(&format!("\n{} checks, {problems}, {warnings}\n", checks.len()));
    text
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The codes that a problem may have; others of a failure are about files or about the choice of the token.
fn narrowed(kind: ErrorKind) -> ErrorKind {
    match kind {
        ErrorKind::LoginFailed => ErrorKind::LoginFailed,
        ErrorKind::Io => ErrorKind::Io,
        ErrorKind::Internal
        | ErrorKind::Usage
        | ErrorKind::RequestInvalid
        | ErrorKind::TokenUnavailable
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::CertificateRejected
        | ErrorKind::TokenRefused
        | ErrorKind::Partial
        | ErrorKind::ServedDiffers
        | ErrorKind::Due
        | ErrorKind::Expired
        | ErrorKind::CaRefused
        | ErrorKind::CaPending
        | ErrorKind::HookFailed
        | ErrorKind::Renewed
        | ErrorKind::Busy => ErrorKind::TokenUnavailable,
    }
}
