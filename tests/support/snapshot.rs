//! A folder as it was, to be had again as often as a test needs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::tools;

/// A copy of a folder. What is in it may name the folder by its path, so it is put back at the same place.
#[derive(Debug)]
pub struct Snapshot {
    folder: PathBuf,
    copy: TempDir,
}

impl Snapshot {
    pub fn of(folder: &Path) -> Self {
        let snapshot = Self { folder: folder.to_owned(), copy: tempfile::tempdir().unwrap() };
        copy(&snapshot.folder, snapshot.copy.path());
        snapshot
    }

    /// Everything in the folder is as it was.
    pub fn restore(&self) {
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
        }
        copy(self.copy.path(), &self.folder);
    }
}

fn copy(from: &Path, to: &Path) {
    tools::run(Command::new("cp").arg("-a").arg(from.join(".")).arg(to), "coreutils");
}
