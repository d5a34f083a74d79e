//! Many files in one run: one login, several sessions, and nothing half done.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;

use support::{Ca, Shim, SoftToken, openssl};

/// Request files with EC keys, in `sites/`.
fn sites(token: &SoftToken, names: &[&str]) {
    std::fs::create_dir_all(token.path("sites")).unwrap();
    for folder in ["sites", "csrs"] {
        std::fs::create_dir_all(token.path(folder)).unwrap();
    }
    for name in names {
        let text = format!(
            "[subject]\ncn = \"{name}.example.com\"\n[san]\ndns = [\"{name}.example.com\"]\n[key]\nalgorithm = \"ecdsa\"\n"
        );
        token.write(&format!("sites/{name}.toml"), text);
    }
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn names_in(token: &SoftToken, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(token.path(folder)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn one_login_makes_many_requests_and_links_many_certificates() {
    let token = SoftToken::new();
    sites(&token, &NAMES);
    let shim = Shim::before(&token);
    let made = shim.run(&["new", "sites/*.toml", "--out-dir", "csrs", "--json"]).ok().json();
    assert_eq!((made["made"].as_u64(), made["failed"].as_u64()), (Some(6), Some(0)));
    let calls = shim.calls();
    let count = |name: &str| calls.iter().filter(|call| call.function == name).count();
    assert_eq!((count("C_Initialize"), count("C_Login"), count("C_GenerateKeyPair")), (1, 1, 6));
    assert!(count("C_OpenSession") > 1 && count("C_OpenSession") == count("C_CloseSession"));

    let ca = Ca::new(token.folder(), "Example");
    for name in NAMES {
        let csr = token.path(&format!("csrs/{name}.csr.pem"));
        openssl(token.folder(), &["req", "-verify", "-noout", "-in", csr.to_str().unwrap()]);
        token.write(&format!("{name}.crt.pem"), ca.issue(&csr));
    }
    // What was remembered of each request is compared with each certificate.
    let accepted = token.run(&["accept", "*.crt.pem", "--json"]).ok().json();
    assert_eq!(accepted["accepted"], 6);
    let results = accepted["results"].as_array().unwrap();
    assert!(results.iter().all(|one| one["differences"].as_array().is_some_and(Vec::is_empty)), "{results:?}");
    let found = token.run(&["find-key", "--json"]).ok().json();
    assert!(found["pairs"].as_array().unwrap().iter().all(|pair| !pair["certificate_subject"].is_null()));
    let again = token.run(&["accept", "*.crt.pem"]).ok().stdout;
    assert_eq!(again.matches("was linked already").count(), 6, "{again}");
}

/// All of them bring it.
#[test]
fn a_ca_certificate_is_stored_once() {
    let token = SoftToken::new();
    sites(&token, &NAMES);
    token.run(&["new", "sites/*.toml", "--out-dir", "csrs"]).ok();
    let ca = Ca::new(token.folder(), "Example");
    for name in NAMES {
        let csr = token.path(&format!("csrs/{name}.csr.pem"));
        token.write(&format!("{name}.crt.pem"), ca.issue(&csr) + &ca.certificate("issuing"));
    }
    token.run(&["accept", "*.crt.pem"]).ok();
    let certificates = token.certificates();
    assert_eq!(certificates.len(), NAMES.len() + 1, "{certificates:?}");
}

/// What is wrong with one file is told before the token is touched.
#[test]
fn nothing_is_made_unless_all_can_be() {
    let token = SoftToken::new();
    sites(&token, &NAMES);
    let make = ["new", "sites/*.toml", "--out-dir", "csrs"];
    token.write("sites/x.toml", "[subject]\ncn = 5\n");
    token.run(&make).fails(3).says("x.toml").says("1 of 7");
    token.write("sites/x.toml", token.read("sites/a.toml"));
    token.run(&make).fails(7).says("both ask for a key \"a.example.com\"");
    std::fs::remove_file(token.path("sites/x.toml")).unwrap();
    std::fs::create_dir(token.path("more")).unwrap();
    token.write("more/a.toml", "[subject]\ncn = \"other.example.com\"\n[san]\ndns = [\"other.example.com\"]\n");
    token.run(&["new", "sites/a.toml", "more/a.toml", "--out-dir", "csrs"]).fails(7).says("would both be");
    token.write("csrs/c.csr.pem", "mine");
    token.run(&make).fails(7).says("csrs/c.csr.pem exists");
    token.run(&["new", "sites/a.toml", "sites/b.toml", "sites/d.toml"]).fails(2).says("--out-dir");
    token.run(&["new", "sites/a.toml", "--out-dir", "nowhere"]).fails(10);
    assert_eq!(token.objects(), []);
    assert_eq!(names_in(&token, "csrs"), ["c.csr.pem"]);
}

/// One that fails leaves nothing of itself, and the others are made.
#[test]
fn one_failure_does_not_stop_the_others() {
    let token = SoftToken::new();
    sites(&token, &NAMES);
    let shim = Shim::before(&token).failing("C_Sign:1:0x30,C_Sign:12:0x30");
    let outcome = shim.run(&["new", "sites/*.toml", "--out-dir", "csrs"]).exits(4);
    assert!(outcome.stderr.contains("1 of 6 requests were not made"), "{}", outcome.stderr);
    let files = names_in(&token, "csrs");
    assert_eq!(files.len(), 5, "{files:?}");
    let labels: BTreeSet<_> = token.objects().into_iter().map(|object| object.label).collect();
    let expected: BTreeSet<_> = files.iter().map(|file| file.replace(".csr.pem", ".example.com")).collect();
    assert_eq!(labels, expected);
    // The rest is made by the same command for the files that are left.
    let left = NAMES.into_iter().find(|name| !files.contains(&format!("{name}.csr.pem"))).unwrap();
    token.run(&["new", &format!("sites/{left}.toml"), "--out-dir", "csrs"]).ok();
}

/// Its jobs are taken over by the others, and the one that failed is done once more, alone.
#[test]
fn a_session_that_is_lost_loses_nothing() {
    let token = SoftToken::new();
    sites(&token, &NAMES);
    let shim = Shim::before(&token).failing("C_GenerateKeyPair:1:0xb3");
    shim.run(&["new", "sites/*.toml", "--out-dir", "csrs", "-v"]).ok().says("once more, alone");
    assert_eq!(names_in(&token, "csrs").len(), 6);
}

#[test]
fn a_token_with_one_session_makes_them_one_after_the_other() {
    let token = SoftToken::new();
    sites(&token, &NAMES);
    // CKR_SESSION_COUNT for all but the first.
    let refused: Vec<_> = (2..10).map(|n| format!("C_OpenSession:{n}:0xb1")).collect();
    let shim = Shim::before(&token).failing(&refused.join(","));
    shim.run(&["new", "sites/*.toml", "--out-dir", "csrs"]).ok();
    assert_eq!(names_in(&token, "csrs").len(), 6);
}

#[test]
fn certificates_of_one_key_are_refused_together() {
    let token = SoftToken::new();
    sites(&token, &["a"]);
    token.run(&["new", "sites/a.toml", "--out-dir", "csrs"]).ok();
    let ca = Ca::new(token.folder(), "Example");
    for file in ["one.crt.pem", "two.crt.pem"] {
        token.write(file, ca.issue(&token.path("csrs/a.csr.pem")));
    }
    token.run(&["accept", "*.crt.pem"]).fails(7).says("are for one key");
    token.run(&["accept", "one.crt.pem", "-"]).fails(2);
    token.run(&["accept", "one.crt.pem", "two.crt.pem", "--chain-out", "x.pem"]).fails(2);
    token.write("three.crt.pem", "no certificate");
    token
        .run(&["accept", "one.crt.pem", "three.crt.pem"])
        .fails(8)
        .says("three.crt.pem")
        .says("no certificate was stored");
    assert_eq!(token.certificates(), []);
}
