//! `hsmcert doctor`: what usually goes wrong, looked for without a login.

mod check;
mod checks;
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

use self::check::Check;
use self::checks::Checks;
use super::environment::Environment;
use super::failure::Failure;
use super::report::Report;
use super::target::{self, Target};
use super::{Global, watch};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert doctor                              what commands would use here
  hsmcert doctor --module FILE --token LABEL  this module and token
  hsmcert doctor --login                      also the PIN, given once

Each line is ok, a warning or a problem, and is printed as it comes; with a problem the exit code is 4 (module and \
token), 5 (PIN) or 10 (files), the first of them that there is. Nothing is changed, and without --login nobody logs \
in.")]
pub(super) struct DoctorArguments {
    /// Log in with the PIN, once
    #[arg(long)]
    login: bool,
}

pub(super) fn run(global: &Global, arguments: &DoctorArguments, report: &Report) -> Result<(), Failure> {
    let limit = watch::time_limit(global, &Environment::read())?;
    let checks = Checks::new(report);
    examine(global, arguments, limit, report, &checks);
    checks.finish()
}

fn examine(global: &Global, arguments: &DoctorArguments, limit: Option<TimeLimit>, report: &Report, checks: &Checks) {
    let config = files::configuration(checks);
    files::state(global, checks);
    variables::names(checks);
    let target = match target::resolve(global, &Environment::read(), &config, &Default::default()) {
        Ok(target) => target,
        Err(failure) => {
            checks.push(Check::failure("choice of the module", failure));
            return seed::variables(None, checks);
        }
    };
    checks.push(Check::ok("choice of the module", format!("{} ({})", target.module.display(), target.why)));
    seed::variables(target.vendor, checks);
    let trial = trial_token(&target);
    match &trial {
        Some(trial) => files::trial(trial, checks),
        None => settings::check(target.setup(), checks),
    }
    let is_right = module::file(&target.module, checks);
    let makes_trial = trial.as_ref().is_some_and(|trial| !trial.configuration().exists());
    let token = match is_right && !makes_trial {
        true => module::start(&target, trial.is_some(), arguments.login, limit, report, checks),
        false => None,
    };
    if trial.is_none() && !arguments.login && !token.is_some_and(|token| token.pin_pad) {
        pin::source(&target, checks);
    }
}

/// The trial token, if it is the one that commands would use; its module must find its configuration.
fn trial_token(target: &Target) -> Option<TrialToken> {
    let trial = TrialToken::below(&platform::data_folder().filter(|_| target.trial)?);
    if trial.configuration().exists() {
        platform::use_softhsm_configuration(&trial.configuration());
    }
    Some(trial)
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
