//! `hsmcert find-key`: which rows, in which order and form.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Shim, SoftToken};

/// One linked RSA key, and EC and RSA keys of another tool without certificates.
fn token() -> SoftToken {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--id", "0A01", "--label", "api.example.com"]);
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:1024", "--id", "0a02", "--label", "old"]);
    token
}

/// The labels of the rows, in their order.
#[track_caller]
fn labels(token: &SoftToken, arguments: &[&str]) -> Vec<String> {
    let found = token.run(&[&["find-key", "--json"], arguments].concat()).ok().json();
    let rows = found["pairs"].as_array().or(found["objects"].as_array()).unwrap();
    assert_eq!(found["count"], rows.len(), "{found:#}");
    rows.iter().map(|row| row["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn filters() {
    let token = token();
    let (www, api, old) = ("www.example.com", "api.example.com", "old");
    let uri = token.run(&["find-key", "-c", "3", "--label", old, "--json"]).ok().json();
    let uri = uri["objects"][0]["uri"].as_str().unwrap();
    token.pkcs11_tool(&["--read-object", "--type", "pubkey", "--label", api, "--output-file", "api.der"]);
    for (arguments, expected) in [
        (&["--label", www][..], &[www][..]),
        (&["--label", "*.example.com"], &[api, www]),
        (&["--label", "ap?.example.*"], &[api]),
        (&["--label", "API.EXAMPLE.COM"], &[]),
        (&["--subject", "cn=www.example.com"], &[www]),
        (&["--subject", "information*"], &[www]),
        (&["--subject", "api*"], &[]),
        (&["--id", "0a01"], &[api]),
        (&["--id", "0A:02"], &[old]),
        (&["--algorithm", "rsa"], &[old, www]),
        (&["--algorithm", "RSA-1024"], &[old]),
        (&["--algorithm", "p256"], &[api]),
        (&["--modulus", "request.csr.pem"], &[www]),
        (&["--modulus", "request.crt.pem"], &[www]),
        (&["--modulus", "api.der"], &[api]),
        (&["--uri", uri], &[old]),
        (&["--uri", "pkcs11:type=cert"], &[www]),
        (&["--expires-in", "3y"], &[www]),
        (&["--expires-in", "1h"], &[]),
        (&["--orphans"], &[api, old]),
        (&["--weak"], &[old]),
        (&["--duplicates"], &[]),
        (&["--orphans", "--algorithm", "ec"], &[api]),
        (&["--class", "certificate", "--label", "*"], &[www]),
        (&["--sort", "expiry"], &[www, api, old]),
        (&["--sort", "algorithm", "--reverse"], &[www, old, api]),
    ] {
        assert_eq!(labels(&token, arguments), expected, "{arguments:?}");
    }
}

#[test]
fn outputs() {
    let token = token();
    let stdout = |arguments: &[&str]| token.run(&[&["find-key"], arguments].concat()).ok().stdout;
    assert_eq!(stdout(&["--count"]), "3\n");
    assert_eq!(stdout(&["--count", "--objects"]), "7\n");
    assert_eq!(
        stdout(&["--csv", "--columns", "label,algorithm,remarks"]),
        "label,algorithm,remarks\napi.example.com,EC P-256,no-certificate\n\
         old,RSA-1024,no-certificate short-rsa\nwww.example.com,RSA-2048,\n"
    );
    let handles = stdout(&["-c", "3", "-o", "handles"]);
    assert!(handles.lines().count() == 3 && handles.lines().all(|line| line.parse::<u64>().is_ok()), "{handles}");
    let table = stdout(&["--limit", "1", "--columns", "uri"]);
    assert!(table.contains("object=api.example.com"), "{table}");
    assert!(table.ends_with("Total number of keys present 6, number of rows matched 3, shown 1\n"), "{table}");
    let counted = token.run(&["find-key", "--count", "--json"]).ok().json();
    assert_eq!((&counted["count"], &counted["total_keys"], &counted["pairs"]), (&3.into(), &6.into(), &().into()));
}

#[test]
fn what_makes_no_sense_is_refused_before_the_token_is_asked() {
    let token = SoftToken::new();
    token.write("empty.pem", "");
    token.write("key.pem", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
    let shim = Shim::before(&token);
    for (code, arguments, says) in [
        (2, &["--id", "xyz"][..], "hex digits"),
        (2, &["--expires-in", "30"], "30d"),
        (2, &["--columns", "name"], "not-after"),
        (2, &["--class", "private", "--objects"], "cannot be used with"),
        (2, &["--uri", "pkcs11:type=data"], "data objects"),
        (2, &["--uri", "pkcs11:id=%01", "--id", "02"], "--id is 02"),
        (8, &["--modulus", "empty.pem"], "nothing where a public key"),
        (8, &["--modulus", "key.pem"], "a private key where a public key"),
        (10, &["--modulus", "missing.pem"], "missing.pem"),
    ] {
        shim.run(&[&["find-key"], arguments].concat()).exits(code).says(says);
    }
    shim.run(&["find-key", "--csv", "--json"]).exits(2).json_error("usage");
    assert_eq!(shim.calls(), []);
}

/// What programs that look for a name would find by chance.
#[test]
fn duplicates_of_each_kind() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let pair = |id: &str, label: &str| {
        token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--id", id, "--label", label]);
    };
    pair("01", "one");
    pair("02", "twin");
    pair("03", "twin");
    pair("04", "first");
    pair("04", "second");
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "request.der"]);
    token.pkcs11_tool(&["--write-object", "request.der", "--type", "cert", "--id", "05", "--label", "again"]);
    let found = token.run(&["find-key", "--duplicates", "--json"]).ok().json();
    let rows: Vec<_> =
        found["pairs"].as_array().unwrap().iter().map(|row| (&row["label"], &row["duplicates"])).collect();
    let shared = |label: &str, words: &[&str]| (label.into(), words.to_vec().into());
    let expected: [(serde_json::Value, serde_json::Value); 6] = [
        shared("again", &["certificate"]),
        shared("first", &["id"]),
        shared("second", &["id"]),
        shared("twin", &["label"]),
        shared("twin", &["label"]),
        shared("www.example.com", &["certificate"]),
    ];
    assert_eq!(rows, expected.iter().map(|(label, words)| (label, words)).collect::<Vec<_>>());
}

/// A certificate with another key's id is not that key's.
#[test]
fn what_shares_only_an_id_is_no_pair() {
    let token = SoftToken::with_certificate();
    let id = token.objects()[0].id.clone();
    let other = SoftToken::with_certificate();
    std::fs::write(token.path("other.pem"), other.read("request.crt.pem")).unwrap();
    token.openssl(&["x509", "-in", "other.pem", "-outform", "DER", "-out", "other.der"]);
    token.pkcs11_tool(&["--write-object", "other.der", "--type", "cert", "--id", &id, "--label", "other"]);
    let found = token.run(&["find-key", "--orphans", "--json"]).ok().json();
    let orphans: Vec<_> =
        found["pairs"].as_array().unwrap().iter().map(|row| (&row["label"], &row["orphan"])).collect();
    assert_eq!(orphans, [(&"other".into(), &"no-key".into()), (&"www.example.com".into(), &"no-certificate".into())]);
}

/// A key that was made elsewhere.
#[test]
fn imported_keys_are_weak() {
    let token = SoftToken::new();
    token.openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "soft.pem"]);
    token.openssl(&["pkey", "-in", "soft.pem", "-outform", "DER", "-out", "soft.der"]);
    token.pkcs11_tool(&["--write-object", "soft.der", "--type", "privkey", "--id", "01", "--label", "imported"]);
    let found = token.run(&["find-key", "--weak", "--json"]).ok().json();
    let weaknesses = serde_json::json!(["not-local", "not-always-sensitive", "not-never-extractable"]);
    assert_eq!(found["pairs"][0]["weaknesses"], weaknesses, "{found:#}");
}
