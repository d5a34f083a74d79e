//! A certificate linked to its key, got with the real binary, and the files that `bind` writes for it.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{SoftToken, tools};

/// `new`, `dev-ca` and `accept` have run.
#[derive(Debug)]
pub struct LinkedSite {
    token: SoftToken,
    pin_file: PathBuf,
}

/// Names of the certificate.
pub const NAMES: [&str; 2] = ["www.example.com", "example.com"];

impl LinkedSite {
    #[track_caller]
    pub fn new() -> Self {
        Self::of(super::SEED_INF, &[])
    }

    /// For another request, made with these options.
    #[track_caller]
    pub fn of(request: &str, options: &[&str]) -> Self {
        let token = SoftToken::new();
        token.write("request.inf", request);
        token.run(&[&["new", "request.inf", "request.csr.pem"], options].concat()).ok();
        token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
        token.run(&["accept", "request.crt.pem"]).ok();
        let pin_file = token.folder().join("pin");
        std::fs::write(&pin_file, SoftToken::PIN).unwrap();
        Self { token, pin_file }
    }

    /// [`Self::new`], and users other than this one may use the token: servers give up root.
    #[track_caller]
    pub fn for_all_users() -> Self {
        let site = Self::new();
        site.let_all_users_in();
        site
    }

    pub fn let_all_users_in(&self) {
        tools::run(Command::new("chmod").args(["-R", "a+rwX"]).arg(self.folder()), "coreutils");
    }

    pub fn pin_file(&self) -> &Path {
        &self.pin_file
    }

    /// Gives the PIN file another name.
    pub fn rename_pin_file(&mut self, name: &str) {
        let renamed = self.folder().join(name);
        std::fs::rename(&self.pin_file, &renamed).unwrap();
        self.pin_file = renamed;
    }

    /// The CA's certificate.
    pub fn ca(&self) -> PathBuf {
        self.folder().join("data/hsmcert/dev-ca/ca.pem")
    }

    pub fn certificate(&self) -> PathBuf {
        self.path("request.crt.pem")
    }

    /// `hsmcert bind TARGET --write FILE` with the port; its JSON.
    #[track_caller]
    pub fn bind(&self, target: &str, file: &str, port: u16, more: &[&str]) -> Value {
        let (listen, pin) = (format!("127.0.0.1:{port}"), self.pin_file());
        let arguments = ["bind", target, "request.crt.pem", "--json", "--write", file, "--listen", &listen];
        let arguments = [&arguments[..], &["--pin-file", pin.to_str().unwrap()], more].concat();
        self.run(&arguments).ok().json()
    }
}

impl Deref for LinkedSite {
    type Target = SoftToken;

    fn deref(&self) -> &SoftToken {
        &self.token
    }
}

/// The variables of the drop-in file for systemd that `bind` wrote, as systemd reads them.
#[track_caller]
pub fn service_environment(bound: &Value) -> Vec<(String, String)> {
    let files = bound["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["purpose"] == "environment for systemd").unwrap();
    let text = std::fs::read_to_string(Path::new(file["path"].as_str().unwrap())).unwrap();
    let variable = |line: &str| {
        let quoted = line.strip_prefix("Environment=\"")?.strip_suffix('"')?;
        let plain = quoted.replace("%%", "%").replace("\\\"", "\"").replace(r"\\", r"\");
        plain.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(variable).collect()
}
