//! `hsmcert accept`: every form in which CAs hand out certificates, made by other programs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use support::{Ca, SoftToken};

/// A token with a request, and `leaf.pem`, `chain.pem` (root, leaf, policy, issuing: no order at all).
fn answered() -> SoftToken {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let leaf = ca.issue(&token.path("request.csr.pem"));
    let parts = [ca.certificate("root"), leaf.clone(), ca.certificate("policy"), ca.certificate("issuing")];
    token.write("chain.pem", parts.concat());
    token.write("leaf.pem", leaf);
    token
}

/// The file must be accepted, and the leaf on the token must be the CA's; the chain file holds so many certificates.
#[track_caller]
fn accepts(token: &SoftToken, file: &str, chain: usize) {
    token.run(&["accept", file, "--chain-out", &format!("{file}.out")]).ok();
    let stored = token.certificates().into_iter().find(|one| one.label == "www.example.com").unwrap();
    assert_eq!(token.stored(&stored).trim(), String::from_utf8(token.read("leaf.pem")).unwrap().trim());
    let written = String::from_utf8(token.read(&format!("{file}.out"))).unwrap();
    assert_eq!(written.matches("-----BEGIN CERTIFICATE-----\n").count(), chain, "{written}");
    assert!(written.starts_with(String::from_utf8(token.read("leaf.pem")).unwrap().trim()), "the leaf is first");
}

fn iconv(token: &SoftToken, encoding: &str, from: &str, to: &str) {
    let output = Command::new("iconv").args(["-f", "UTF-8", "-t", encoding]).arg(token.path(from)).output().unwrap();
    assert!(output.status.success());
    token.write(to, output.stdout);
}

#[test]
fn pkcs7_in_der_and_pem() {
    let token = answered();
    for (form, file) in [("DER", "answer.p7b"), ("PEM", "answer.p7b.pem")] {
        let arguments = ["crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-outform", form, "-out", file];
        token.openssl(&arguments);
        accepts(&token, file, 3);
    }
}

/// AD CS web enrolment and `certutil -encode` write any content as a certificate.
#[test]
fn pkcs7_that_calls_itself_a_certificate() {
    let token = answered();
    let pem = token.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "chain.pem"]);
    token.write("certnew.p7b", pem.replace("PKCS7", "CERTIFICATE").replace('\n', "\r\n"));
    accepts(&token, "certnew.p7b", 3);
}

/// With a signature, as S/MIME and some enrolment servers have it.
#[test]
fn pkcs7_with_content_and_signature() {
    let token = answered();
    let key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Signer", "-days", "3"];
    token.openssl(&[&key[..], &["-keyout", "signer.key", "-out", "signer.pem"]].concat());
    token.write("content", "hello");
    let sign = ["cms", "-sign", "-in", "content", "-signer", "signer.pem", "-inkey", "signer.key", "-nodetach"];
    let with = ["-certfile", "chain.pem", "-nocerts", "-outform", "DER", "-out", "signed.p7"];
    token.openssl(&[&sign[..], &with].concat());
    accepts(&token, "signed.p7", 3);
}

#[test]
fn utf_16_as_certreq_writes_it() {
    let token = answered();
    for encoding in ["UTF-16", "UTF-16LE", "UTF-16BE"] {
        iconv(&token, encoding, "chain.pem", &format!("{encoding}.pem"));
        accepts(&token, &format!("{encoding}.pem"), 3);
    }
}

#[test]
fn base64_without_armour() {
    let token = answered();
    let pem = String::from_utf8(token.read("leaf.pem")).unwrap();
    let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    token.write("bare.txt", lines.join("\r\n"));
    accepts(&token, "bare.txt", 1);
    for encoding in ["UTF-16LE", "UTF-16"] {
        iconv(&token, encoding, "bare.txt", &format!("{encoding}.rsp"));
        accepts(&token, &format!("{encoding}.rsp"), 1);
    }
    let p7 = token.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "chain.pem"]);
    let lines: Vec<_> = p7.lines().filter(|line| !line.starts_with('-')).collect();
    token.write("bare.p7b", lines.concat());
    accepts(&token, "bare.p7b", 3);
}

#[test]
fn text_before_between_and_behind() {
    let token = answered();
    let pem = String::from_utf8(token.read("chain.pem")).unwrap();
    let text = pem.replace("-----BEGIN", "Subject: CN = x\n\n-----BEGIN");
    token.write("text.pem", format!("\u{feff}Dear customer,\nhere it is:\n{text}\nRegards\n"));
    accepts(&token, "text.pem", 3);
    token.write("crlf.pem", text.replace('\n', "\r\n"));
    accepts(&token, "crlf.pem", 3);
    let listing = token.openssl(&["x509", "-in", "leaf.pem", "-text"]);
    token.write("listing.pem", listing);
    accepts(&token, "listing.pem", 1);
}

/// OpenSSL's own form has trust settings behind the certificate.
#[test]
fn a_trusted_certificate() {
    let token = answered();
    token.openssl(&["x509", "-in", "leaf.pem", "-trustout", "-addtrust", "serverAuth", "-out", "trusted.pem"]);
    accepts(&token, "trusted.pem", 1);
}

#[test]
fn a_full_cmc_response_is_refused_with_words() {
    let token = answered();
    token.write("content", "status");
    let key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Signer", "-days", "3"];
    token.openssl(&[&key[..], &["-keyout", "signer.key", "-out", "signer.pem"]].concat());
    let sign = ["cms", "-sign", "-in", "content", "-signer", "signer.pem", "-inkey", "signer.key", "-nodetach"];
    let with =
        ["-certfile", "chain.pem", "-econtent_type", "1.3.6.1.5.5.7.12.3", "-outform", "DER", "-out", "full.rsp"];
    token.openssl(&[&sign[..], &with].concat());
    token.refuses(8, &["accept", "full.rsp"]).says("CMC").says("PKCS#7");
}

#[test]
fn what_is_no_certificate_is_named() {
    let token = answered();
    token.openssl(&["crl2pkcs7", "-nocrl", "-outform", "DER", "-out", "empty.p7b"]);
    token.refuses(8, &["accept", "empty.p7b"]).says("PKCS#7 without a certificate");
    let key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www.example.com", "-days", "3"];
    token.openssl(&[&key[..], &["-keyout", "soft.key", "-out", "soft.pem"]].concat());
    let pfx = ["pkcs12", "-export", "-in", "soft.pem", "-inkey", "soft.key", "-passout", "pass:x", "-out", "soft.pfx"];
    token.openssl(&pfx);
    token.refuses(8, &["accept", "soft.pfx"]).says("PKCS#12").says("hint: ");
}

#[test]
fn a_block_that_is_cut_off_is_named() {
    let token = answered();
    let pem = String::from_utf8(token.read("chain.pem")).unwrap();
    token.write("cut.pem", &pem[..pem.len() - 60]);
    token.refuses(8, &["accept", "cut.pem"]).says("part 4 of the 4").says("END");
    let middle = pem.match_indices("-----END").nth(1).unwrap().0;
    token.write("broken.pem", format!("{}!!{}", &pem[..middle - 30], &pem[middle - 28..]));
    token.refuses(8, &["accept", "broken.pem"]).says("part 2 of the 4");
}

#[test]
fn a_megabyte_of_garbage() {
    let token = SoftToken::with_request();
    let noise: Vec<u8> = (0..1_000_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    token.write("noise", &noise);
    token.write("begins-like-der", [&b"\x30\x83\x0f\x42\x40"[..], &noise].concat());
    token.write("base64", "MIIB".repeat(250_000));
    token.write("begin", "-----BEGIN CERTIFICATE-----\n".repeat(35_000));
    token.write("nested", [0x30, 0x80].repeat(500_000));
    for file in ["noise", "begins-like-der", "base64", "begin", "nested"] {
        token.refuses(8, &["accept", file]);
    }
}
