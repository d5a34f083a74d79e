//! Products that hsmcert knows: what it says of them, and how it gets along with modules that are as strict as theirs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::Value;
use support::{Class, Outcome, SEED_INF, Sandbox, Shim, SoftToken, Strict};

#[test]
fn the_table_names_a_source_for_each_product() {
    let machine = Sandbox::new();
    let listed = machine.run(&["token", "vendors", "--json"]).ok().json();
    let vendors = listed["vendors"].as_array().unwrap();
    let profiles: Vec<_> = vendors.iter().map(|vendor| vendor["profile"].as_str().unwrap()).collect();
    for wanted in
        ["cloudhsm", "cloudhsm-sdk3", "azure-cloud-hsm", "google-kms", "luna", "nshield", "utimaco", "yubihsm"]
    {
        assert!(profiles.contains(&wanted), "{wanted} is not in {profiles:?}");
    }
    for wanted in ["nethsm", "tpm2", "softhsm", "kryoptic", "opencryptoki", "nss"] {
        assert!(profiles.contains(&wanted), "{wanted} is not in {profiles:?}");
    }
    for vendor in vendors {
        assert!(!vendor["sources"].as_array().unwrap().is_empty(), "{vendor:#}");
    }
    let text = machine.run(&["token", "vendors"]).ok().stdout;
    for line in
        ["YubiHSM 2", "key ids have 2 bytes", "configure-pkcs11 --enable-certificate-storage", "gcloud kms keys create"]
    {
        assert!(text.contains(line), "`{line}` is not in:\n{text}");
    }
}

const ALL: [&str; 14] = [
    "cloudhsm",
    "cloudhsm-sdk3",
    "azure-cloud-hsm",
    "google-kms",
    "luna",
    "nshield",
    "utimaco",
    "yubihsm",
    "nethsm",
    "tpm2",
    "softhsm",
    "kryoptic",
    "opencryptoki",
    "nss",
];

/// A request, and with `issue` a certificate for it from the throw-away CA.
fn token() -> SoftToken {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token
}

fn issue(token: &SoftToken, file: &str) {
    token.run(&["dev-ca", "request.csr.pem", file]).ok();
}

/// The certificates that are linked to a key, as `find-key` shows them: label, id and expiry.
fn pairs(strict: &Strict<'_>) -> Vec<Value> {
    let listed = strict.run(&["find-key", "--json"]).ok().json();
    listed["pairs"].as_array().unwrap().clone()
}

#[test]
fn every_row_is_in_the_journeys() {
    let listed = Sandbox::new().run(&["token", "vendors", "--json"]).ok().json();
    let vendors = listed["vendors"].as_array().unwrap();
    let profiles: Vec<_> = vendors.iter().map(|vendor| vendor["profile"].as_str().unwrap()).collect();
    assert_eq!(profiles, ALL);
}

/// The whole journey where certificates are held: new, accept, verify, a renewal of the same key, find-key.
#[test]
fn the_journey_on_each_vendor_that_holds_certificates() {
    for vendor in ALL.into_iter().filter(|vendor| !["cloudhsm-sdk3", "google-kms"].contains(vendor)) {
        let token = token();
        let strict = Strict::before(&token, vendor);
        let made = strict.run(&["new", "request.inf", "request.csr.pem", "--json", "-v"]).ok().json();
        assert!(made["explanations"].to_string().contains("key pair made by CKM_RSA_"), "{vendor} {made:#}");
        let label = if vendor == "nethsm" { "wwwexamplecom" } else { "www.example.com" };
        assert_eq!(made["label"], label, "{vendor}");
        let private = token.objects().into_iter().find(|object| object.class == Class::Private).unwrap();
        for flag in ["sensitive", "always sensitive", "never extractable", "local"] {
            assert!(private.is(flag), "{vendor}: {private:?}");
        }
        assert_eq!((&private.id, &private.label), (&made["id"].as_str().unwrap().to_owned(), &label.to_owned()));

        issue(&token, "request.crt.pem");
        let linked = strict.run(&["accept", "request.crt.pem", "--json"]).ok().json();
        assert_eq!((&linked["change"], &linked["on_token"]), (&"stored".into(), &true.into()), "{vendor} {linked:#}");
        strict.run(&["verify", "request.crt.pem"]).ok();

        issue(&token, "renewed.crt.pem");
        let linked = strict.run(&["accept", "renewed.crt.pem", "--json"]).ok().json();
        assert_eq!(linked["change"], "replaced", "{vendor} {linked:#}");
        strict.run(&["verify", "renewed.crt.pem"]).ok();
        strict.run(&["accept", "renewed.crt.pem"]).ok();
        assert_eq!(token.certificates().iter().filter(|one| one.label == label).count(), 1, "{vendor}");
        assert_eq!(pairs(&strict).len(), 1, "{vendor}");
        let by_key = strict.run(&["find-key", "--modulus", "request.csr.pem", "--json"]).ok().json();
        assert_eq!(by_key["pairs"].as_array().unwrap().len(), 1, "{vendor} {by_key:#}");
        let looked = strict.run(&["repair", "--dry-run", "--json"]).ok().json();
        assert!(looked["findings"].as_array().unwrap().is_empty(), "{vendor} {looked:#}");
    }
}

/// Linking rule 8: chain file and state, and everything after works the same.
#[test]
fn the_journey_where_no_certificates_are_held() {
    for (vendor, told) in [
        (
            "cloudhsm",
            "configure-pkcs11 --enable-certificate-storage (Client SDK 5.13 or newer, clusters of type hsm2m.medium)",
        ),
        ("cloudhsm-sdk3", "AWS CloudHSM, Client SDK 3 holds none"),
        ("google-kms", "Google Cloud KMS shows it after listing its PEM text under certs"),
    ] {
        let token = token();
        let mut strict = Strict::before(&token, vendor);
        if vendor == "cloudhsm" {
            strict = strict.without_certificates();
        }
        if vendor == "google-kms" {
            let refused = strict.run(&["new", "request.inf", "request.csr.pem"]).fails(9);
            refused.says("Google Cloud KMS does not make keys").says("gcloud kms keys create").says("--reuse-key");
            assert!(token.objects().is_empty());
            let key =
                ["--keypairgen", "--key-type", "RSA:2048", "--id", "70726f6a656374", "--label", "www.example.com"];
            token.pkcs11_tool(&key);
            strict.run(&["new", "request.inf", "request.csr.pem", "--reuse-key", "www.example.com"]).ok();
        } else {
            strict.run(&["new", "request.inf", "request.csr.pem"]).ok();
        }
        let before = token.objects();
        issue(&token, "request.crt.pem");
        let linked = strict.run(&["accept", "request.crt.pem", "--chain-out", "web.pem", "--json"]).ok().json();
        let looked = strict.run(&["repair", "--dry-run", "--json"]).ok().json();
        assert!(looked["findings"].as_array().unwrap().is_empty(), "{vendor} {looked:#}");
        let warnings = linked["warnings"].to_string();
        assert!(warnings.contains("the token takes no certificate objects") && warnings.contains(told), "{linked:#}");
        assert_eq!((&linked["change"], &linked["on_token"]), (&"not-stored".into(), &false.into()), "{vendor}");
        assert!(!linked["proved"].as_array().unwrap().is_empty(), "{linked:#}");
        token.openssl(&["x509", "-in", "web.pem", "-noout"]);
        issue(&token, "renewed.crt.pem");
        strict.run(&["accept", "renewed.crt.pem", "--chain-out", "web.pem"]).ok();
        assert!(token.path("web.pem.prev").exists(), "{vendor}");
        assert_eq!(token.objects(), before, "{vendor}");
        assert_eq!(pairs(&strict).len(), 1, "{vendor}");
    }
}

#[test]
fn yubihsm_gets_ids_of_two_bytes_and_the_old_certificate_goes_first() {
    let token = token();
    let strict = Strict::before(&token, "yubihsm");
    let made = strict.run(&["new", "request.inf", "request.csr.pem", "--json"]).ok().json();
    assert_eq!(made["id"].as_str().unwrap().len(), 4, "{made:#}");
    issue(&token, "request.crt.pem");
    strict.run(&["accept", "request.crt.pem"]).ok();
    issue(&token, "renewed.crt.pem");
    let linked = strict.run(&["accept", "renewed.crt.pem", "--json"]).ok().json();
    assert_eq!(linked["kept_old"].as_array().unwrap().len(), 1, "saved to a file before: {linked:#}");
}

/// Without its row the standard template is refused, and the ladder finds what is taken.
#[test]
fn an_unknown_module_gets_down_the_ladder() {
    let token = token();
    let strict = Strict::before(&token, "cloudhsm");
    let mut command = strict.hsmcert();
    command.env_remove("HSMCERT_PROFILE").args(["new", "request.inf", "-v"]);
    let outcome = Outcome::of(&mut command).ok();
    let outcome =
        outcome.says("the token refuses the full attribute template (C_GenerateKeyPair: CKR_ATTRIBUTE_VALUE_INVALID)");
    outcome.says("key pair made by CKM_RSA_PKCS_KEY_PAIR_GEN with the minimal attribute template");
    let private = token.objects().into_iter().find(|object| object.class == Class::Private).unwrap();
    assert!(private.is("sensitive") && private.is("never extractable"), "{private:?}");
}

#[test]
fn the_mechanism_that_the_vendor_prefers_makes_the_key() {
    for (vendor, mechanism) in [
        ("cloudhsm", "CKM_RSA_X9_31_KEY_PAIR_GEN"),
        ("luna", "CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN"),
        ("softhsm", "CKM_RSA_PKCS_KEY_PAIR_GEN"),
    ] {
        let token = token();
        let outcome = Strict::before(&token, vendor).run(&["new", "request.inf", "-v"]).ok();
        outcome.says(&format!("key pair made by {mechanism} with the "));
    }
    let token = token();
    let forced = ["new", "request.inf", "-v", "--key-gen-mechanism"];
    let run = |vendor, mechanism| Strict::before(&token, vendor).run(&[&forced[..], &[mechanism]].concat());
    run("luna", "rsa-x9.31").fails(9).says("C_GenerateKeyPair: CKR_MECHANISM_INVALID");
    run("softhsm", "rsa-x9.31").fails(9).says("it has no CKM_RSA_X9_31_KEY_PAIR_GEN");
    assert!(token.objects().is_empty());
    run("cloudhsm", "rsa-pkcs").ok().says("key pair made by CKM_RSA_PKCS_KEY_PAIR_GEN");
    token.write("ec.inf", SEED_INF.replace("KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P256"));
    token.run(&["new", "ec.inf", "--key-gen-mechanism", "rsa-pkcs"]).fails(2).says("is for RSA keys");
}

#[test]
fn a_pin_without_its_user_is_not_tried() {
    let token = token();
    let shim = Shim::before(&token);
    let strict = Strict::before(&token, "cloudhsm").through(&shim);
    let mut command = strict.hsmcert();
    let outcome = Outcome::of(command.env("HSMCERT_PIN", SoftToken::PIN).args(["find-key"])).fails(5);
    outcome.says("the PIN of AWS CloudHSM is user:password").says("not tried");
    let strict = Strict::before(&token, "yubihsm").through(&shim);
    let mut command = strict.hsmcert();
    let outcome = Outcome::of(command.env("HSMCERT_PIN", SoftToken::PIN).args(["find-key"])).fails(5);
    outcome.says("the PIN of YubiHSM 2 is 0001password").says("not tried");
    assert_eq!(shim.count("C_Login"), 0);
}

/// The file is not named as the vendor's, and the profile says whose it is: all commands go by that.
#[test]
fn the_vendor_of_a_profile_is_that_of_each_command() {
    let token = token();
    let run = |vendor, arguments: &[&str]| {
        token.write("hsmcert.toml", format!("[profile.web]\nvendor = \"{vendor}\"\n"));
        let mut command = Strict::before(&token, vendor).hsmcert();
        Outcome::of(command.env("HSMCERT_PROFILE", "web").args(arguments))
    };
    let tested = run("cloudhsm", &["token", "test", "--json"]).ok().json();
    assert_eq!(tested["module"]["profile"], "cloudhsm");
    for command in [&["token", "init", "--label", "new", "--yes"][..], &["token", "set-pin", "--token", "test token"]] {
        run("cloudhsm", command).fails(9).says("AWS CloudHSM makes no tokens and sets no PINs").says("cloudhsm-cli");
        run("azure-cloud-hsm", command).fails(9).says("azcloudhsm_mgmt_util");
    }
    let looked = run("cloudhsm", &["doctor", "--login", "--json"]).exits(4).json().to_string();
    assert!(looked.contains("/opt/cloudhsm/etc/cloudhsm-pkcs11.cfg"), "{looked}");
    assert!(looked.contains("the token lets the user in"), "{looked}");
}

#[test]
fn a_label_that_the_token_would_cut_is_refused() {
    let token = token();
    let label = "a".repeat(128);
    let outcome = Strict::before(&token, "cloudhsm").run(&["new", "request.inf", "--label", &label]).fails(9);
    outcome.says("has 128 bytes, and the token takes 127").says("--label");
    assert!(token.objects().is_empty());
}

/// A token with a request, and with the certificate for it.
fn with_certificate() -> SoftToken {
    let token = token();
    token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    issue(&token, "request.crt.pem");
    token
}

/// `C_Sign` fails until the key is on the HSM that is asked; how soon that is, is the vendor's to say.
#[test]
fn a_new_key_is_waited_for() {
    const FUNCTION_FAILED: &str = "0x6";
    let token = token();
    // Each signature is two calls: how long, then which.
    let late = Shim::before(&token).failing(&format!("C_SignInit:1:{FUNCTION_FAILED},C_SignInit:2:0x30"));
    let strict = Strict::before(&token, "cloudhsm").through(&late);
    let outcome = strict.run(&["new", "request.inf", "request.csr.pem", "-v"]).ok();
    outcome.says("CKR_FUNCTION_FAILED: trying again in 0.1 s").says("CKR_DEVICE_ERROR: trying again in 0.2 s");
    assert_eq!((late.count("C_GenerateKeyPair"), late.count("C_SignInit")), (1, 3));

    // An unknown token is asked once, and a key that is no new one too.
    let token = self::token();
    let shim = Shim::before(&token).failing("C_SignInit:1:0x6");
    shim.run(&["new", "request.inf", "request.csr.pem"]).fails(4).says("CKR_FUNCTION_FAILED");
    assert_eq!(shim.count("C_SignInit"), 1);
}

#[test]
fn waiting_for_a_new_key_ends_with_the_last_error_and_nothing_is_left() {
    let token = token();
    token.write("hsmcert.toml", "[profile.cloudhsm.quirks]\nnew-key-seconds = 1\n");
    let never: Vec<_> = (1..20).map(|nth| format!("C_SignInit:{nth}:0x6")).collect();
    let shim = Shim::before(&token).failing(&never.join(","));
    let strict = Strict::before(&token, "cloudhsm").through(&shim);
    let outcome = strict.run(&["new", "request.inf", "request.csr.pem"]).fails(4);
    outcome.says("destroyed again").says("CKR_FUNCTION_FAILED");
    assert!((3..8).contains(&shim.count("C_SignInit")), "{} tries in a second", shim.count("C_SignInit"));
    assert!(token.objects().is_empty());
}

#[test]
fn throttled_operations_on_certificates_are_tried_again() {
    let good = with_certificate();
    let shim = Shim::before(&good);
    Strict::before(&good, "cloudhsm").through(&shim).run(&["accept", "request.crt.pem"]).ok();
    let before = shim.calls().into_iter().take_while(|call| call.function != "C_CreateObject");
    let reads = before.filter(|call| call.function == "C_GetAttributeValue").count();
    let of_certificate = format!("C_GetAttributeValue:{}:0x30", reads + 1);
    for throttled in ["C_CreateObject:1:0x6", "C_FindObjectsInit:5:0x6", &of_certificate] {
        let token = with_certificate();
        let shim = Shim::before(&token).failing(throttled);
        let strict = Strict::before(&token, "cloudhsm").through(&shim);
        let linked = strict.run(&["accept", "request.crt.pem", "-v", "--json"]).ok().json();
        assert_eq!(linked["change"], "stored", "{throttled}");
        assert!(linked["explanations"].to_string().contains("trying again in 0.1 s"), "{throttled} {linked:#}");
        assert_eq!(token.certificates().len(), 1, "{throttled}");
    }
}

/// Each call of a good run, once with the session lost under it: what is done is done once and whole.
#[test]
fn a_lost_session_is_logged_in_again_once() {
    for (call, name) in [
        ("C_FindObjectsInit:1:0xb3", "CKR_SESSION_HANDLE_INVALID"),
        ("C_GenerateKeyPair:1:0x32", "CKR_DEVICE_REMOVED"),
        ("C_GetAttributeValue:2:0xe0", "CKR_TOKEN_NOT_PRESENT"),
        ("C_SignInit:1:0xb0", "CKR_SESSION_CLOSED"),
    ] {
        let token = token();
        let shim = Shim::before(&token).failing(call);
        let outcome = shim.run(&["new", "request.inf", "request.csr.pem", "-v"]).ok();
        outcome.says(&format!("{name}): a new one is open and logged in"));
        assert_eq!((shim.count("C_Login"), shim.count("C_OpenSession")), (2, 2), "{call}");
        assert_eq!(token.objects().len(), 2, "{call}");
        token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
    }
    for call in
        ["C_FindObjectsInit:2", "C_GetAttributeValue:3", "C_CreateObject:1", "C_SignInit:2", "C_DestroyObject:1"]
    {
        let token = with_certificate();
        token.run(&["accept", "request.crt.pem"]).ok();
        issue(&token, "renewed.crt.pem");
        let shim = Shim::before(&token).failing(&format!("{call}:0xb3"));
        let linked = shim.run(&["accept", "renewed.crt.pem", "--json"]).ok().json();
        assert_eq!((&linked["change"], token.certificates().len()), (&"replaced".into(), 1), "{call}");
    }
}

/// Some modules find a device again only after a new start.
#[test]
fn a_module_that_is_lost_is_started_anew() {
    const NOT_INITIALIZED: &str = "0x190";
    for (calls, told) in [
        (format!("C_SignInit:1:{NOT_INITIALIZED},C_OpenSession:2:{NOT_INITIALIZED}"), "CKR_CRYPTOKI_NOT_INITIALIZED"),
        ("C_SignInit:1:0x32,C_OpenSession:2:0x32,C_Finalize:1:0x30".to_owned(), "CKR_DEVICE_REMOVED"),
        ("C_SignInit:1:0xe0,C_OpenSession:2:0x3".to_owned(), "CKR_SLOT_ID_INVALID"),
    ] {
        let token = with_certificate();
        let shim = Shim::before(&token).failing(&calls);
        let outcome = shim.run(&["accept", "request.crt.pem", "-v"]);
        // A module that was not ended is not started again.
        if calls.contains("C_Finalize") {
            outcome.fails(4).says("no new one is to be had (C_Initialize: CKR_CRYPTOKI_ALREADY_INITIALIZED)");
            continue;
        }
        let outcome = outcome.ok();
        outcome.says(&format!("C_OpenSession: {told}: the module is started anew")).says("a new one is open");
        assert_eq!((shim.count("C_Initialize"), shim.count("C_Login"), token.certificates().len()), (2, 2, 1));
    }
    // Nobody can log in anew, and the next process starts the module anyway.
    let token = with_certificate();
    let shim = Shim::before(&token).failing(&format!("C_SignInit:1:{NOT_INITIALIZED}"));
    let mut command = shim.hsmcert();
    command.env_remove("HSMCERT_PIN").write_stdin(format!("{}\n", SoftToken::PIN));
    command.args(["accept", "request.crt.pem", "--pin-source", "-", "--json"]);
    let error = Outcome::of(&mut command).exits(4).json_error("token-unavailable");
    assert_eq!(error["retryable"], true, "{error:#}");
}

#[test]
fn a_second_lost_session_is_the_end() {
    let token = with_certificate();
    let shim = Shim::before(&token).failing("C_SignInit:1:0xb3,C_SignInit:2:0xb3");
    let outcome = token.refuses_command(4, shim.hsmcert().args(["accept", "request.crt.pem"]));
    outcome.says("CKR_SESSION_HANDLE_INVALID");
    assert_eq!(shim.count("C_Login"), 2);
}

#[test]
fn a_pin_that_is_wrong_by_then_is_not_tried_again() {
    let token = with_certificate();
    let shim = Shim::before(&token).failing("C_SignInit:1:0xb3");
    let script = "test -e read && echo wrong || { touch read; printf '%s\\n' \"$THE_PIN\"; }";
    let mut command = shim.hsmcert();
    command.env_remove("HSMCERT_PIN").env("THE_PIN", SoftToken::PIN);
    command.args(["verify", "request.crt.pem", "--pin-source", &format!("exec:{script}")]);
    Outcome::of(&mut command).fails(5).says("does not accept the PIN");
    assert_eq!(shim.count("C_Login"), 2);
}

/// A failure under the search for a private key is no answer to whether there is one.
#[test]
fn a_failed_search_for_a_private_key_is_not_a_missing_key() {
    let token = with_certificate();
    let script = "test -e read && echo wrong || { touch read; printf '%s\\n' \"$THE_PIN\"; }";
    // The public key is looked for first.
    for (result, code, told) in [
        ("0xb3", 5, "does not accept the PIN"),
        ("0x30", 4, "C_FindObjectsInit: CKR_DEVICE_ERROR"),
        ("0xa3", 5, "C_FindObjectsInit: CKR_PIN_EXPIRED"),
    ] {
        let shim = Shim::before(&token).failing(&format!("C_FindObjectsInit:2:{result}"));
        let mut command = shim.hsmcert();
        command.env_remove("HSMCERT_PIN").env("THE_PIN", SoftToken::PIN);
        command.args(["accept", "request.crt.pem", "--pin-source", &format!("exec:{script}")]);
        Outcome::of(&mut command).fails(code).says(told);
        let _ = std::fs::remove_file(token.path("read"));
    }
    // What is refused is looked for in another way.
    let shim = Shim::before(&token).failing("C_FindObjectsInit:2:0x12");
    shim.run(&["accept", "request.crt.pem"]).ok();
}

/// What comes from standard input cannot be read anew, as what is typed.
#[test]
fn a_pin_that_is_not_kept_is_not_asked_for_again() {
    let token = with_certificate();
    let shim = Shim::before(&token).failing("C_SignInit:1:0xb3");
    let mut command = shim.hsmcert();
    command.env_remove("HSMCERT_PIN").write_stdin(format!("{}\n", SoftToken::PIN));
    command.args(["accept", "request.crt.pem", "--pin-source", "-", "-v"]);
    Outcome::of(&mut command).fails(4).says("the PIN is not kept").says("CKR_SESSION_HANDLE_INVALID");
    assert_eq!(shim.count("C_Login"), 1);
}

/// A profile names the vendor, and says where the HSM is unlike its row. Each quirk that is taken away is missed.
#[test]
fn quirks_can_be_overridden() {
    let with = |vendor, quirks: &str| {
        let token = with_certificate();
        token.write("hsmcert.toml", format!("[profile.web]\nvendor = \"{vendor}\"\n[profile.web.quirks]\n{quirks}\n"));
        token
    };
    let run = |token: &SoftToken, vendor, arguments: &[&str]| {
        let mut command = Strict::before(token, vendor).hsmcert();
        Outcome::of(command.env("HSMCERT_PROFILE", "web").args(arguments))
    };
    let accept = ["accept", "request.crt.pem"];
    run(&with("yubihsm", ""), "yubihsm", &accept).ok();
    run(&with("yubihsm", "finds-by-public-key = true"), "yubihsm", &accept).fails(8);

    let token = with("yubihsm", "");
    run(&token, "yubihsm", &accept).ok();
    issue(&token, "renewed.crt.pem");
    token.write("hsmcert.toml", "[profile.web]\nvendor = \"yubihsm\"\nquirks = { certificates-share-id = true }\n");
    run(&token, "yubihsm", &["accept", "renewed.crt.pem"]).fails(4).says("C_CreateObject: CKR_FUNCTION_FAILED");

    let new = ["new", "request.inf", "new.csr.pem", "--label", "new", "-v"];
    let json = [&new[..], &["--json"]].concat();
    let made = run(&with("yubihsm", "id-length = 8"), "yubihsm", &json).ok().json();
    assert_eq!(made["id"].as_str().unwrap().len(), 16, "{made:#}");
    run(&with("tpm2", "deny-uses-in-template = true"), "tpm2", &new).fails(4).says("CKR_GENERAL_ERROR");
    let outcome = run(&with("cloudhsm", "public-key-private = false"), "cloudhsm", &new).ok();
    outcome.says("refuses the full attribute template").says("with the minimal attribute template");
    let outcome = run(&with("luna", "rsa-generation = \"rsa-pkcs\""), "luna", &new).fails(9);
    outcome.says("does not make a key pair by CKM_RSA_X9_31_KEY_PAIR_GEN");
    run(&with("google-kms", "generates-keys = true"), "google-kms", &new).fails(9).says("CKR_TEMPLATE_INCONSISTENT");
    run(&with("nethsm", "label-is-id = false"), "nethsm", &new).ok();
}

#[test]
fn a_configuration_that_nobody_understands_is_refused_with_the_names_that_there_are() {
    let machine = Sandbox::new();
    for (text, told) in [
        (
            "[profile.a.quirks]\nid-lenght = 2\n",
            "[profile.a.quirks]: unknown field `id-lenght`, expected one of `id-length`",
        ),
        ("[profile.a.quirks]\nid-length = 0\n", "id-length = 0 is not 1 to 255"),
        ("[profile.a.quirks]\nid-length = \"2\"\n", "[profile.a.quirks]: invalid type"),
        (
            "[profile.a.quirks]\nrsa-generation = \"dsa\"\n",
            "expected one of `rsa-pkcs`, `rsa-x9.31`, `luna-fips-186-3`",
        ),
        ("[profile.a]\nvendor = \"lunar\"\n", "vendor = \"lunar\" of [profile.a] is none of cloudhsm, "),
        ("[profile.a]\nvendors = \"luna\"\n", "unknown field `vendors`"),
    ] {
        machine.write("hsmcert.toml", text);
        machine.run(&["find-key"]).fails(2).says(told);
    }
}

/// Where a certificate is a part of its key, the token destroys it with the key: that is told before, and counted.
#[test]
fn a_certificate_that_goes_with_its_key_is_named_before_it_goes() {
    let token = token();
    let strict = Strict::before(&token, "nethsm");
    strict.run(&["new", "request.inf", "request.csr.pem"]).ok();
    issue(&token, "request.crt.pem");
    strict.run(&["accept", "request.crt.pem"]).ok();
    let before = token.objects();
    for more in [&["--dry-run"][..], &["--yes", "--force"]] {
        let refused = strict.run(&[&["delete-key", "wwwexamplecom"], more].concat()).fails(7);
        refused.says("the token destroys with the key").says("certificate \"wwwexamplecom\"").says("--certificate");
    }
    strict.run(&["delete-key", "wwwexamplecom", "--yes", "--certificate"]).fails(7).says("--force");
    assert_eq!(token.objects(), before);
    let forced = ["delete-key", "wwwexamplecom", "--yes", "--certificate", "--force"];
    let gone = strict.run(&forced).ok();
    assert!(gone.stdout.contains("deleted 3 objects"), "{}", gone.stdout);
    assert!(token.objects().is_empty());

    // A key without a certificate goes as elsewhere.
    strict.run(&["new", "request.inf", "other.csr.pem"]).ok();
    let gone = strict.run(&["delete-key", "wwwexamplecom", "--yes", "--json"]).ok().json();
    assert_eq!((gone["objects"].as_array().unwrap().len(), token.objects().len()), (2, 0), "{gone:#}");
}

/// What the product does not change is not tried.
#[test]
fn a_label_that_cannot_be_changed_is_refused_before_the_token_is_asked() {
    for (vendor, product) in [("cloudhsm", "AWS CloudHSM"), ("nethsm", "Nitrokey NetHSM"), ("google-kms", "Google")] {
        let token = token();
        token.pkcs11_tool(&["--keypairgen", "--key-type", "RSA:2048", "--id", "01", "--label", "web"]);
        let shim = Shim::before(&token);
        let strict = Strict::before(&token, vendor).through(&shim);
        let outcome = strict.run(&["rename", "web", "other"]).fails(9);
        outcome.says(product).says("does not change the label of a private key \"web\"");
        assert_eq!(shim.count("C_SetAttributeValue"), 0, "{vendor}");
        strict.run(&["rename", "web", "web"]).ok();
    }
    // A certificate that stands alone can be renamed where those can.
    let token = with_certificate();
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "crt.der"]);
    token.pkcs11_tool(&["--write-object", "crt.der", "--type", "cert", "--label", "alone", "--id", "77"]);
    Strict::before(&token, "cloudhsm").run(&["rename", "alone", "other"]).ok();
    // The profile knows better than the row.
    token.write("hsmcert.toml", "[profile.web]\nvendor = \"cloudhsm\"\nquirks = { changes = \"all\" }\n");
    let mut command = Strict::before(&token, "softhsm").hsmcert();
    command.env("HSMCERT_PIN", format!("a:{}", SoftToken::PIN)).env("PKCS11_STRICT_VENDOR", "azure-cloud-hsm");
    Outcome::of(command.env("HSMCERT_PROFILE", "web").args(["rename", "www.example.com", "new"])).ok();
}
