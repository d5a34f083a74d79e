//! `hsmcert dev-ca`: a throw-away CA that loses nothing of a request.

mod support;

use support::{Sandbox, SoftToken};

#[test]
fn the_certificate_verifies_and_carries_what_was_asked_for() {
    let token = SoftToken::with_request();
    let issued = token.run(&["dev-ca", "request.csr.pem", "request.crt.pem", "--json"]).ok().json();
    let ca = issued["ca_certificate"].as_str().unwrap();
    token.openssl(&["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, "request.crt.pem"]);
    let text = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-text"]);
    for expected in [
        "Subject: ST = Washington, L = Seattle, OU = Certificate Management, O = Information Technology, \
         CN = www.example.com, C = US",
        "DNS:www.example.com, DNS:example.com",
        "TLS Web Server Authentication",
        "X509v3 Key Usage: critical",
        "Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

/// Two OUs, two DCs and an extension that no library knows.
#[test]
fn nothing_of_a_request_is_lost() {
    let sandbox = Sandbox::new();
    let folder = sandbox.folder().join("work");
    sandbox.write(
        "req.cnf",
        "[req]\nprompt = no\ndistinguished_name = dn\nreq_extensions = ext\n[dn]\n0.DC = org\n1.DC = example\n0.OU = one\n\
         1.OU = two\nCN = web\n[ext]\nsubjectAltName = DNS:web.example.org, IP:192.0.2.7, email:a@example.org\n\
         1.2.3.4.5.6 = DER:0C0568656C6C6F\n",
    );
    let request =
        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", "req.cnf", "-keyout", "k", "-out", "r.csr"];
    support::openssl(&folder, &request);
    sandbox.run(&["dev-ca", "r.csr", "r.crt"]).ok();
    let text = support::openssl(&folder, &["x509", "-in", "r.crt", "-noout", "-text"]);
    for expected in [
        "Subject: DC = org, DC = example, OU = one, OU = two, CN = web",
        "DNS:web.example.org, IP Address:192.0.2.7, email:a@example.org",
        "1.2.3.4.5.6:",
        "hello",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

#[test]
fn nobody_takes_it_for_a_real_ca() {
    let token = SoftToken::with_request();
    let outcome = token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    outcome.says("NOT FOR PRODUCTION");
    let issuer = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-issuer"]);
    assert!(issuer.contains("NOT FOR PRODUCTION"), "{issuer}");
}

#[test]
fn the_same_ca_issues_again_with_another_serial_number() {
    let token = SoftToken::with_request();
    for name in ["one.pem", "two.pem"] {
        token.run(&["dev-ca", "request.csr.pem", name]).ok();
    }
    let field = |name, field| token.openssl(&["x509", "-in", name, "-noout", field]);
    assert_eq!(field("one.pem", "-issuer"), field("two.pem", "-issuer"));
    assert_ne!(field("one.pem", "-serial"), field("two.pem", "-serial"));
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_its_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let token = SoftToken::with_request();
    token.run(&["dev-ca", "request.csr.pem", "--ca-dir", "ca"]).ok();
    for entry in std::fs::read_dir(token.path("ca")).unwrap() {
        let path = entry.unwrap().path();
        let secret = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("PRIVATE KEY");
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert!(!secret || mode == 0o600, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn a_request_whose_signature_is_wrong_gets_no_certificate() {
    let token = SoftToken::with_request();
    token.openssl(&["req", "-in", "request.csr.pem", "-outform", "DER", "-out", "bad.csr"]);
    let mut der = token.read("bad.csr");
    *der.last_mut().unwrap() ^= 1;
    token.write("bad.csr", der);
    token.refuses(8, &["dev-ca", "bad.csr", "bad.crt"]).says("signature");
}

#[test]
fn an_existing_certificate_file_stays() {
    let token = SoftToken::with_certificate();
    token.refuses(7, &["dev-ca", "request.csr.pem", "request.crt.pem"]).says("request.crt.pem");
}
