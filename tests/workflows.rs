//! GitHub's workflows, by their published schema. Nothing here runs them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![cfg(target_os = "linux")]

mod support;

use std::path::PathBuf;

use support::tools;

fn workflows() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(".github/workflows").unwrap();
    let found: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    assert!(found.len() >= 2, "{found:?}");
    found
}

#[test]
fn they_follow_the_schema() {
    let mut check = tools::python("check-jsonschema");
    check.args(["--builtin-schema", "vendor.github-workflows"]).args(workflows());
    tools::run(&mut check, "check-jsonschema (PyPI)");
}

/// A tag can be moved to other code by whoever owns the action; a commit cannot.
#[test]
fn actions_are_pinned_to_a_commit() {
    for file in workflows() {
        let text = std::fs::read_to_string(&file).unwrap();
        let used: Vec<_> =
            text.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, action)| action).collect();
        assert!(!used.is_empty(), "{}", file.display());
        for action in used {
            let commit = action.split(['@', ' ']).nth(1).unwrap_or_default();
            let pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(pinned && action.contains(" # v"), "{}: {action}", file.display());
        }
    }
}
