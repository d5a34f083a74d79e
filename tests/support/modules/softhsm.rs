//! `SoftHSM` 2.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::super::SoftToken;
use super::{Tested, run};

impl Tested for SoftToken {
    fn hsmcert(&self, arguments: &[&str]) -> Output {
        SoftToken::hsmcert(self).args(arguments).output().unwrap()
    }

    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output {
        SoftToken::hsmcert(self).env("HSMCERT_PIN", pin).args(arguments).output().unwrap()
    }

    fn pkcs11_tool(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("pkcs11-tool");
        command.env("SOFTHSM2_CONF", self.folder().join("softhsm2.conf")).current_dir(self.work());
        command.arg("--module").arg(self.module()).args(["--token-label", Self::LABEL]);
        run(command.args(arguments), "opensc")
    }

    fn pin(&self) -> &str {
        Self::PIN
    }

    fn work(&self) -> PathBuf {
        self.folder().join("work")
    }

    fn made_by(&self) -> &'static str {
        "`C_InitToken`"
    }
}
