//! Time limits for the calls of a module, and what happens when one runs out: the failure is told, and the process ends.

use std::path::Path;
use std::time::Duration;

use hsmcert::platform;
use hsmcert::token::{TimeLimit, Watchdog};

use super::environment::Environment;
use super::failure::Failure;
use super::report::Report;
use super::{Global, exit};

/// Long enough for HSMs over slow networks; nothing but the making of a key takes longer.
const CALL: Duration = Duration::from_secs(120);
/// Smart cards and TPMs look for the primes of RSA-4096 for minutes.
const KEY_GENERATION: Duration = Duration::from_secs(600);

/// `--timeout`, `HSMCERT_TIMEOUT`, or what is usual; `None` for none.
pub(super) fn time_limit(global: &Global, environment: &Environment) -> Result<Option<TimeLimit>, Failure> {
    time_limit_or(CALL, global, environment)
}

/// [`time_limit`] for a command that usually waits another time for a call.
pub(super) fn time_limit_or(
    call: Duration,
    global: &Global,
    environment: &Environment,
) -> Result<Option<TimeLimit>, Failure> {
    let seconds = match (global.timeout, &environment.timeout) {
        (Some(seconds), _) => Some(seconds),
        (None, Some(text)) => Some(text.parse().map_err(|_| {
            Failure::usage(format!("HSMCERT_TIMEOUT is \"{text}\", which is no number of seconds"))
                .hint("seconds for one call of the module, for example 300; 0 waits for ever")
        })?),
        (None, None) => None,
    };
    Ok(match seconds.map(u64::from).map(Duration::from_secs) {
        Some(Duration::ZERO) => None,
        Some(limit) => Some(TimeLimit { call: limit, key_generation: limit }),
        None => Some(TimeLimit { call, key_generation: KEY_GENERATION }),
    })
}

/// Ends the process when a call of this module takes too long.
pub(super) fn watchdog(module: &Path, limit: TimeLimit, report: Report) -> Watchdog {
    Watchdog::start(module, limit, move |error| {
        let failure = Failure::from(error);
        platform::end_silence();
        report.progress_end();
        report.failure(&failure);
        exit::end(exit::code(failure.kind).0)
    })
}
