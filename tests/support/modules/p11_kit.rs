//! p11-kit with the configuration of a user, who is not root: p11-kit reads none of root's. And modules that stand
//! between hsmcert and SoftHSM.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::super::{Running, Sandbox, SoftToken};
use super::{Tested, library, run};

/// p11-kit in the home folder of a test.
pub trait P11Kit {
    /// Adds a module to the user's configuration; `more` are further lines.
    fn configure_p11_kit(&self, name: &str, module: &Path, more: &str);
    /// A program that reads it.
    fn with_p11_kit(&self, program: &str) -> Command;
}

impl P11Kit for Sandbox {
    fn configure_p11_kit(&self, name: &str, module: &Path, more: &str) {
        let folder = self.folder().join("config/pkcs11/modules");
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!("module: {}\n{more}\n", module.display());
        std::fs::write(folder.join(format!("{name}.module")), text).unwrap();
        // What the system has is not of this test, and slow or noisy without its device.
        for package in std::fs::read_dir("/usr/share/p11-kit/modules").unwrap() {
            let file = folder.join(package.unwrap().file_name());
            if !file.exists() {
                std::fs::write(file, "module:\n").unwrap();
            }
        }
    }

    fn with_p11_kit(&self, program: &str) -> Command {
        let mut command = as_user();
        command.arg(program);
        command.env("XDG_CONFIG_HOME", self.folder().join("config")).current_dir(self.folder().join("work"));
        command
    }
}

/// What comes after runs with another user id than root's, whoever runs the test.
fn as_user() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=1000", "--map-group=1000", "--"]);
    command
}

/// A module of p11-kit.
pub fn p11_kit_module(name: &str) -> PathBuf {
    library("p11-kit-modules", &[name, &format!("pkcs11/{name}")])
}

/// A `SoftHSM` token that is reached through another module.
#[derive(Debug)]
pub struct Through {
    pub token: SoftToken,
    module: PathBuf,
    environment: Vec<(&'static str, String)>,
    _server: Option<Running>,
}

impl Through {
    /// p11-kit's proxy, with `SoftHSM` as its only module.
    pub fn proxy() -> Self {
        let token = SoftToken::new();
        token.configure_p11_kit("softhsm2", token.module(), "");
        Self { token, module: p11_kit_module("p11-kit-proxy.so"), environment: vec![], _server: None }
    }

    /// p11-kit's client, which talks to a server that has the module.
    pub fn remote() -> Self {
        let token = SoftToken::new();
        let socket = token.folder().join("p11-kit").display().to_string();
        let mut command = as_user();
        command.args(["p11-kit", "server", "--foreground", "--name", &socket, "--provider"]).arg(token.module());
        command.arg(format!("pkcs11:token={}", SoftToken::LABEL.replace(' ', "%20")));
        command.env("SOFTHSM2_CONF", token.folder().join("softhsm2.conf"));
        let mut server = Running::start(&mut command, token.folder(), "p11-kit");
        // A line for a shell: the value, and `; export ...`.
        let line = server.prints("P11_KIT_SERVER_ADDRESS=");
        let address = line.split(';').next().unwrap_or_default().to_owned();
        let environment = vec![("P11_KIT_SERVER_ADDRESS", address)];
        Self { token, module: p11_kit_module("p11-kit-client.so"), environment, _server: Some(server) }
    }

    /// OpenSC's module that writes each call down.
    pub fn spy() -> Self {
        let token = SoftToken::new();
        let module = token.module().display().to_string();
        let log = token.folder().join("spy.log").display().to_string();
        let environment = vec![("PKCS11SPY", module), ("PKCS11SPY_OUTPUT", log)];
        let module = library("opensc-pkcs11", &["pkcs11/pkcs11-spy.so", "pkcs11-spy.so"]);
        Self { token, module, environment, _server: None }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = as_user();
        // The token and its PIN as for SoftHSM, and another module.
        let outside = self.token.hsmcert();
        command.env_clear().envs(outside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("HSMCERT_MODULE", &self.module).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.work()).arg(program);
        command
    }
}

impl Tested for Through {
    fn hsmcert(&self, arguments: &[&str]) -> Output {
        run(self.command(env!("CARGO_BIN_EXE_hsmcert")).args(arguments), "util-linux")
    }

    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_hsmcert"));
        run(command.env("HSMCERT_PIN", pin).args(arguments), "util-linux")
    }

    fn pkcs11_tool(&self, arguments: &[&str]) -> Output {
        Tested::pkcs11_tool(&self.token, arguments)
    }

    fn pin(&self) -> &str {
        SoftToken::PIN
    }

    fn work(&self) -> PathBuf {
        self.token.folder().join("work")
    }

    fn made_by(&self) -> &'static str {
        self.token.made_by()
    }
}
