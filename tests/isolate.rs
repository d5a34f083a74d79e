//! `--isolate`: a module that ends its process ends a child, and what the child was doing is told.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Outcome, Running, SEED_INF, Shim, SoftToken, spawnable};

/// How the process ends, and what is said of it.
const DEATHS: [(&str, &str); 3] = [
    ("abort", "SIGABRT, it gave itself up"),
    ("crash", "SIGSEGV, an invalid memory access"),
    ("exit", "it ended itself with exit code 3"),
];

const EC_INF: &str = "[NewRequest]\nSubject = \"CN=www.example.com\"\nKeyAlgorithm = ECDSA_P256\n\
                      [Extensions]\n2.5.29.17 = \"{text}\"\n_continue_ = \"dns=www.example.com\"\n";

/// Runs isolated with a module that ends the process in this call: the failure names call and death.
fn dies(token: &SoftToken, call: &str, (death, said): (&str, &str), arguments: &[&str]) -> Outcome {
    let shim = Shim::before(token).killing(call).killing_by(death);
    let outcome = shim.run(&[arguments, &["--isolate"]].concat()).fails(4);
    let function = call.split(':').next().unwrap();
    let module = support::shim_library().display();
    let told = format!("error: the process ended in {function} of the PKCS#11 module {module}: {said}\n");
    assert_eq!(outcome.stderr.lines().next(), told.lines().next(), "{call}");
    outcome
}

/// No file is there that was not before, whole or not.
fn files(token: &SoftToken, expected: &[&str]) {
    assert_eq!(token.files(), expected);
}

#[test]
fn new_dies_and_what_is_left_is_told() {
    for death in DEATHS {
        let token = SoftToken::new();
        token.write("request.inf", EC_INF);
        let new = ["new", "request.inf"];
        for call in ["C_Initialize:1", "C_GetSlotList:1", "C_OpenSession:1", "C_FindObjectsInit:1"] {
            dies(&token, call, death, &new).says("hint: that changes nothing on the token");
        }
        dies(&token, "C_Login:1", death, &new).says("hint: the PIN may count as tried");
        dies(&token, "C_GenerateKeyPair:1", death, &new).says("hint: a new key pair may be left").says("--orphans");
        assert_eq!(token.objects().len(), 0);
        // The pair is there, and the signature of its CSR is not.
        dies(&token, "C_Sign:1", death, &new).says("hint: a new key pair may be left on the token").says("--orphans");
        files(&token, &["request.inf"]);
        assert_eq!(token.objects().len(), 2);
        assert_eq!(token.run(&["find-key", "--orphans", "--count", "--isolate"]).ok().stdout, "1\n");
        token.run(&["delete-key", "www.example.com", "--yes", "--isolate"]).ok();
        // The work is done when the module says goodbye.
        dies(&token, "C_Finalize:1", death, &new).says("hint: the work itself was done");
        assert_eq!(token.objects().len(), 2);
        files(&token, &["request.csr.pem", "request.inf"]);
        token.openssl(&["req", "-in", "request.csr.pem", "-noout", "-verify"]);
    }
}

#[test]
fn accept_dies_and_the_next_one_finishes() {
    let token = SoftToken::new();
    token.write("request.inf", EC_INF);
    token.run(&["new", "request.inf", "--isolate"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let accept = ["accept", "request.crt.pem"];
    dies(&token, "C_FindObjects:1", DEATHS[1], &accept).says("hint: that changes nothing on the token");
    dies(&token, "C_CreateObject:1", DEATHS[1], &accept).says("hint: a certificate may be stored");
    assert_eq!(token.objects().len(), 2);
    dies(&token, "C_Sign:1", DEATHS[1], &accept).says("hint: a certificate may be stored").says("the same command");
    assert_eq!(token.objects().len(), 3);
    files(&token, &["request.crt.pem", "request.csr.pem", "request.inf"]);
    token.run(&["accept", "request.crt.pem", "--isolate"]).ok();
    assert_eq!(token.objects().len(), 3);
    token.run(&["verify", "--isolate"]).ok();
}

/// Sessions read side by side: all of them are in a call.
#[test]
fn find_key_dies_in_one_of_several_sessions() {
    let token = SoftToken::new();
    for number in 10..22 {
        let id = number.to_string();
        token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "one", "--id", &id]);
    }
    let shim = Shim::before(&token).delayed(3_000).killing("C_GetAttributeValue:14").killing_by("crash");
    let error = shim.run(&["find-key", "--isolate", "--json"]).exits(4).json_error("token-unavailable");
    assert!(shim.count("C_OpenSession") > 1);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("C_GetAttributeValue") && message.ends_with("SIGSEGV, an invalid memory access"));
    // That nothing has changed is known.
    assert_eq!((error["retryable"].clone(), error["exit_code"].clone()), (true.into(), 4.into()));
    let error = Shim::before(&token).killing("C_Login:1").run(&["find-key", "--isolate", "--json"]).exits(4);
    assert_eq!(error.json_error("token-unavailable")["retryable"], false);
}

#[test]
fn what_is_killed_from_outside_is_told_too() {
    let token = SoftToken::new();
    let (mut running, shim) = hanging(&token, &["find-key", "--isolate", "--timeout", "0"]);
    let status = Command::new("kill").args(["-KILL", &child(running.id()).to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(running.ends().code(), Some(4));
    let printed = running.printed();
    assert!(printed.contains("in C_FindObjectsInit of the PKCS#11 module"), "{printed}");
    assert!(printed.contains("SIGKILL, it was killed from outside"), "{printed}");
    drop(shim);
}

/// The watchdog is the child's, and speaks for both.
#[test]
fn a_hanging_module_is_reported_once() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).hanging("C_FindObjectsInit:1");
    let outcome = shim.run(&["find-key", "--isolate", "--timeout", "5", "--json"]).exits(4);
    let error = outcome.json_error("token-unavailable");
    assert!(error["message"].as_str().unwrap().contains("has not returned from C_FindObjectsInit in 5 s"));
}

/// Exit codes, output and input are the child's.
#[test]
fn everything_else_is_as_without() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.run(&["new", "request.inf", "-", "--isolate"]).ok().says("next: ");
    let mut wrong = token.hsmcert();
    wrong.env("HSMCERT_PIN", "guess-Zt81").args(["find-key", "--isolate"]);
    Outcome::of(&mut wrong).fails(5).says("does not accept the PIN");
    token.run(&["new", "nothing.inf", "--isolate"]).fails(10).says("no such file");
    token.run(&["find-key", "--isolate", "--nosuch"]).exits(2);
    let listed = token.run(&["find-key", "--isolate", "--json"]).ok().json();
    assert_eq!(listed, token.run(&["find-key", "--json"]).ok().json());
    let mut nowhere = token.hsmcert();
    nowhere.env("TMPDIR", "/nonexistent").args(["find-key", "--isolate"]);
    Outcome::of(&mut nowhere).fails(10).says("no process of its own can run").says("see TMPDIR");
    // The request from stdin.
    let mut command = token.hsmcert();
    command.args(["lint", "-", "--isolate"]);
    Outcome::of(command.write_stdin(SEED_INF)).ok();
}

#[test]
fn pins_come_through() {
    let token = SoftToken::new();
    let file = token.folder().join("pin");
    std::fs::write(&file, format!("{}\n", SoftToken::PIN)).unwrap();
    let file = file.to_str().unwrap();
    for (source, typed) in [("-", SoftToken::PIN), (file, ""), (&format!("exec:cat {file}"), "")] {
        let mut command = token.hsmcert();
        command.env_remove("HSMCERT_PIN").args(["find-key", "--isolate", "--pin-source", source]);
        Outcome::of(command.write_stdin(typed)).ok();
    }
    // A prompt, at a terminal.
    let mut command = token.hsmcert();
    command.env_remove("HSMCERT_PIN").args(["find-key", "--isolate", "--count"]);
    let inner = spawnable(&command);
    let line: Vec<_> = std::iter::once(inner.get_program()).chain(inner.get_args()).collect();
    let line = format!("exec {}", line.join(" ".as_ref()).to_str().unwrap());
    let mut script = assert_cmd::Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear();
    script.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(token.path(""));
    let outcome = Outcome::of(script.write_stdin(format!("{}\n", SoftToken::PIN))).ok();
    assert!(outcome.stdout.contains("PIN of the token") && outcome.stdout.ends_with("\n0\r\n"), "{outcome:?}");
}

#[test]
fn it_can_be_configured_and_a_child_has_no_child() {
    const SAID: &str = "works in a process of its own";
    let token = SoftToken::new();
    let count = |outcome: Outcome| outcome.ok().stderr.matches(SAID).count();
    assert_eq!(count(token.run(&["find-key", "-v"])), 0);
    assert_eq!(count(token.run(&["find-key", "-v", "--isolate"])), 1);
    let mut by_variable = token.hsmcert();
    assert_eq!(count(Outcome::of(by_variable.env("HSMCERT_ISOLATE", "1").args(["find-key", "-v"]))), 1);
    let mut refused = token.hsmcert();
    assert_eq!(count(Outcome::of(refused.env("HSMCERT_ISOLATE", "0").args(["find-key", "-v"]))), 0);
    token.write("hsmcert.toml", "isolate = true\n");
    assert_eq!(count(token.run(&["find-key", "-v"])), 1);
    // What loads no module needs no child, unless somebody wants one.
    assert_eq!(count(token.run(&["template", "list", "-v"])), 0);
    assert_eq!(count(token.run(&["template", "list", "-v", "--isolate"])), 1);
    token.run(&["--isolated-in", "nowhere", "find-key"]).fails(10).says("you type --isolate");
    // Nothing is left of the folders through which they spoke.
    let left = std::fs::read_dir(token.folder().join("tmp")).unwrap();
    assert_eq!(left.count(), 0);
}

#[test]
fn signals_end_both() {
    let token = SoftToken::new();
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let (mut running, _shim) = hanging(&token, &["find-key", "--isolate", "--timeout", "0"]);
        let child = child(running.id());
        running.signal(name);
        assert_eq!(running.ends().signal(), Some(number));
        is_gone(child);
    }
}

#[test]
fn a_child_does_not_survive_its_parent() {
    let token = SoftToken::new();
    let (mut running, _shim) = hanging(&token, &["find-key", "--isolate", "--timeout", "0"]);
    let child = child(running.id());
    running.signal("KILL");
    assert_eq!(running.ends().signal(), Some(9));
    is_gone(child);
    assert_eq!(std::fs::read_dir(token.folder().join("tmp")).unwrap().count(), 0);
}

/// `serve` closes the token after a signal, and so it does in a child.
#[test]
fn a_server_ends_as_it_wants() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem", "--isolate"]).ok();
    let shim = Shim::before(&token);
    shim.forget();
    let mut command = shim.hsmcert();
    command.args(["serve", "--listen", "127.0.0.1:0", "--isolate"]);
    let mut serving = Running::start(&mut spawnable(&command), token.folder(), "hsmcert");
    serving.prints("serving https://");
    serving.signal("INT");
    assert_eq!(serving.ends().code(), Some(0));
    assert_eq!(shim.count("C_Finalize"), 1);
}

/// Starts it; its child waits in the first search.
#[track_caller]
fn hanging<'t>(token: &'t SoftToken, arguments: &[&str]) -> (Running, Shim<'t>) {
    let shim = Shim::before(token).hanging("C_FindObjectsInit:1");
    shim.forget();
    let mut command = shim.hsmcert();
    command.args(arguments);
    let mut command = spawnable(&command);
    command.stdin(Stdio::null());
    let running = Running::start(&mut command, token.folder(), "hsmcert");
    until("nothing hangs", || std::fs::read_to_string(shim.log()).is_ok_and(|log| log.contains(" hangs ")));
    (running, shim)
}

/// The child of this process.
fn child(parent: u32) -> u32 {
    let listed = Command::new("pgrep").args(["--parent", &parent.to_string()]).output();
    let listed = listed.unwrap_or_else(|error| panic!("{error}; install it with: apt-get install procps")).stdout;
    String::from_utf8(listed).unwrap().trim().parse().unwrap()
}

#[track_caller]
fn is_gone(process: u32) {
    let is_there = || Command::new("kill").args(["-0", &process.to_string()]).stderr(Stdio::null()).status().unwrap();
    until("the child is still there", || !is_there().success());
}

#[track_caller]
fn until(what_is_wrong: &str, is_done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_done() {
        assert!(Instant::now() < deadline, "{what_is_wrong}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
