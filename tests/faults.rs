//! What happens when the token cannot or does not: seen through the shim in front of a real module.

mod support;

use support::{SEED_INF, Shim, SoftToken};

#[test]
fn without_the_hashing_mechanism_the_digest_is_signed() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    // CKM_SHA256_RSA_PKCS
    Shim::before(&token).hiding("0x40").run(&["new", "request.inf", "request.csr.pem"]).ok();
    token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
}

#[test]
fn without_any_mechanism_nothing_is_made() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token).hiding("0x40,0x1");
    token.refuses_command(9, shim.hsmcert().args(["new", "request.inf"])).says("CKM_SHA256_RSA_PKCS");
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
}

#[test]
fn a_failure_after_the_key_was_made_destroys_it_again() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    // CKR_DEVICE_ERROR
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    let outcome = token.refuses_command(4, shim.hsmcert().args(["new", "request.inf"]));
    outcome.says("was destroyed again").says("C_Sign: CKR_DEVICE_ERROR");
    assert_eq!(shim.count("C_DestroyObject"), 2);
}

#[test]
fn the_key_is_kept_on_request_and_named() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    shim.run(&["new", "request.inf", "--keep-key"]).fails(4).says("is kept on the token").says("www.example.com");
    assert_eq!(token.objects().len(), 2);
    assert_eq!(token.files(), ["request.inf"]);
}

#[test]
fn a_wrong_pin_is_tried_once() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    token.refuses_command(5, shim.hsmcert().env("HSMCERT_PIN", "wrong").args(["new", "request.inf"]));
    assert_eq!(shim.count("C_Login"), 1);
}

#[test]
fn the_calls_are_those_that_the_design_lists() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    shim.run(&["new", "request.inf"]).ok();
    for (function, count) in [
        ("C_Initialize", 1),
        ("C_OpenSession", 1),
        ("C_Login", 1),
        ("C_GenerateKeyPair", 1),
        ("C_SignInit", 1),
        ("C_FindObjectsInit", 3),
        ("C_GetAttributeValue", 3),
        ("C_CloseSession", 1),
        ("C_Finalize", 1),
    ] {
        assert_eq!(shim.count(function), count, "{function}");
    }
    assert!(shim.calls().len() <= 32, "{:#?}", shim.calls());
}

#[test]
fn a_certificate_whose_link_cannot_be_proved_is_removed_again() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    token.refuses_command(4, shim.hsmcert().args(["accept", "request.crt.pem"])).says("CKR_DEVICE_ERROR");
}
