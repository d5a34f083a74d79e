//! Modules that answer what cannot be: whatever they say, each command ends in order, with a code that is not that of a
//! bug, and without a panic. `tests/hostile-module` lies, and the fuzz target `module` looks for what is not here.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "how much was tried is a result")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use support::{Outcome, Sandbox, hostile_library};

const SPEC: &str = "san.dns = 'new.example.com'\n[key]\nalgorithm = 'ecdsa-p256'\n";
/// Of the key on the token.
const CERTIFICATE: &[u8] = include_bytes!("hostile-module/src/certificate.der");

/// What a module may be asked, in one run each.
const COMMANDS: [&[&str]; 7] = [
    &["token", "list", "--json"],
    &["find-key", "--json"],
    &["find-key", "--objects"],
    &["new", "request.toml", "--force"],
    &["accept", "certificate.der", "--allow-ca", "--force"],
    &["repair", "--yes"],
    &["delete-key", "www.example.com", "--certificate", "--yes", "--force"],
];

/// Every answer of a function replaced by a return value: of the standard, of a vendor, and of nobody.
fn return_values() -> Vec<String> {
    const FUNCTIONS: [&str; 18] = [
        "C_Initialize",
        "C_GetSlotList",
        "C_GetTokenInfo",
        "C_GetMechanismList",
        "C_GetMechanismInfo",
        "C_OpenSession",
        "C_CloseSession",
        "C_FindObjectsInit",
        "C_FindObjects",
        "C_FindObjectsFinal",
        "C_GetAttributeValue",
        "C_SetAttributeValue",
        "C_CreateObject",
        "C_DestroyObject",
        "C_GenerateKeyPair",
        "C_SignInit",
        "C_Sign",
        "C_Finalize",
    ];
    // CKR_GENERAL_ERROR, CKR_BUFFER_TOO_SMALL, CKR_VENDOR_DEFINED + 1, none.
    let values = ["0x5", "0x150", "0x80000001", "0xfffffffffffffff0"];
    FUNCTIONS.iter().flat_map(|function| values.map(|value| format!("{function}=returns:{value}"))).collect()
}

/// Numbers and lengths: too small, too large for the buffer, for the memory, for an address.
fn counts() -> Vec<String> {
    const ANSWERS: [&str; 18] = [
        "C_GetSlotList",
        "C_GetTokenInfo",
        "C_GetMechanismList",
        "C_GetMechanismInfo",
        "C_OpenSession",
        "C_FindObjects",
        "C_GenerateKeyPair",
        "C_CreateObject",
        "C_Sign",
        // CKA_CLASS, LABEL, VALUE, CERTIFICATE_TYPE, SERIAL_NUMBER, KEY_TYPE, SUBJECT, ID, EC_POINT
        "0x0",
        "0x3",
        "0x11",
        "0x80",
        "0x82",
        "0x100",
        "0x101",
        "0x102",
        "0x181",
    ];
    let values = ["0", "2", "100000", "1099511627776", "18446744073709551615"];
    ANSWERS.iter().flat_map(|answer| values.map(|value| format!("{answer}=count:{value}"))).collect()
}

/// Values: none, text that is no UTF-8, DER that is broken, and what steers a terminal.
fn values() -> Vec<String> {
    const ANSWERS: [&str; 14] = [
        "C_GetTokenInfo",
        "C_Sign",
        "0x0",
        "0x3",
        "0x11",
        "0x80",
        "0x81",
        "0x82",
        "0x100",
        "0x101",
        "0x102",
        "0x108",
        "0x180",
        "0x181",
    ];
    let values = ["", "00", "fffefd", "1b5b33316d0a7f", "308201ff30", "3084ffffffff30", "0441040000"];
    ANSWERS.iter().flat_map(|answer| values.map(|value| format!("{answer}=bytes:{value}"))).collect()
}

#[test]
fn return_values_that_nobody_expects() {
    tell(&return_values());
}

#[test]
fn counts_that_cannot_be() {
    tell(&counts());
}

#[test]
fn values_that_are_none() {
    tell(&values());
}

/// Tells each lie to each command.
#[track_caller]
fn tell(lies: &[String]) {
    let next = AtomicUsize::new(0);
    let runs = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let sandbox = Sandbox::new();
                sandbox.write("request.toml", SPEC);
                sandbox.write("certificate.der", CERTIFICATE);
                while let Some(lie) = lies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for command in COMMANDS {
                        ends_in_order(&sandbox, lie, command);
                        runs.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let runs = runs.into_inner();
    assert_eq!(runs, lies.len() * COMMANDS.len());
    println!("{} lies told, {runs} commands ended in order", lies.len());
}

fn ends_in_order(sandbox: &Sandbox, lie: &str, arguments: &[&str]) {
    let mut command = sandbox.hsmcert();
    command.env("HOSTILE_LIES", lie).arg("--module").arg(hostile_library()).args(["--timeout", "30"]).args(arguments);
    let outcome = Outcome::of(command.timeout(Duration::from_secs(120)));
    let code = outcome.code.unwrap_or_else(|| panic!("{lie}: {arguments:?} ended by a signal\n{outcome:#?}"));
    assert!(code != 1 && !outcome.stderr.contains("panicked"), "{lie}: {arguments:?}\n{outcome:#?}");
    let steers = |text: &str| text.chars().any(|one| one.is_control() && one != '\n');
    assert!(!steers(&outcome.stdout) && !steers(&outcome.stderr), "{lie}: {arguments:?}\n{outcome:#?}");
}

/// The module is what it should be while it does not lie.
#[test]
fn without_a_lie_it_is_a_token() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.hsmcert();
    command.arg("--module").arg(hostile_library()).args(["find-key", "--json"]);
    let found = Outcome::of(&mut command).ok().json();
    let [pair] = found["pairs"].as_array().unwrap().as_slice() else { panic!("{found:#}") };
    assert_eq!(pair["label"], "www.example.com", "{pair:#}");
}
