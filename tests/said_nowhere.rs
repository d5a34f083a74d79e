//! No command says a PIN, a right one or a wrong one, however much is asked to be said.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Outcome, SEED_INF, SoftToken};

const WRONG: &str = "guess-Zt81";
const NEW: &str = "new-pin-Wm4k";

/// A line for each command, in an order in which all of them have something to do; `serve` would not end by itself.
const LINES: [&str; 32] = [
    "new request.inf request.csr.pem",
    "dev-ca request.csr.pem request.crt.pem --force",
    "accept request.crt.pem",
    "bind nginx request.crt.pem",
    "find-key",
    "find-key --objects --label www.example.com",
    "export www.example.com --chain",
    "lint request.inf",
    "show request.crt.pem",
    "template list",
    "convert request.inf request.toml --force",
    "verify",
    "status",
    "serve nothing",
    "renew web.toml",
    "renew web.toml --force",
    "prune --yes",
    "repair --yes",
    "submit request.csr.pem --ca dev --force",
    "submit request.csr.pem --ca elsewhere --force",
    "schedule systemd web.toml",
    "completions bash",
    "man man",
    "doctor --login",
    "token list",
    "token info",
    "token vendors",
    "token test",
    "token set-pin --new-pin-source env:NEW_PIN",
    "rename www.example.com renamed",
    "delete-key renamed --yes --force --certificate",
    "token init --label another --yes",
];

fn run(token: &SoftToken, pin: &str, line: &str, more: &[&str]) -> Outcome {
    let mut command = token.hsmcert();
    command.env("HSMCERT_PIN", pin).env("HSMCERT_SO_PIN", SoftToken::SO_PIN).env("NEW_PIN", NEW);
    let outcome = Outcome::of(command.args(line.split(' ')).args(more));
    for (name, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        for secret in [SoftToken::PIN, SoftToken::SO_PIN, WRONG, NEW] {
            assert!(!text.contains(secret), "{line} {more:?}: {secret} is on {name}:\n{text}");
        }
    }
    outcome
}

#[test]
fn no_command_says_a_pin() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF.replace("KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P256"));
    token.write("web.toml", "san.dns = ['b.example']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'dev'\n");
    token.write("hsmcert.toml", "[ca.elsewhere]\ntype = 'cfssl'\nurl = 'http://127.0.0.1:1'\n");
    let help = token.run(&["--help"]).ok().stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let of_line = |line: &&str| line.split(' ').next().unwrap().to_owned();
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(LINES.iter().any(|line| of_line(line) == *command), "{command} is not tried");
    }
    let mut pin = SoftToken::PIN;
    let (mut refused, mut failed) = (0, vec![]);
    for line in LINES.iter().filter(|line| commands.contains(&of_line(line).as_str())) {
        for more in [&["-vv"][..], &["-vv", "--json"], &["-vv", "--isolate"]] {
            refused += u32::from(run(&token, WRONG, line, more).code == Some(5));
        }
        if run(&token, pin, line, &["-vv"]).code != Some(0) {
            failed.push(*line);
        }
        run(&token, pin, line, &["-vv", "--json"]);
        if line.contains("set-pin") {
            pin = NEW;
        }
    }
    // All did something (a new token takes every PIN, so that the first run has made it), and the wrong PIN was really tried by
    // most, in each way.
    let fails = ["serve nothing", "submit request.csr.pem --ca elsewhere --force", "token init --label another --yes"];
    assert_eq!(failed, fails);
    assert!(refused > 30, "{refused}");
}
