//! `hsmcert token test`: the report is true, holds no secrets, and the token is as before.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::Value;
use support::{Outcome, Shim, SoftToken};

const TEST: [&str; 3] = ["token", "test", "--json"];
const TEMPLATE_INCONSISTENT: &str = "0xd1";
const ACTION_PROHIBITED: &str = "0x1b";
const DEVICE_ERROR: &str = "0x30";
const FUNCTION_NOT_SUPPORTED: &str = "0x54";

/// Results of the first so many calls of a function.
fn always(function: &str, result: &str) -> String {
    (1..60).map(|count| format!("{function}:{count}:{result}")).collect::<Vec<_>>().join(",")
}

/// How what is named so ended; it must have been tried once.
#[track_caller]
fn outcome<'a>(report: &'a Value, what: &str) -> &'a str {
    let attempts = report["attempts"].as_array().unwrap();
    let fitting: Vec<_> = attempts.iter().filter(|one| one["what"].as_str().unwrap().starts_with(what)).collect();
    assert_eq!(fitting.len(), 1, "{what} in {report:#}");
    fitting[0]["outcome"].as_str().unwrap()
}

#[test]
fn what_softhsm_can_do() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let before = (token.objects(), token.files());
    let tested = token.run(&TEST).ok();
    assert_eq!((token.objects(), token.files()), before, "the token is as before");
    let report = tested.json();
    for works in [
        "RSA-2048 (session object)",
        "RSA-2048: CKM_SHA256_RSA_PKCS of the message",
        "RSA-2048: CKM_RSA_PKCS of the DigestInfo",
        "RSA-2048: CKM_RSA_PKCS_PSS of the hash",
        "EC P-256: CKM_ECDSA of the hash",
        "EC P-384 (session object)",
        "EC P-521 (session object)",
        "Ed25519: CKM_EDDSA of the message",
        "create and read back",
        "a second one with the same id",
        "C_SetAttributeValue: label of a certificate",
        "C_SetAttributeValue: label of a private key",
        "public objects without a login",
        "log in again",
        "8 more sessions at once",
    ] {
        assert_eq!(outcome(&report, works), "works", "{works}");
    }
    assert_eq!(outcome(&report, "EC P-256: CKM_ECDSA_SHA256 of the message, which"), "refused");
    assert_eq!(outcome(&report, "ML-DSA-65"), "not-tried");
    assert_eq!((&report["main_job"], &report["left"]), (&true.into(), &serde_json::json!([])));
    // What nobody asked for is denied in the template, since SoftHSM gives its keys more uses than it should.
    assert_eq!(report["private_key_attributes"]["CKA_DECRYPT"], "false");
    assert_eq!(report["private_key_attributes"]["CKA_EXTRACTABLE"], "false");
    let mechanisms = report["mechanisms"].as_array().unwrap();
    let rsa = mechanisms.iter().find(|one| one["name"] == "CKM_RSA_PKCS_KEY_PAIR_GEN").unwrap();
    assert_eq!((&rsa["min"], &rsa["max"]), (&512.into(), &16384.into()));
    assert!(mechanisms.iter().any(|one| one["name"] == "CKM_EDDSA"), "{report:#}");
}

#[test]
fn the_report_can_be_shown_to_anybody() {
    let token = SoftToken::new();
    let list = token.run(&["token", "list", "--json"]).ok().json();
    let serial = list["modules"][0]["tokens"][0]["serial"].as_str().unwrap().to_owned();
    let folder = token.folder().display().to_string();
    let user = std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned();
    for arguments in [&["token", "test"][..], &TEST] {
        let report = token.run(arguments).ok().stdout;
        for secret in [SoftToken::PIN, SoftToken::LABEL, serial.as_str(), folder.as_str(), user.as_str()] {
            assert!(secret.is_empty() || !report.contains(secret), "`{secret}` is in:\n{report}");
        }
        assert!(report.contains("CKM_RSA_PKCS_PSS") && report.contains("libsofthsm2.so"), "{report}");
        let named = Outcome::of(token.hsmcert().args(arguments).arg("--with-serial")).ok().stdout;
        assert!(named.contains(&serial) && named.contains(SoftToken::LABEL), "{named}");
        assert!(!named.contains(SoftToken::PIN), "{named}");
    }
    assert_eq!(token.objects(), []);
}

/// Each attribute template of the ladder is refused for the first pair, which is a session object.
fn no_session_objects() -> String {
    (1..=3).map(|nth| format!("C_GenerateKeyPair:{nth}:{TEMPLATE_INCONSISTENT}")).collect::<Vec<_>>().join(",")
}

#[test]
fn a_token_that_takes_no_session_objects() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).failing(&no_session_objects());
    let report = shim.run(&TEST).ok().json();
    assert_eq!(outcome(&report, "RSA-2048 (session object)"), "refused");
    for works in ["RSA-2048 (token object)", "EC P-256 (token object)", "destroy RSA-2048", "destroy EC P-256"] {
        assert_eq!(outcome(&report, works), "works", "{works}");
    }
    let seen =
        report["attempts"].as_array().unwrap().iter().find(|one| one["detail"] == "certificate seen, public key seen");
    assert!(seen.is_some(), "{report:#}");
    assert_eq!((&report["left"], token.objects()), (&serde_json::json!([]), vec![]));
}

#[test]
fn what_a_token_refuses_is_part_of_the_report() {
    let token = SoftToken::new();
    let report = Shim::before(&token).refusing_certificates(FUNCTION_NOT_SUPPORTED).run(&TEST).ok().json();
    assert_eq!(outcome(&report, "create and read back"), "refused");
    assert_eq!(outcome(&report, "public objects without a login"), "not-tried");
    let report = Shim::before(&token).refusing_second_certificates(TEMPLATE_INCONSISTENT).run(&TEST).ok().json();
    assert_eq!(outcome(&report, "a second one with the same id"), "refused");
    assert_eq!(outcome(&report, "destroy RSA-2048"), "works");

    // CKM_RSA_PKCS_KEY_PAIR_GEN and CKM_EC_KEY_PAIR_GEN: Ed25519 alone is not what CAs take.
    let tested = Shim::before(&token).hiding("0x0,0x1040").run(&TEST).exits(9);
    assert_eq!((&tested.json()["main_job"], outcome(&tested.json(), "Ed25519 (")), (&false.into(), "works"));
    tested.json_error("token-refused");
    assert_eq!(token.objects(), []);
}

#[test]
fn what_cannot_be_destroyed_is_named() {
    let token = SoftToken::new();
    let failing = format!("{},{}", no_session_objects(), always("C_DestroyObject", ACTION_PROHIBITED));
    let tested = Shim::before(&token).failing(&failing).run(&TEST).exits(9);
    tested.json_error("token-refused");
    let report = tested.json();
    let left: Vec<_> = report["left"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let there = token.objects();
    assert_eq!(left.len(), there.len(), "{left:#?}\n{there:#?}");
    for object in there {
        assert!(object.label.starts_with("hsmcert-token-test-"), "{object:?}");
        assert!(left.iter().any(|one| one.contains(&object.label) && one.contains(&object.id)), "{object:?}");
    }
}

#[test]
fn a_token_that_goes_away() {
    let token = SoftToken::new();
    let failing = format!("{},{}", no_session_objects(), always("C_SignInit", DEVICE_ERROR));
    let tested = Shim::before(&token).failing(&failing).run(&TEST).exits(4);
    let error = tested.json_error("token-unavailable");
    assert_eq!(error["retryable"], true);
    assert_eq!(tested.json()["attempts"].as_array().unwrap().len(), 4, "two calls are enough to know");
    assert_eq!((&tested.json()["left"], token.objects()), (&serde_json::json!([]), vec![]));
}

/// A login that nobody asked for would show what is not public.
#[test]
fn a_session_that_is_lost_while_nobody_is_logged_in() {
    let token = SoftToken::new();
    let good = Shim::before(&token).failing(&no_session_objects());
    good.run(&TEST).ok();
    let before = good.calls().into_iter().take_while(|call| call.function != "C_Logout");
    let searches = before.filter(|call| call.function == "C_FindObjectsInit").count();
    good.forget();

    let failing = format!("{},C_FindObjectsInit:{}:0xb3", no_session_objects(), searches + 1);
    let report = Shim::before(&token).failing(&failing).run(&TEST).ok().json();
    assert_eq!(outcome(&report, "public objects without a login"), "refused", "{report:#}");
    assert_eq!((&report["left"], token.objects()), (&serde_json::json!([]), vec![]));
}
