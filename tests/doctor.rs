//! `hsmcert doctor`: each usual failure is named, with what to do; nothing is changed and nobody logs in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{Outcome, Sandbox, Shim, SoftToken, run_program, softhsm_module};

/// The state of a check whose detail holds a text, and what is to be done.
#[track_caller]
fn found(outcome: &Outcome, check: &str, text: &str) -> (String, String) {
    let report = outcome.json();
    let checks = report["checks"].as_array().unwrap();
    let fits = |one: &&Value| one["check"] == check && one["detail"].as_str().unwrap().contains(text);
    let fitting: Vec<_> = checks.iter().filter(fits).collect();
    assert_eq!(fitting.len(), 1, "{check}: {text} in {report:#}");
    let remedies = fitting[0]["remedies"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
    (fitting[0]["state"].as_str().unwrap().to_owned(), remedies.collect::<Vec<_>>().join("; "))
}

/// A problem with this remedy.
#[track_caller]
fn problem(outcome: &Outcome, check: &str, text: &str, remedy: &str) {
    let (state, remedies) = found(outcome, check, text);
    assert!(state == "problem" && remedies.contains(remedy), "{state}: {remedies}");
}

#[track_caller]
fn warning(outcome: &Outcome, check: &str, text: &str, remedy: &str) {
    let (state, remedies) = found(outcome, check, text);
    assert!(state == "warning" && remedies.contains(remedy), "{state}: {remedies}");
}

const DOCTOR: [&str; 2] = ["doctor", "--json"];

#[test]
fn a_machine_on_which_hsmcert_has_never_run() {
    let machine = Sandbox::new();
    let outcome = machine.run(&DOCTOR).ok();
    assert_eq!(found(&outcome, "trial token", "made").0, "ok");
    assert_eq!(found(&outcome, "hsmcert.toml", "there is none").0, "ok");
    for folder in ["data", "config", "state"] {
        assert_eq!(fs::read_dir(machine.folder().join(folder)).unwrap().count(), 0, "looking makes nothing");
    }
    machine.write("request.inf", support::SEED_INF.replace("ProviderName = Cavium Key Storage Provider\n", ""));
    machine.run(&["new", "request.inf"]).ok();
    let outcome = machine.run(&["doctor"]).ok();
    assert!(
        outcome.stdout.contains("is for its owner only") && outcome.stdout.contains("hsmcert-trial"),
        "{outcome:#?}"
    );
}

#[test]
fn a_token_that_is_right() {
    let token = SoftToken::new();
    let shim = Shim::before(&token);
    let outcome = shim.run(&DOCTOR).ok();
    let report = outcome.json();
    assert_eq!((&report["problem_count"], &report["warning_count"]), (&0.into(), &0.into()), "{report:#}");
    assert_eq!((shim.count("C_Login"), shim.count("C_OpenSession"), shim.count("C_Finalize")), (0, 0, 1));
    assert!(!outcome.stdout.contains(SoftToken::PIN), "{outcome:#?}");
    token.run(&["doctor"]).ok();

    shim.forget();
    let outcome = shim.run(&["doctor", "--json", "--login"]).ok();
    assert_eq!(found(&outcome, "login", "lets the user in").0, "ok");
    assert_eq!(shim.count("C_Login"), 1);
    shim.forget();
    let mut command = shim.hsmcert();
    let outcome = Outcome::of(command.env("HSMCERT_PIN", "wrong-pin-7").args(["doctor", "--json", "--login"])).exits(5);
    problem(&outcome, "login", "CKR_PIN_INCORRECT", "tried once");
    assert_eq!(shim.count("C_Login"), 1);
    assert!(!outcome.stdout.contains("wrong-pin-7"), "{outcome:#?}");
}

/// What was found before is not lost with the process.
#[test]
fn a_module_that_hangs_hides_nothing() {
    let token = SoftToken::new();
    for (call, found_before) in [("C_Initialize", "module file"), ("C_Login", "token")] {
        let shim = Shim::before(&token).hanging(&format!("{call}:1"));
        let outcome = shim.run(&["doctor", "--login", "--timeout", "1", "--json"]).exits(4);
        problem(&outcome, "answer of the module", &format!("has not returned from {call}"), "--timeout");
        assert_eq!(found(&outcome, found_before, "").0, "ok");
        outcome.json_error("token-unavailable");
        let outcome = shim.run(&["doctor", "--login", "--timeout", "1"]).exits(4);
        for text in ["ok       hsmcert.toml", "problem  answer of the module", "1 problem"] {
            assert!(outcome.stdout.contains(text), "{text} is not in {}", outcome.stdout);
        }
    }
}

#[test]
fn files_that_are_no_module_for_this_machine() {
    let machine = Sandbox::new();
    let module = |file: &str| machine.run(&["doctor", "--json", "--module", file]).exits(4);
    problem(&module("nosuch.so"), "module file", "is not there", "--module FILE");
    machine.write("script.so", "INPUT(libfoo.so)\n");
    problem(&module("script.so"), "module file", "is a text file, not a shared library", "from the HSM's vendor");
    // EM_386 and EM_AARCH64 or EM_X86_64, whichever this machine is not.
    let other = if cfg!(target_arch = "aarch64") { 62 } else { 183 };
    let mut library = fs::read(softhsm_module()).unwrap();
    (library[18], library[19]) = (other, 0);
    machine.write("other.so", &library);
    problem(&module("other.so"), "module file", "and this hsmcert is for", "this system and processor");
    let mut header = [&b"\x7fELF\x01\x01\x01"[..], &[0; 9], &[3, 0, 3, 0, 1]].concat();
    header.resize(52, 0);
    machine.write("x86.so", &header);
    problem(&module("x86.so"), "module file", "is a library for Linux on 32-bit x86, and", "32 and 64 bits");
    let mut pe = vec![0u8; 1024];
    pe[..2].copy_from_slice(b"MZ");
    pe[0x3c] = 0x80;
    pe[0x80..0x84].copy_from_slice(b"PE\0\0");
    // IMAGE_FILE_MACHINE_AMD64, an optional header of 240 bytes, IMAGE_FILE_DLL, IMAGE_NT_OPTIONAL_HDR64_MAGIC.
    (pe[0x84], pe[0x85], pe[0x94], pe[0x97], pe[0x98], pe[0x99]) = (0x64, 0x86, 240, 0x20, 0x0b, 0x02);
    machine.write("windows.dll", &pe);
    problem(&module("windows.dll"), "module file", "is a library for Windows on", "this system");
}

#[test]
fn a_library_that_the_module_needs_is_missing() {
    let machine = Sandbox::new();
    machine.write("dependency.c", "int dependency(void) { return 1; }\n");
    machine.write("module.c", "int dependency(void);\nint C_GetFunctionList(void) { return dependency(); }\n");
    let folder = machine.folder().join("work");
    let cc = |arguments: &[&str]| run_program("cc", "gcc", &folder, arguments);
    cc(&["-shared", "-fPIC", "-o", "libvendor-helper.so", "dependency.c"]);
    cc(&["-shared", "-fPIC", "-o", "libvendor.so", "module.c", "-L.", "-lvendor-helper"]);
    fs::remove_file(folder.join("libvendor-helper.so")).unwrap();
    let module = folder.join("libvendor.so").display().to_string();
    let outcome = machine.run(&["doctor", "--json", "--module", &module]).exits(4);
    assert_eq!(found(&outcome, "module file", "is a library for this system").0, "ok");
    problem(&outcome, "start of the module", "libvendor-helper.so", "the module needs libvendor-helper.so");
    // Other commands lead here.
    let mut command = machine.hsmcert();
    Outcome::of(command.args(["find-key", "--module", &module])).fails(4).says("hsmcert doctor");
}

#[test]
fn settings_of_vendors() {
    let token = SoftToken::new();
    let mut command = token.hsmcert();
    let outcome = Outcome::of(command.env("SOFTHSM2_CONF", "nosuch.conf").args(DOCTOR)).exits(4);
    problem(&outcome, "vendor's settings", "SOFTHSM2_CONF leads to nosuch.conf", "name it in SOFTHSM2_CONF");
    problem(&outcome, "start of the module", "C_Initialize: CKR_GENERAL_ERROR", "directories.tokendir");
    token.write("gone.conf", "directories.tokendir = /nosuch/tokens\n");
    let mut command = token.hsmcert();
    let outcome = Outcome::of(command.env("SOFTHSM2_CONF", "gone.conf").args(DOCTOR)).exits(4);
    problem(&outcome, "vendor's settings", "folder of the tokens: /nosuch/tokens", "make it");

    let shim = Shim::before(&token).named("yubihsm_pkcs11.so");
    let yubihsm = |configuration: &str, pin: &str| {
        let mut command = shim.hsmcert();
        command.env("YUBIHSM_PKCS11_CONF", configuration).env("HSMCERT_PIN", pin);
        Outcome::of(command.args(DOCTOR))
    };
    token.write("yubihsm.conf", "connector = http://127.0.0.1:12345\n");
    let outcome = yubihsm("yubihsm.conf", "0001password").ok();
    assert_eq!(found(&outcome, "vendor's settings", "yubihsm.conf (YUBIHSM_PKCS11_CONF)").0, "ok");
    problem(&yubihsm("nosuch.conf", "0001password").exits(4), "vendor's settings", "nosuch.conf", "connector =");
    problem(&yubihsm("yubihsm.conf", "password").exits(5), "PIN", "0001password", "was not tried");
}

/// The environment of the walk-through that hsmcert follows.
#[test]
fn variables_of_the_windows_provider_of_cloudhsm() {
    const DAEMON: [(&str, &str); 5] = [
        ("liquidsecurity_daemon_id", "1"),
        ("liquidsecurity_daemon_socket_type", "TCPSOCKET"),
        ("liquidsecurity_daemon_tcp_port", "1111"),
        ("n3fips_username", "USER"),
        ("n3fips_partition", "hsm-ABCDEFGHIJK"),
    ];
    let token = SoftToken::new();
    let shim = Shim::before(&token).named("libcloudhsm_pkcs11.so");
    let run = |password: &str| {
        let mut command = shim.hsmcert();
        command.env_remove("HSMCERT_PIN").env("n3fips_password", password).envs(DAEMON);
        Outcome::of(command.args(DOCTOR))
    };
    let outcome = run("USER:pass-Lk31").exits(4);
    for (name, _) in DAEMON {
        assert_eq!(found(&outcome, name, "not used: ").0, "ok");
    }
    assert_eq!(found(&outcome, "n3fips_password", "used: it is the PIN").0, "ok");
    assert_eq!(found(&outcome, "PIN", "n3fips_password").0, "ok");
    problem(&outcome, "vendor's settings", "/opt/cloudhsm/etc/cloudhsm-pkcs11.cfg", "configure-pkcs11 -a");
    assert!(!outcome.stdout.contains("pass-Lk31"), "{outcome:#?}");
    problem(&run("pass-Lk31"), "PIN", "does not hold a PIN of the form user:password", "was not tried");
    // The same form is looked at before a login.
    let mut command = shim.hsmcert();
    let outcome = Outcome::of(command.args(["doctor", "--json", "--login"])).exits(4);
    problem(&outcome, "login", "the PIN of AWS CloudHSM is user:password, and this one is not", "it was not tried");
    assert_eq!(shim.count("C_Login"), 0);

    let mut command = token.hsmcert();
    let outcome = Outcome::of(command.env("n3fips_password", "USER:pass-Lk31").args(DOCTOR)).ok();
    warning(&outcome, "n3fips_password", "not used", "--profile cloudhsm");
}

#[test]
fn where_the_pin_comes_from() {
    let token = SoftToken::new();
    let run = |source: &str| {
        let mut command = token.hsmcert();
        Outcome::of(command.env_remove("HSMCERT_PIN").args(["doctor", "--json", "--pin-source", source]))
    };
    private(&token.path("good"), SoftToken::PIN);
    assert_eq!(run("good").ok().json()["warning_count"], 0);
    private(&token.path("broken"), &format!("{}\n", SoftToken::PIN));
    warning(&run("broken").ok(), "PIN", "ends with a line break", "truncate -s -1 broken");
    private(&token.path("blank"), &format!("{} ", SoftToken::PIN));
    warning(&run("blank").ok(), "PIN", "ends with a blank", "remove the blank");
    private(&token.path("empty"), "");
    problem(&run("empty").exits(5), "PIN", "first line of empty is empty", "write the PIN");
    problem(&run("nosuch").exits(5), "PIN", "nosuch cannot be read", "check the path");
    problem(&run("env:NOSUCH").exits(5), "PIN", "variable NOSUCH is not set", "--pin-source");
    let outcome = run("exec:touch was-run").ok();
    assert_eq!(found(&outcome, "PIN", "run only with --login").0, "ok");
    assert!(!token.path("was-run").exists());
    let mut command = token.hsmcert();
    let outcome = Outcome::of(command.env_remove("HSMCERT_PIN").args(DOCTOR)).ok();
    warning(&outcome, "PIN", "nothing gives it", "HSMCERT_PIN");
}

fn private(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    mode(path, 0o600);
}

#[cfg(unix)]
fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn mode(_: &Path, _: u32) {}

#[cfg(unix)]
#[test]
fn files_that_others_may_read() {
    let token = SoftToken::new();
    private(&token.path("pin"), SoftToken::PIN);
    mode(&token.path("pin"), 0o644);
    let outcome = token.run(&["doctor", "--json", "--pin-source", "pin"]).ok();
    warning(&outcome, "PIN", "others may use pin (mode 644)", "chmod 600 pin");

    let machine = Sandbox::new();
    machine.run(&["find-key"]).ok();
    mode(&machine.folder().join("data/hsmcert/token"), 0o755);
    warning(&machine.run(&DOCTOR).ok(), "trial token", "mode 755", "chmod 700");
}

#[test]
fn hsmcerts_own_files_and_variables() {
    let token = SoftToken::new();
    token.write("hsmcert.toml", "[profile.web]\ntoken = \"test token\"\n");
    assert_eq!(found(&token.run(&DOCTOR).ok(), "hsmcert.toml", "hsmcert.toml: web").0, "ok");
    token.write("hsmcert.toml", "[profile.web]\ntokn = \"test token\"\n");
    problem(&token.run(&DOCTOR).exits(10), "hsmcert.toml", "unknown field `tokn`", "[profile.NAME]");
    fs::remove_file(token.path("hsmcert.toml")).unwrap();

    token.write("file", "");
    let outcome = token.run(&["doctor", "--json", "--state-dir", "file/state"]).exits(10);
    problem(&outcome, "state folder", "file/state cannot be written", "--state-dir");

    let mut command = token.hsmcert();
    let outcome = Outcome::of(command.env("HSMCERT_TOKKEN", "web").env("HSMCERT_SERIAL", "").args(DOCTOR)).ok();
    warning(&outcome, "environment", "HSMCERT_TOKKEN is set", "is HSMCERT_TOKEN meant?");
    warning(&outcome, "environment", "HSMCERT_SERIAL is empty", "unset");
}

#[test]
fn the_state_of_the_token() {
    const USER_PIN_LOCKED: &str = "0x40000";
    let token = SoftToken::new();
    let outcome = Shim::before(&token).with_token_flags(USER_PIN_LOCKED).run(&DOCTOR).exits(5);
    problem(&outcome, "state of the token", "PIN locked", "hsmcert token set-pin --so");
    outcome.json_error("login-failed");
    let outcome = token.run(&["doctor", "--json", "--token", "other"]).exits(4);
    problem(&outcome, "token", "no token with the label \"other\"", "there is token \"test token\"");
}
