//! Every PKCS#11 call of a command fails in every way that the standard allows there, or never returns, or the process dies
//! before it. After each case the token is as before the command or as after it, or in a state that is written down here and
//! that the same command finishes; the exit code is one of the table; nothing panics.
//!
//! Each call meets a part of the values; `HSMCERT_FAULTS=full` takes all of them (docs/testing.md).

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::fault_cases::{self as cases, EC, RSA};
use support::{End, Fault, Matrix, Shim, SoftToken, is_full_run};

/// What a call may return when the world around it has changed (PKCS#11 3.1, 5.1).
const VALUES: [(&str, &str); 12] = [
    ("CKR_HOST_MEMORY", "0x2"),
    ("CKR_GENERAL_ERROR", "0x5"),
    ("CKR_FUNCTION_FAILED", "0x6"),
    ("CKR_DEVICE_ERROR", "0x30"),
    ("CKR_DEVICE_MEMORY", "0x31"),
    ("CKR_DEVICE_REMOVED", "0x32"),
    ("CKR_OBJECT_HANDLE_INVALID", "0x82"),
    ("CKR_PIN_LOCKED", "0xa4"),
    ("CKR_SESSION_CLOSED", "0xb0"),
    ("CKR_SESSION_HANDLE_INVALID", "0xb3"),
    ("CKR_TOKEN_NOT_PRESENT", "0xe0"),
    ("CKR_USER_NOT_LOGGED_IN", "0x101"),
];

/// Seconds for a call, where one hangs: longer than SoftHSM takes for one on a busy machine, RSA keys too.
const LIMIT: &str = "4";

/// How much of the matrix the common run takes.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Each n-th call.
    calls: usize,
    /// So many values for each of them.
    values: usize,
}

/// Calls that change something, at the first of which the common run hangs.
const CHANGES: [&str; 4] = ["C_GenerateKeyPair", "C_CreateObject", "C_SetAttributeValue", "C_DestroyObject"];

fn run(matrix: &Matrix<'_>, token: &SoftToken, sample: Sample) {
    let good = Shim::before(token);
    let mut trial = matrix.start(token, || good.run(matrix.arguments));
    let calls = good.calls();
    let (everything, mut is_hung) = (is_full_run(), false);
    for (index, call) in calls.iter().enumerate() {
        let nth = calls[..=index].iter().filter(|other| other.function == call.function).count();
        let place = format!("{}:{nth}", call.function);
        let first_change = CHANGES.contains(&call.function.as_str()) && !is_hung;
        if everything || first_change {
            is_hung |= first_change;
            let arguments = [matrix.arguments, &["--timeout", LIMIT]].concat();
            // cryptoki makes two calls of these, under one name.
            let function = match call.function.as_str() {
                "C_FindObjectsFinal" => "C_FindObjects",
                "C_SignInit" => "C_Sign",
                other => other,
            };
            let says = format!("has not returned from {function} in {LIMIT} s");
            let fault = Fault { name: format!("{place} hangs"), end: End::GivesUp(says) };
            trial.meets(&fault, || Shim::before(token).hanging(&place).run(&arguments));
        }
        if !everything && !index.is_multiple_of(sample.calls) {
            continue;
        }
        let count = if everything { VALUES.len() } else { sample.values };
        for (name, value) in (0..count).map(|number| VALUES[(index + number * 5) % VALUES.len()]) {
            let fault = Fault { name: format!("{place} {name}"), end: End::Fails(4..=10, vec![]) };
            trial.meets(&fault, || Shim::before(token).failing(&format!("{place}:{value}")).run(matrix.arguments));
        }
        let fault = Fault { name: format!("{place} killed"), end: End::Killed };
        trial.meets(&fault, || Shim::before(token).killing(&place).run(matrix.arguments));
    }
    trial.ends(&format!("{} calls", calls.len()));
}

#[test]
fn new() {
    let case = cases::new(EC);
    run(&case.matrix(), &case.token, Sample { calls: 1, values: 2 });
}

#[test]
fn new_rsa() {
    let case = cases::new(RSA);
    run(&case.matrix(), &case.token, Sample { calls: 3, values: 1 });
}

#[test]
fn accept() {
    let case = cases::accept(EC);
    run(&case.matrix(), &case.token, Sample { calls: 1, values: 1 });
}

#[test]
fn accept_rsa() {
    let case = cases::accept(RSA);
    run(&case.matrix(), &case.token, Sample { calls: 7, values: 1 });
}

#[test]
fn accept_another() {
    let case = cases::accept_another(EC);
    run(&case.matrix(), &case.token, Sample { calls: 5, values: 1 });
}

#[test]
fn renew() {
    let case = cases::renew(EC);
    run(&case.matrix(), &case.token, Sample { calls: 5, values: 1 });
}

#[test]
fn rename() {
    let case = cases::rename(EC);
    run(&case.matrix(), &case.token, Sample { calls: 1, values: 1 });
}

#[test]
fn delete_key() {
    let case = cases::delete_key(EC);
    run(&case.matrix(), &case.token, Sample { calls: 1, values: 1 });
}
