//! NSS' database: its module takes the folder in the reserved argument of `C_Initialize`.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::super::Sandbox;
use super::p11_kit::{P11Kit, p11_kit_module};
use super::{Tested, done, library};

/// A database with a password.
#[derive(Debug)]
pub struct Nss {
    sandbox: Sandbox,
}

impl Nss {
    pub const LABEL: &str = "NSS Certificate DB";
    const PIN: &str = "pin-Xq7vR2";

    pub fn new() -> Self {
        let nss = Self { sandbox: Sandbox::new() };
        let (database, password) = (nss.folder().join("nss"), nss.folder().join("nss-password"));
        std::fs::create_dir(&database).unwrap();
        std::fs::write(&password, Self::PIN).unwrap();
        let database = format!("sql:{}", database.display());
        let mut certutil = Command::new("certutil");
        done(certutil.args(["-N", "-d", &database, "-f"]).arg(password), "libnss3-tools");
        let init_args = format!("configdir='{database}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=");
        nss.write(
            "hsmcert.toml",
            format!(
                "[profile.default]\nmodule = '{}'\ninit-args = \"{init_args}\"\ntoken = '{}'\n",
                Self::module().display(),
                Self::LABEL
            ),
        );
        // pkcs11-tool cannot hand the argument over; p11-kit's proxy does it for it.
        nss.configure_p11_kit("nss", &Self::module(), &format!("x-init-reserved: {init_args}"));
        nss
    }

    /// Where the module is.
    pub fn module() -> PathBuf {
        library("libnss3", &["libsoftokn3.so", "nss/libsoftokn3.so"])
    }
}

impl Deref for Nss {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Tested for Nss {
    fn hsmcert(&self, arguments: &[&str]) -> Output {
        self.hsmcert_with_pin(Self::PIN, arguments)
    }

    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output {
        self.sandbox.hsmcert().env("HSMCERT_PIN", pin).args(arguments).output().unwrap()
    }

    fn pkcs11_tool(&self, arguments: &[&str]) -> Output {
        let mut command = self.with_p11_kit("pkcs11-tool");
        command.arg("--module").arg(p11_kit_module("p11-kit-proxy.so"));
        super::run(command.args(["--token-label", Self::LABEL]).args(arguments), "opensc")
    }

    fn pin(&self) -> &str {
        Self::PIN
    }

    fn work(&self) -> PathBuf {
        self.folder().join("work")
    }

    fn made_by(&self) -> &'static str {
        "`certutil -N`"
    }
}
