//! A home folder and a working folder that nobody else uses, and the binary with a clean environment.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

use super::Outcome;

/// A machine on which hsmcert has never run.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self::of(tempfile::tempdir().unwrap())
    }

    /// On a disk that need not be waited for, where there is one: for tests that run hsmcert a thousand times.
    pub fn in_memory() -> Self {
        Self::of(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn of(folder: TempDir) -> Self {
        for name in ["home", "work", "data", "config", "state", "cache", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// The folder of all folders; `work` is the working directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the working directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join("work").join(name)
    }

    /// Writes a file into the working directory.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Reads a file of the working directory.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files in the working directory, sorted, hidden ones too.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder().join("work")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The built binary in the working directory, with nothing in its environment but a home.
    pub fn hsmcert(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hsmcert"));
        command.env_clear().current_dir(self.folder().join("work"));
        for variable in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        for (variable, folder) in [
            ("HOME", "home"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CACHE_HOME", "cache"),
            ("TMPDIR", "tmp"),
            // The same on Windows.
            ("USERPROFILE", "home"),
            ("APPDATA", "data"),
            ("LOCALAPPDATA", "state"),
            ("TEMP", "tmp"),
            ("TMP", "tmp"),
        ] {
            command.env(variable, self.folder().join(folder));
        }
        command
    }

    /// Runs the binary with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.hsmcert().args(arguments))
    }
}
