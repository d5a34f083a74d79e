//! Commands of the user: what hands a CSR to a CA, what reloads a server. They run without a shell and with an environment
//! that has none of this program's secrets, and end when their time is over.

use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize as _, Deserializer, de::Error as _};

use crate::pin;

/// More than any certificate chain or message; what comes after is read and dropped.
const OUTPUT_LIMIT: u64 = 4 * 1024 * 1024;

/// Variables without which programs do not find what they need. None of them is a secret.
const USUAL: [&str; 21] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "XDG_RUNTIME_DIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SystemRoot",
    "SystemDrive",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "APPDATA",
    "ProgramData",
];

/// Names of variables that a command is to be given, as they are configured: none that holds a PIN.
///
/// # Errors
/// In words.
pub fn checked(names: Vec<String>) -> Result<Vec<String>, String> {
    match names.iter().find(|name| pin::is_variable(name)) {
        Some(name) => Err(format!("env names {name}: a command is given no PIN; let it read one from a file")),
        None => Ok(names),
    }
}

/// [`checked`] for serde.
///
/// # Errors
/// As [`checked`].
pub fn deserialize_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    checked(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A command that is to be run.
#[derive(Debug)]
pub struct Run<'a> {
    /// Program and arguments.
    pub command: &'a [String],
    /// Names of variables that it gets from this process beside the usual ones.
    pub inherited: &'a [String],
    /// Variables with their values.
    pub variables: &'a [(String, OsString)],
    /// What it reads.
    pub input: &'a [u8],
    /// How long it may take.
    pub timeout: Duration,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said, as text.
    pub stderr: String,
}

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("no command is named")]
    Empty,
    /// It did not start.
    #[error("{program} cannot be run: {source}")]
    Start {
        /// Its program.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// It took too long, and was ended.
    #[error("{program} was ended: it took more than {} s", .timeout.as_secs())]
    Timeout {
        /// Its program.
        program: String,
        /// What it was allowed.
        timeout: Duration,
    },
}

impl Run<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// [`Error`]; an exit code is none.
    pub fn run(&self) -> Result<Ran, Error> {
        let (program, arguments) = self.command.split_first().ok_or(Error::Empty)?;
        let failed = |source| Error::Start { program: program.clone(), source };
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(USUAL.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(self.inherited.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // A thread for each: none may wait for a pipe that nobody empties. They are not joined when the time is over, since
        // a grandchild may hold the pipes.
        let input = self.input.to_vec();
        thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let stdout = thread::spawn(move || stdout.map(drain));
        let stderr = thread::spawn(move || stderr.map(drain));
        let status = wait(&mut child, self.timeout).map_err(failed)?;
        let Some(status) = status else {
            return Err(Error::Timeout { program: program.clone(), timeout: self.timeout });
        };
        let text = |reader: thread::JoinHandle<Option<Vec<u8>>>| reader.join().ok().flatten().unwrap_or_default();
        Ok(Ran { status, stdout: text(stdout), stderr: String::from_utf8_lossy(&text(stderr)).into_owned() })
    }
}

impl Ran {
    /// The last line of what it said, for a message; else its exit status.
    #[must_use]
    pub fn reason(&self) -> String {
        let said = self.stderr.lines().rev().find(|line| !line.trim().is_empty());
        said.map_or_else(|| self.status.to_string(), |line| line.trim().to_owned())
    }

    /// Its last lines: servers tell first what is wrong, and last that something is.
    #[must_use]
    pub fn last_words(&self) -> String {
        let lines: Vec<&str> = self.stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        if last.is_empty() { self.status.to_string() } else { last.join("; ") }
    }
}

const LAST_LINES: usize = 5;

fn drain(mut pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut bytes);
    let _ = io::copy(&mut pipe, &mut io::sink());
    bytes
}

/// The end of a process; `None`: it was killed because its time was over.
fn wait(child: &mut Child, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + timeout;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
