//! What is remembered of a request, and what `accept` says when the CA made something else of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::PathBuf;

use serde_json::Value;
use support::{Ca, Class, Outcome, SoftToken};

fn issued() -> (SoftToken, Ca) {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    (token, ca)
}

/// The state files, which have the ending `.json`.
fn records(token: &SoftToken) -> Vec<PathBuf> {
    let folder = token.folder().join("state/hsmcert");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect()
}

fn record(token: &SoftToken) -> Value {
    let [path] = records(token).try_into().unwrap();
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn differences(linked: &Value) -> Vec<(String, Value, Value)> {
    let all = linked["differences"].as_array().unwrap_or_else(|| panic!("not compared: {linked:#}"));
    all.iter()
        .map(|one| (one["field"].as_str().unwrap().to_owned(), one["asked"].clone(), one["issued"].clone()))
        .collect()
}

#[test]
fn new_remembers_the_request_and_accept_the_certificate() {
    let (token, ca) = issued();
    let made = record(&token);
    let key = token.objects().into_iter().find(|object| object.class == Class::Private).unwrap();
    assert_eq!((&made["version"], &made["label"]), (&1.into(), &"www.example.com".into()));
    assert_eq!((&made["id"], &made["token"]), (&key.id.as_str().into(), &SoftToken::LABEL.into()));
    let csr = token.path("request.csr.pem");
    assert_eq!(made["request"]["csr_file"], csr.to_str().unwrap());
    assert_eq!(made["request"]["spec_file"], token.path("request.inf").to_str().unwrap());
    let pem: String = String::from_utf8(token.read("request.csr.pem")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(made["request"]["csr"], base64.as_str());
    assert!(made["accepted"].is_null(), "{made:#}");

    token.write("answer.pem", ca.issue(&csr));
    let linked = token.run(&["accept", "answer.pem", "--json"]).ok().json();
    assert_eq!(linked["differences"], Value::Array(vec![]));
    let accepted = record(&token);
    assert_eq!(accepted["request"], made["request"]);
    assert_eq!(accepted["accepted"]["fingerprint_sha256"], linked["fingerprint_sha256"]);
    assert_eq!(accepted["accepted"]["chain_file"], token.path("answer.fullchain.pem").to_str().unwrap());
    assert_eq!(accepted["accepted"]["on_token"], true);
    let day = &accepted["accepted"]["not_after"].as_str().unwrap()[..10];
    assert_eq!(linked["not_after"], day);
}

#[cfg(unix)]
#[test]
fn the_state_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (token, _) = issued();
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(token.folder().join("state/hsmcert")), 0o700);
    for entry in std::fs::read_dir(token.folder().join("state/hsmcert")).unwrap() {
        assert_eq!(mode(entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_lost_san_is_a_warning_and_the_rest_a_note() {
    let (token, ca) = issued();
    let csr = token.path("request.csr.pem");
    let subject = ["-subj", "/CN=www.example.com/O=Information Technology Ltd"];
    token.write("answer.pem", ca.issue_bare(&csr, "other_purpose", &subject));
    let accepted = token.run(&["accept", "answer.pem", "--json"]).ok().json();
    let told = |list: &str, text: &str| assert!(accepted[list].to_string().contains(text), "{text}: {accepted:#}");
    told("warnings", "the CA left out the SAN DNS:example.com");
    told("notes", "the CA left out the extended key usage serverAuth");
    told("notes", "the CA added the extended key usage codeSigning");
    told("notes", "the CA changed the subject attribute O=Information Technology to O=Information Technology Ltd");
    told("notes", "the CA left out the subject attribute L=Seattle");
    let all = differences(&accepted);
    let lost = |field: &str, asked: &str| (field.to_owned(), Value::from(asked), Value::Null);
    assert!(all.contains(&lost("subject_alt_name", "DNS:www.example.com")), "{all:?}");
    assert!(all.contains(&lost("key_usage", "digitalSignature")), "{all:?}");
    assert!(all.contains(&("extended_key_usage".to_owned(), Value::Null, "codeSigning".into())), "{all:?}");
}

#[test]
fn strict_refuses_every_difference_before_the_token_is_touched() {
    let (token, ca) = issued();
    let csr = token.path("request.csr.pem");
    token.write("lost.pem", ca.issue_bare(&csr, "leaf", &[]));
    token.refuses(8, &["accept", "lost.pem", "--strict"]).says("SAN DNS:www.example.com").says("hint: ");
    token.write("renamed.pem", ca.issue_with(&csr, &["-subj", "/CN=www.example.com"]));
    token.refuses(8, &["accept", "renamed.pem", "--strict"]).says("L=Seattle");
    assert!(record(&token)["accepted"].is_null(), "a refused certificate is not remembered");
    token.write("same.pem", ca.issue(&csr));
    token.run(&["accept", "same.pem", "--strict"]).ok();
}

#[test]
fn without_state_everything_but_the_comparison_works() {
    let (token, ca) = issued();
    std::fs::remove_dir_all(token.folder().join("state/hsmcert")).unwrap();
    token.write("answer.pem", ca.issue_bare(&token.path("request.csr.pem"), "leaf", &[]));
    let accepted = token.run(&["accept", "answer.pem", "--json"]).ok().json();
    assert!(accepted["warnings"].to_string().contains("not compared"), "{accepted:#}");
    assert!(accepted["differences"].is_null());
    assert_eq!(token.certificates().len(), 1);
    assert!(record(&token)["request"].is_null());
}

#[test]
fn a_damaged_state_file_is_told_and_kept() {
    let (token, ca) = issued();
    let [path] = records(&token).try_into().unwrap();
    std::fs::write(&path, "{\"version\": 1, \"label\"").unwrap();
    token.write("answer.pem", ca.issue(&token.path("request.csr.pem")));
    token.run(&["accept", "answer.pem"]).ok().says("not compared").says("damaged");
    assert_eq!(token.certificates().len(), 1);
    let kept = path.with_extension("json.damaged");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "{\"version\": 1, \"label\"");
    assert!(record(&token)["accepted"].is_object());
}

#[test]
fn the_state_of_a_newer_hsmcert_is_left_alone() {
    let (token, ca) = issued();
    let [path] = records(&token).try_into().unwrap();
    std::fs::write(&path, "{\"version\": 99}").unwrap();
    token.write("answer.pem", ca.issue(&token.path("request.csr.pem")));
    token.run(&["accept", "answer.pem"]).ok().says("version 99").says("not remembered");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"version\": 99}");
}

#[test]
fn a_state_folder_by_option_and_by_environment() {
    let token = SoftToken::new();
    token.write("request.inf", support::SEED_INF);
    token.run(&["new", "request.inf", "--state-dir", "remembered"]).ok();
    let files = std::fs::read_dir(token.path("remembered")).unwrap().count();
    assert_eq!(files, 2, "a record and its lock");
    assert_eq!(records(&token), Vec::<PathBuf>::new());
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let mut command = token.hsmcert();
    command.env("HSMCERT_STATE_DIR", token.path("remembered")).args(["accept", "request.crt.pem", "--json"]);
    let linked = Outcome::of(&mut command).ok().json();
    assert_eq!(linked["differences"], Value::Array(vec![]));
}

/// One that is named must work; the usual one may be missing.
#[test]
fn a_state_folder_that_cannot_be_used() {
    let token = SoftToken::new();
    token.write("request.inf", support::SEED_INF);
    token.refuses(10, &["new", "request.inf", "--state-dir", "request.inf"]).says("request.inf").says("--state-dir");
    let mut command = token.hsmcert();
    command.env("XDG_STATE_HOME", token.path("request.inf")).args(["new", "request.inf"]);
    Outcome::of(&mut command).ok().says("warning: ").says("nothing is remembered");
    assert_eq!(token.objects().len(), 2);
}

#[test]
fn a_key_that_another_run_works_on_is_busy() {
    let (token, ca) = issued();
    token.write("answer.pem", ca.issue(&token.path("request.csr.pem")));
    let [record] = records(&token).try_into().unwrap();
    let lock = std::fs::File::options().write(true).open(record.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    token.refuses(75, &["accept", "answer.pem"]).says("another run").says("hint: ");
    let error = token.run(&["accept", "answer.pem", "--json"]).exits(75).json_error("busy");
    assert_eq!(error["retryable"], true);
    lock.unlock().unwrap();
    token.run(&["accept", "answer.pem"]).ok();
}

#[test]
fn the_last_request_of_a_key_counts() {
    let (token, ca) = issued();
    let reuse = support::SEED_INF
        .replace("KeyAlgorithm", "UseExistingKeySet = TRUE\nKeyContainer = \"www.example.com\"\nKeyAlgorithm");
    token.write("again.inf", reuse.replace("dns=example.com&", "dns=example.net&"));
    token.run(&["new", "again.inf", "again.csr.pem"]).ok();
    token.write("answer.pem", ca.issue(&token.path("request.csr.pem")));
    let linked = token.run(&["accept", "answer.pem", "--json"]).ok().json();
    let all = differences(&linked);
    assert!(all.contains(&("subject_alt_name".to_owned(), "DNS:example.net".into(), Value::Null)), "{all:?}");
    assert!(all.contains(&("subject_alt_name".to_owned(), Value::Null, "DNS:example.com".into())), "{all:?}");
}
