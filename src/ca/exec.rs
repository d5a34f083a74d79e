//! Any command as a CA: the CSR (PEM) on its stdin, the certificate on its stdout.
//!
//! Exit code 0: issued. 12: not decided yet; what it printed is given back to it as `HSMCERT_REFERENCE` at the next run.
//! 75 (`EX_TEMPFAIL` of sysexits.h): not now. Everything else: refused, in the words of its stderr.

use std::ffi::OsString;
use std::time::Duration;

use super::{Answer, Error, Order, Pending, Surroundings};
use crate::authority::Exec;
use crate::command::{self, Run};

const PENDING: i32 = 12;
const NOT_NOW: i32 = 75;

/// Runs the command.
///
/// # Errors
/// [`Error::Configuration`], [`Error::Unavailable`], [`Error::Refused`], [`Error::Answer`].
pub fn submit(exec: &Exec, order: &Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    let names: Vec<String> = order.names.iter().map(crate::request::GeneralName::value_text).collect();
    let mut variables: Vec<(String, OsString)> = vec![("HSMCERT_NAMES".into(), names.join(",").into())];
    variables.extend(order.reference.map(|reference| ("HSMCERT_REFERENCE".into(), reference.into())));
    around.tell(&format!("CA: {}", exec.command.join(" ")));
    let run = Run {
        command: &exec.command,
        inherited: &exec.env,
        variables: &variables,
        input: order.pem.as_bytes(),
        timeout: Duration::from_secs(exec.timeout),
    };
    let ran = run.run().map_err(|error| match error {
        command::Error::Empty | command::Error::Start { .. } => {
            Error::Configuration { protocol: "exec", reason: error.to_string() }
        }
        command::Error::Timeout { .. } => Error::Unavailable { message: error.to_string(), retry_after: None },
    })?;
    match ran.status.code() {
        Some(0) if ran.stdout.trim_ascii().is_empty() => {
            Err(Error::Answer { message: format!("{} printed no certificate", exec.command[0]) })
        }
        Some(0) => Ok(Answer::Issued(ran.stdout)),
        Some(PENDING) => Ok(Answer::Pending(Pending {
            reference: Some(String::from_utf8_lossy(&ran.stdout).trim().to_owned()).filter(|text| !text.is_empty()),
            message: ran.reason(),
            retry_after: None,
        })),
        Some(NOT_NOW) => Err(Error::Unavailable { message: ran.reason(), retry_after: None }),
        Some(_) | None => Err(Error::Refused { message: ran.reason() }),
    }
}
