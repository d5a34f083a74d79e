//! `hsmcert serve`: other programs load the page, with the key in the token.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::{Browser, Running, SEED_INF, Shim, SoftToken, inf, spawnable};

/// The seed's request and one for an elliptic curve, each accepted.
fn linked(key: &str) -> SoftToken {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF.replace("KeyAlgorithm = RSA\nKeyLength = 2048", key));
    token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    token
}

fn linked_rsa() -> SoftToken {
    linked("KeyAlgorithm = RSA\nKeyLength = 2048")
}

fn ca(token: &SoftToken) -> String {
    token.folder().join("data/hsmcert/dev-ca/ca.pem").to_str().unwrap().to_owned()
}

/// `hsmcert serve` on a free port, which is given.
fn serve(command: &mut assert_cmd::Command, folder: &Path, more: &[&str]) -> (Running, String) {
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(more);
    let mut server = Running::start(&mut spawnable(command), folder, "hsmcert");
    let port = server.prints("serving https://127.0.0.1:").split('/').next().unwrap().to_owned();
    (server, port)
}

fn curl(token: &SoftToken, port: &str, more: &[&str]) -> Output {
    let (url, resolve) = (format!("https://www.example.com:{port}/"), format!("www.example.com:{port}:127.0.0.1"));
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "60", "--noproxy", "*", "--cacert", &ca(token), "--resolve", &resolve, &url]);
    command.args(more).output().expect("apt-get install curl")
}

#[test]
fn curl_and_openssl_load_the_page_with_both_versions() {
    for key in ["KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P256", "KeyAlgorithm = ECDSA_P384"] {
        let token = linked(key);
        let (_server, port) = serve(&mut token.hsmcert(), token.folder(), &[]);
        for version in [["--tlsv1.3", "--tls-max", "1.3"], ["--tlsv1.2", "--tls-max", "1.2"]] {
            let output = curl(&token, &port, &version);
            let page = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{key} {version:?}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(page.contains("<title>www.example.com - hsmcert</title>"), "{page}");
        }
        for version in ["-tls1_3", "-tls1_2"] {
            let (address, ca) = (format!("127.0.0.1:{port}"), ca(&token));
            let client = ["s_client", "-connect", &address, version, "-servername", "www.example.com"];
            let checks = ["-CAfile", &ca, "-verify_return_error", "-verify_hostname", "www.example.com"];
            let shown = token.openssl(&[&client[..], &checks].concat());
            token.write("served.pem", &shown);
            assert!(shown.contains("Verify return code: 0 (ok)"), "{key} {version}: {shown}");
            let print = |file| token.openssl(&["x509", "-in", file, "-noout", "-fingerprint", "-sha256"]);
            assert_eq!(print("served.pem"), print("request.crt.pem"));
        }
    }
}

#[test]
fn the_page_shows_certificate_key_and_proof() {
    let token = linked_rsa();
    let (_server, port) = serve(&mut token.hsmcert(), token.folder(), &["--ca-file", &ca(&token)]);
    let output = curl(&token, &port, &["--include"]);
    let page = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "OU=Certificate Management",
        "<li>DNS:www.example.com</li><li>DNS:example.com</li>",
        "NOT FOR PRODUCTION",
        "pkcs11:token=test%20token;id=%",
        "RSA-PSS with SHA-256",
        "TLS 1.3 handshake in memory",
        "Content-Security-Policy: default-src 'none'",
    ] {
        assert!(page.contains(expected), "`{expected}` is not in:\n{page}");
    }
    assert!(!page.contains(SoftToken::PIN));
}

#[test]
fn text_of_a_certificate_never_becomes_html() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF.replace("O=Information Technology", "O=<script>alert(1)</script>"));
    token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    let (_server, port) = serve(&mut token.hsmcert(), token.folder(), &[]);
    let page = String::from_utf8(curl(&token, &port, &[]).stdout).unwrap();
    assert!(page.contains("&lt;script") && !page.contains("<script"), "{page}");
}

#[test]
fn verify_finds_what_it_serves() {
    // rustls alone cannot check a signature by P-521.
    for key in ["KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P521"] {
        let token = linked(key);
        let (_server, port) = serve(&mut token.hsmcert(), token.folder(), &[]);
        let (server, resolve) = (format!("www.example.com:{port}"), format!("www.example.com:{port}:127.0.0.1"));
        token.run(&["verify", "--connect", &server, "--resolve", &resolve, "--ca-file", &ca(&token)]).ok();
    }
}

#[test]
fn a_client_that_says_nothing_holds_up_no_other() {
    let token = linked_rsa();
    let (_server, port) = serve(&mut token.hsmcert(), token.folder(), &[]);
    let _silent: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(format!("127.0.0.1:{port}")).unwrap()).collect();
    assert!(curl(&token, &port, &[]).status.success());
}

#[test]
fn a_signal_ends_it_and_closes_the_token() {
    let token = linked_rsa();
    for signal in ["INT", "TERM"] {
        let shim = Shim::before(&token);
        let (mut server, port) = serve(&mut shim.hsmcert(), token.folder(), &[]);
        let _silent = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        server.signal(signal);
        assert_eq!(server.ends().code(), Some(0), "{}", server.printed());
        assert_eq!(shim.count("C_Finalize"), 1);
        shim.forget();
    }
}

#[test]
fn it_ends_after_so_many_pages() {
    let token = linked_rsa();
    let (mut server, port) = serve(&mut token.hsmcert(), token.folder(), &["--requests", "2"]);
    let status = |output: Output| String::from_utf8(output.stdout).unwrap();
    let code = ["-o", "/dev/null", "-w", "%{http_code}"];
    assert_eq!(status(curl(&token, &port, &code)), "200");
    assert_eq!(status(curl(&token, &port, &[&code[..], &["--request-target", "/other"]].concat())), "404");
    assert_eq!(status(curl(&token, &port, &[&code[..], &["--data", "a"]].concat())), "405");
    assert_eq!(status(curl(&token, &port, &code)), "200");
    assert_eq!(server.ends().code(), Some(0));
    assert!(server.printed().contains("ended after 2 pages"), "{}", server.printed());
}

#[test]
fn one_certificate_is_served_and_a_broken_link_is_not() {
    let token = linked_rsa();
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    token.run(&["dev-ca", "other.csr.pem"]).ok();
    token.run(&["accept", "other.crt.pem"]).ok();
    let several = token.run(&["serve", "--listen", "127.0.0.1:0"]).fails(7);
    several.says("www.example.com").says("other.example.com");
    let id = token.objects().into_iter().find(|object| object.label == "other.example.com").unwrap().id;
    for class in ["privkey", "pubkey"] {
        token.pkcs11_tool(&["--delete-object", "--type", class, "--id", &id]);
    }
    token.run(&["serve", "other.example.com", "--listen", "127.0.0.1:0"]).fails(8).says("no private key");
}

#[test]
fn a_port_in_use_is_told_before_the_token_is_touched() {
    let token = linked_rsa();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let shim = Shim::before(&token);
    shim.run(&["serve", "--listen", &address]).fails(10).says(&address).says("--listen");
    assert_eq!(shim.calls(), []);
}

/// Chromium with the CA in its NSS database.
#[test]
fn a_browser_trusts_it_and_refuses_the_wrong_name() {
    let token = linked_rsa();
    let browser = Browser::trusting(&token, ca(&token).as_ref());
    let (_server, port) = serve(&mut token.hsmcert(), token.folder(), &[]);
    let page = browser.look("www.example.com", &port);
    assert_eq!(page["error"], Value::Null, "{page:#}");
    assert_eq!(page["title"], "www.example.com - hsmcert");
    assert_eq!(page["sans"], serde_json::json!(["DNS:www.example.com", "DNS:example.com"]));
    assert_eq!(page["certificate_sans"], serde_json::json!(["www.example.com", "example.com"]));
    assert_eq!(page["protocol"], "TLS 1.3");
    assert!(page["proof"].as_u64().unwrap() >= 8, "{page:#}");
    let issued = token.openssl(&["x509", "-in", "request.crt.pem"]);
    let issued: String = issued.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(page["certificate"][0], issued.as_str());
    assert_eq!(browser.look("other.example.org", &port)["error"], "net::ERR_CERT_COMMON_NAME_INVALID");
}
