//! hsmcert with kryoptic as its token: ML-DSA, which no other module here has, and EC points without a wrapping.

#![allow(clippy::unwrap_used)]

mod token;

use token::Token;

/// A request for a key of this algorithm.
fn request(algorithm: &str) -> String {
    format!("subject = 'CN=www.example.com'\n[san]\ndns = 'www.example.com'\n[key]\nalgorithm = '{algorithm}'\n")
}

/// new, dev-ca, accept and find-key; OpenSSL must verify CSR and certificate, and find this in the CSR's text.
#[track_caller]
fn goes_all_the_way(token: &Token, algorithm: &str, key: &str, scheme: &str, in_openssls_text: &[&str]) {
    token.write("request.toml", &request(algorithm));
    let made = token.json(&["new", "request.toml", "request.csr.pem"]);
    assert_eq!((made["algorithm"].as_str(), made["signature"].as_str()), (Some(key), Some(scheme)));
    let text = token.openssl_verify(&["request.csr.pem"]).unwrap();
    for expected in in_openssls_text.iter().chain(&["DNS:www.example.com"]) {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
    let issued = token.json(&["dev-ca", "request.csr.pem", "request.crt.pem"]);
    token.openssl_verify(&["request.crt.pem", issued["ca_certificate"].as_str().unwrap()]).unwrap();
    let linked = token.json(&["accept", "request.crt.pem"]);
    assert_eq!(linked["proved"], serde_json::json!([scheme]));
    assert_eq!(linked["id"], made["id"]);
    let found = token.json(&["find-key", "--objects"]);
    assert_eq!(found["count"], 3, "{found:#}");
    for object in found["objects"].as_array().unwrap() {
        assert_eq!((&object["id"], &object["algorithm"]), (&made["id"], &made["algorithm"]));
        assert_eq!(object["certificate_subject"], "CN=www.example.com");
    }
}

#[test]
fn ml_dsa_44() {
    let expected = ["Public Key Algorithm: ML-DSA-44", "Signature Algorithm: ML-DSA-44"];
    goes_all_the_way(&Token::new(), "ml-dsa-44", "ML-DSA-44", "ML-DSA-44", &expected);
}

#[test]
fn ml_dsa_65() {
    let expected = ["Public Key Algorithm: ML-DSA-65", "Signature Algorithm: ML-DSA-65"];
    goes_all_the_way(&Token::new(), "ml-dsa-65", "ML-DSA-65", "ML-DSA-65", &expected);
}

#[test]
fn ml_dsa_87() {
    let expected = ["Public Key Algorithm: ML-DSA-87", "Signature Algorithm: ML-DSA-87"];
    goes_all_the_way(&Token::new(), "ml-dsa-87", "ML-DSA-87", "ML-DSA-87", &expected);
}

/// SoftHSM wraps CKA_EC_POINT into an OCTET STRING; many modules do not.
#[test]
fn ec_points_without_a_wrapping() {
    let expected = ["NIST CURVE: P-384", "Signature Algorithm: ecdsa-with-SHA384"];
    goes_all_the_way(&Token::with_bare_points(), "ecdsa-p384", "EC P-384", "ECDSA with SHA-384", &expected);
    let expected = ["ED25519 Public-Key:", "Signature Algorithm: ED25519"];
    goes_all_the_way(&Token::with_bare_points(), "ed25519", "Ed25519", "Ed25519", &expected);
}

#[test]
fn ed25519() {
    let expected = ["ED25519 Public-Key:", "Signature Algorithm: ED25519"];
    goes_all_the_way(&Token::new(), "ed25519", "Ed25519", "Ed25519", &expected);
}

#[test]
fn the_templates_of_hsmcert_work() {
    for name in ["ml-dsa.inf", "ml-dsa.toml"] {
        let token = Token::new();
        token.write(name, &token::request_template(name));
        token.json(&["new", name, "request.csr.pem"]);
        let text = token.openssl_verify(&["request.csr.pem"]).unwrap();
        assert!(text.contains("Signature Algorithm: ML-DSA-65"), "{text}");
    }
}

#[test]
fn a_key_is_used_again() {
    let token = Token::new();
    token.write("request.toml", &request("ml-dsa-44"));
    let first = token.json(&["new", "request.toml", "first.csr.pem"]);
    token.write("again.toml", &format!("{}label = 'www.example.com'\nreuse = true\n", request("ml-dsa-44")));
    let again = token.json(&["new", "again.toml", "again.csr.pem"]);
    assert_eq!((&again["id"], &again["spki_sha256"]), (&first["id"], &first["spki_sha256"]));
    token.openssl_verify(&["again.csr.pem"]).unwrap();
}

/// Both verifiers say no: OpenSSL's and hsmcert's own.
#[test]
fn a_csr_with_a_changed_name_is_refused() {
    let token = Token::new();
    token.write("request.toml", &request("ml-dsa-44"));
    token.json(&["new", "request.toml", "request.csr", "--der"]);
    token.openssl_verify(&["request.csr"]).unwrap();
    token.change("request.csr", b"example.com", b"fxample.com");
    assert_eq!(token.openssl_verify(&["request.csr"]).unwrap_err(), "the signature does not verify\n");
    let outcome = token.hsmcert(&["dev-ca", "request.csr", "request.crt.pem"]);
    assert_eq!(outcome.status.code(), Some(8), "{outcome:?}");
}
