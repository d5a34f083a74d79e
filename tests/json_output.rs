//! `--json`: one object on stdout, or one on stderr, with everything that would be said beside them.
//! [`Outcome::json`] checks that for every other test too.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::{Value, json};
use support::{Outcome, SEED_INF, Sandbox, SoftToken};

/// Part of the note that every use of the trial token gives.
const TRIAL: &str = "keys are on this disk";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", SEED_INF);
    sandbox
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn notes_are_part_of_the_result() {
    let sandbox = sandbox();
    let created = sandbox.run(&["new", "request.inf", "request.csr.pem", "--trial", "--json"]).ok().json();
    let [note] = texts(&created["notes"])[..] else { panic!("{created:#}") };
    assert!(note.contains(TRIAL), "{note}");
    assert_eq!(created["warnings"], json!([]));
    assert_eq!((&created["diagnostics"], &created["explanations"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_failure_after_a_note_is_one_object() {
    let sandbox = sandbox();
    let outcome = sandbox.run(&["verify", "nosuch", "--trial", "--json"]).exits(6);
    assert_eq!(outcome.stdout, "");
    let error = outcome.json_error("not-found");
    assert!(texts(&error["notes"])[0].contains(TRIAL), "{error:#}");
}

#[test]
fn what_the_result_told_is_not_told_again_by_the_failure() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let outcome = token.run(&["verify", "--connect", "127.0.0.1:1", "--json", "-v"]).exits(14);
    assert!(!texts(&outcome.json()["explanations"]).is_empty());
    let error = outcome.json_error("served-differs");
    assert_eq!((&error["explanations"], &error["notes"]), (&Value::Null, &json!([])), "{error:#}");
}

#[test]
fn findings_in_a_good_request_file_are_told_once() {
    let sandbox = sandbox();
    sandbox.write("weak.inf", SEED_INF.replace("SHA256", "sha1"));
    for arguments in [&["new", "weak.inf", "-", "--trial"][..], &["convert", "weak.inf", "-"]] {
        let made = Outcome::of(sandbox.hsmcert().args(arguments).arg("--json")).ok().json();
        let [finding] = made["diagnostics"].as_array().unwrap().as_slice() else { panic!("{made:#}") };
        assert_eq!((&finding["severity"], &finding["line"]), (&"warning".into(), &5.into()), "{finding:#}");
    }
    let linted = sandbox.run(&["lint", "weak.inf", "--json"]).ok().json();
    assert_eq!(linted["files"][0]["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!(linted["diagnostics"], Value::Null, "they are with their file");

    // In a file that is good, beside another error.
    let error = sandbox.run(&["new", "weak.inf", "nosuch/request.csr.pem", "--json"]).exits(10).json_error("io");
    assert_eq!(error["diagnostics"][0]["line"], 5);
}

#[test]
fn explanations_and_calls_are_part_of_it_when_they_are_asked_for() {
    let token = SoftToken::new();
    let explained = token.run(&["find-key", "--json", "-v"]).ok().json();
    assert!(texts(&explained["explanations"])[0].starts_with("module "), "{explained:#}");
    let traced = token.run(&["find-key", "--json", "-vv"]).ok().json();
    assert!(texts(&traced["explanations"]).iter().any(|call| call.starts_with("C_Login  ")), "{traced:#}");
    let missing = token.run(&["verify", "nosuch", "--json", "-v"]).exits(6).json_error("not-found");
    assert!(texts(&missing["explanations"])[0].starts_with("module "), "{missing:#}");
}

#[test]
fn what_was_not_done_is_told_by_what_was_asked() {
    let sandbox = sandbox();
    sandbox.write("bad.inf", SEED_INF.replace("KeyLength = 2048", "KeyLength = x"));
    let new = sandbox.run(&["new", "bad.inf"]).fails(3);
    assert!(new.stderr.ends_with("error: bad.inf: no request was made; the HSM was not touched\n"), "{}", new.stderr);
    let convert = sandbox.run(&["convert", "bad.inf", "bad.toml"]).fails(3);
    assert!(convert.stderr.ends_with("error: bad.inf: nothing was converted\n"), "{}", convert.stderr);
}
