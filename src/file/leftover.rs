//! Temporary files of runs that were killed: the next run that writes beside them takes them away.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use fs_err as fs;

/// A temporary file is called by this and so many random letters and digits.
pub(super) const PREFIX: &str = ".hsmcert-";
pub(super) const RANDOM: usize = 6;

/// Between the making of a temporary file and its renaming nothing is waited for but the disk: one that is older was left.
const OLD: Duration = Duration::from_secs(60 * 60);

/// Removes them from a folder, which each run looks through once. What cannot be removed does no harm.
pub(super) fn sweep(folder: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !SWEPT.lock().is_ok_and(|mut swept| swept.insert(folder.to_owned())) {
        return;
    }
    for path in leftovers(folder) {
        let _ = fs::remove_file(path);
    }
}

/// Those that are in a folder.
#[must_use]
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_left = |entry: &fs::DirEntry| is_temporary(&entry.file_name()) && is_old(entry);
    entries.filter(is_left).map(|entry| entry.path()).collect()
}

fn is_temporary(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Of a link its own age; a clock that was set back makes nothing old.
fn is_old(entry: &fs::DirEntry) -> bool {
    let Ok(metadata) = entry.metadata() else { return false };
    let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
    metadata.is_file() && age.is_some_and(|age| age > OLD)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_what_is_ours_and_old_goes() {
        let folder = tempfile::tempdir().unwrap();
        let two_hours_ago = SystemTime::now() - 2 * OLD;
        for (name, is_old) in [
            (".hsmcert-Ab3dE9", true),
            (".hsmcert-younga", false),
            (".hsmcert-notes.txt", true),
            (".hsmcert-", true),
            ("web.csr.pem", true),
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            if is_old {
                file.set_modified(two_hours_ago).unwrap();
            }
        }
        sweep(folder.path());
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".hsmcert-", ".hsmcert-notes.txt", ".hsmcert-younga", "web.csr.pem"]);
    }
}
