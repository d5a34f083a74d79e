//! CSRs go by EST. The server is a stand-in with a CA of OpenSSL, written after RFC 7030: it proves nothing about real ones.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::{Ca, Request, Sandbox, SoftToken, StandIn, openssl, reply};

const SUBMIT: [&str; 5] = ["submit", "request.csr.pem", "--ca", "company", "--force"];
const PKCS7: &str =
    "Content-Type: application/pkcs7-mime; smime-type=certs-only\r\nContent-Transfer-Encoding: base64\r\n";

fn configure(sandbox: &Sandbox, server: &StandIn) {
    sandbox.write("password", "s3cret");
    let table = "user = 'machine'\npassword-source = 'password'\nlabel = 'web servers'\ntimeout = 20\n";
    sandbox.write("hsmcert.toml", format!("[ca.company]\ntype = 'est'\nurl = '{}'\n{table}", server.url()));
}

/// Certificates as a server of EST sends them.
fn certs_only(folder: &std::path::Path, pem: &str) -> String {
    std::fs::write(folder.join("answer.pem"), pem).unwrap();
    openssl(folder, &["crl2pkcs7", "-nocrl", "-certfile", "answer.pem", "-out", "answer.p7", "-outform", "DER"]);
    STANDARD.encode(std::fs::read(folder.join("answer.p7")).unwrap())
}

/// It issues from the second request on.
fn server(sandbox: &Sandbox) -> StandIn {
    let folder = sandbox.path("est");
    std::fs::create_dir(&folder).unwrap();
    let (ca, waited) = (Ca::new(&folder, "Example"), std::sync::atomic::AtomicBool::new(false));
    let authorization = format!("Basic {}", STANDARD.encode("machine:s3cret"));
    StandIn::new(move |request: &Request| {
        let path = request.path().strip_prefix("/.well-known/est/web%20servers/").unwrap();
        if path == "cacerts" {
            return reply("200 OK", PKCS7, certs_only(&folder, &(ca.certificate("issuing") + &ca.certificate("root"))));
        }
        if request.header("Authorization") != Some(&authorization) {
            return reply("401 Unauthorized", "WWW-Authenticate: Basic realm=\"est\"\r\n", "");
        }
        if !waited.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return reply("202 Accepted", "Retry-After: 60\r\n", "ask\nthe officer");
        }
        assert_eq!(request.header("Content-Type"), Some("application/pkcs10"));
        assert_eq!(request.header("Content-Transfer-Encoding"), Some("base64"));
        std::fs::write(folder.join("asked.der"), STANDARD.decode(&request.body).unwrap()).unwrap();
        openssl(&folder, &["req", "-inform", "DER", "-in", "asked.der", "-out", "asked.pem"]);
        reply("200 OK", PKCS7, certs_only(&folder, &ca.issue(&folder.join("asked.pem"))))
    })
}

#[test]
fn a_request_is_sent_again_until_it_is_answered() {
    let token = SoftToken::with_request();
    let server = server(&token);
    configure(&token, &server);
    token.run(&SUBMIT).fails(12).says("ask the officer").says("again in 60 s");
    let issued = token.run(&[&SUBMIT[..], &["--json"]].concat()).ok().json();
    assert_eq!(issued["protocol"], "est");
    assert_eq!(issued["certificates"], 3);
    token.run(&["accept", "request.crt.pem"]).ok();
    token.write("password", "wr0ng");
    let refused =
        token.run(&[&SUBMIT[..], &["-v"]].concat()).fails(2).says("does not take the password of machine (401)");
    assert!(!refused.stderr.contains("wr0ng"), "{}", refused.stderr);
}

#[test]
fn a_renewal_is_a_reenrolment_with_the_same_names() {
    let token = SoftToken::new();
    let server = server(&token);
    configure(&token, &server);
    let spec = "san.dns = ['www.example.com']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'company'\n";
    token.write("web.toml", spec);
    token.run(&["renew", "web.toml"]).exits(12);
    token.run(&["renew", "web.toml", "--force"]).ok();
    token.run(&["renew", "web.toml", "--force"]).ok();
    let asked: Vec<String> = server.seen().iter().map(|request| request.path().replace("web%20servers/", "")).collect();
    let operations: Vec<&str> = asked.iter().filter_map(|path| path.rsplit('/').next()).collect();
    assert_eq!(operations, ["simpleenroll", "simpleenroll", "cacerts", "simplereenroll", "cacerts"]);
    let plain = String::from_utf8(token.read("hsmcert.toml")).unwrap() + "reenroll = false\n";
    token.write("hsmcert.toml", plain);
    token.run(&["renew", "web.toml", "--force"]).ok();
    let last = server.seen().iter().map(|request| request.path().to_owned()).rfind(|path| !path.ends_with("cacerts"));
    assert!(last.unwrap().ends_with("simpleenroll"));
}

#[test]
fn what_is_no_answer_is_told() {
    let token = SoftToken::with_request();
    for (status, headers, body, says) in [
        ("200 OK", "", "<html>", "not understood"),
        ("400 Bad Request", "", "the key is too short", "the CA refuses: the key is too short"),
        ("503 Service Unavailable", "Retry-After: 90\r\n", "", "again in 90 s"),
    ] {
        configure(&token, &StandIn::always(status, headers, body));
        token.run(&SUBMIT).fails(11).says(says);
    }
    assert!(!token.path("request.crt.pem").exists());
}

/// Who may have a certificate is the CA's policy; one within its network may ask nobody who he is.
#[test]
fn nobody_needs_to_be_named() {
    let token = SoftToken::with_request();
    let folder = token.path("est");
    std::fs::create_dir(&folder).unwrap();
    let ca = Ca::new(&folder, "Example");
    let server = StandIn::new(move |request: &Request| {
        assert_eq!(request.header("Authorization"), None);
        if request.path().ends_with("cacerts") {
            return reply("200 OK", PKCS7, certs_only(&folder, &ca.certificate("issuing")));
        }
        std::fs::write(folder.join("asked.der"), STANDARD.decode(&request.body).unwrap()).unwrap();
        openssl(&folder, &["req", "-inform", "DER", "-in", "asked.der", "-out", "asked.pem"]);
        reply("200 OK", PKCS7, certs_only(&folder, &ca.issue(&folder.join("asked.pem"))))
    });
    let table = |more: &str| format!("[ca.company]\ntype = 'est'\nurl = '{}'\n{more}", server.url());
    token.write("hsmcert.toml", table(""));
    token.run(&SUBMIT).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    for (more, said) in [("user = 'a'", "its user has no password"), ("password-source = 'b'", "has no user")] {
        token.write("hsmcert.toml", table(more));
        token.run(&SUBMIT).fails(2).says(said);
    }
    let closed = StandIn::always("401 Unauthorized", "WWW-Authenticate: Basic realm=\"est\"\r\n", "");
    token.write("hsmcert.toml", format!("[ca.company]\ntype = 'est'\nurl = '{}'\n", closed.url()));
    token.run(&SUBMIT).fails(2).says("the server asks who you are (401)");
}
