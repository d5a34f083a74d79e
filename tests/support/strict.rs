//! The strict module in front of a token's: see `tests/strict-module`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Outcome, Shim, SoftToken, shim};

/// hsmcert with the module of a vendor whose HSM is not here, and with the vendor's built-in profile.
#[derive(Debug)]
pub struct Strict<'t> {
    token: &'t SoftToken,
    vendor: &'static str,
    certificates_are_off: bool,
    shim: Option<&'t Shim<'t>>,
}

impl<'t> Strict<'t> {
    pub fn before(token: &'t SoftToken, vendor: &'static str) -> Self {
        Self { token, vendor, certificates_are_off: false, shim: None }
    }

    /// Certificates were not enabled.
    pub fn without_certificates(self) -> Self {
        Self { certificates_are_off: true, ..self }
    }

    /// The calls that are not refused go through a shim.
    pub fn through(self, shim: &'t Shim<'t>) -> Self {
        Self { shim: Some(shim), ..self }
    }

    /// hsmcert, the strict module being its module.
    pub fn hsmcert(&self) -> assert_cmd::Command {
        let mut command = self.token.hsmcert();
        command.env("HSMCERT_MODULE", library()).env("HSMCERT_PROFILE", self.vendor);
        command.env("PKCS11_STRICT_VENDOR", self.vendor).env("PKCS11_STRICT_MODULE", self.token.module());
        if self.certificates_are_off {
            command.env("PKCS11_STRICT_CERTIFICATES", "off");
        }
        match self.vendor {
            "yubihsm" => command.env("HSMCERT_PIN", format!("0001{}", SoftToken::PIN)),
            cloud if cloud.contains("cloud") => command.env("HSMCERT_PIN", format!("crypto-user:{}", SoftToken::PIN)),
            _ => &mut command,
        };
        if let Some(shim) = self.shim {
            command.env("PKCS11_STRICT_MODULE", shim.library()).envs(shim.environment());
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.hsmcert().args(arguments))
    }
}

fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| shim::build("strict-module"))
}
