//! A folder as it was, to be had again as often as a test needs it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A copy of a folder. What is in it may name the folder by its path, so it is put back at the same place.
#[derive(Debug)]
pub struct Snapshot {
    folder: PathBuf,
    copy: TempDir,
}

impl Snapshot {
    pub fn of(folder: &Path) -> Self {
        let snapshot =
            Self { folder: folder.to_owned(), copy: tempfile::tempdir_in(folder.parent().unwrap()).unwrap() };
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
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&copied).unwrap();
            std::fs::set_permissions(&copied, entry.metadata().unwrap().permissions()).unwrap();
            copy(&path, &copied);
        } else {
            std::fs::copy(&path, &copied).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            std::fs::File::options().write(true).open(&copied).unwrap().set_modified(modified).unwrap();
        }
    }
}
