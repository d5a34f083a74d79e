//! Tokens of several PKCS#11 modules, each in a folder of its own, and what is done alike with all of them. The files
//! of this folder that kryoptic's tests use too (compatibility, journey) need nothing but the standard library and
//! serde_json.

mod compatibility;
mod journey;
mod nss;
mod opencryptoki;
mod p11_kit;
mod softhsm;
mod tpm;

use std::path::PathBuf;
use std::process::{Command, Output};

pub use compatibility::{compare, observe};
pub use journey::journey;
pub use nss::Nss;
pub use opencryptoki::OpenCryptoki;
pub use p11_kit::{P11Kit, Through, p11_kit_module};
pub use tpm::Tpm;

/// A token that is under test.
pub trait Tested {
    /// hsmcert in the token's working directory; the token and its PIN are named in the environment or in the
    /// configuration.
    fn hsmcert(&self, arguments: &[&str]) -> Output;
    /// The same with this PIN.
    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output;
    /// OpenSC's `pkcs11-tool` on the token, without a login.
    fn pkcs11_tool(&self, arguments: &[&str]) -> Output;
    /// The user's PIN.
    fn pin(&self) -> &str;
    /// The working directory.
    fn work(&self) -> PathBuf;
    /// How the token was made.
    fn made_by(&self) -> &'static str;
    /// Is called after each command that has ended: whether it has left something behind.
    fn check(&self) {}
    /// Removes what a module is known to leave behind.
    fn tidy(&self) {}
}

/// Where a library of a Debian package is.
fn library(package: &str, places: &[&str]) -> PathBuf {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let mut found = folders.iter().flat_map(|folder| places.iter().map(move |place| PathBuf::from(folder).join(place)));
    found
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("none of {places:?} is here; install it with: apt-get install {package}"))
}

/// Runs a program to its end.
fn run(command: &mut Command, package: &str) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install it with: apt-get install {package}"))
}

/// Runs a program, which must succeed.
#[track_caller]
fn done(command: &mut Command, package: &str) {
    let output = run(command, package);
    assert!(output.status.success(), "{command:?}\n{output:?}");
}
