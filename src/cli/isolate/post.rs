//! The folder through which a child tells what it does: a file with its state, and one that shows that the parent lives.
//! Names of functions and the path of the module are all that is in it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use hsmcert::token::Underway;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// How far a child is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum State {
    /// It has called no module yet.
    Begun,
    /// It works with a module.
    Calls(Underway),
    /// It has done and said all that there was, and its exit code is what it means.
    Over,
}

/// The parent's end.
#[derive(Debug)]
pub(super) struct Post {
    /// Locked as long as the parent lives, by whatever it dies. Windows removes no folder in which a file is open, so it is
    /// closed first.
    _alive: File,
    folder: TempDir,
}

impl Post {
    pub(super) fn open() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hsmcert-").tempdir()?;
        let alive = File::create_new(alive(folder.path()))?;
        alive.lock()?;
        File::create_new(state(folder.path()))?;
        Ok(Self { _alive: alive, folder })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the child told last; `None`: nothing.
    pub(super) fn state(&self) -> Option<State> {
        let text = fs_err::read(state(self.folder.path())).ok()?;
        // What is behind the first line is left of a longer one.
        serde_json::from_slice(text.split(|byte| *byte == b'\n').next()?).ok()
    }
}

/// The child's end.
#[derive(Debug)]
pub(super) struct Letters(File);

impl Letters {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        File::options().write(true).open(state(folder)).map(Self)
    }

    /// In one piece, so that the parent finds one state or the other. Nothing can be done about a failure.
    pub(super) fn tell(&self, now: &State) {
        let Ok(mut line) = serde_json::to_vec(now) else { return };
        line.push(b'\n');
        #[cfg(unix)]
        let _ = std::os::unix::fs::FileExt::write_at(&self.0, &line, 0);
        #[cfg(windows)]
        let _ = std::os::windows::fs::FileExt::seek_write(&self.0, &line, 0);
    }
}

/// Waits until the parent is gone.
pub(super) fn outlive(folder: &Path) -> io::Result<()> {
    let file = File::open(alive(folder))?;
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn alive(folder: &Path) -> PathBuf {
    folder.join("alive")
}

/// On Windows a lock on a file keeps others from writing to it, so that it has one of its own.
fn state(folder: &Path) -> PathBuf {
    folder.join("state")
}
