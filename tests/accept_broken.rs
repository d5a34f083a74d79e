//! Broken DER at every position of a certificate: nothing panics, and nothing is accepted that the CA did not sign.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use hsmcert::x509::{Certificate, differences, read_certificates, sort_chain, validate_path};
use support::{Ca, SoftToken, openssl};

/// A leaf of OpenSSL's with the signature of an RSA CA or an EC CA, its issuer, its root, its CSR.
fn certificates(folder: &std::path::Path) -> (Vec<Vec<u8>>, Certificate, Certificate, hsmcert::x509::Csr) {
    let ca = Ca::new(folder, "Test");
    let key = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "leaf.key"];
    let names = ["-subj", "/CN=www.example.com", "-addext", "subjectAltName=DNS:www.example.com,IP:192.0.2.1"];
    openssl(folder, &[&key[..], &names, &["-out", "leaf.csr"]].concat());
    let by_ec = ca.issue(&folder.join("leaf.csr"));
    let rsa = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test Issuing CA", "-keyout", "rsa.key"];
    openssl(folder, &[&rsa[..], &["-out", "rsa.pem", "-days", "9"]].concat());
    std::fs::write(folder.join("by_ec.pem"), &by_ec).unwrap();
    let by_rsa = ["x509", "-req", "-in", "leaf.csr", "-CA", "rsa.pem", "-CAkey", "rsa.key", "-CAcreateserial"];
    let by_rsa = openssl(folder, &[&by_rsa[..], &["-copy_extensions", "copyall", "-days", "5"]].concat());
    let one = |pem: &str| read_certificates(pem.as_bytes()).unwrap().remove(0);
    let leaves = [by_ec, by_rsa].map(|pem| one(&pem).der().to_vec()).to_vec();
    let rsa = std::fs::read_to_string(folder.join("rsa.pem")).unwrap();
    let csr = hsmcert::x509::Csr::from_bytes(&std::fs::read(folder.join("leaf.csr")).unwrap()).unwrap();
    (leaves, one(&ca.certificate("issuing")), one(&rsa), csr)
}

/// Every question that `accept` asks of a certificate; whether it would be accepted with this issuer beside it.
fn judge(der: &[u8], issuer: &Certificate, csr: &hsmcert::x509::Csr) -> bool {
    let Ok(found) = read_certificates(der) else { return false };
    let [leaf] = found.as_slice() else { return false };
    let _ = (leaf.public_key(), leaf.subject().to_string(), leaf.issuer().to_string(), leaf.subject_alt_names());
    let _ = (leaf.is_ca(), leaf.key_usage(), leaf.extended_key_usage(), leaf.not_before(), leaf.not_after());
    let _ = (differences(csr, leaf), leaf.to_pem(), leaf.fingerprint_sha256(), leaf.serial_der());
    let chain = sort_chain(leaf, std::slice::from_ref(issuer));
    let _ = validate_path(leaf, &chain.issuers, std::slice::from_ref(issuer), 1_800_000_000);
    chain.check(leaf).is_ok() && !chain.issuers.is_empty()
}

#[test]
fn every_byte_of_a_certificate_flipped() {
    let folder = tempfile::tempdir().unwrap();
    let (leaves, ec, rsa, csr) = certificates(folder.path());
    for (leaf, issuer) in leaves.iter().zip([&ec, &rsa]) {
        assert!(judge(leaf, issuer, &csr), "the whole one is good");
        for position in 0..leaf.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut broken = leaf.clone();
                broken[position] ^= mask;
                assert!(!judge(&broken, issuer, &csr), "byte {position} of {} ^ {mask:#x}", leaf.len());
            }
        }
    }
}

#[test]
fn a_certificate_cut_off_at_every_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (leaves, issuer, _, csr) = certificates(folder.path());
    for end in 0..leaves[0].len() {
        assert!(!judge(&leaves[0][..end], &issuer, &csr), "{end} bytes of it");
    }
    let longer = [&leaves[0][..], &[0]].concat();
    assert!(!judge(&longer, &issuer, &csr), "with a byte behind it");
}

/// In a PKCS#7 a broken byte may be where nothing depends on it; a certificate that comes out of it is whole.
#[test]
fn every_byte_of_a_pkcs7_flipped_or_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (leaves, issuer, _, csr) = certificates(folder.path());
    let arguments = ["crl2pkcs7", "-nocrl", "-certfile", "by_ec.pem", "-outform", "DER", "-out", "leaf.p7b"];
    openssl(folder.path(), &arguments);
    let p7 = std::fs::read(folder.path().join("leaf.p7b")).unwrap();
    assert!(judge(&p7, &issuer, &csr));
    for position in 0..p7.len() {
        assert!(!judge(&p7[..position], &issuer, &csr), "{position} bytes of it");
        let mut broken = p7.clone();
        broken[position] ^= 0x01;
        if judge(&broken, &issuer, &csr) {
            assert_eq!(read_certificates(&broken).unwrap()[0].der(), leaves[0], "byte {position}");
        }
    }
}

#[test]
fn some_of_them_through_the_program() {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let leaf = read_certificates(ca.issue(&token.path("request.csr.pem")).as_bytes()).unwrap().remove(0);
    let issuer = ca.certificate("issuing");
    for position in (0..leaf.der().len()).step_by(leaf.der().len() / 12) {
        let mut broken = leaf.der().to_vec();
        broken[position] ^= 0x01;
        let pem = hsmcert::x509::certificate_pem(&broken);
        token.write("broken.pem", [pem.as_str(), &issuer].concat());
        token.refuses(8, &["accept", "broken.pem"]);
        token.write("cut.der", &leaf.der()[..position]);
        token.refuses(8, &["accept", "cut.der"]);
    }
    token.write("whole.pem", [leaf.to_pem(), issuer].concat());
    token.run(&["accept", "whole.pem"]).ok();
}
