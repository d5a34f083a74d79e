//! Each algorithm from the request to the proved link, and OpenSSL's word on each CSR. What the token cannot do is
//! refused before anything is made. ML-DSA, which SoftHSM does not have, is in tests/kryoptic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::{Class, SEED_INF, Shim, SoftToken};

/// The seed's request with another key; `lines` are added to `[NewRequest]`.
fn inf(key: &str, lines: &str) -> String {
    let without_size = SEED_INF.replace("KeyLength = 2048\n", "").replace("HashAlgorithm = SHA256\n", "");
    let signs_only = without_size.replace("KeyUsage = 0xf0", "KeyUsage = 0x80");
    signs_only.replace("KeyAlgorithm = RSA", &format!("KeyAlgorithm = {key}\n{lines}"))
}

#[track_caller]
fn assert_contains(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

/// new, dev-ca, accept and find-key; OpenSSL must verify the CSR and find this in its text.
#[track_caller]
fn goes_all_the_way(request: &str, key: &str, scheme: &str, in_openssls_text: &[&str]) {
    let token = SoftToken::new();
    token.write("request.inf", request);
    let made = token.run(&["new", "request.inf", "request.csr.pem", "--json"]).ok().json();
    assert_eq!((made["algorithm"].as_str(), made["signature"].as_str()), (Some(key), Some(scheme)));
    let text = token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout", "-text"]);
    assert_contains(&text, in_openssls_text);
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let linked = token.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    assert_eq!(linked["proved"], serde_json::json!([scheme]));
    let found = token.run(&["find-key", "--class", "private", "--json"]).ok().json();
    let [private] = found["objects"].as_array().unwrap().as_slice() else { panic!("{found:#}") };
    assert_eq!((&private["id"], &private["algorithm"]), (&made["id"], &made["algorithm"]));
    assert!(private["certificate_subject"].as_str().unwrap().contains("CN=www.example.com"), "{private:#}");
    let public = &token.run(&["find-key", "--class", "public", "--json"]).ok().json()["objects"][0];
    assert_eq!((&public["id"], &public["algorithm"]), (&made["id"], &made["algorithm"]));
}

#[test]
fn ecdsa_p256() {
    let expected = ["NIST CURVE: P-256", "Signature Algorithm: ecdsa-with-SHA256"];
    goes_all_the_way(&inf("ECDSA_P256", ""), "EC P-256", "ECDSA with SHA-256", &expected);
}

#[test]
fn ecdsa_p384() {
    let expected = ["NIST CURVE: P-384", "Signature Algorithm: ecdsa-with-SHA384"];
    goes_all_the_way(&inf("ECDSA_P384", ""), "EC P-384", "ECDSA with SHA-384", &expected);
}

#[test]
fn ecdsa_p521() {
    let expected = ["NIST CURVE: P-521", "Signature Algorithm: ecdsa-with-SHA512"];
    goes_all_the_way(&inf("ECDSA_P521", ""), "EC P-521", "ECDSA with SHA-512", &expected);
}

#[test]
fn ed25519() {
    let expected = ["ED25519 Public-Key:", "Signature Algorithm: ED25519"];
    goes_all_the_way(&inf("Ed25519", ""), "Ed25519", "Ed25519", &expected);
}

#[test]
fn a_curve_with_another_hash() {
    for (curve, hash) in [("P256", "SHA512"), ("P384", "SHA256"), ("P521", "SHA384")] {
        let token = SoftToken::new();
        token.write("request.inf", inf(&format!("ECDSA_{curve}"), &format!("HashAlgorithm = {hash}")));
        token.run(&["new", "request.inf"]).ok();
        let text = token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout", "-text"]);
        assert_contains(&text, &[&format!("Signature Algorithm: ecdsa-with-{hash}")]);
    }
}

/// One key, each form of its signature.
#[test]
fn rsa_with_each_hash_and_padding() {
    let token = SoftToken::with_request();
    for (hash, salt) in [("256", "0x20"), ("384", "0x30"), ("512", "0x40")] {
        for pss in [false, true] {
            let lines = format!(
                "UseExistingKeySet = true\nKeyContainer = www.example.com\nHashAlgorithm = SHA{hash}\n\
                 AlternateSignatureAlgorithm = {pss}"
            );
            token.write("again.inf", inf("RSA", &lines));
            token.run(&["new", "--force", "again.inf", "again.csr.pem"]).ok();
            let text = token.openssl(&["req", "-in", "again.csr.pem", "-verify", "-noout", "-text"]);
            if pss {
                let (hash, salt) = (format!("Hash Algorithm: sha{hash}"), format!("Salt Length: {salt}"));
                assert_contains(&text, &["Signature Algorithm: rsassaPss", &hash, "mgf1 with sha", &salt]);
            } else {
                assert_contains(&text, &[&format!("Signature Algorithm: sha{hash}WithRSAEncryption")]);
            }
        }
    }
}

/// `KeySpec` and `KeyUsageProperty` as the token keeps them.
#[test]
fn a_key_may_do_what_was_asked_for_and_no_more() {
    let token = SoftToken::new();
    let uses = |label: &str, key: &str, lines: &str| {
        token.write("request.inf", inf(key, &format!("KeyContainer = {label}\n{lines}")));
        token.run(&["new", "--force", "request.inf"]).ok();
        let objects = token.objects();
        let private = objects.iter().find(|object| object.class == Class::Private && object.label == label).unwrap();
        let all = ["decrypt", "sign", "unwrap", "derive"];
        all.into_iter().filter(|flag| private.is(flag)).collect::<Vec<_>>()
    };
    assert_eq!(uses("signs", "RSA", "KeySpec = AT_SIGNATURE"), ["sign"]);
    assert_eq!(uses("decrypts", "RSA", "KeySpec = AT_KEYEXCHANGE"), ["decrypt", "sign"]);
    assert_eq!(uses("all", "RSA", "KeyUsageProperty = NCRYPT_ALLOW_ALL_USAGES"), ["decrypt", "sign"]);
    assert_eq!(uses("curve", "ECDSA_P256", "KeySpec = 1"), ["sign"]);
    assert_eq!(uses("agrees", "ECDH_P256", ""), ["sign", "derive"]);
    assert_eq!(uses("edwards", "Ed25519", "KeyUsageProperty = 7"), ["sign"]);
}

#[track_caller]
fn makes_an_rsa_key_of(bits: &str) {
    let token = SoftToken::new();
    token.write("request.inf", inf("RSA", &format!("KeyLength = {bits}")));
    token.run(&["new", "request.inf"]).ok();
    let text = token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout", "-text"]);
    assert_contains(&text, &[&format!("Public-Key: ({bits} bit)")]);
}

#[test]
fn rsa_3072() {
    makes_an_rsa_key_of("3072");
}

#[test]
fn rsa_4096() {
    makes_an_rsa_key_of("4096");
}

#[test]
fn what_the_token_lacks_is_refused_with_what_it_has() {
    let token = SoftToken::new();
    let all_generations = "CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN";
    let choose = "choose another algorithm or token";
    let with_pss = "AlternateSignatureAlgorithm = true";
    for (key, lines, hidden, missing, hint) in [
        ("ML-DSA-44", "", "", "CKM_ML_DSA_KEY_PAIR_GEN", all_generations),
        ("ML-DSA-65", "", "", "CKM_ML_DSA_KEY_PAIR_GEN", all_generations),
        ("ML-DSA-87", "", "", "CKM_ML_DSA_KEY_PAIR_GEN", all_generations),
        (
            "RSA",
            "",
            "0x0",
            "CKM_RSA_PKCS_KEY_PAIR_GEN or CKM_RSA_X9_31_KEY_PAIR_GEN",
            "it has CKM_EC_EDWARDS_KEY_PAIR_GEN",
        ),
        ("ECDSA_P256", "", "0x1040", "CKM_EC_KEY_PAIR_GEN", "it has CKM_EC_EDWARDS_KEY_PAIR_GEN"),
        ("Ed25519", "", "0x1055", "CKM_EC_EDWARDS_KEY_PAIR_GEN", "it has CKM_EC_KEY_PAIR_GEN"),
        ("RSA", "", "0x1,0x40", "CKM_SHA256_RSA_PKCS or CKM_RSA_PKCS", "CKM_SHA384_RSA_PKCS"),
        ("RSA", with_pss, "0xd,0x43", "CKM_SHA256_RSA_PKCS_PSS or CKM_RSA_PKCS_PSS", "CKM_SHA384_RSA_PKCS_PSS"),
        ("ECDSA_P384", "", "0x1041", "CKM_ECDSA_SHA384 or CKM_ECDSA", choose),
        ("Ed25519", "", "0x1057", "CKM_EDDSA", choose),
    ] {
        token.write("request.inf", inf(key, lines));
        let shim = Shim::before(&token).hiding(hidden);
        shim.forget();
        let outcome = token.refuses_command(9, shim.hsmcert().args(["new", "request.inf"]));
        outcome.says(&format!("it has no {missing}\n")).says(hint);
        assert_eq!(shim.count("C_GenerateKeyPair"), 0, "{key}");
    }
}

#[test]
fn a_size_outside_the_tokens_limits_is_refused() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).with_key_sizes("0x0:1024:3072,0x1040:192:384");
    for (key, lines, limits, hint) in [
        ("RSA", "KeyLength = 4096", "RSA-4096: its sizes are 1024 to 3072 bits", "KeyLength"),
        ("ECDSA_P521", "", "EC P-521: its sizes are 192 to 384 bits", "KeyAlgorithm"),
    ] {
        token.write("request.inf", inf(key, lines));
        token.refuses_command(9, shim.hsmcert().args(["new", "request.inf"])).says(limits).says(hint);
    }
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
    token.write("request.inf", inf("ECDSA_P384", ""));
    shim.run(&["new", "request.inf"]).ok();
}

#[test]
fn a_module_that_tells_no_sizes_is_asked_for_the_key() {
    let token = SoftToken::new();
    token.write("request.inf", inf("ECDSA_P256", ""));
    Shim::before(&token).with_key_sizes("0x1040:0:0").run(&["new", "request.inf"]).ok();
    token.write("request.inf", inf("ECDSA_P256", "KeyContainer = second"));
    Shim::before(&token).failing("C_GetMechanismInfo:1:0x54").run(&["new", "--force", "request.inf"]).ok();
}

/// Modules know Ed25519 by its word or by its OID; SoftHSM knows both.
#[test]
fn ed25519_by_its_oid_where_the_word_is_refused() {
    let token = SoftToken::new();
    token.write("request.inf", inf("Ed25519", ""));
    for result in ["0x140", "0x13", "0x5"] {
        let label = format!("refused with {result}");
        refused_once(&token, result, &label);
        // 1.3.101.112
        let listing = token.pkcs11_tool(&["-O", "--type", "pubkey", "--label", &label]);
        assert!(listing.contains("06032b6570"), "{listing}");
    }
}

#[test]
fn a_key_is_kept_where_the_module_does_not_let_go_of_its_uses() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token).failing("C_SetAttributeValue:1:0x10");
    shim.run(&["new", "request.inf"]).ok();
    assert_eq!((shim.count("C_GenerateKeyPair"), shim.count("C_SetAttributeValue")), (1, 1));
    token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
}

#[track_caller]
fn refused_once(token: &SoftToken, result: &str, label: &str) {
    let shim = Shim::before(token).failing(&format!("C_GenerateKeyPair:1:{result}"));
    shim.forget();
    shim.run(&["new", "--force", "request.inf", "--label", label]).ok();
    assert_eq!(shim.count("C_GenerateKeyPair"), 2);
    token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
}

/// `CKR_DEVICE_ERROR`, `CKR_KEY_SIZE_RANGE`.
#[test]
fn what_no_other_template_can_change_is_not_tried_again() {
    let token = SoftToken::new();
    token.write("request.inf", inf("Ed25519", ""));
    for (result, code) in [("0x30", 4), ("0x62", 9)] {
        let shim = Shim::before(&token).failing(&format!("C_GenerateKeyPair:1:{result}"));
        shim.forget();
        token.refuses_command(code, shim.hsmcert().args(["new", "request.inf"])).says("C_GenerateKeyPair: CKR_");
        assert_eq!(shim.count("C_GenerateKeyPair"), 1);
    }
}
