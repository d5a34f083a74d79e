//! `hsmcert token init | set-pin`, on tokens of SoftHSM that OpenSC and SoftHSM's own tool look at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{Outcome, Shim, SoftToken, run_program};

const NEW_PIN: &str = "new-pin-Wp41";
const FUNCTION_NOT_SUPPORTED: &str = "0x54";

/// A token, `so.pin`, `user.pin` and `new.pin`; nothing of them is in the environment.
struct Tokens(SoftToken);

impl Tokens {
    fn new() -> Self {
        let token = SoftToken::new();
        token.write("so.pin", SoftToken::SO_PIN);
        token.write("user.pin", SoftToken::PIN);
        token.write("new.pin", NEW_PIN);
        Self(token)
    }

    fn hsmcert(&self) -> assert_cmd::Command {
        let mut command = self.0.hsmcert();
        command.env_remove("HSMCERT_PIN").env_remove("HSMCERT_TOKEN");
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.hsmcert().args(arguments))
    }

    /// Whether OpenSC gets into a token with a PIN.
    fn opens(&self, label: &str, pin: &str) -> bool {
        let mut command = Command::new("pkcs11-tool");
        command.env("SOFTHSM2_CONF", self.0.folder().join("softhsm2.conf")).arg("--module").arg(self.0.module());
        let output = command.args(["--token-label", label, "--login", "--pin", pin, "-O"]).output().unwrap();
        output.status.success()
    }

    /// What SoftHSM's tool says of its slots.
    fn slots(&self) -> String {
        let configuration = format!("SOFTHSM2_CONF={}", self.0.folder().join("softhsm2.conf").display());
        run_program("env", "softhsm2", self.0.folder(), &[&configuration, "softhsm2-util", "--show-slots"])
    }

    /// It must refuse, and slots and objects must be as before.
    #[track_caller]
    fn refuses(&self, code: i32, arguments: &[&str]) -> Outcome {
        let before = (self.slots(), self.0.objects());
        let outcome = self.run(arguments).fails(code);
        assert_eq!((self.slots(), self.0.objects()), before, "something has changed\n{}", outcome.stderr);
        outcome
    }
}

const INIT: [&str; 9] =
    ["token", "init", "--label", "web", "--so-pin-source", "so.pin", "--pin-source", "user.pin", "--yes"];

#[test]
fn a_new_token_is_ready_for_its_user() {
    let tokens = Tokens::new();
    let made = tokens.run(&[&INIT[..], &["--json", "-vv"]].concat()).ok();
    for secret in [SoftToken::PIN, SoftToken::SO_PIN] {
        assert!(!made.stdout.contains(secret) && !made.stderr.contains(secret), "{made:#?}");
    }
    let made = made.json();
    let serial = made["serial"].as_str().unwrap();
    let slots = tokens.slots();
    assert!(slots.contains(serial) && slots.contains("web"), "{slots}");
    assert!(tokens.opens("web", SoftToken::PIN), "the user's PIN is set");
    assert!(tokens.opens(SoftToken::LABEL, SoftToken::PIN), "the other token is as before");

    // The URI names it whatever its slot number is by now.
    let uri = made["uri"].as_str().unwrap();
    let found = tokens.run(&["find-key", "--uri", uri, "--pin-source", "user.pin", "--count"]).ok();
    assert_eq!(found.stdout, "0\n");
    // The security officer's PIN is the given one.
    let set = ["token", "set-pin", "--token", "web", "--so", "--so-pin-source", "so.pin"];
    tokens.run(&[&set[..], &["--new-pin-source", "new.pin"]].concat()).ok();
    assert!(tokens.opens("web", NEW_PIN) && !tokens.opens("web", SoftToken::PIN));
}

#[test]
fn what_is_refused_before_anything_changes() {
    let tokens = Tokens::new();
    tokens.0.write("short.pin", "123");
    let init = |more: &[&'static str]| [&INIT[..4], more].concat();
    let pins = ["--so-pin-source", "so.pin", "--pin-source", "user.pin"];
    tokens.refuses(5, &init(&["--yes"])).says("PIN of the security officer is not given").says("--so-pin-source");
    tokens.refuses(5, &init(&["--so-pin-source", "so.pin", "--yes"])).says("PIN of the user is not given");
    tokens.refuses(2, &init(&pins)).says("a token is initialised only when somebody says yes");
    let short = init(&["--so-pin-source", "so.pin", "--pin-source", "short.pin", "--yes"]);
    tokens.refuses(5, &short).says("the new PIN of the user has 3 bytes, and the token takes 4 to 255");
    let short = init(&["--so-pin-source", "short.pin", "--pin-source", "user.pin", "--yes"]);
    tokens.refuses(5, &short).says("the new PIN of the security officer has 3 bytes");
    let both = init(&["--so-pin-source", "-", "--pin-source", "-", "--yes"]);
    tokens.refuses(2, &both).says("cannot both come from stdin");

    let labelled = |label: &'static str| [&["token", "init", "--label", label][..], &INIT[4..]].concat();
    let long = "ä23456789012345678901234567890123";
    tokens.refuses(2, &labelled(long)).says("must have 1 to 32 bytes");
    tokens.refuses(2, &labelled(" ")).says("must have 1 to 32 bytes");
    tokens.refuses(7, &labelled(SoftToken::LABEL)).says("there is a token with this label already");
    tokens.refuses(7, &labelled("hsmcert-trial")).says("trial token");
    tokens.refuses(2, &[&INIT[..], &["--trial"]].concat()).says("trial token is hsmcert's own");

    let named = |more: &[&'static str]| [&INIT[..], more].concat();
    tokens.refuses(7, &named(&["--token", SoftToken::LABEL])).says("initialised already").says("--reinitialise");
    tokens.refuses(2, &named(&["--reinitialise"])).says("the token must be named");
    tokens.refuses(4, &named(&["--token", "other"])).says("there is no token with the label \"other\"");
    // A token that is named elsewhere is not meant here.
    let mut command = tokens.hsmcert();
    command.env("HSMCERT_TOKEN", SoftToken::LABEL).args(named(&["--reinitialise"]));
    Outcome::of(&mut command).fails(2).says("the token must be named");
}

#[test]
fn a_token_that_is_initialised_again_loses_its_objects() {
    let tokens = Tokens::new();
    tokens.0.write("request.inf", support::SEED_INF);
    tokens.0.run(&["new", "request.inf"]).ok();
    tokens.0.write("wrong.pin", "wrong-so-pin");
    let again = ["--token", SoftToken::LABEL, "--reinitialise"];
    let wrong =
        [&INIT[..4], &["--so-pin-source", "wrong.pin", "--pin-source", "new.pin", "--yes"][..], &again].concat();
    let refused = tokens.refuses(5, &wrong).says("does not accept the security officer's PIN");
    refused.says("this is destroyed: public key \"www.example.com\"").says("only a login shows");

    let right = [&INIT[..4], &["--so-pin-source", "so.pin", "--pin-source", "new.pin", "--yes", "--json"], &again];
    let made = tokens.run(&right.concat()).ok().json();
    let destroyed = made["destroyed"].as_array().unwrap();
    assert!(destroyed[0].as_str().unwrap().starts_with("public key \"www.example.com\""), "{made:#}");
    assert!(tokens.opens("web", NEW_PIN) && !tokens.opens(SoftToken::LABEL, SoftToken::PIN));
    let listed = tokens.run(&["find-key", "--token", "web", "--pin-source", "new.pin", "--json"]).ok().json();
    assert_eq!(listed["count"], 0, "{listed:#}");
}

#[test]
fn modules_that_leave_it_to_a_tool_of_the_vendor() {
    let tokens = Tokens::new();
    let named = |file: &str| Shim::before(&tokens.0).named(file);
    let run = |shim: &Shim<'_>, arguments: &[&str]| {
        let mut command = shim.hsmcert();
        Outcome::of(command.env_remove("HSMCERT_TOKEN").args(arguments))
    };
    let shim = named("libcloudhsm_pkcs11.so");
    run(&shim, &INIT).fails(9).says("AWS CloudHSM makes no tokens").says("cloudhsm-cli");
    assert_eq!(shim.count("C_Initialize"), 0, "the module is not even loaded");

    let shim = named("libsofthsm2.so").failing(&format!("C_InitToken:1:{FUNCTION_NOT_SUPPORTED}"));
    run(&shim, &INIT).fails(9).says("C_InitToken: CKR_FUNCTION_NOT_SUPPORTED").says("softhsm2-util");

    let shim = named("libsofthsm2.so").failing(&format!("C_InitPIN:1:{FUNCTION_NOT_SUPPORTED}"));
    run(&shim, &INIT).fails(9).says("\"web\" is initialised, but its user's PIN is not set").says("set-pin --so");
    let set = ["token", "set-pin", "--token", "web", "--so", "--so-pin-source", "so.pin"];
    tokens.run(&[&set[..], &["--new-pin-source", "user.pin"]].concat()).ok();
    assert!(tokens.opens("web", SoftToken::PIN));
}

#[test]
fn the_user_changes_the_pin() {
    let tokens = Tokens::new();
    let shim = Shim::before(&tokens.0);
    let set = ["token", "set-pin", "--new-pin-source", "new.pin"];
    let wrong = Outcome::of(shim.hsmcert().env("HSMCERT_PIN", "wrong-pin").args(set)).fails(5);
    wrong.says("does not accept the PIN").says("C_SetPIN: CKR_PIN_INCORRECT").says("tried once");
    assert_eq!((shim.count("C_SetPIN"), shim.count("C_Login")), (1, 0), "a PIN is given once");
    assert!(tokens.opens(SoftToken::LABEL, SoftToken::PIN));

    shim.forget();
    tokens.0.write("short.pin", "123");
    shim.run(&["token", "set-pin", "--new-pin-source", "short.pin"]).fails(5).says("takes 4 to 255");
    shim.run(&["token", "set-pin"]).fails(5).says("--new-pin-source");
    shim.run(&["token", "set-pin", "--so", "--pin-source", "user.pin"]).fails(2).says("old PIN has no part");
    shim.run(&["token", "set-pin", "--so-pin-source", "so.pin"]).exits(2);
    assert_eq!((shim.count("C_SetPIN"), shim.count("C_Login")), (0, 0), "none of them touches a PIN");

    let changed = tokens.run(&[&set[..], &["--pin-source", "user.pin", "-vv"]].concat()).ok();
    for secret in [SoftToken::PIN, NEW_PIN] {
        assert!(!changed.stdout.contains(secret) && !changed.stderr.contains(secret), "{changed:#?}");
    }
    changed.says("user.pin may still hold the old PIN");
    assert!(tokens.opens(SoftToken::LABEL, NEW_PIN) && !tokens.opens(SoftToken::LABEL, SoftToken::PIN));
}

#[test]
fn the_last_try_is_not_taken() {
    const USER_FINAL_TRY: &str = "0x20000";
    const OFFICER_FINAL_TRY: &str = "0x200000";
    let tokens = Tokens::new();
    let shim = Shim::before(&tokens.0).with_token_flags(USER_FINAL_TRY);
    shim.run(&["token", "set-pin", "--new-pin-source", "new.pin"]).fails(5).says("after one more wrong PIN");
    let so = ["token", "set-pin", "--so", "--so-pin-source", "so.pin", "--new-pin-source", "new.pin"];
    let shim = Shim::before(&tokens.0).with_token_flags(OFFICER_FINAL_TRY);
    shim.run(&so).fails(5).says("locks its security officer out after one more wrong PIN");
    assert_eq!((shim.count("C_SetPIN"), shim.count("C_Login")), (0, 0));
}

/// Types lines at a terminal that hsmcert believes to be one; what it shows.
fn at_a_terminal(tokens: &Tokens, lines: &[&str], arguments: &[&str]) -> (i32, String) {
    const PROGRAM: &str = r#"
import json, os, pty, sys, termios, time
command, lines = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
shown, lines = b"", iter(lines)
try:
    while True:
        part = os.read(terminal, 4096)
        if not part:
            break
        shown += part
        last = shown.rsplit(b"\n", 1)[-1]
        if last.endswith(b"[y/N] "):
            os.write(terminal, next(lines).encode() + b"\n")
        elif last.endswith(b": ") and b"PIN" in last:
            # Typed when nothing shows it any more, as people do.
            deadline = time.monotonic() + 20
            while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < deadline:
                time.sleep(0.005)
            os.write(terminal, next(lines).encode() + b"\n")
except (OSError, StopIteration):
    pass
_, status = os.waitpid(child, 0)
sys.stdout.write(shown.decode())
sys.exit(os.waitstatus_to_exitcode(status))
"#;
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_hsmcert"));
    let words: Vec<&str> = [&[binary.to_str().unwrap()][..], arguments].concat();
    let mut command = assert_cmd::Command::new("python3");
    command.args(["-c", PROGRAM]).current_dir(tokens.0.folder().join("work"));
    command.env("SOFTHSM2_CONF", tokens.0.folder().join("softhsm2.conf")).env("HSMCERT_MODULE", tokens.0.module());
    command.env_remove("HSMCERT_PIN").env("HOME", tokens.0.folder().join("home"));
    let output = command.write_stdin(serde_json::to_string(&(words, lines)).unwrap()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_terminal_is_asked_twice_and_shows_no_pin() {
    let tokens = Tokens::new();
    let typed = ["so-1234", "so-1234", "user-1234", "user-1234", "y"];
    let (code, shown) = at_a_terminal(&tokens, &typed, &["token", "init", "--label", "web"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("the same PIN of the user again") && shown.contains("[y/N]"), "{shown}");
    assert!(!shown.contains("so-1234") && !shown.contains("user-1234"), "{shown}");
    assert!(tokens.opens("web", "user-1234"));

    let differ = ["user-1234", "new-1234", "now-1234"];
    let (code, shown) = at_a_terminal(&tokens, &differ, &["token", "set-pin", "--token", "web"]);
    assert_eq!(code, 5, "{shown}");
    assert!(shown.contains("the two entries of the PIN of the user differ"), "{shown}");
    assert!(tokens.opens("web", "user-1234"));

    let typed = ["so-1234", "so-1234", "user-1234", "user-1234", "n"];
    let (code, shown) = at_a_terminal(&tokens, &typed, &["token", "init", "--label", "other"]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("not confirmed, so nothing was changed"), "{shown}");
    assert!(!tokens.slots().contains("other"));
}
