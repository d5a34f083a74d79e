//! Every PKCS#11 call of a command fails in every way that the standard allows there, or the process dies before it. After each
//! case the token is as before the command or as after it, or in a state that is written down here and that the same command
//! finishes; the exit code is one of the table; nothing panics.
//!
//! Each call meets a part of the values; `HSMCERT_FAULTS=full` takes all of them (docs/testing.md).

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the number of cases is part of the result")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Shim, SoftToken, tools};

/// What a call may return when the world around it has changed (PKCS#11 3.1, 5.1).
const VALUES: [(&str, &str); 12] = [
    ("CKR_HOST_MEMORY", "0x2"),
    ("CKR_GENERAL_ERROR", "0x5"),
    ("CKR_FUNCTION_FAILED", "0x6"),
    ("CKR_DEVICE_ERROR", "0x30"),
    ("CKR_DEVICE_MEMORY", "0x31"),
    ("CKR_DEVICE_REMOVED", "0x32"),
    ("CKR_OBJECT_HANDLE_INVALID", "0x82"),
    ("CKR_PIN_LOCKED", "0xa4"),
    ("CKR_SESSION_CLOSED", "0xb0"),
    ("CKR_SESSION_HANDLE_INVALID", "0xb3"),
    ("CKR_TOKEN_NOT_PRESENT", "0xe0"),
    ("CKR_USER_NOT_LOGGED_IN", "0x101"),
];
/// So many values for each call in the common run.
const SAMPLE: usize = 2;

/// A command on a token that is made ready for it.
struct Matrix<'a> {
    name: &'a str,
    arguments: &'a [&'a str],
    /// What else finishes it, where the same command cannot.
    otherwise: &'a [&'a str],
    /// Objects that a failure may leave beside those of before and after, and why that is so.
    between: &'a [(&'a [&'a str], &'a str)],
}

/// Class and label of each object, and the names of the files.
fn shape(token: &SoftToken) -> Vec<String> {
    let mut shape: Vec<_> =
        token.objects().into_iter().map(|object| format!("{:?} {}", object.class, object.label)).collect();
    for file in token.files() {
        assert!(!token.read(&file).is_empty(), "{file} is empty");
        shape.push(file);
    }
    shape.sort();
    shape
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    tools::run(Command::new("cp").arg("-a").arg(from).arg(to), "coreutils");
}

impl Matrix<'_> {
    fn run(&self, token: &SoftToken) {
        let everything = std::env::var("HSMCERT_FAULTS").is_ok_and(|value| value == "full");
        let kept = tempfile::tempdir().unwrap();
        let kept = kept.path().join("snapshot");
        copy(token.folder(), &kept);
        let restore = || copy(&kept, token.folder());
        let before = shape(token);
        let good = Shim::before(token);
        good.run(self.arguments).ok();
        let (after, calls) = (shape(token), good.calls());
        assert_ne!(before, after, "{}: a command that changes nothing proves nothing", self.name);

        let (mut cases, mut finished, mut complaints) = (0, 0, Vec::new());
        for (index, call) in calls.iter().enumerate() {
            let nth = calls[..=index].iter().filter(|other| other.function == call.function).count();
            let place = format!("{}:{nth}", call.function);
            let values = (0..VALUES.len())
                .map(|number| VALUES[(index + number * 5) % VALUES.len()])
                .take(if everything { VALUES.len() } else { SAMPLE });
            let faults = values.map(|(name, value)| (format!("{place} {name}"), Some(format!("{place}:{value}"))));
            for (fault, value) in faults.chain([(format!("{place} killed"), None)]) {
                restore();
                let shim = match &value {
                    Some(value) => Shim::before(token).failing(value),
                    None => Shim::before(token).killing(&place),
                };
                let outcome = shim.run(self.arguments);
                cases += 1;
                let left = shape(token);
                let objects: Vec<_> = left.iter().filter(|one| one.contains(' ')).collect();
                let is_between = self.between.iter().any(|(these, _)| objects == these.iter().collect::<Vec<_>>());
                let complaint = match outcome.code {
                    None if value.is_none() => None,
                    Some(0) if left == after => None,
                    Some(0) => Some("it says that it is done"),
                    Some(4..=10) if left == before || is_between => None,
                    // What fails when all is done, as the end of the session, may be told.
                    Some(4..=10) if left == after => None,
                    Some(4..=10) => Some("it leaves something that nobody has written down"),
                    _ => Some("that is no way to end"),
                };
                if let Some(complaint) = complaint {
                    complaints
                        .push(format!("{fault}: {complaint}: code {:?}, {left:?}\n{}", outcome.code, outcome.stderr));
                }
                assert!(!outcome.stderr.contains("panicked"), "{fault}\n{}", outcome.stderr);
                // The next run finishes.
                if left != after {
                    let mut again = token.run(self.arguments);
                    if again.code != Some(0) && !self.otherwise.is_empty() {
                        again = token.run(self.otherwise);
                    }
                    if again.code != Some(0) || shape(token) != after {
                        complaints.push(format!("{fault}: run again: code {:?}\n{}", again.code, again.stderr));
                    }
                    finished += 1;
                }
            }
        }
        println!("{}: {} calls, {cases} faults, {finished} times finished by the next run", self.name, calls.len());
        assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
    }
}

/// A token with a linked EC pair `web`, its certificate and its files.
fn linked() -> SoftToken {
    let token = with_request();
    token.run(&["accept", "web.crt.pem"]).ok();
    token
}

/// The same before `accept`.
fn with_request() -> SoftToken {
    let token = SoftToken::new();
    write_request(&token);
    token.run(&["new", "web.toml"]).ok();
    token.run(&["dev-ca", "web.csr.pem", "web.crt.pem"]).ok();
    token
}

fn write_request(token: &SoftToken) {
    token.write(
        "web.toml",
        "[subject]\ncn = \"www.example.com\"\n[san]\ndns = [\"www.example.com\"]\n[key]\nlabel = \"web\"\nalgorithm = \"ecdsa\"\n",
    );
}

#[test]
fn new() {
    let token = SoftToken::new();
    write_request(&token);
    let arguments = ["new", "web.toml", "--force"];
    // The pair of a run that died is named by the next one, and taken by this.
    let otherwise = ["new", "web.toml", "--force", "--reuse-key", "web"];
    Matrix { name: "new", arguments: &arguments, otherwise: &otherwise, between: &[] }.run(&token);
}

#[test]
fn accept() {
    let token = with_request();
    Matrix { name: "accept", arguments: &["accept", "web.crt.pem"], otherwise: &[], between: &[] }.run(&token);
}

#[test]
fn rename() {
    let token = linked();
    Matrix { name: "rename", arguments: &["rename", "web", "web.old"], otherwise: &[], between: &[] }.run(&token);
}

#[test]
fn delete_key() {
    let token = linked();
    let arguments = ["delete-key", "web", "--certificate", "--force", "--yes"];
    let private_first = "the private key goes first, and what is left of it is named";
    let between: [(&[&str], &str); 2] =
        [(&["Certificate web", "Public web"], private_first), (&["Certificate web"], private_first)];
    Matrix { name: "delete-key", arguments: &arguments, otherwise: &[], between: &between }.run(&token);
}
