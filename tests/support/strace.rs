//! hsmcert under strace, which ends it, or fails a system call, when a file of its own gets its name or loses it.

use std::collections::HashMap;

use super::{Outcome, SoftToken, spawnable};

/// Names of files come and go by these.
const CALLS: &str = "rename,renameat,renameat2,link,linkat,unlink,unlinkat";

/// One of these calls of a run.
#[derive(Debug)]
pub struct FileCall {
    /// Its name, and the how manieth of that name it is.
    pub name: String,
    pub number: usize,
    /// As strace shows it.
    pub line: String,
}

impl FileCall {
    /// The process is killed on entry into the call.
    pub fn kill(&self) -> String {
        format!("inject={}:signal=KILL:when={}", self.name, self.number)
    }

    /// The disk is full.
    pub fn no_space(&self) -> String {
        format!("inject={}:error=ENOSPC:when={}", self.name, self.number)
    }
}

/// Runs hsmcert; only the thread that does the work is looked at.
pub fn strace(token: &SoftToken, arguments: &[&str], injection: Option<&str>) -> Outcome {
    let hsmcert = spawnable(&token.hsmcert());
    let mut command = assert_cmd::Command::new("strace");
    command.args(["-qq", "-s", "4096", "-o"]).arg(token.folder().join("trace"));
    command.args(["-e", &format!("trace={CALLS}")]).args(injection.iter().flat_map(|inject| ["-e", inject]));
    command.arg(hsmcert.get_program()).args(arguments).env_clear().current_dir(token.path(""));
    command.envs(hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Outcome::of(&mut command)
}

/// Runs hsmcert. The calls that it made for files of its own: what SoftHSM does with the token's is SoftHSM's affair.
pub fn file_calls(token: &SoftToken, arguments: &[&str]) -> Vec<FileCall> {
    strace(token, arguments, None);
    let trace = std::fs::read_to_string(token.folder().join("trace")).unwrap();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let number = seen.entry(name).or_default();
        *number += 1;
        if !line.contains("/tokens/") {
            calls.push(FileCall { name: name.to_owned(), number: *number, line: line.to_owned() });
        }
    }
    calls
}
