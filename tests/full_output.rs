//! stdout or stderr leads to a disk that is full: no result is lost in silence, and what is at work goes on.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs::File;
use std::process::{Output, Stdio};

use support::{Class, SoftToken, spawnable};

const TOML: &str = "san.dns = ['www.example.com']\n[key]\nlabel = 'web'\nalgorithm = 'ecdsa'\n";

/// Each write to it fails as on a full disk.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn run(token: &SoftToken, arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Output {
    let mut command = spawnable(&token.hsmcert());
    command.args(arguments).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    command.spawn().unwrap().wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Nobody would have the CSR of that key.
#[test]
fn a_csr_that_does_not_arrive_leaves_no_key() {
    let token = SoftToken::new();
    token.write("web.toml", TOML);
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    for (stdout, reason) in [(full(), "No space left on device"), (closed.into(), "Broken pipe")] {
        let outcome = run(&token, &["new", "web.toml", "-"], stdout, Stdio::piped());
        let said = text(&outcome.stderr);
        assert_eq!(outcome.status.code(), Some(10), "{said}");
        for part in ["cannot write to stdout", reason, "was destroyed again"] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(token.objects(), []);
    }
}

#[test]
fn a_result_that_does_not_arrive_is_a_failure() {
    let token = SoftToken::new();
    token.write("web.toml", TOML);
    let outcome = run(&token, &["new", "web.toml"], full(), Stdio::piped());
    let said = text(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(10), "{said}");
    assert!(said.contains("the command is done, but its result could not be written to stdout: No space"), "{said}");
    assert_eq!((token.objects().len(), token.files()), (2, vec!["web.csr.pem".to_owned(), "web.toml".to_owned()]));

    let outcome = run(&token, &["find-key", "--json"], full(), Stdio::piped());
    let error: serde_json::Value = serde_json::from_slice(&outcome.stderr).unwrap();
    assert_eq!((outcome.status.code(), &error["code"]), (Some(10), &"io".into()), "{error:#}");
}

/// `hsmcert find-key | head -1`.
#[test]
fn a_reader_that_went_away_is_no_failure() {
    let token = SoftToken::new();
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let outcome = run(&token, &["find-key"], closed.into(), Stdio::piped());
    assert_eq!((outcome.status.code(), text(&outcome.stderr)), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_said_stops_nothing() {
    let token = SoftToken::new();
    token.write("web.toml", TOML);
    token.run(&["new", "web.toml"]).ok();
    // It has a note to tell.
    let outcome = run(&token, &["rename", "web", "web.old"], Stdio::piped(), full());
    assert_eq!(outcome.status.code(), Some(0), "{}", text(&outcome.stdout));
    assert!(token.objects().iter().all(|one| one.label == "web.old" && one.class != Class::Data));
    let outcome = run(&token, &["rename", "web", "web.older"], Stdio::piped(), full());
    assert_eq!(outcome.status.code(), Some(6), "the exit code is all that is left to be told");
}
