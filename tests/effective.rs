//! Golden files: each request file under `tests/data/inf` and each request template, and what the CA will see of it.
//! After a wanted change: `INSTA_UPDATE=always cargo nextest run --test effective`, then read the difference.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::{Path, PathBuf};

use support::{Outcome, Sandbox};

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    assert!(files.len() >= 12, "{folder}: {files:?}");
    files
}

/// What `lint` says on both streams, with the exit code.
fn linted(path: &Path) -> String {
    let sandbox = Sandbox::new();
    let name = path.file_name().unwrap().to_str().unwrap();
    sandbox.write(name, std::fs::read(path).unwrap());
    let outcome = Outcome::of(sandbox.hsmcert().env("HSMCERT_MODULE", "/opt/hsm/module.so").args(["lint", name]));
    format!("exit code {}\n{}{}", outcome.code.unwrap(), outcome.stderr, outcome.stdout)
}

fn compare(folder: &str, extension: &str) {
    for path in files(folder, extension) {
        insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), linted(&path));
    }
}

#[test]
fn inf_files_ask_for_what_certreq_would_make_of_them() {
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "data/effective/inf" }, {
        compare("tests/data/inf", "inf");
    });
}

#[test]
fn templates_ask_for_what_they_promise() {
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "data/effective/templates" }, {
        compare("request-templates", "toml");
    });
}
