//! The same work on PKCS#11 modules that share no code, and what they can do. kryoptic, the fifth, has its tests in
//! tests/kryoptic.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use support::SoftToken;
use support::modules::{
    Nss, OpenCryptoki, P11Kit, Tested, Through, Tpm, compare, end, fleet, journey, observe, p11_kit_module,
};

/// The whole journey, then a look at the module.
#[track_caller]
fn goes_all_the_way(token: &dyn Tested, column: &str) {
    let schemes = journey(token, "rsa");
    compare(Path::new("docs/modules.md"), column, &observe(token, &schemes));
    end(token);
}

#[test]
fn softhsm() {
    goes_all_the_way(&SoftToken::new(), "SoftHSM 2.6.1");
}

#[test]
fn opencryptoki() {
    let token = OpenCryptoki::new();
    goes_all_the_way(&token, "openCryptoki 3.8.1");
    // Its token info is unusual, and the proxy passes it on.
    let proxy = p11_kit_module("p11-kit-proxy.so");
    let found = token.hsmcert(&["find-key", "--count", "--module", proxy.to_str().unwrap()]);
    assert!(found.status.success(), "{found:?}");
}

#[test]
fn nss() {
    goes_all_the_way(&Nss::new(), "NSS 3.87");
}

#[test]
fn tpm() {
    goes_all_the_way(&Tpm::new(), "tpm2-pkcs11 1.9.0");
}

/// Their rows say that their objects may be changed side by side.
#[test]
fn many_certificates_are_accepted_in_several_sessions() {
    const NAMES: [&str; 6] = ["ada", "ben", "cyd", "dee", "eve", "fox"];
    fleet(&OpenCryptoki::new(), &NAMES);
    fleet(&Nss::new(), &NAMES);
}

#[test]
fn p11_kits_proxy() {
    journey(&Through::proxy(), "ecdsa-p256");
}

#[test]
fn a_token_of_another_process_through_p11_kits_client() {
    journey(&Through::remote(), "ecdsa-p256");
}

/// Its log is a proof from outside that the token signs, and that a wrong PIN is given once.
#[test]
fn opensc_spies_on_the_calls() {
    let spy = Through::spy();
    journey(&spy, "ecdsa-p256");
    let log = std::fs::read_to_string(spy.token.folder().join("spy.log")).unwrap();
    assert!(log.contains("C_SignInit") && log.contains("CKM_ECDSA"), "{log}");
    assert_eq!(log.matches("CKR_PIN_INCORRECT").count(), 1);
}

/// The modules that `token list` shows: each with the reason, and the labels of its tokens.
#[track_caller]
fn listed(output: &Output) -> Vec<(String, Vec<String>)> {
    assert!(output.status.success(), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let modules = found["modules"].as_array().unwrap().iter();
    let tokens = |module: &Value| module["tokens"].as_array().unwrap().iter().map(|one| text(&one["label"])).collect();
    modules.map(|module| (text(&module["why"]), tokens(module))).collect()
}

#[test]
fn the_modules_of_p11_kit_are_listed() {
    let nss = Nss::new();
    // Without the profile, which names the module too.
    std::fs::remove_file(nss.path("hsmcert.toml")).unwrap();
    let mut command = nss.with_p11_kit(env!("CARGO_BIN_EXE_hsmcert"));
    let seen = listed(&command.args(["token", "list", "--json"]).output().unwrap());
    let of_nss = seen.iter().find(|(why, _)| why == "p11-kit's nss.module");
    assert_eq!(of_nss.unwrap().1, ["NSS Generic Crypto Services", Nss::LABEL], "{seen:#?}");

    nss.configure_p11_kit("nss", &Nss::module(), "disable-in: p11-kit-proxy, hsmcert");
    let mut command = nss.with_p11_kit(env!("CARGO_BIN_EXE_hsmcert"));
    let seen = listed(&command.args(["token", "list", "--json"]).output().unwrap());
    assert!(!seen.iter().any(|(why, _)| why.starts_with("p11-kit's nss")), "{seen:#?}");
}

/// What a user has configured is not loaded into a program of root, in p11-kit and here.
#[test]
fn root_loads_no_module_of_a_user() {
    let token = SoftToken::new();
    token.configure_p11_kit("of-user", token.module(), "");
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--", env!("CARGO_BIN_EXE_hsmcert"), "token", "list", "--json"]);
    let seen = listed(&command.env("XDG_CONFIG_HOME", token.folder().join("config")).output().unwrap());
    assert!(!seen.iter().any(|(why, _)| why.contains("of-user")), "{seen:#?}");
}

#[test]
fn two_tokens_of_one_label_behind_the_proxy() {
    let proxy = Through::proxy();
    proxy.token.initialise(SoftToken::LABEL);
    let refused = proxy.hsmcert(&["find-key"]);
    assert_eq!(refused.status.code(), Some(7), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr);
    let serial = said.split("serial ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let found = proxy.hsmcert(&["find-key", "--token", SoftToken::LABEL, "--serial", serial]);
    assert!(found.status.success(), "{found:?}");
}

/// NSS starts only with its configuration.
#[test]
fn a_module_that_wants_an_argument_says_what_to_do() {
    let nss = Nss::new();
    std::fs::remove_file(nss.path("hsmcert.toml")).unwrap();
    let module = Nss::module();
    let outcome = nss.run(&["token", "info", "--module", module.to_str().unwrap()]).fails(4);
    outcome.says("C_Initialize: CKR_ARGUMENTS_BAD").says("init-args");
}
