//! `hsmcert token list | info`: what is here, without a PIN.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Outcome, Sandbox, Shim, SoftToken, softhsm_module};

#[test]
fn modules_and_their_tokens() {
    let token = SoftToken::new();
    let mut command = token.hsmcert();
    let listed = Outcome::of(command.env_remove("HSMCERT_PIN").args(["token", "list", "--json"])).ok().json();
    let module = &listed["modules"][0];
    assert_eq!(module["path"], softhsm_module().to_str().unwrap());
    assert_eq!((&module["why"], &module["error"]), (&"HSMCERT_MODULE".into(), &().into()));
    assert_eq!(module["tokens"][0]["label"], SoftToken::LABEL);
    assert_eq!(module["tokens"][0]["flags"], serde_json::json!([]));
    // The same module at its usual place is not listed again.
    let paths = listed["modules"].as_array().unwrap().iter().map(|one| &one["path"]);
    assert_eq!(paths.filter(|path| **path == module["path"]).count(), 1, "{listed:#}");
}

#[test]
fn a_machine_on_which_nothing_is_configured() {
    let machine = Sandbox::new();
    let listed = machine.run(&["token", "list"]).ok().stdout;
    assert!(listed.contains("trial token: nothing is configured"), "{listed}");
    assert!(!machine.folder().join("data/hsmcert").exists(), "looking makes no trial token");
}

#[test]
fn a_module_that_does_not_work_is_listed_with_the_reason() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).failing("C_Initialize:1:0x5");
    let listed = shim.run(&["token", "list", "--json"]).ok().json();
    let error = listed["modules"][0]["error"].as_str().unwrap();
    assert!(error.contains("does not start") && error.contains("C_Initialize: CKR_GENERAL_ERROR"), "{error}");
}

#[test]
fn what_a_token_can_do() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).hiding("0x1040");
    let info = shim.run(&["token", "info", "--json"]).ok().json();
    assert_eq!((&info["label"], &info["min_pin_length"]), (&SoftToken::LABEL.into(), &4.into()), "{info:#}");
    let has = |name: &str| {
        let all = info["mechanisms"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["present"].as_bool().unwrap()
    };
    assert!(has("CKM_RSA_PKCS_KEY_PAIR_GEN") && has("CKM_RSA_PKCS_PSS") && has("CKM_ECDSA"), "{info:#}");
    assert!(!has("CKM_EC_KEY_PAIR_GEN") && !has("CKM_ML_DSA"), "{info:#}");
    assert_eq!((shim.count("C_Login"), shim.count("C_OpenSession")), (0, 0));

    let text = token.run(&["token", "info"]).ok().stdout;
    assert!(text.contains("ready for login") && text.contains("PIN length     4 to 255 bytes"), "{text}");
    let missing = SoftToken::new();
    missing.run(&["token", "info", "--token", "other"]).fails(4).says("there is no token with the label \"other\"");
}
