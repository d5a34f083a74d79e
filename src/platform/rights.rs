//! Who else may change a file. Whoever can replace a module, or write a configuration, has what the process has.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fmt;
use std::path::{Path, PathBuf};

/// Somebody who may change a file, or put another one into its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The file, or the folder above it.
    pub path: PathBuf,
    /// In words.
    pub who: String,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What Windows calls the real path is no path that anybody types.
        let path = self.path.display().to_string();
        let path = path.strip_prefix(r"\\?\").filter(|path| !path.starts_with("UNC")).unwrap_or(&path);
        write!(f, "{} can write to {path}", self.who)
    }
}

/// Who can change this file beside its user and the administrators, looked for in the file and in all folders above it;
/// `None`: nobody, as far as that can be told.
#[must_use]
pub fn stranger(file: &Path) -> Option<Stranger> {
    let real = fs_err::canonicalize(file).ok()?;
    real.ancestors().enumerate().find_map(|(height, path)| {
        #[cfg(unix)]
        let _ = height;
        #[cfg(unix)]
        let who = unix::writer(path)?;
        #[cfg(windows)]
        let who = windows::writer(path, height)?;
        Some(Stranger { path: path.to_owned(), who })
    })
}
