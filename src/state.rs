//! What is remembered between `new` and `accept`, and from one `accept` to the next: one small file for each key,
//! named by the SHA-256 of its public key. It holds no secrets, and everything but the comparison with the request
//! works without it.

mod listing;
mod record;

pub use record::{
    AcceptedCertificate, FileBefore, OpenOrder, OpenRenewal, PendingRequest, Record, RenewalStep, Superseded,
    WindowsRequest, time,
};

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::file::{self, Access, OutputFile};
use crate::key::PublicKey;
use crate::x509::{self, Certificate, Csr};
use listing::Seen;
use record::VERSION;

/// What can be wrong with the state.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the lock.
    #[error("another run of hsmcert is at work on this key ({} is locked)", .0.display())]
    Busy(PathBuf),
    /// The folder cannot be used.
    #[error("the state folder {} cannot be used: {source}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is not one of this program's, or not whole.
    #[error("the state file {} is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of a newer hsmcert.
    #[error("the state file {} is of a newer hsmcert (version {version})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    File(#[from] file::Error),
}

/// The folder of all records.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
    seen: Seen,
}

impl State {
    /// A folder that is only read; it need not be there.
    #[must_use]
    pub fn reader(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), seen: Seen::default() }
    }

    /// What is known of a key, if it can be read. Needs no lock: records are replaced as a whole.
    #[must_use]
    pub fn record(&self, key: &PublicKey) -> Option<Record> {
        read(&self.folder.join(format!("{}.json", x509::spki_fingerprint(key)))).ok().flatten()
    }

    /// Whether `accept` kept this certificate in the chain file alone, because the token takes none (linking rule 8).
    #[must_use]
    pub fn is_in_file_only(&self, leaf: &Certificate, key: &PublicKey) -> bool {
        let accepted = self.record(key).and_then(|record| record.accepted);
        accepted.is_some_and(|known| !known.on_token && known.fingerprint_sha256 == leaf.fingerprint_sha256())
    }

    /// Opens the folder; one that is not there is made, for the owner alone (0700).
    ///
    /// # Errors
    /// [`Error::Folder`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Folder { path: folder.to_owned(), source };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(failed)?;
        file::check_writable(folder).map_err(failed)?;
        Ok(Self { folder: folder.to_owned(), seen: Seen::default() })
    }

    /// Remembers a request that was made with a key, beside what is known of the key already.
    ///
    /// # Errors
    /// [`Error::Busy`] and all others of this module.
    pub fn remember(&self, request: PendingRequest, mut record: Record, key: &PublicKey) -> Result<(), Error> {
        let entry = self.lock(key)?;
        if let Some(known) = entry.read().ok().flatten() {
            record.accepted = known.accepted;
            record.key_made = known.key_made.or(record.key_made);
            record.uses = known.uses;
            record.renewal = record.renewal.or(known.renewal);
            record.written = known.written;
        }
        record.request = Some(request);
        entry.write(&record)
    }

    /// Remembers the order that is open at a CA for a CSR, or that there is none, if the CSR was made here; whether it was.
    ///
    /// # Errors
    /// [`Error::Busy`] and all others of this module.
    pub fn remember_order(&self, csr: &Csr, order: Option<OpenOrder>) -> Result<bool, Error> {
        let Ok(key) = csr.public_key() else { return Ok(false) };
        if self.record(&key).is_none() {
            return Ok(false);
        }
        let mut is_known = false;
        self.update(&key, |record| {
            is_known = record.csr().is_some_and(|known| known.der() == csr.der());
            if let Some(request) = record.request.as_mut().filter(|_| is_known) {
                request.order = order;
            }
        })?;
        Ok(is_known)
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Changes what is remembered of a key.
    ///
    /// # Errors
    /// [`Error::Busy`] and all others of this module.
    pub fn update(&self, key: &PublicKey, change: impl FnOnce(&mut Record)) -> Result<(), Error> {
        self.update_by_name(&x509::spki_fingerprint(key), change)
    }

    /// [`State::update`] by the SHA-256 of the public key.
    ///
    /// # Errors
    /// As [`State::update`].
    pub fn update_by_name(&self, spki_sha256: &str, change: impl FnOnce(&mut Record)) -> Result<(), Error> {
        let entry = self.entry(spki_sha256)?;
        let Some(mut record) = entry.read()? else { return Ok(()) };
        change(&mut record);
        entry.write(&record)
    }

    /// Removes what is remembered of a key, named by the SHA-256 of the public key, if it is there.
    ///
    /// # Errors
    /// [`Error::Busy`] and all others of this module.
    pub fn forget(&self, spki_sha256: &str) -> Result<(), Error> {
        let entry = self.entry(spki_sha256)?;
        if entry.read()?.is_some() { entry.forget() } else { Ok(()) }
    }

    /// Locks the record of a key until the entry is dropped. Does not wait.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::File`].
    pub fn lock(&self, key: &PublicKey) -> Result<Entry, Error> {
        self.entry(&x509::spki_fingerprint(key))
    }

    fn entry(&self, name: &str) -> Result<Entry, Error> {
        Ok(Entry { path: self.folder.join(format!("{name}.json")), _lock: self.locked(name)? })
    }

    /// Locks the renewals of a label until the lock is dropped. Does not wait.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::File`].
    pub fn lock_label(&self, token_serial: &str, label: &str) -> Result<LabelLock, Error> {
        let name = Sha256::new().chain_update(token_serial).chain_update([0]).chain_update(label).finalize();
        self.locked(&format!("label-{}", base16ct::lower::encode_string(&name[..16]))).map(LabelLock)
    }

    fn locked(&self, name: &str) -> Result<File, Error> {
        let path = self.folder.join(format!("{name}.lock"));
        let failed = |reason| Error::File(file::Error::Unwritten { path: path.clone(), reason });
        // A file of its own: the record is replaced as a whole, and a lock on it would go with the old one.
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(Error::Busy(path)),
            Err(TryLockError::Error(reason)) => Err(failed(reason)),
        }
    }
}

/// The lock of a label.
#[derive(Debug)]
pub struct LabelLock(#[allow(dead_code, reason = "the lock goes with the file")] File);

/// The locked record of one key.
#[derive(Debug)]
pub struct Entry {
    path: PathBuf,
    _lock: File,
}

impl Entry {
    /// The record; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Newer`], [`Error::File`].
    pub fn read(&self) -> Result<Option<Record>, Error> {
        read(&self.path)
    }

    /// Writes the record, whole or not at all, for the owner alone (0600). A damaged one is kept beside it with the
    /// ending `.damaged`; one of a newer hsmcert is not touched; the same record is not written again.
    ///
    /// # Errors
    /// [`Error::Newer`], [`Error::File`].
    pub fn write(&self, record: &Record) -> Result<(), Error> {
        match self.read() {
            Ok(Some(known)) if known == *record => return Ok(()),
            Ok(_) => {}
            Err(Error::Damaged { path, .. }) => {
                fs::rename(&path, path.with_extension("json.damaged")).map_err(file::Error::Io)?;
            }
            Err(error) => return Err(error),
        }
        let json = serde_json::to_string_pretty(record)
            .map_err(|error| Error::Damaged { path: self.path.clone(), reason: error.to_string() })?;
        let (file, json) = (OutputFile::new(&self.path, Access::Owner, true)?, format!("{json}\n"));
        // The token knows what matters; two waits for the disk were a tenth of the time that `new` takes beside making
        // the key. What a renewal is in the middle of, nobody else knows.
        match record.renewal {
            None => file.write_unflushed(json.as_bytes())?,
            Some(_) => file.write(json.as_bytes())?,
        }
        Ok(())
    }

    /// Removes the record.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn forget(&self) -> Result<(), Error> {
        Ok(fs::remove_file(&self.path).map_err(file::Error::Io)?)
    }
}

fn read(path: &Path) -> Result<Option<Record>, Error> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let bytes = match file::read(path) {
        Ok(bytes) => bytes,
        Err(file::Error::Missing(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let damaged = |error: serde_json::Error| Error::Damaged { path: path.to_owned(), reason: error.to_string() };
    let Version { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if version > VERSION {
        return Err(Error::Newer { path: path.to_owned(), version });
    }
    Ok(Some(serde_json::from_slice(&bytes).map_err(damaged)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> PublicKey {
        PublicKey::rsa(&[byte; 256], &[1, 0, 1])
    }

    fn record() -> Record {
        Record {
            version: VERSION,
            spki_sha256: x509::spki_fingerprint(&key(9)),
            label: "web".into(),
            id: "0a".into(),
            token: "t".into(),
            token_serial: "1".into(),
            module: None,
            request: None,
            accepted: None,
            key_made: None,
            uses: 0,
            renewal: None,
            advice: None,
            superseded: None,
            written: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("a/b")).unwrap();
        let entry = state.lock(&key(9)).unwrap();
        assert_eq!(entry.read().unwrap(), None);
        entry.write(&record()).unwrap();
        assert_eq!(entry.read().unwrap(), Some(record()));
    }

    #[test]
    fn a_request_of_an_older_version_says_nothing_about_windows() {
        let older = r#"{"csr": "MA==", "csr_file": null, "spec_file": null, "created": "2026-01-01T00:00:00Z"}"#;
        let request: PendingRequest = serde_json::from_str(older).unwrap();
        assert_eq!(request.windows, WindowsRequest::default());
    }

    #[test]
    fn one_key_is_locked_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let entry = state.lock(&key(9)).unwrap();
        assert!(matches!(state.lock(&key(9)), Err(Error::Busy(_))));
        assert!(state.lock(&key(8)).is_ok());
        drop(entry);
        assert!(state.lock(&key(9)).is_ok());
    }

    #[test]
    fn a_damaged_record_is_kept_aside_and_a_newer_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let entry = State::open(folder.path()).unwrap().lock(&key(9)).unwrap();
        std::fs::write(&entry.path, "{\"version\": 1").unwrap();
        assert!(matches!(entry.read(), Err(Error::Damaged { .. })));
        entry.write(&record()).unwrap();
        assert_eq!(std::fs::read_to_string(entry.path.with_extension("json.damaged")).unwrap(), "{\"version\": 1");
        std::fs::write(&entry.path, "{\"version\": 2, \"more\": true}").unwrap();
        assert!(matches!(entry.write(&record()), Err(Error::Newer { version: 2, .. })));
        assert_eq!(std::fs::read_to_string(&entry.path).unwrap(), "{\"version\": 2, \"more\": true}");
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let entry = State::open(&path).unwrap().lock(&key(9)).unwrap();
        entry.write(&record()).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        for file in std::fs::read_dir(&path).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }
}
