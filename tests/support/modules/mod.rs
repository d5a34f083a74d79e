//! Tokens of several PKCS#11 modules, each in a folder of its own, and what is done alike with all of them. The files
//! of this folder that kryoptic's tests use too (compatibility, journey, tested) need nothing but the standard library and
//! `serde_json`.

mod compatibility;
mod journey;
mod nss;
mod opencryptoki;
mod p11_kit;
mod softhsm;
mod tested;
mod tpm;

use std::path::PathBuf;
use std::process::{Command, Output};

pub use compatibility::{compare, observe};
pub use journey::{end, fleet, journey};
pub use nss::Nss;
pub use opencryptoki::OpenCryptoki;
pub use p11_kit::{P11Kit, Through, p11_kit_module};
pub use tested::Tested;
pub use tpm::Tpm;

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
