//! `hsmcert rename`: all objects of a key or none; and `hsmcert export`: what may leave the token, as OpenSSL reads it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use support::{Ca, SEED_INF, Shim, SoftToken, inf};

const NAME: &str = "www.example.com";
const NEW: &str = "Neu für 2026";
const RENAME: [&str; 3] = ["rename", NAME, NEW];

/// A key with its certificate on the token; `key` replaces the seed's key algorithm.
fn linked(key: &str) -> SoftToken {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF.replace("KeyAlgorithm = RSA\nKeyLength = 2048", key));
    token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    token
}

fn labels(token: &SoftToken) -> Vec<String> {
    token.objects().into_iter().map(|object| object.label).collect()
}

fn id(token: &SoftToken) -> String {
    token.objects()[0].id.clone()
}

#[test]
fn the_whole_key_is_renamed_and_everything_finds_it_by_the_new_label() {
    let token = linked("KeyAlgorithm = ECDSA_P256");
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    let renamed = token.run(&[&RENAME[..], &["--json"]].concat()).ok().json();
    assert!(renamed["notes"][0].as_str().unwrap().contains("hsmcert bind"), "{renamed:#}");
    assert_eq!((&renamed["label"], &renamed["old_label"]), (&NEW.into(), &NAME.into()), "{renamed:#}");
    assert_eq!((renamed["changed"].as_array().unwrap().len(), &renamed["remembered"]), (3, &true.into()));
    assert_eq!(labels(&token), [NEW, NEW, "other.example.com", NEW, "other.example.com"]);
    token.run(&["verify", NEW]).ok();
    token.run(&["bind", "java", NEW]).ok();
    token.run(&["verify", renamed["changed"][2]["uri"].as_str().unwrap()]).ok();
    // Renewed with the same key: what is remembered of the key is still its.
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    let accepted = token.run(&["accept", "renewed.crt.pem", "--json"]).ok().json();
    assert_eq!((&accepted["label"], &accepted["differences"]), (&NEW.into(), &serde_json::json!([])));
    token.refuses(6, &RENAME);
}

#[test]
fn labels_that_are_taken_or_cannot_be_typed_are_refused() {
    let token = linked("KeyAlgorithm = ECDSA_P256");
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "taken", "--id", "01"]);
    let refused = token.refuses(7, &["rename", NAME, "taken"]).says("in use").says("private key \"taken\"");
    let refused = refused.says("another label");
    assert!(!refused.stderr.contains("UseExistingKeySet"), "{}", refused.stderr);
    for label in ["", " ", "two\nlines", "\u{1b}[31m", "id:01", "pkcs11:object=a"] {
        let shim = Shim::before(&token);
        shim.forget();
        let refusal = token.refuses_command(2, shim.hsmcert().args(["rename", NAME, label]));
        refusal.says("cannot be the label of a key").says("hint: ");
        assert_eq!(shim.calls(), []);
    }
    let shim = Shim::before(&token);
    let renamed = shim.run(&["rename", NAME, NAME, "--json"]).ok().json();
    assert_eq!((&renamed["changed"], shim.count("C_SetAttributeValue")), (&serde_json::json!([]), 0));
}

/// AWS CloudHSM and others: `CKR_ATTRIBUTE_READ_ONLY`, `CKR_FUNCTION_NOT_SUPPORTED`, `CKR_ACTION_PROHIBITED`.
#[test]
fn a_token_that_renames_not_all_of_them_renames_none() {
    let token = linked("KeyAlgorithm = ECDSA_P256");
    for (result, code) in [("0x10", 9), ("0x54", 9), ("0x1b", 9), ("0x30", 4)] {
        for (nth, refused) in [(1, "private key"), (2, "public key"), (3, "certificate")] {
            let shim = Shim::before(&token).failing(&format!("C_SetAttributeValue:{nth}:{result}"));
            let refusal = token.refuses_command(code, shim.hsmcert().args(RENAME));
            let refusal =
                refusal.says(&format!("error: the {refused} \"{NAME}\"")).says("keeps its label, and so does");
            let refusal = refusal.says("C_SetAttributeValue: CKR_");
            assert_eq!(refusal.stderr.contains("AWS CloudHSM"), code == 9, "{}", refusal.stderr);
            shim.forget();
        }
    }
}

#[test]
fn what_cannot_be_put_back_is_told_and_running_it_again_finishes() {
    let token = linked("KeyAlgorithm = ECDSA_P256");
    let shim = Shim::before(&token).failing("C_SetAttributeValue:2:0x30,C_SetAttributeValue:3:0x30");
    let refusal = shim.run(&RENAME).fails(4).says("the public key").says("could not be put back: private key");
    refusal.says("run the same command");
    assert_eq!(labels(&token), [NAME, NEW, NAME]);
    token.run(&RENAME).ok();
    assert_eq!(labels(&token), [NEW, NEW, NEW]);
}

#[test]
fn a_rename_that_was_killed_is_finished_by_running_it_again() {
    for nth in [2, 3] {
        let token = linked("KeyAlgorithm = ECDSA_P256");
        let killed = Shim::before(&token).killing(&format!("C_SetAttributeValue:{nth}")).run(&RENAME);
        assert_eq!(killed.code, None, "{killed:#?}");
        assert_eq!(labels(&token).iter().filter(|label| *label == NEW).count(), nth - 1);
        token.run(&RENAME).ok();
        assert_eq!(labels(&token), [NEW, NEW, NEW]);
    }
}

/// A label in Latin-1 is put back byte for byte.
#[test]
fn a_label_that_is_no_utf_8() {
    let token = SoftToken::new();
    let old = OsString::from_vec(b"latin-1 \xe9".to_vec());
    let arguments = ["--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label"];
    token.pkcs11_tool(&arguments.iter().map(OsStr::new).chain([old.as_os_str()]).collect::<Vec<_>>());
    let stored = || {
        let found = token.run(&["find-key", "--objects", "--sort", "handle", "--json"]).ok().json();
        let labels = found["objects"].as_array().unwrap().iter().map(|one| one["attributes"]["CKA_LABEL"].clone());
        labels.collect::<Vec<_>>()
    };
    let before = stored();
    assert_eq!(before, ["6c6174696e2d3120e9", "6c6174696e2d3120e9"]);
    let shim = Shim::before(&token).failing("C_SetAttributeValue:2:0x10");
    shim.run(&["rename", "id:01", NEW]).fails(9);
    assert_eq!((stored(), shim.count("C_SetAttributeValue")), (before, 3));
    token.run(&["rename", "id:01", NEW]).ok();
    assert_eq!(stored(), [NEW, NEW]);
}

#[test]
fn the_public_key_is_the_one_of_the_certificate() {
    for key in ["KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P384", "KeyAlgorithm = Ed25519"] {
        let token = linked(key);
        let certified = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-pubkey"]);
        let outcome = token.run(&["export", NAME]).ok();
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (certified.as_str(), ""));
        token.run(&["export", NAME, "--public-key", "--der", "--out", "key.der"]).ok();
        assert_eq!(token.openssl(&["pkey", "-pubin", "-inform", "DER", "-in", "key.der"]), certified);
        let exported = token.run(&["export", NAME, "--json"]).ok().json();
        assert_eq!((&exported["pem"], &exported["source"]), (&certified.into(), &"public-key-object".into()));
        let verified = token.run(&["find-key", "--json"]).ok().json();
        assert_eq!(exported["spki_sha256"], verified["pairs"][0]["spki_sha256"]);
    }
}

#[test]
fn the_chain_is_what_accept_wrote_and_openssl_verifies_it() {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let leaf = ca.issue(&token.path("request.csr.pem"));
    token.write("root.pem", ca.certificate("root"));
    // The order in which they are stored is not that of the chain.
    token.write("answer.pem", [ca.certificate("policy"), leaf.clone(), ca.certificate("issuing")].concat());
    token.run(&["accept", "answer.pem"]).ok();
    token.run(&["export", NAME, "--chain", "--out", "chain.pem"]).ok();
    assert_eq!(token.read("chain.pem"), token.read("answer.fullchain.pem"));
    token.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "chain.pem", "chain.pem"]);

    let outcome = token.run(&["export", NAME, "--certificate"]).ok();
    assert_eq!(outcome.stdout, leaf);
    token.run(&["export", NAME, "--certificate", "--der", "--out", "leaf.der"]).ok();
    assert_eq!(token.openssl(&["x509", "-inform", "DER", "-in", "leaf.der"]), leaf);
    let exported = token.run(&["export", NAME, "--chain", "--json"]).ok().json();
    assert_eq!(exported["certificates"].as_array().unwrap().len(), 3, "{exported:#}");
    assert_eq!(exported["chain_ends_at"], "CN=Test Root");
    // A CA's certificate, which has no key here, by its own label.
    let outcome = token.run(&["export", "Test Issuing CA", "--certificate"]).ok();
    assert_eq!(outcome.stdout, ca.certificate("issuing"));
}

#[test]
fn a_chain_without_intermediates_is_told() {
    let token = linked("KeyAlgorithm = ECDSA_P256");
    let outcome = token.run(&["export", NAME, "--chain"]).ok();
    outcome.says("note: the token holds no certificate of the issuer");
}

#[test]
fn a_file_is_never_replaced_unasked_and_no_private_key_is_written() {
    let token = linked("KeyAlgorithm = ECDSA_P256");
    token.write("mine.pem", "mine");
    token.refuses(7, &["export", NAME, "--out", "mine.pem"]).says("--force");
    token.refuses(10, &["export", NAME, "--out", "no/such.pem"]);
    token.run(&["export", NAME, "--out", "mine.pem", "--force"]).ok();
    assert!(token.read("mine.pem").starts_with(b"-----BEGIN PUBLIC KEY-----\n"));
    for arguments in [&["--private-key"][..], &["--chain", "--der"], &["--chain", "--certificate"]] {
        let outcome = token.run(&[&["export", NAME], arguments].concat()).exits(2);
        assert_eq!(outcome.stdout, "");
    }
    let help = token.run(&["export", "--help"]).ok().stdout;
    assert!(help.contains("There is no option for private keys"), "{help}");
}

#[test]
fn a_key_without_certificate_and_a_key_with_two() {
    let token = SoftToken::with_certificate();
    for what in ["--certificate", "--chain"] {
        token.refuses(6, &["export", NAME, what]).says("has no certificate").says("hsmcert accept");
    }
    token.run(&["accept", "request.crt.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "two.crt.pem"]).ok();
    token.openssl(&["x509", "-in", "two.crt.pem", "-outform", "DER", "-out", "two.der"]);
    token.pkcs11_tool(&["--write-object", "two.der", "--type", "cert", "--label", NAME, "--id", &id(&token)]);
    token.refuses(7, &["export", NAME, "--certificate"]).says("2 certificates").says("valid to");
}

/// EC private keys do not show their public key, RSA ones do; a certificate is believed after a signature.
#[test]
fn a_private_key_without_its_public_half() {
    for (key, source) in [
        ("KeyAlgorithm = RSA\nKeyLength = 2048", "private-key-object"),
        ("KeyAlgorithm = ECDSA_P256", "proved-certificate"),
    ] {
        let token = linked(key);
        let id = id(&token);
        token.pkcs11_tool(&["--delete-object", "--type", "pubkey", "--id", &id]);
        let certified = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-pubkey"]);
        let outcome = token.run(&["export", NAME]).ok().says("note: ").says("public key");
        assert_eq!(outcome.stdout, certified, "{source}");
        assert_eq!(token.run(&["export", NAME, "--json"]).ok().json()["source"], source);

        // Of a certificate alone.
        token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--id", &id]);
        let outcome = token.run(&["export", NAME]).ok().says("there is no key object");
        assert_eq!(outcome.stdout, certified);
    }
}

#[test]
fn a_certificate_of_another_key_is_not_believed() {
    let token = SoftToken::new();
    let spec = |name: &str| inf(name).replace("KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P256");
    for name in ["a", "b"] {
        token.write(&format!("{name}.inf"), spec(name));
        token.run(&["new", &format!("{name}.inf")]).ok();
    }
    token.run(&["dev-ca", "b.csr.pem", "b.crt.pem"]).ok();
    token.openssl(&["x509", "-in", "b.crt.pem", "-outform", "DER", "-out", "b.der"]);
    let id = token.objects().into_iter().find(|object| object.label == "a").unwrap().id;
    token.pkcs11_tool(&["--delete-object", "--type", "pubkey", "--id", &id]);
    token.refuses(6, &["export", "a"]).says("does not show the public key of the private key \"a\"");
    token.pkcs11_tool(&["--write-object", "b.der", "--type", "cert", "--label", "a", "--id", &id]);
    token.refuses(6, &["export", "a"]).says("no certificate that belongs to it");
}
