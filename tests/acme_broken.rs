//! ACME with a CA that is not well. The CA is a stand-in, which answers what no real one can be made to.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::{Class, Outcome, ScriptedCa, SoftToken};

const PROBLEM: &str = "Content-Type: application/problem+json\r\n";

/// A token with `web.toml`, and a CA that gets as far as an account.
struct Broken {
    token: SoftToken,
    ca: ScriptedCa,
}

impl Broken {
    fn new() -> Self {
        let (token, ca) = (SoftToken::new(), ScriptedCa::start());
        token
            .write("web.toml", "san.dns = ['www.example.com']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'broken'\n");
        let table = format!(
            "[ca.broken]\ntype = 'acme'\ndirectory = '{}/directory'\nterms-of-service-agreed = true\n\
             challenge = 'http-01'\nwebroot = '.'\ntimeout = 2\n",
            ca.base
        );
        token.write("hsmcert.toml", table);
        let directory = r#"{"newNonce": "BASE/nonce", "newAccount": "BASE/account", "newOrder": "BASE/order"}"#;
        ca.says("/directory", "200 OK", "", directory);
        ca.says("/nonce", "200 OK", "", "");
        ca.says("/account", "201 Created", "Location: BASE/account/1\r\n", "{}");
        Self { token, ca }
    }

    /// An order in this state.
    fn orders(&self, state: &str, headers: &str) {
        let order = format!(r#"{{"status": "{state}", "authorizations": [], "finalize": "BASE/finalize"}}"#);
        self.ca.says("/order", "201 Created", &format!("Location: BASE/order/1\r\n{headers}"), &order);
        self.ca.says("/order/1", "200 OK", headers, &order);
    }

    fn renew(&self) -> Outcome {
        self.token.run(&["renew", "web.toml"])
    }
}

#[test]
fn a_pause_that_the_ca_asks_for_is_kept() {
    let broken = Broken::new();
    let limited =
        r#"{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many certificates already issued"}"#;
    broken.ca.says("/order", "429 Too Many Requests", &format!("Retry-After: 5400\r\n{PROBLEM}"), limited);
    let refused = broken.renew().fails(11).says("too many certificates already issued (rateLimited)");
    refused.says("run the same command again in 90 minutes");
    let asked = broken.ca.asked();
    let waits = broken.renew().exits(12);
    assert!(waits.stdout.contains("which is not asked before "), "{waits:?}");
    assert_eq!(broken.ca.asked(), asked, "the CA is left alone");
    let error = broken.token.run(&["renew", "web.toml", "--force", "--json"]).json_error("ca-refused");
    assert_eq!(error["retryable"], true);
    assert!(broken.ca.asked() > asked);
}

#[test]
fn an_order_that_takes_long_is_asked_for_again_when_the_ca_says() {
    let broken = Broken::new();
    broken.orders("processing", "Retry-After: 600\r\n");
    let waits = broken.renew().exits(12);
    assert!(waits.stdout.contains("waits for the CA broken since "), "{waits:?}");
    assert!(waits.stdout.contains("which is not asked before "), "{waits:?}");
    broken.orders("valid", "");
    let failed = broken.token.run(&["renew", "web.toml", "--force"]).fails(11);
    failed.says("no certificate URL found");
}

#[test]
fn each_name_has_its_reason() {
    let broken = Broken::new();
    let problem = r#"{"type": "urn:ietf:params:acme:error:malformed", "detail": "some names were rejected", "subproblems": [
        {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "not\u001b[31m yours",
         "identifier": {"type": "dns", "value": "www.example.com"}}]}"#;
    broken.ca.says("/order", "400 Bad Request", PROBLEM, problem);
    let refused = broken.renew().fails(11);
    refused.says("some names were rejected (malformed); www.example.com: not [31m yours (rejectedIdentifier)");
}

#[test]
fn what_is_no_acme_is_shown_from_its_beginning() {
    let broken = Broken::new();
    let html = "<html><body>please log in";
    for (status, says) in [
        ("200 OK", "is not understood: failed to (de)serialize JSON"),
        ("503 Service Unavailable", "cannot do it now: 503 Service Unavailable: <html>"),
        ("403 Forbidden", "/directory: 403 Forbidden: <html>"),
        ("302 Found", "redirects are not followed"),
    ] {
        broken.ca.says("/directory", status, "", html);
        broken.renew().fails(11).says(says);
    }
    broken.ca.says("/directory", "200 OK", "", html);
    broken.renew().fails(11).says("please log in");
    broken.ca.answers("/directory", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"newNonce\":");
    broken.renew().fails(11).says("it ends early: {\"newNonce\":");
    broken.ca.says("/directory", "200 OK", "", r#"{"newNonce": "ldap://x/", "newAccount": "x", "newOrder": "x"}"#);
    broken.renew().fails(11).says("ldap://x/");
}

#[test]
fn a_ca_that_is_slow_or_down_is_retryable() {
    let broken = Broken::new();
    // More is announced than comes, and the connection stays open.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = String::from_utf8(broken.token.read("hsmcert.toml")).unwrap();
    let of = |port: u16| text.replace(&broken.ca.base, &format!("http://127.0.0.1:{port}"));
    let port = listener.local_addr().unwrap().port();
    broken.token.write("hsmcert.toml", of(port));
    let error = broken.token.run(&["renew", "web.toml", "--json"]).json_error("ca-refused");
    assert!(error["retryable"] == true && error["message"].as_str().unwrap().contains("timeout"), "{error:#}");
    drop(listener);
    let error = broken.token.run(&["renew", "web.toml", "--json"]).json_error("ca-refused");
    assert!(error["retryable"] == true && error["message"].as_str().unwrap().contains("refused"), "{error:#}");
}

/// A token is part of a path: a CA cannot have files written elsewhere.
#[test]
fn a_token_that_is_a_path_is_refused() {
    let broken = Broken::new();
    let order = r#"{"status": "pending", "authorizations": ["BASE/name"], "finalize": "BASE/finalize"}"#;
    broken.ca.says("/order", "201 Created", "Location: BASE/order/1\r\n", order);
    let name = r#"{"status": "pending", "identifier": {"type": "dns", "value": "www.example.com"}, "challenges": [
        {"type": "http-01", "url": "BASE/challenge", "status": "pending", "token": "../../escaped"}]}"#;
    broken.ca.says("/name", "200 OK", "", name);
    broken.renew().fails(11).says("is not base64url");
    assert!(!broken.token.path("escaped").exists());
    let other = name.replace("http-01", "dns-01");
    broken.ca.says("/name", "200 OK", "", &other);
    broken.renew().fails(11).says("it takes dns-01 for www.example.com, and not http-01");
}

#[test]
fn a_certificate_that_is_none_or_of_another_key_is_refused() {
    let broken = Broken::new();
    let order = r#"{"status": "valid", "authorizations": [], "finalize": "BASE/f", "certificate": "BASE/certificate"}"#;
    broken.ca.says("/order", "201 Created", "Location: BASE/order/1\r\n", order);
    broken.ca.says("/order/1", "200 OK", "", order);
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-subj", "/CN=other"];
    broken.token.openssl(&[&request[..], &["-out", "other.pem"]].concat());
    let other = String::from_utf8(broken.token.read("other.pem")).unwrap();
    for (body, code, says) in [
        (other.as_str(), 11, "CN=other"),
        (&other[..400], 8, "its END line is missing"),
        ("<html>please log in", 8, "certificate"),
        ("", 8, "certificate"),
    ] {
        broken.ca.says("/certificate", "200 OK", "", body);
        broken.renew().fails(code).says(says);
        assert!(!broken.token.path("web.crt.pem").exists());
    }
    let keys = broken.token.objects().into_iter().filter(|one| one.class == Class::Private).count();
    assert_eq!(keys, 1, "the next run uses the same key");
}
