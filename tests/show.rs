//! `hsmcert show`: CSRs and certificates in words, the same words that OpenSSL has for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{SoftToken, openssl};

#[test]
fn a_csr_is_shown_as_openssl_sees_it() {
    let token = SoftToken::with_request();
    let shown = token.run(&["show", "request.csr.pem"]).ok().stdout;
    for expected in [
        "CSR (PKCS#10)\n",
        "key                        RSA-2048\n",
        "signature                  RSA PKCS#1 v1.5 with SHA-256, verified with its own key\n",
        "keyUsage (critical)        digitalSignature\n",
        "subjectAltName             DNS:www.example.com\n",
    ] {
        assert!(shown.contains(expected), "`{expected}` is not in:\n{shown}");
    }
    let json = token.run(&["show", "--json", "request.csr.pem"]).ok().json();
    assert_eq!((&json["kind"], &json["signature_verified"]), (&"csr".into(), &true.into()));
    let spki = token.openssl(&["req", "-in", "request.csr.pem", "-pubkey", "-noout", "-out", "key.pem"]);
    assert_eq!(spki, "");
    token.openssl(&["pkey", "-pubin", "-in", "key.pem", "-outform", "DER", "-out", "key.der"]);
    let hash = token.openssl(&["dgst", "-sha256", "-r", "key.der"]);
    assert_eq!(json["key"]["spki_sha256"], hash.split(' ').next().unwrap());
}

#[test]
fn a_csr_whose_signature_is_wrong_is_shown_as_such() {
    let token = SoftToken::with_request();
    token.openssl(&["req", "-in", "request.csr.pem", "-outform", "DER", "-out", "wrong.csr"]);
    let mut der = token.read("wrong.csr");
    *der.last_mut().unwrap() ^= 1;
    token.write("wrong.csr", der);
    let shown = token.run(&["show", "wrong.csr"]).ok();
    assert!(shown.stdout.contains("NOT VERIFIED"), "{}", shown.stdout);
}

#[test]
fn a_chain_tells_who_signed_whom() {
    let token = SoftToken::with_certificate();
    let json = token.run(&["show", "--json", "request.crt.pem"]).ok().json();
    let certificates = json["certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), 2);
    assert_eq!((&certificates[0]["issued_by"], &certificates[1]["issued_by"]), (&2.into(), &2.into()));
    let days_left = certificates[0]["days_left"].as_i64().unwrap();
    assert!((29..=30).contains(&days_left), "{days_left}");
    let serial = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=").to_lowercase();
    assert_eq!(certificates[0]["serial_number"], serial);
    let text = token.run(&["show", "request.crt.pem"]).ok().stdout;
    assert!(text.starts_with("certificate 1 of 2\n") && text.contains("signed by                  itself"), "{text}");
}

/// The extensions that CAs add, as OpenSSL makes them.
#[test]
fn extensions_of_cas_are_in_words() {
    let token = SoftToken::new();
    token.write(
        "ext.cnf",
        "[req]\ndistinguished_name = dn\n[dn]\n[ext]\nsubjectKeyIdentifier = hash\n\
         authorityKeyIdentifier = keyid, issuer:always\ncrlDistributionPoints = URI:http://crl.example/a.crl\n\
         authorityInfoAccess = OCSP;URI:http://ocsp.example, caIssuers;URI:http://ca.example/a.cer\n\
         certificatePolicies = 2.23.140.1.2.1, @policy\nbasicConstraints = critical, CA:TRUE, pathlen:3\n\
         nameConstraints = permitted;DNS:example.com, excluded;IP:10.0.0.0/255.0.0.0\ntlsfeature = status_request\n\
         policyConstraints = requireExplicitPolicy:1\nnoCheck = ignored\n\
         [policy]\npolicyIdentifier = 1.3.6.1.4.1.1.1\nCPS.1 = http://cps.example\nuserNotice.1 = @notice\n\
         [notice]\nexplicitText = \"UTF8:read me\"\n",
    );
    let folder = token.path("");
    openssl(
        &folder,
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "k.pem",
            "-subj",
            "/CN=test",
            "-config",
            "ext.cnf",
            "-extensions",
            "ext",
            "-out",
            "c.pem",
        ],
    );
    let text = token.run(&["show", "c.pem"]).ok().stdout;
    for expected in [
        "cRLDistributionPoints      URI:http://crl.example/a.crl\n",
        "authorityInfoAccess        OCSP URI:http://ocsp.example\n",
        "                           CA issuers URI:http://ca.example/a.cer\n",
        "certificatePolicies        2.23.140.1.2.1\n",
        "                           1.3.6.1.4.1.1.1 http://cps.example \"read me\"\n",
        "basicConstraints (critical) CA\n",
        "                           path length 3\n",
        "nameConstraints            permitted DNS:example.com\n",
        "                           excluded IP:10.0.0.0/255.0.0.0\n",
        "tlsFeature                 status_request (must-staple)\n",
        "policyConstraints          requireExplicitPolicy after 1 certificates\n",
        "ocspNoCheck                yes\n",
        "issuer directoryName:CN=test\n",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

#[test]
fn a_file_that_is_neither_is_refused_with_what_it_is() {
    let token = SoftToken::with_request();
    token.refuses(8, &["show", "request.inf"]).says("neither PEM nor DER").says("hsmcert lint");
    token.refuses(10, &["show", "missing.pem"]);
    token.openssl(&["genpkey", "-algorithm", "ed25519", "-out", "key.pem"]);
    token.refuses(8, &["show", "key.pem"]).says("a private key");
}
