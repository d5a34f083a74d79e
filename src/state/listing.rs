//! What is remembered of many keys.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Error, Record, State, read};
use crate::file;

/// Records that a run has read, by their files.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<BTreeMap<PathBuf, Record>>>);

impl State {
    /// All records, in the order of their labels, without a lock: each file is replaced as a whole. What cannot be read
    /// stands beside them.
    ///
    /// # Errors
    /// [`Error::Folder`].
    pub fn records(&self) -> Result<(Vec<Record>, Vec<Error>), Error> {
        let (mut records, mut unreadable) = (Vec::new(), Vec::new());
        for path in self.files()? {
            match read(&path) {
                Ok(record) => records.extend(record),
                Err(error) => unreadable.push(error),
            }
        }
        records.sort_by(|one, other| (&one.label, &one.spki_sha256).cmp(&(&other.label, &other.spki_sha256)));
        Ok((records, unreadable))
    }

    /// [`State::records`] of which this is true. One of which it was not true when this run saw it first is not read again:
    /// so a run that asks once for each of its sites reads each file a few times, and not as often as there are sites.
    ///
    /// # Errors
    /// [`Error::Folder`].
    pub fn records_that(&self, fit: impl Fn(&Record) -> bool) -> Result<(Vec<Record>, Vec<Error>), Error> {
        let files = self.files()?;
        let mut seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut records, mut unreadable) = (Vec::new(), Vec::new());
        for path in files {
            if seen.get(&path).is_some_and(|known| !fit(known)) {
                continue;
            }
            match read(&path) {
                Ok(Some(record)) => {
                    records.extend(Some(&record).filter(|record| fit(record)).cloned());
                    seen.insert(path, record);
                }
                Ok(None) => {}
                Err(error) => unreadable.push(error),
            }
        }
        records.sort_by(|one, other| (&one.label, &one.spki_sha256).cmp(&(&other.label, &other.spki_sha256)));
        Ok((records, unreadable))
    }

    /// Whether hsmcert has written this content to a server's configuration.
    #[must_use]
    pub fn has_written(&self, path: &Path, content: &[u8]) -> bool {
        let sha256 = file::sha256(content);
        let is_it = |record: &Record| record.written.get(path) == Some(&sha256);
        // As a rule it is a record that was seen; what was written since is looked for in all.
        self.records_that(is_it).is_ok_and(|(records, _)| !records.is_empty())
            || self.records().is_ok_and(|(records, _)| records.iter().any(is_it))
    }

    /// The files of all records.
    fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let failed = |source| Error::Folder { path: self.folder.clone(), source };
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed));
        let is_record = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
        paths.filter(|path| path.as_ref().map_or(true, is_record)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PublicKey;

    fn remember(state: &State, byte: u8, label: &str) {
        let key = PublicKey::rsa(&[byte; 256], &[1, 0, 1]);
        let text = format!(
            r#"{{"version": 1, "spki_sha256": "{byte}", "label": "{label}", "id": "", "token": "", "token_serial": ""}}"#
        );
        let record: Record = serde_json::from_str(&text).unwrap();
        state.lock(&key).unwrap().write(&record).unwrap();
    }

    fn labels(state: &State, fit: impl Fn(&Record) -> bool) -> Vec<String> {
        state.records_that(fit).unwrap().0.into_iter().map(|record| record.label).collect()
    }

    #[test]
    fn what_fits_is_read_again_and_what_is_new_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let is_own = |record: &Record| record.label.starts_with("own");
        remember(&state, 1, "own");
        remember(&state, 2, "other");
        assert_eq!(labels(&state, is_own), ["own"]);
        for (byte, label) in [(1, "own.2"), (2, "own.other"), (3, "own.3")] {
            remember(&state, byte, label);
        }
        assert_eq!(labels(&state, is_own), ["own.2", "own.3"]);
        remember(&state, 1, "other");
        assert_eq!(labels(&state, is_own), ["own.3"]);
        assert_eq!(labels(&State::reader(folder.path()), is_own), ["own.3", "own.other"], "another run");
        std::fs::write(folder.path().join("damaged.json"), "{").unwrap();
        assert_eq!(state.records_that(is_own).unwrap().1.len(), 1);
    }
}
