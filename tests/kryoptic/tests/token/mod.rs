//! A kryoptic token in a folder of its own, the hsmcert of `HSMCERT_BIN`, and OpenSSL's verifier.
#![allow(dead_code, reason = "each test program uses its own part of it")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub struct Token {
    folder: TempDir,
    bare_points: bool,
}

pub const LABEL: &str = "kryoptic";
pub const PIN: &str = "pin-Xq7vR2";

/// A variable that `tests/kryoptic/run` sets.
fn variable(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: these tests are run by tests/kryoptic/run"))
}

/// A file of request-templates.
pub fn request_template(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../request-templates");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Runs a program, which must succeed.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{output:?}");
}

impl Token {
    pub fn new() -> Self {
        Self::initialised(false)
    }

    /// Its `CKA_EC_POINT`s are the bytes of the point, without an OCTET STRING around them.
    pub fn with_bare_points() -> Self {
        Self::initialised(true)
    }

    fn initialised(bare_points: bool) -> Self {
        let token = Self { folder: tempfile::tempdir().unwrap(), bare_points };
        let so_pin = ["--so-pin", "so-pin-Kd93"];
        run(token.pkcs11_tool().args(["--init-token", "--slot", "0", "--label", LABEL]).args(so_pin));
        run(token.pkcs11_tool().args(["--init-pin", "--login", "--login-type", "so", "--new-pin", PIN]).args(so_pin));
        token
    }

    pub fn pkcs11_tool(&self) -> Command {
        let mut command = self.command("pkcs11-tool");
        command.arg("--module").arg(variable("HSMCERT_TEST_KRYOPTIC"));
        command
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.folder).env_clear().env("PATH", variable("PATH"));
        command.env("HOME", self.folder.path()).env("KRYOPTIC_CONF", self.path("token.sql"));
        if self.bare_points {
            command.env("KRYOPTIC_EC_POINT_ENCODING", "BYTES");
        }
        command
    }

    pub fn hsmcert(&self, arguments: &[&str]) -> Output {
        self.hsmcert_command(PIN).args(arguments).output().unwrap()
    }

    pub fn hsmcert_command(&self, pin: &str) -> Command {
        let mut command = self.command(PathBuf::from(variable("HSMCERT_BIN")));
        command.env("HSMCERT_MODULE", variable("HSMCERT_TEST_KRYOPTIC")).env("HSMCERT_TOKEN", LABEL);
        command.env("HSMCERT_PIN", pin);
        command
    }

    /// The result of a command that must succeed.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.hsmcert(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What OpenSSL reads in files that verify, or why they do not.
    pub fn openssl_verify(&self, files: &[&str]) -> Result<String, String> {
        let output = self.command(env!("CARGO_BIN_EXE_openssl-verify")).args(files).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Puts other bytes of the same length into a file, where it has these.
    pub fn change(&self, name: &str, from: &[u8], to: &[u8]) {
        let mut bytes = std::fs::read(self.path(name)).unwrap();
        let place = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[place..place + to.len()].copy_from_slice(to);
        std::fs::write(self.path(name), bytes).unwrap();
    }
}
