//! The journey of tests/modules.rs, and kryoptic's column of the table in docs/modules.md.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../support/modules/compatibility.rs"]
mod compatibility;
#[path = "../../support/modules/journey.rs"]
mod journey;
#[path = "../../support/modules/tested.rs"]
mod tested;
mod token;

use std::path::{Path, PathBuf};
use std::process::Output;

use tested::Tested;
use token::Token;

impl Tested for Token {
    fn hsmcert(&self, arguments: &[&str]) -> Output {
        Token::hsmcert(self, arguments)
    }

    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output {
        self.hsmcert_command(pin).args(arguments).output().unwrap()
    }

    fn pkcs11_tool(&self, arguments: &[&str]) -> Output {
        Token::pkcs11_tool(self).args(["--token-label", token::LABEL]).args(arguments).output().unwrap()
    }

    fn pin(&self) -> &str {
        token::PIN
    }

    fn work(&self) -> PathBuf {
        self.path("")
    }

    fn made_by(&self) -> &'static str {
        "`C_InitToken`"
    }
}

#[test]
fn kryoptic() {
    let token = Token::new();
    let schemes = journey::journey(&token, "rsa");
    let seen = compatibility::observe(&token, &schemes);
    compatibility::compare(Path::new("../../docs/modules.md"), "kryoptic 1.5.4", &seen);
    journey::end(&token);
}

#[test]
fn many_certificates_are_accepted() {
    journey::fleet(&Token::new(), &["ada", "ben", "cyd"]);
}
