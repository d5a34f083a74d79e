//! The layers of docs/design.md, kept true by reading the sources.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

const LAYER_3: [&str; 8] = ["ca", "deploy", "platform", "schedule", "spec", "tls", "token", "x509"];
const RECIPES: [&str; 22] = [
    "accept",
    "bind",
    "compatibility",
    "convert",
    "delete_key",
    "dev_ca",
    "enroll",
    "error",
    "export",
    "find",
    "proof",
    "prune",
    "rename",
    "renew",
    "repair",
    "rollout",
    "serve",
    "state",
    "status",
    "submit",
    "trial",
    "verify",
];

const UNSAFE: [&str; 9] = [
    "src/platform/certificate_store/windows.rs",
    "src/platform/child.rs",
    "src/platform/environment.rs",
    "src/platform/process.rs",
    "src/platform/rights/windows.rs",
    "src/token/get_attribute_value.rs",
    "src/token/lists.rs",
    "src/token/raw.rs",
    "src/token/x9_31.rs",
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !is_test_module(&path) {
                let text = std::fs::read_to_string(&path).unwrap();
                // Tests at the end of a file may use what they like.
                let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                found.push((path, code));
            }
        }
    }
    let mut found = Vec::new();
    collect(Path::new("src"), &mut found);
    found
}

/// Files that are test modules as a whole.
fn is_test_module(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.ends_with("toml/schema.rs")
}

/// The folder or file below `src`, without its ending.
fn place(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn code_lines(code: &str) -> impl Iterator<Item = &str> {
    code.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[test]
fn folders_of_a_layer_do_not_import_each_other_or_what_is_above() {
    for (path, code) in sources() {
        let own = place(&path);
        let forbidden: Vec<&str> = match own.as_str() {
            "cli" | "main" | "lib" => continue,
            recipe if RECIPES.contains(&recipe) => vec!["cli"],
            layer_3 if LAYER_3.contains(&layer_3) => {
                LAYER_3.into_iter().filter(|one| *one != own).chain(RECIPES).chain(["cli", "file"]).collect()
            }
            _ => LAYER_3.into_iter().chain(RECIPES).chain(["cli"]).collect(),
        };
        for line in code_lines(&code) {
            for module in &forbidden {
                let imports =
                    line.contains(&format!("crate::{module}::")) || line.contains(&format!("crate::{module};"));
                assert!(!imports, "{} imports {module}: {line}", path.display());
            }
        }
    }
}

#[test]
fn each_outside_thing_has_one_place() {
    for (path, code) in sources() {
        let own = place(&path);
        for line in code_lines(&code) {
            let only = |word: &str, allowed: &[&str]| {
                assert!(!line.contains(word) || allowed.contains(&own.as_str()), "{}: {line}", path.display());
            };
            only("cryptoki::", &["token"]);
            only("cryptoki_sys::", &["token"]);
            only("rcgen::", &["ca", "dev_ca"]);
            only("rustls::", &["ca", "tls"]);
            only("ureq::", &["ca"]);
            only("println!", &["cli"]);
            only("print!", &["cli"]);
            only("std::process::", &["cli", "command", "main", "platform"]);
            only("std::env::", &["cli", "command", "main", "platform"]);
            let is_unsafe =
                line.starts_with("unsafe ") || line.contains(" unsafe {") || line.contains("allow(unsafe_code)");
            assert!(!is_unsafe || UNSAFE.contains(&path.to_str().unwrap()), "{}: {line}", path.display());
        }
    }
}

#[test]
fn files_stay_small() {
    for (path, _) in sources() {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines: which of its ideas needs a file of its own?", path.display());
    }
}
