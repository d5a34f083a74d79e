//! `RequestType = Cert`: a self-signed certificate, signed in the token and stored beside its key.

mod support;

use support::{Class, Shim, SoftToken};

const SPEC: &str = r#"[Version]
Signature = "$Windows NT$"
[NewRequest]
Subject = "CN=Root, O=Example, C=DE"
KeyAlgorithm = ECDSA_P256
KeyUsage = 0x06
RequestType = Cert
ValidityPeriod = Years
ValidityPeriodUnits = 2
[BasicConstraintsExtension]
PathLength = 0
Critical = Yes
"#;

fn token() -> SoftToken {
    let token = SoftToken::new();
    token.write("root.inf", SPEC);
    token
}

#[test]
fn openssl_verifies_it_and_the_token_holds_it_linked() {
    let token = token();
    let outcome = token.run(&["new", "root.inf"]).ok();
    assert!(outcome.stdout.starts_with("self-signed certificate written to root.crt.pem\n"), "{}", outcome.stdout);
    token.openssl(&["verify", "-x509_strict", "-check_ss_sig", "-CAfile", "root.crt.pem", "root.crt.pem"]);
    let text = token.openssl(&["x509", "-in", "root.crt.pem", "-noout", "-text"]);
    for expected in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "X509v3 Subject Key Identifier"] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
    let objects = token.objects();
    let classes: Vec<_> = objects.iter().map(|object| object.class).collect();
    assert_eq!(classes, [Class::Certificate, Class::Private, Class::Public]);
    assert!(objects.iter().all(|object| object.id == objects[0].id && object.label == "Root"), "{objects:#?}");
}

#[test]
fn its_dates_are_those_of_the_request() {
    let token = token();
    let dates = "NotBefore = 2026-01-02\nNotAfter = 2040-03-04\n";
    let spec = SPEC.replace("ValidityPeriod = Years\nValidityPeriodUnits = 2\n", dates);
    token.write("dated.inf", spec);
    token.run(&["new", "dated.inf"]).ok();
    let text = token.openssl(&["x509", "-in", "dated.crt.pem", "-noout", "-dates"]);
    assert!(text.contains("notBefore=Jan  2 00:00:00 2026 GMT\nnotAfter=Mar  4 00:00:00 2040 GMT"), "{text}");
}

#[test]
fn made_again_with_the_same_key_it_takes_the_place_of_the_old_one() {
    let token = token();
    token.run(&["new", "root.inf"]).ok();
    let before = token.objects();
    token.run(&["new", "root.inf", "again.crt.pem", "--reuse-key", "Root"]).ok();
    assert_eq!(token.objects(), before, "one certificate, one pair");
    assert_ne!(token.read("root.crt.pem"), token.read("again.crt.pem"));
}

#[test]
fn when_the_file_cannot_be_written_neither_key_nor_certificate_stays() {
    let token = token();
    let shim = Shim::before(&token).delayed(50_000);
    let take = || token.write("root.crt.pem", "of the other process");
    shim.run_and_at("C_GenerateKeyPair", &["new", "root.inf"], take).fails(7).says("was destroyed again");
    assert_eq!(shim.count("C_CreateObject"), 1, "it had been stored");
    assert_eq!(token.objects(), []);
}

#[test]
fn when_it_cannot_be_stored_neither_key_nor_file_stays() {
    let token = token();
    let shim = Shim::before(&token).failing("C_CreateObject:1:0x31");
    token.refuses_command(9, shim.hsmcert().args(["new", "root.inf"])).says("was destroyed again");
}
