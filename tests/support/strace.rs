//! hsmcert under strace, which ends it, or fails a system call, at a place that is chosen.

use std::collections::HashMap;

use super::{Outcome, SoftToken, spawnable};

/// Names of files come and go by these.
pub const NAMING: &str = "rename,renameat,renameat2,link,linkat,unlink,unlinkat";
/// All by which hsmcert changes files.
pub const CHANGING: &str = "open,openat,creat,write,pwrite64,writev,ftruncate,fsync,fdatasync,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat";

/// One of these calls of a run.
#[derive(Debug, Clone)]
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

    /// The call fails with this, for example `ENOSPC`, and does nothing.
    pub fn fail(&self, error: &str) -> String {
        format!("inject={}:error={error}:when={}", self.name, self.number)
    }

    /// Whether a file of the module's token is meant.
    pub fn is_of_token(&self) -> bool {
        self.line.contains("/tokens/")
    }

    /// What it does to which files, without what each run chooses anew: descriptors, ids, random names.
    pub fn deed(&self) -> String {
        let arguments = self.line.rsplit_once(" = ").map_or(self.line.as_str(), |(arguments, _)| arguments);
        let paths = arguments.split(['<', '>', '"']).filter(|part| part.starts_with('/')).map(anonymous);
        std::iter::once(self.name.clone()).chain(paths).collect::<Vec<_>>().join(" ")
    }

    fn changes(&self) -> bool {
        let line = &self.line;
        let is_opened = self.name.starts_with("open");
        let is_written = line.contains("O_CREAT") || line.contains("O_WRONLY") || line.contains("O_RDWR");
        // A folder that is there is not made; and no device is a file.
        let is_device = line.contains("\"/dev/") && !line.contains("\"/dev/shm/");
        (!is_opened || is_written) && !is_device && !line.contains("EEXIST")
    }
}

/// A path from the working folder on, with `*` for ids and random names.
fn anonymous(path: &str) -> String {
    let path = path.rsplit_once("/work/").or_else(|| path.rsplit_once("/hsmcert/")).map_or(path, |(_, end)| end);
    let word = |word: &str| {
        let (text, end) = word.split_at(word.trim_end_matches(['/', '.']).len());
        let is_id = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_id { format!("*{end}") } else { word.to_owned() }
    };
    let name: String = path.split_inclusive(['/', '.']).map(word).collect();
    name.split_once(".hsmcert-").map_or(name.clone(), |(folder, _)| format!("{folder}.hsmcert-*"))
}

/// Runs hsmcert; only the thread that does the work is looked at.
pub fn strace(token: &SoftToken, calls: &str, arguments: &[&str], injection: Option<&str>) -> Outcome {
    let hsmcert = spawnable(&token.hsmcert());
    let mut command = assert_cmd::Command::new("strace");
    command.args(["-qq", "-y", "-s", "0", "-o"]).arg(token.folder().join("trace"));
    command.args(["-e", &format!("trace={calls}")]).args(injection.iter().flat_map(|inject| ["-e", inject]));
    command.arg(hsmcert.get_program()).args(arguments).env_clear().current_dir(token.path(""));
    command.envs(hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Outcome::of(&mut command)
}

/// The calls of the last run that change something.
pub fn traced(token: &SoftToken) -> Vec<FileCall> {
    let trace = std::fs::read(token.folder().join("trace")).unwrap();
    let trace = String::from_utf8_lossy(&trace).into_owned();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let number = seen.entry(name).or_default();
        *number += 1;
        calls.push(FileCall { name: name.to_owned(), number: *number, line: line.to_owned() });
    }
    calls.retain(FileCall::changes);
    calls
}

/// The call of the last run at which it was killed, or which was made to fail.
pub fn struck(token: &SoftToken) -> Option<FileCall> {
    traced(token).into_iter().find(|call| call.line.ends_with("(INJECTED)") || call.line.ends_with("= ?"))
}

/// Runs hsmcert. The calls that it made for files of its own: what SoftHSM does with the token's is SoftHSM's affair.
pub fn file_calls(token: &SoftToken, arguments: &[&str]) -> Vec<FileCall> {
    strace(token, NAMING, arguments, None);
    traced(token).into_iter().filter(|call| !call.is_of_token()).collect()
}
