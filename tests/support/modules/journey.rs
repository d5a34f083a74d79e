//! The life of a certificate on a token: request, certificate, proof, listing, renewal with the same key, end.

use std::process::Output;

use serde_json::{Value, json};

use super::Tested;

const LABEL: &str = "www.example.com";

/// A request for a key of this algorithm.
pub(super) fn request(name: &str, algorithm: &str) -> String {
    format!("subject = 'CN={name}'\n[san]\ndns = '{name}'\n[key]\nalgorithm = '{algorithm}'\n")
}

/// Runs hsmcert, which must succeed; its JSON.
#[track_caller]
pub(super) fn json_of(token: &dyn Tested, arguments: &[&str]) -> Value {
    let output = token.hsmcert(&[arguments, &["--json"]].concat());
    token.check();
    assert!(
        output.status.success(),
        "{arguments:?}\n{}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn fails(token: &dyn Tested, code: i32, output: &Output, text: &str) {
    token.check();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(text), "`{text}` is not in:\n{said}");
}

/// Goes all the way with a key of this algorithm; the signature schemes that were proved.
#[track_caller]
pub fn journey(token: &dyn Tested, algorithm: &str) -> Vec<String> {
    std::fs::write(token.work().join("request.toml"), request(LABEL, algorithm)).unwrap();
    fails(token, 6, &token.hsmcert(&["verify", LABEL]), "no certificate on the token");

    let made = json_of(token, &["new", "request.toml", "request.csr.pem"]);
    assert_eq!((&made["label"], &made["new_key"]), (&json!(LABEL), &json!(true)));
    let again = token.hsmcert(&["new", "request.toml", "second.csr.pem"]);
    fails(token, 7, &again, "is in use on the token");
    assert!(!token.work().join("second.csr.pem").exists());

    nothing_is_left(token);

    json_of(token, &["dev-ca", "request.csr.pem", "request.crt.pem"]);
    let linked = json_of(token, &["accept", "request.crt.pem"]);
    assert_eq!((&linked["change"], &linked["on_token"]), (&json!("stored"), &json!(true)), "{linked:#}");
    assert_eq!((&linked["id"], &linked["label"]), (&made["id"], &made["label"]));
    assert_eq!(json_of(token, &["accept", "request.crt.pem"])["change"], "unchanged");
    json_of(token, &["verify", LABEL]);
    let first = only_pair(token, &made);

    // Renewal with the same key: another CSR of it, another certificate in the place of the first.
    let again = json_of(token, &["new", "request.toml", "renewed.csr.pem", "--reuse-key", LABEL]);
    assert_eq!((&again["new_key"], &again["spki_sha256"]), (&json!(false), &made["spki_sha256"]));
    json_of(token, &["dev-ca", "renewed.csr.pem", "renewed.crt.pem"]);
    let renewed = json_of(token, &["accept", "renewed.crt.pem"]);
    assert_eq!(renewed["change"], "replaced", "{renewed:#}");
    let second = only_pair(token, &made);
    assert_ne!(first["certificate_serial"], second["certificate_serial"]);
    json_of(token, &["verify", LABEL]);

    nothing_is_left(token);

    // A wrong PIN is told as one, and the right one still works.
    fails(token, 5, &token.hsmcert_with_pin("87654399", &["find-key"]), "does not accept the PIN");
    only_pair(token, &made);

    let schemes = linked["proved"].as_array().unwrap();
    schemes.iter().map(|scheme| scheme.as_str().unwrap().to_owned()).collect()
}

/// Many certificates are stored in one run, and each is linked with its own key.
#[track_caller]
pub fn fleet(token: &dyn Tested, names: &[&str]) {
    let files =
        |folder: &str, ending: &str| names.iter().map(|name| format!("{folder}{name}.{ending}")).collect::<Vec<_>>();
    for name in names {
        std::fs::write(token.work().join(format!("{name}.toml")), request(name, "rsa")).unwrap();
    }
    std::fs::create_dir(token.work().join("csrs")).unwrap();
    let specs = files("", "toml");
    let specs: Vec<_> = ["new"].into_iter().chain(specs.iter().map(String::as_str)).collect();
    assert_eq!(json_of(token, &[&specs[..], &["--out-dir", "csrs"]].concat())["made"], names.len());
    let certificates = files("", "crt.pem");
    for (csr, certificate) in files("csrs/", "csr.pem").iter().zip(&certificates) {
        json_of(token, &["dev-ca", csr, certificate]);
    }
    let accept: Vec<_> = ["accept"].into_iter().chain(certificates.iter().map(String::as_str)).collect();
    for change in ["stored", "unchanged"] {
        let accepted = json_of(token, &accept);
        let changes = accepted["results"].as_array().unwrap().iter();
        assert_eq!(changes.filter(|one| one["change"] == change).count(), names.len(), "{accepted:#}");
    }
    for name in names {
        json_of(token, &["verify", name]);
    }
}

/// The end: without `--force` the pair stays, since its certificate is valid; then pair and certificate go, in the eyes
/// of OpenSC's tool too.
#[track_caller]
pub fn end(token: &dyn Tested) {
    let objects = || {
        let output = token.pkcs11_tool(&["--login", "--pin", token.pin(), "--list-objects"]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().filter(|line| line.contains(LABEL)).count()
    };
    let refused = token.hsmcert(&["delete-key", LABEL, "--certificate", "--yes"]);
    fails(token, 7, &refused, "--force");
    assert!(objects() >= 3);
    let deleted = json_of(token, &["delete-key", LABEL, "--certificate", "--force", "--yes"]);
    assert_eq!((&deleted["deleted"], deleted["objects"].as_array().unwrap().len()), (&json!(true), 3), "{deleted:#}");
    assert_eq!(objects(), 0);
    assert_eq!(json_of(token, &["find-key", "--objects", "--label", LABEL])["count"], 0);
}

/// What runs left that came to their end is no trace of one that was ended.
#[track_caller]
fn nothing_is_left(token: &dyn Tested) {
    let looked = json_of(token, &["repair", "--dry-run"]);
    assert_eq!(looked["findings"], json!([]), "{looked:#}");
}

/// One key pair and its certificate are on the token, and nothing else has this label.
#[track_caller]
fn only_pair(token: &dyn Tested, made: &Value) -> Value {
    let found = json_of(token, &["find-key", "--label", LABEL]);
    let [pair] = found["pairs"].as_array().unwrap().as_slice() else { panic!("{found:#}") };
    for field in ["id", "label", "algorithm", "spki_sha256"] {
        assert_eq!(pair[field], made[field], "{found:#}");
    }
    assert_eq!((&pair["certificate_subject"], &pair["orphan"]), (&json!("CN=www.example.com"), &Value::Null));
    assert_eq!(pair["objects"].as_array().unwrap().len(), 3, "{found:#}");
    let by_id = json_of(token, &["find-key", "--id", made["id"].as_str().unwrap()]);
    assert_eq!((&by_id["count"], &by_id["pairs"][0]["uri"]), (&json!(1), &pair["uri"]));
    pair.clone()
}
