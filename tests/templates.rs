//! The request templates: each reads without a word, and its INF and its TOML ask for the same request.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hsmcert::request::RequestSpec;
use hsmcert::spec::{self, Options};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/request-templates");

/// File names without their extensions.
fn names(extension: &str) -> BTreeSet<String> {
    let files = fs_err::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let wanted = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    wanted.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn read(path: &Path) -> RequestSpec {
    let bytes = fs_err::read(path).unwrap();
    let parsed = spec::parse(path.to_str().unwrap(), &bytes, &Options::default()).unwrap_or_else(|invalid| {
        panic!("{invalid}: {:#?}", invalid.diagnostics);
    });
    assert_eq!(parsed.diagnostics, [], "{}", path.display());
    parsed.spec
}

fn path(name: &str, extension: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("{name}.{extension}"))
}

#[test]
fn each_template_is_there_in_both_formats() {
    assert_eq!(names("inf"), names("toml"));
    assert!(names("inf").len() >= 12);
}

#[test]
fn inf_and_toml_ask_for_the_same() {
    for name in names("toml") {
        assert_eq!(read(&path(&name, "inf")), read(&path(&name, "toml")), "{name}");
    }
}

#[test]
fn each_template_says_how_it_is_used() {
    for name in names("toml") {
        for extension in ["inf", "toml"] {
            let text = fs_err::read_to_string(path(&name, extension)).unwrap();
            let command = format!("hsmcert new {name}.{extension} {name}.csr.pem");
            assert!(text.lines().take(3).any(|line| line.ends_with(&command)), "{name}.{extension}");
            assert!(text.len() < 1500, "{name}.{extension} is not short");
        }
    }
}
