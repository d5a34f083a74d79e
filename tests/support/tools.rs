//! Programs of others. One that is missing fails the test and says how to get it: a test never skips itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs a program, which must succeed; its stdout.
#[track_caller]
pub fn run(command: &mut Command, package: &str) -> String {
    let output = output(command, package);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn output(command: &mut Command, package: &str) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install it with: apt-get install {package}"))
}

/// Any program of a Debian package in a folder; its stdout. It must succeed.
#[track_caller]
pub fn run_program(program: &str, package: &str, folder: &Path, arguments: &[&str]) -> String {
    run(Command::new(program).args(arguments).current_dir(folder), package)
}

/// `openssl` with these arguments in a folder; its stdout. It must succeed.
#[track_caller]
pub fn openssl<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> String {
    run(Command::new("openssl").args(arguments).current_dir(folder), "openssl")
}

/// Where SoftHSM's module is.
pub fn softhsm_module() -> PathBuf {
    if cfg!(windows) {
        // Under wine the files of the machine are there too.
        return PathBuf::from("C:\\SoftHSM2\\lib\\softhsm2-x64.dll");
    }
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    ];
    let found = places.into_iter().map(PathBuf::from).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("SoftHSM is not in any of {places:?}; install it with: apt-get install softhsm2"))
}

/// A program of the Python packages that `tests/run` installs.
pub fn python(program: &str) -> Command {
    Command::new(target().join("python/bin").join(program))
}

/// A file of the packages of newer releases of Debian that `tests/run` unpacks.
pub fn debian(file: &str) -> PathBuf {
    let path = target().join("debian").join(file);
    assert!(path.exists(), "{} is missing; tests/run fetches it", path.display());
    path
}

fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from)
}
