//! `hsmcert accept`: the chain behind the leaf, and certificates that are refused before the token is touched.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;

use support::{Ca, Class, SoftToken, inf};

/// A token with a request, its CA, and the leaf as PEM.
fn issued() -> (SoftToken, Ca, String) {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let leaf = ca.issue(&token.path("request.csr.pem"));
    (token, ca, leaf)
}

fn labels(token: &SoftToken) -> Vec<String> {
    token.certificates().into_iter().map(|object| object.label).collect()
}

/// All 24 orders of four things.
fn orders() -> BTreeSet<[usize; 4]> {
    let digits = 0..4usize.pow(4);
    digits.map(|n| [n % 4, n / 4 % 4, n / 16 % 4, n / 64]).filter(|order| BTreeSet::from(*order).len() == 4).collect()
}

#[test]
fn a_chain_of_three_levels_in_every_order() {
    let (token, ca, leaf) = issued();
    let parts = [leaf.clone(), ca.certificate("issuing"), ca.certificate("policy"), ca.certificate("root")];
    let expected = parts[..3].concat();
    token.write("root.pem", &parts[3]);
    for order in orders() {
        token.write("answer.pem", order.map(|index| parts[index].as_str()).concat());
        token.run(&["accept", "answer.pem", "--force"]).ok();
        let chain = String::from_utf8(token.read("answer.fullchain.pem")).unwrap();
        assert_eq!(chain, expected, "{order:?}: leaf, issuing, policy, without the root");
        assert_eq!(labels(&token), ["Test Issuing CA", "Test Policy CA", "www.example.com"], "{order:?}");
    }
    token.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "answer.fullchain.pem", "answer.fullchain.pem"]);
}

#[test]
fn no_chain_leaves_the_cas_out_of_the_token_and_in_the_file() {
    let (token, ca, leaf) = issued();
    token.write("answer.pem", [leaf, ca.certificate("issuing"), ca.certificate("policy")].concat());
    let linked = token.run(&["accept", "answer.pem", "--no-chain", "--json"]).ok().json();
    assert_eq!(linked["stored_intermediates"], 0);
    assert_eq!(labels(&token), ["www.example.com"]);
    let chain = String::from_utf8(token.read("answer.fullchain.pem")).unwrap();
    assert_eq!(chain.matches("BEGIN").count(), 3);
}

#[test]
fn duplicates_in_a_bundle_are_one() {
    let (token, ca, leaf) = issued();
    token.write("answer.pem", [leaf.clone(), ca.certificate("issuing"), ca.certificate("issuing"), leaf].concat());
    token.run(&["accept", "answer.pem"]).ok();
    assert_eq!(labels(&token), ["Test Issuing CA", "www.example.com"]);
}

#[test]
fn the_chain_of_another_ca_is_refused() {
    let (token, _, leaf) = issued();
    let other = Ca::new(token.folder(), "Other");
    token.write("answer.pem", [leaf, other.certificate("issuing"), other.certificate("root")].concat());
    let outcome = token.refuses(8, &["accept", "answer.pem"]);
    outcome.says("CN=Test Issuing CA").says("CN=Other Issuing CA").says("hint: ");
}

#[test]
fn a_ca_of_the_right_name_and_another_key_is_refused() {
    let (token, ca, leaf) = issued();
    let other = Ca::new(token.folder(), "Other");
    other.authority("double", "Test Issuing CA", "policy", "ca_ext");
    token.write("answer.pem", [leaf.clone(), other.certificate("double")].concat());
    token.refuses(8, &["accept", "answer.pem"]).says("CN=Test Issuing CA").says("same name, other key");
    // With the right one beside it, the other is only left out.
    token.write("both.pem", [leaf, other.certificate("double"), ca.certificate("issuing")].concat());
    token.run(&["accept", "both.pem"]).ok().says("left out: CN=Test Issuing CA");
}

#[test]
fn an_issuer_that_is_no_ca_is_refused() {
    let (token, ca, _) = issued();
    let csr = token.path("request.csr.pem");
    for (file, extensions, why) in [("weak", "no_ca", "basicConstraints"), ("mute", "no_sign", "keyCertSign")] {
        ca.authority(file, &format!("Test {file} CA"), "policy", extensions);
        token.write("answer.pem", [ca.issue_by(file, &csr), ca.certificate(file)].concat());
        token.refuses(8, &["accept", "answer.pem"]).says(&format!("Test {file} CA")).says(why);
    }
    ca.authority("short", "Test Short CA", "root", "short");
    ca.authority("below", "Test Below CA", "short", "ca_ext");
    let parts = [ca.issue_by("below", &csr), ca.certificate("below"), ca.certificate("short")];
    token.write("answer.pem", parts.concat());
    token.refuses(8, &["accept", "answer.pem"]).says("Test Short CA").says("path length");
}

#[test]
fn a_path_to_the_named_roots() {
    let (token, ca, leaf) = issued();
    let other = Ca::new(token.folder(), "Other");
    token.write("root.pem", ca.certificate("root"));
    token.write("other-root.pem", other.certificate("root"));
    token.write("leaf.pem", &leaf);
    token.write("answer.pem", [leaf, ca.certificate("policy"), ca.certificate("issuing")].concat());
    token.refuses(8, &["accept", "answer.pem", "--ca-file", "other-root.pem"]).says("--ca-file").says("path");
    token.refuses(8, &["accept", "leaf.pem", "--ca-file", "root.pem"]).says("issuer is missing");
    token.refuses(10, &["accept", "answer.pem", "--ca-file", "nosuch.pem"]).says("nosuch.pem");
    token.refuses(8, &["accept", "answer.pem", "--ca-file", "request.csr.pem"]);
    token.run(&["accept", "answer.pem", "--ca-file", "root.pem"]).ok();
}

#[test]
fn dates() {
    let (token, ca, _) = issued();
    let csr = token.path("request.csr.pem");
    let past = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
    token.write("expired.pem", ca.issue_with(&csr, &past));
    token.refuses(8, &["accept", "expired.pem"]).says("www.example.com").says("2020-02-01").says("hint: ");
    let future = ["-startdate", "20490101000000Z", "-enddate", "20490201000000Z"];
    token.write("future.pem", ca.issue_with(&csr, &future));
    token.refuses(8, &["accept", "future.pem", "--strict"]).says("--strict").says("2049-01-01");
    let linked = token.run(&["accept", "future.pem", "--json"]).ok().json();
    assert!(linked["warnings"].to_string().contains("2049-01-01"), "{linked:#}");
}

#[test]
fn a_ca_certificate_is_taken_only_when_it_was_asked_for() {
    let (token, ca, _) = issued();
    let csr = token.path("request.csr.pem");
    token.write("ca.pem", ca.issue_bare(&csr, "ca_ext", &[]));
    token.refuses(8, &["accept", "ca.pem"]).says("CA certificate").says("did not ask").says("--allow-ca");
    token.run(&["accept", "ca.pem", "--allow-ca"]).ok();

    token.write("sub.inf", inf("sub.example.com") + "2.5.29.19 = \"{text}ca=1&pathlength=0\"\n");
    token.run(&["new", "sub.inf", "sub.csr.pem"]).ok();
    token.write("sub.pem", ca.issue_bare(&token.path("sub.csr.pem"), "short", &[]));
    token.run(&["accept", "sub.pem"]).ok();
}

#[test]
fn a_ca_key_on_the_same_token_is_not_meant() {
    let (token, ca, _) = issued();
    token.write("sub.inf", inf("sub.example.com"));
    token.run(&["new", "sub.inf", "sub.csr.pem"]).ok();
    let sub = ca.issue_bare(&token.path("sub.csr.pem"), "ca_ext", &[]);
    let leaf = ca.issue(&token.path("request.csr.pem"));
    token.write("answer.pem", [sub, leaf, ca.certificate("issuing")].concat());
    token.run(&["accept", "answer.pem"]).ok();
    assert_eq!(labels(&token), ["Test Issuing CA", "www.example.com"]);
}

#[test]
fn of_two_certificates_of_one_key_the_expired_one_is_not_meant() {
    let (token, ca, leaf) = issued();
    let csr = token.path("request.csr.pem");
    let old = ca.issue_with(&csr, &["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]);
    token.write("answer.pem", [old, leaf.clone()].concat());
    token.run(&["accept", "answer.pem"]).ok();
    token.write("two.pem", [leaf, ca.issue(&csr)].concat());
    token.refuses(7, &["accept", "two.pem"]).says("2 certificates of the file");
}

#[test]
fn a_thousand_certificates() {
    let (token, ca, leaf) = issued();
    let other = Ca::new(token.folder(), "Other");
    // A thousand different certificates, all with the name of the issuer: the worst there is. They are made from one
    // by another serial number, so their signatures are wrong.
    other.authority("double", "Test Issuing CA", "policy", "ca_ext");
    token.write("double.pem", other.certificate("double"));
    token.openssl(&["x509", "-in", "double.pem", "-outform", "DER", "-out", "double.der"]);
    let double = token.read("double.der");
    // Version 3, then an INTEGER of two bytes.
    let serial = double.windows(5).position(|five| five == [0x02, 0x01, 0x02, 0x02, 0x02]).unwrap() + 5;
    let mut all = vec![leaf, ca.certificate("issuing")];
    for number in 0..1000u16 {
        let mut der = double.clone();
        der[serial..serial + 2].copy_from_slice(&(0x2000 + number).to_be_bytes());
        all.push(pem(&der));
    }
    token.write("all.pem", all.concat());
    token.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "all.pem", "-outform", "DER", "-out", "all.p7b"]);
    let shim = support::Shim::before(&token);
    let linked = shim.run(&["accept", "all.p7b", "--json"]).ok().json();
    assert_eq!(linked["stored_intermediates"], 1);
    assert!(shim.calls().len() < 150, "the token is not asked for each of them: {} calls", shim.calls().len());
    assert_eq!(token.objects().iter().filter(|object| object.class == Class::Certificate).count(), 2);
}

fn pem(der: &[u8]) -> String {
    pem::encode_config(
        &pem::Pem::new("CERTIFICATE", der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    )
}
