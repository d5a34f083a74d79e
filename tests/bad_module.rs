//! Modules that hang, and files that are no module: each ends with code 4, and with words that help.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Outcome, Running, SEED_INF, Sandbox, Shim, SoftToken, spawnable};

/// Seconds for a call: longer than one of SoftHSM takes on a busy machine.
const LIMIT: &str = "5";
/// Without a watchdog, these runs would never end.
const PATIENCE: Duration = Duration::from_secs(120);

fn run(shim: &Shim<'_>, arguments: &[&str]) -> Outcome {
    Outcome::of(shim.hsmcert().args(arguments).args(["--timeout", LIMIT]).timeout(PATIENCE))
}

#[test]
fn a_call_that_never_returns_ends_the_command_and_is_named() {
    const FUNCTIONS: [&str; 10] = [
        "C_Initialize",
        "C_GetSlotList",
        "C_GetTokenInfo",
        "C_OpenSession",
        "C_Login",
        "C_FindObjectsInit",
        "C_FindObjects",
        "C_GetAttributeValue",
        "C_CloseSession",
        "C_Finalize",
    ];
    thread::scope(|scope| {
        for function in FUNCTIONS {
            scope.spawn(move || {
                // One for each: SoftHSM rewrites a token's file at a login, and another process may then not see it.
                let token = SoftToken::new();
                token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "one", "--id", "01"]);
                let shim = Shim::before(&token).hanging(&format!("{function}:1"));
                let outcome = run(&shim, &["find-key", "--json"]).exits(4);
                assert_eq!(outcome.stdout, "");
                let error = outcome.json_error("token-unavailable");
                let message = error["message"].as_str().unwrap();
                assert!(message.contains(&format!("{function} in {LIMIT} s")), "{error:#}");
                // A PIN that may have been tried is never tried again; and what is done needs no second run.
                let is_final = ["C_Login", "C_CloseSession", "C_Finalize"].contains(&function);
                assert_eq!(error["retryable"], !is_final, "{function}: {error:#}");
            });
        }
    });
}

#[test]
fn what_may_be_left_over_is_told() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let new = |call| run(&Shim::before(&token).hanging(call), &["new", "request.inf"]).fails(4);
    new("C_GenerateKeyPair:1").says("C_GenerateKeyPair").says("hint: a new key pair may be left on the token");
    assert_eq!(token.objects().len(), 0);
    // The pair is there, and the signature of its CSR is not.
    new("C_Sign:1").says("C_Sign").says("hint: a new key pair may be left on the token").says("find-key --orphans");
    assert_eq!(token.objects().len(), 2);
    assert_eq!(token.run(&["find-key", "--orphans", "--count"]).ok().stdout, "1\n");
    assert!(!token.path("request.csr.pem").exists());
}

#[test]
fn accept_finishes_what_a_hanging_module_left() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).hanging("C_Sign:1");
    run(&shim, &["accept", "request.crt.pem"]).fails(4).says("a certificate may be stored").says("the same command");
    assert_eq!(token.objects().len(), 3);
    token.run(&["accept", "request.crt.pem"]).ok();
    assert_eq!(token.objects().len(), 3);
    token.run(&["verify"]).ok();
}

/// The other modules are looked at all the same.
#[test]
fn a_hanging_module_is_part_of_the_list() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).hanging("C_Initialize:1").named("a_module_that_hangs.so");
    let listed = run(&shim, &["token", "list", "--json"]).ok().json();
    let modules = listed["modules"].as_array().unwrap();
    let module = |name: &str| modules.iter().find(|one| one["path"].as_str().unwrap().ends_with(name)).unwrap();
    let error = module("a_module_that_hangs.so")["error"].as_str().unwrap();
    assert!(error.contains(&format!("has not returned from C_Initialize in {LIMIT} s")), "{error}");
    let softhsm = module("libsofthsm2.so");
    assert_eq!((&softhsm["error"], &softhsm["tokens"][0]["label"]), (&Value::Null, &SoftToken::LABEL.into()));
}

/// The call hangs in one of the sessions that read at once; the others go on.
#[test]
fn a_hanging_call_of_one_of_several_sessions_is_seen() {
    let token = SoftToken::new();
    for number in 10..22 {
        let id = number.to_string();
        token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "one", "--id", &id]);
    }
    let shim = Shim::before(&token).delayed(3_000).hanging("C_GetAttributeValue:14");
    run(&shim, &["find-key"]).fails(4).says("has not returned from C_GetAttributeValue");
    assert!(shim.count("C_OpenSession") > 1);
}

/// The processes that use the trial token start one after the other: the next one's turn comes.
#[test]
fn a_hanging_process_gives_the_trial_token_free() {
    let sandbox = Sandbox::new();
    sandbox.run(&["find-key", "--trial"]).ok();
    let log = sandbox.folder().join("calls.log");
    let mut command = sandbox.hsmcert();
    command.args(["find-key", "--trial", "--timeout", LIMIT]).arg("--module").arg(support::shim_library());
    command.env("PKCS11_SHIM_MODULE", support::softhsm_module()).env("PKCS11_SHIM_LOG", &log);
    command.env("PKCS11_SHIM_HANG", "C_Login:1");
    let mut hanging = Running::start(&mut spawnable(&command), sandbox.folder(), "hsmcert");
    until_hanging(&log);
    Outcome::of(sandbox.hsmcert().args(["find-key", "--trial", "--count"]).timeout(PATIENCE)).ok();
    assert_eq!(hanging.ends().code(), Some(4));
}

#[test]
fn signals_end_a_command_whose_module_hangs() {
    let token = SoftToken::with_request();
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let shim = Shim::before(&token).hanging("C_Initialize:1");
        shim.forget();
        let mut command = shim.hsmcert();
        command.args(["find-key", "--timeout", "0"]);
        let mut running = Running::start(&mut spawnable(&command), token.folder(), "hsmcert");
        until_hanging(&shim.log());
        running.signal(name);
        assert_eq!(running.ends().signal(), Some(number));
    }
}

/// `serve` closes the token after a signal; it does not wait for ever for one that hangs.
#[test]
fn a_signal_ends_a_server_whose_module_hangs() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let proof = Shim::before(&token);
    proof.forget();
    proof.run(&["verify"]).ok();
    let next = proof.count("C_Sign") + 1;
    let shim = Shim::before(&token).hanging(&format!("C_Sign:{next}"));
    shim.forget();
    let mut command = shim.hsmcert();
    command.args(["serve", "--listen", "127.0.0.1:0", "--timeout", "0"]);
    let mut serving = Running::start(&mut spawnable(&command), token.folder(), "hsmcert");
    let address = serving.prints("serving https://");
    let address = address.split('/').next().unwrap().to_owned();
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address]);
    let _client = Running::start(&mut client, token.folder(), "openssl");
    until_hanging(&shim.log());
    serving.signal("INT");
    assert_eq!(serving.ends().code(), Some(4));
    assert!(serving.printed().contains("error: the server has not ended"), "{}", serving.printed());
}

#[test]
fn a_time_limit_that_is_no_number_is_refused() {
    let token = SoftToken::new();
    let mut command = token.hsmcert();
    Outcome::of(command.env("HSMCERT_TIMEOUT", "2m").arg("find-key")).fails(2).says("HSMCERT_TIMEOUT").says("seconds");
    let shim = Shim::before(&token).hanging("C_Initialize:1");
    let mut command = shim.hsmcert();
    Outcome::of(command.env("HSMCERT_TIMEOUT", "1").arg("find-key").timeout(PATIENCE)).fails(4).says("in 1 s");
}

/// Waits until the shim has written that a call hangs.
#[track_caller]
fn until_hanging(log: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while !std::fs::read_to_string(log).unwrap_or_default().contains(" hangs ") {
        assert!(Instant::now() < deadline, "nothing hangs");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The first bytes of an ELF file: a shared library of this class and machine (System V ABI, "ELF Header").
fn elf(class: u8, machine: u8) -> Vec<u8> {
    [&b"\x7fELF"[..], &[class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, machine, 0], &[0; 32]].concat()
}

#[test]
fn a_file_that_is_no_module_is_told_by_what_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("text.so", "module: /usr/lib/softhsm/libsofthsm2.so\n");
    sandbox.write("empty.so", "");
    sandbox.write("x86.so", elf(1, 3));
    sandbox.write("arm.so", elf(1, 40));
    std::fs::create_dir(sandbox.path("folder.so")).unwrap();
    sandbox.write("bare.c", "int nothing(void) { return 0; }\n");
    let work = sandbox.folder().join("work");
    support::run_program("cc", "gcc", &work, &["-shared", "-fPIC", "-o", "bare.so", "bare.c"]);
    support::run_program("mkfifo", "coreutils", &work, &["pipe.so"]);
    for (file, what) in [
        ("text.so", "it is a text file"),
        ("empty.so", "it is an empty file"),
        ("folder.so", "it is a folder"),
        ("pipe.so", "it is a device or a pipe"),
        ("x86.so", "it is a library for Linux on 32-bit x86, and this hsmcert is for Linux on 64-bit "),
        ("arm.so", "it is a library for Linux on 32-bit ARM, and this hsmcert is for Linux on 64-bit "),
        ("bare.so", "it has no C_GetFunctionList"),
        ("nothing.so", "there is no PKCS#11 module at nothing.so"),
    ] {
        let find = |more: &[&str]| Outcome::of(sandbox.hsmcert().args(["find-key", "--module", file]).args(more));
        find(&[]).fails(4).says(what).says(file).says("hint: ");
        let error = find(&["--json"]).exits(4).json_error("token-unavailable");
        assert_eq!(error["retryable"], false, "{error:#}");
    }
    // The list of tokens shows it beside the others.
    let listed = sandbox.run(&["token", "list", "--module", "x86.so"]).ok();
    assert!(listed.stdout.contains("cannot be used: ") && listed.stdout.contains("32-bit x86"), "{}", listed.stdout);
}
