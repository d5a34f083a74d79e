//! `hsmcert find-key`: what is on the token, and what belongs together.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::Value;
use support::{SoftToken, inf};

fn classes(found: &Value) -> Vec<&str> {
    let mut classes: Vec<_> =
        found["objects"].as_array().unwrap().iter().map(|o| o["class"].as_str().unwrap()).collect();
    classes.sort_unstable();
    classes
}

#[test]
fn an_empty_token() {
    let token = SoftToken::new();
    let outcome = token.run(&["find-key"]).ok();
    assert_eq!(outcome.stdout, "Total number of keys present 0, number of rows matched 0\n");
    let found = token.run(&["find-key", "--json"]).ok().json();
    assert_eq!((&found["pairs"], &found["count"]), (&serde_json::json!([]), &0.into()));
}

#[test]
fn a_key_and_its_certificate_are_one_row() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let found = token.run(&["find-key", "--json"]).ok().json();
    assert_eq!((found["count"].as_u64(), found["total_keys"].as_u64()), (Some(1), Some(2)), "{found:#}");
    let pair = &found["pairs"][0];
    assert_eq!(classes(pair), ["certificate", "private", "public"]);
    assert_eq!((&pair["orphan"], &pair["weaknesses"]), (&Value::Null, &serde_json::json!([])));
    let fingerprint = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-fingerprint", "-sha256"]);
    let fingerprint = fingerprint.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
    assert_eq!(pair["certificate_sha256"], fingerprint);

    let table = token.run(&["find-key"]).ok().stdout;
    assert_eq!(table.lines().filter(|line| line.contains("RSA-2048")).count(), 1, "{table}");
    assert!(table.ends_with("Total number of keys present 2, number of rows matched 1\n"), "{table}");
}

#[test]
fn classes_by_name_and_by_the_numbers_of_key_mgmt_util() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    for (name, number, class) in
        [("certificate", "1", "certificate"), ("public", "2", "public"), ("private", "3", "private")]
    {
        let by_name = token.run(&["find-key", "--class", name, "--json"]).ok().json();
        let by_number = token.run(&["find-key", "-c", number, "--json"]).ok().json();
        assert_eq!(classes(&by_name), [class]);
        assert_eq!(classes(&by_number), [class]);
    }
    assert!(classes(&token.run(&["find-key", "-c", "4", "--json"]).ok().json()).is_empty());
    let all = ["certificate", "private", "public"];
    assert_eq!(classes(&token.run(&["find-key", "--objects", "--json"]).ok().json()), all);
    assert_eq!(classes(&token.run(&["find-key", "--class", "all", "--json"]).ok().json()), all);
}

#[test]
fn json_tells_all_about_a_key_and_its_certificate() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let found = token.run(&["find-key", "--class", "private", "--json"]).ok().json();
    let key = &found["objects"][0];
    assert!(key["handle"].is_u64(), "{key:#}");
    assert_eq!(key["label"], "www.example.com");
    assert_eq!(key["id"], token.objects()[0].id.as_str());
    assert_eq!(key["algorithm"], "RSA-2048");
    assert!(key["certificate_subject"].as_str().unwrap().contains("CN=www.example.com"), "{key:#}");
    assert!((1..=825).contains(&key["days_left"].as_i64().unwrap()), "{key:#}");
    assert!(key["uri"].as_str().unwrap().starts_with("pkcs11:token=test%20token;id=%"), "{key:#}");
    let attributes = &key["attributes"];
    assert_eq!(attributes["CKA_LABEL"], "www.example.com");
    assert_eq!((&attributes["CKA_SENSITIVE"], &attributes["CKA_EXTRACTABLE"]), (&true.into(), &false.into()));
    assert_eq!(attributes["CKA_PUBLIC_EXPONENT"], "010001");
    // The secret is not asked for.
    assert_eq!(attributes["CKA_PRIVATE_EXPONENT"], Value::Null);
}

#[test]
fn a_key_without_certificate_says_so() {
    let token = SoftToken::with_request();
    let found = token.run(&["find-key", "-c", "3", "--json"]).ok().json();
    assert_eq!(found["objects"][0]["certificate_subject"], Value::Null);
    assert_eq!(found["objects"][0]["days_left"], Value::Null);
}

#[test]
fn the_table_has_a_row_for_each_object() {
    let token = SoftToken::with_request();
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    let table = token.run(&["find-key", "--class", "private"]).ok().stdout;
    assert_eq!(table.lines().filter(|line| line.contains("RSA-2048")).count(), 2, "{table}");
    for expected in ["www.example.com", "other.example.com", "type=private"] {
        assert!(table.contains(expected), "`{expected}` is not in:\n{table}");
    }
}

/// A label is the token's text: it must not steer the terminal.
#[test]
fn control_characters_of_a_label_are_shown_escaped() {
    let token = SoftToken::new();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", "01", "--label", "red\u{1b}[31m\u{202e}"]);
    let table = token.run(&["find-key"]).ok().stdout;
    assert!(!table.contains('\u{1b}') && !table.contains('\u{202e}'), "{table:?}");
    assert!(table.contains("red"), "{table}");
}

#[test]
fn keys_of_other_tools_are_listed_too() {
    let token = SoftToken::new();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--id", "02", "--label", "ec"]);
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--label", "no id"]);
    let found = token.run(&["find-key", "--class", "private", "--json"]).ok().json();
    let labels: Vec<_> = found["objects"].as_array().unwrap().iter().map(|o| o["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["ec", "no id"]);
}

#[test]
fn a_class_that_does_not_exist_is_a_usage_error() {
    let token = SoftToken::new();
    token.run(&["find-key", "--class", "keys"]).exits(2);
    let error = token.run(&["find-key", "--class", "keys", "--json"]).exits(2).json_error("usage");
    assert!(error["message"].as_str().unwrap().contains("keys"), "{error:#}");
}
