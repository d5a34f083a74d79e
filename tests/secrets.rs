//! A PIN is in no output, in no file and in no argument list, however much is asked to be said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::Path;

use support::{Outcome, SEED_INF, Shim, SoftToken};

/// No output holds the PIN.
fn silent(outcome: &Outcome, secret: &str) {
    for (name, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        assert!(!text.contains(secret), "the PIN is on {name}:\n{text}");
    }
}

/// No file below the folder holds the PIN.
fn absent(folder: &Path, secret: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            absent(&path, secret);
        } else {
            let content = fs::read(&path).unwrap();
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "the PIN is in {}", path.display());
        }
    }
}

#[test]
fn the_pin_is_said_nowhere() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    let runs: [&[&str]; 16] = [
        &["new", "request.inf", "dry.csr.pem", "-vv", "--dry-run"],
        &["new", "request.inf", "request.csr.pem", "-vv"],
        &["new", "request.inf", "second.csr.pem", "-vv"],
        &["dev-ca", "request.csr.pem", "request.crt.pem", "-vv"],
        &["accept", "request.crt.pem", "-vv"],
        &["accept", "request.crt.pem", "-vv", "--json"],
        &["verify", "-vv"],
        &["verify", "-vv", "--json", "request.crt.pem"],
        &["bind", "nginx", "request.crt.pem", "-vv"],
        &["export", "www.example.com", "-vv"],
        &["export", "www.example.com", "-vv", "--json", "--chain"],
        &["rename", "www.example.com", "renamed", "-vv"],
        &["repair", "-vv", "--dry-run", "--json"],
        &["delete-key", "renamed", "-vv", "--yes", "--force"],
        &["find-key", "-vv"],
        &["find-key", "-vv", "--json", "--token", "nosuch"],
    ];
    for arguments in runs {
        silent(&shim.run(arguments), SoftToken::PIN);
    }
    absent(token.folder(), SoftToken::PIN);
}

#[test]
fn a_wrong_pin_is_said_nowhere_either() {
    let token = SoftToken::new();
    for arguments in [&["find-key", "-vv"][..], &["find-key", "-vv", "--json"]] {
        let outcome = Outcome::of(token.hsmcert().env("HSMCERT_PIN", "guess-Zt81").args(arguments)).exits(5);
        silent(&outcome, "guess-Zt81");
    }
}

#[test]
fn pins_from_all_sources_are_used_and_not_said() {
    let token = SoftToken::new();
    fs::write(token.folder().join("tmp/pin"), format!("{}\n", SoftToken::PIN)).unwrap();
    let file = token.folder().join("tmp/pin").display().to_string();
    let command = format!("exec:cat {file}");
    let uri = format!("pkcs11:token=test%20token?pin-source={file}");
    for arguments in [
        &["find-key", "-vv", "--pin-source", &file][..],
        &["find-key", "-vv", "--pin-source", &command],
        &["find-key", "-vv", "--pin-source", "env:OTHER"],
        &["find-key", "-vv", "--uri", &uri],
    ] {
        let mut command = token.hsmcert();
        let outcome = Outcome::of(command.env_remove("HSMCERT_PIN").env("OTHER", SoftToken::PIN).args(arguments)).ok();
        silent(&outcome, SoftToken::PIN);
    }
    let mut command = token.hsmcert();
    command.env_remove("HSMCERT_PIN").args(["find-key", "-vv", "--pin-source", "-"]);
    silent(&Outcome::of(command.write_stdin(SoftToken::PIN)).ok(), SoftToken::PIN);
}

/// `-vv` is worth reading: each call by name, with its time.
#[test]
fn very_verbose_shows_the_calls() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let outcome = token.run(&["new", "request.inf", "-vv"]).ok();
    for call in ["C_Initialize", "C_Login", "C_GenerateKeyPair", "C_Sign"] {
        assert!(outcome.stderr.contains(call), "no {call} in:\n{}", outcome.stderr);
    }
    assert!(outcome.stderr.contains(" ms"), "{}", outcome.stderr);
}
