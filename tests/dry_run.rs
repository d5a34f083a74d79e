//! `hsmcert new --dry-run`: what would be made, with the token and the disk left alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{SEED_INF, Shim, SoftToken};

#[test]
fn the_attribute_templates_are_shown_and_nothing_is_called() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    let outcome = shim.run(&["new", "request.inf", "--dry-run"]).ok();
    for expected in [
        "CKA_SENSITIVE = true",
        "CKA_EXTRACTABLE = false",
        "CKA_MODULUS_BITS = 2048",
        "CKA_PUBLIC_EXPONENT = 010001",
        "CKA_ID = 16 random bytes",
        "CKA_LABEL = \"www.example.com\"",
        "DNS:example.com",
    ] {
        assert!(outcome.stdout.contains(expected), "`{expected}` is not in:\n{}", outcome.stdout);
    }
    assert!(shim.calls().is_empty(), "{:#?}", shim.calls());
    assert_eq!(token.files(), ["request.inf"]);
}

#[test]
fn what_would_be_refused_is_refused() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.write("taken.csr.pem", "mine");
    token.refuses(7, &["new", "request.inf", "taken.csr.pem", "--dry-run"]);
    token.refuses(10, &["new", "request.inf", "missing/request.csr.pem", "--dry-run"]);
}

#[test]
fn json_has_both_templates() {
    let token = SoftToken::new();
    token.write("request.toml", "[subject]\ncn = \"a\"\n[san]\ndns = [\"a.example\"]\n[key]\nalgorithm = \"ecdsa\"\n");
    let shown = token.run(&["new", "request.toml", "--dry-run", "--json"]).ok().json();
    let has = |template: &str, attribute: &str, value: &str| {
        let all = shown[template].as_array().unwrap();
        assert!(all.iter().any(|one| one["attribute"] == attribute && one["value"] == value), "{all:#?}");
    };
    has("private_key_template", "CKA_SENSITIVE", "true");
    has("public_key_template", "CKA_EC_PARAMS", "06082a8648ce3d030107");
    assert_eq!(shown["key"]["algorithm"], "EC P-256");
}
