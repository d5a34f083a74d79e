//! A module without the mechanism that hashes: the digest is made here, the signature still in the token.

mod support;

use support::{SEED_INF, Shim, SoftToken};

const SHA256_RSA_PKCS: &str = "0x40";
const RSA_PKCS: &str = "0x1";

#[test]
fn without_sha256_rsa_pkcs_a_digest_info_is_signed() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token).hiding(SHA256_RSA_PKCS);
    shim.run(&["new", "request.inf", "request.csr.pem"]).ok();
    assert_eq!(shim.count("C_SignInit"), 1);
    let text = token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout", "-text"]);
    assert!(text.contains("Signature Algorithm: sha256WithRSAEncryption"), "{text}");
}

#[test]
fn the_link_is_proved_without_sha256_rsa_pkcs_too() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).hiding("0x40,0x43");
    let linked = shim.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    assert!(!linked["proved"].as_array().unwrap().is_empty(), "{linked:#}");
}

#[test]
fn with_sha256_rsa_pkcs_the_plain_one_is_not_needed() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    Shim::before(&token).hiding(RSA_PKCS).run(&["new", "request.inf", "request.csr.pem"]).ok();
    token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
}

#[test]
fn without_any_the_token_is_not_touched() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token).hiding("0x40,0x1");
    let outcome = token.refuses_command(9, shim.hsmcert().args(["new", "request.inf"]));
    outcome.says("CKM_SHA256_RSA_PKCS").says("CKM_RSA_PKCS").says("hint: ");
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
}

#[test]
fn without_key_generation_the_token_is_not_touched() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token).hiding("0x0,0xa");
    token.refuses_command(9, shim.hsmcert().args(["new", "request.inf"])).says("CKM_RSA_PKCS_KEY_PAIR_GEN");
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
}
