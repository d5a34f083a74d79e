//! Files: read with the path in the error; write whole or not at all, and never over what is there.

mod leftover;

pub use leftover::leftovers;

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

/// Largest input that is read: request files and certificate bundles are far smaller.
const READ_LIMIT: u64 = 16 * 1024 * 1024;

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that must be read is not there.
    #[error("{}: no such file", .0.display())]
    Missing(PathBuf),
    /// The folder of an output file is not there.
    #[error("{}: the folder {} does not exist", .path.display(), .folder.display())]
    MissingFolder {
        /// The file that was to be written.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// An output file is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// An input file is larger than any request or certificate bundle.
    #[error("{}: larger than {} MiB", .0.display(), READ_LIMIT / 1024 / 1024)]
    TooLarge(PathBuf),
    /// An output file could not be written; what was there is as before.
    #[error("cannot write {}: {reason}", .path.display())]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// The operating system refused; its message names the path.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads a whole file.
///
/// # Errors
/// [`Error::Missing`], [`Error::TooLarge`], [`Error::Io`].
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let file = fs::File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
        _ => Error::Io(error),
    })?;
    let mut bytes = Vec::new();
    file.take(READ_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > READ_LIMIT {
        return Err(Error::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

/// Removes a file, if it is there.
///
/// # Errors
/// [`Error::Io`].
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// SHA-256 in lower hex, by which a file is known again.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The names of the files in a folder, the oldest first; none where the folder is not there.
///
/// # Errors
/// [`Error::Io`].
pub fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(error.into()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        // Through links, as a shell's pattern does; one that leads nowhere is no file.
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        if metadata.is_file() {
            files.push((metadata.modified()?, entry.file_name().to_string_lossy().into_owned()));
        }
    }
    files.sort();
    Ok(files.into_iter().map(|(_, name)| name).collect())
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As the umask says: CSRs and certificates are public.
    Public,
    /// The owner only (0600): keys of `dev-ca`, PINs, state.
    Owner,
}

/// A file that will be written later. Made before the HSM is touched, so that a path that cannot work is
/// refused in time; the race between check and write is closed by create-new.
#[derive(Debug, Clone)]
pub struct OutputFile {
    path: PathBuf,
    access: Access,
    overwrite: bool,
}

impl OutputFile {
    /// Checks that the file can be made: its folder exists and, without `overwrite`, it does not.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::MissingFolder`].
    pub fn new(path: &Path, access: Access, overwrite: bool) -> Result<Self, Error> {
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Error::MissingFolder { path: path.to_owned(), folder: folder.to_owned() });
        }
        if path.is_dir() || (!overwrite && path.symlink_metadata().is_ok()) {
            return Err(Error::Exists(path.to_owned()));
        }
        // Now and not after the key is made.
        check_writable(folder).map_err(|reason| Error::Unwritten { path: path.to_owned(), reason })?;
        leftover::sweep(folder);
        Ok(Self { path: path.to_owned(), access, overwrite })
    }

    /// Where it will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all bytes to a temporary file beside it, flushes it to disk and renames it into place. After a power
    /// failure the file is whole, or as it was before.
    ///
    /// # Errors
    /// [`Error::Exists`] when another process made the file meanwhile, [`Error::Io`].
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let file = self.written(bytes)?;
        file.as_file().sync_all().map_err(|error| self.unwritten(error))?;
        self.put_in_place(file)
    }

    /// As [`OutputFile::write`], and waits until the name is on disk too: for what is the only copy from now on.
    ///
    /// # Errors
    /// As [`OutputFile::write`].
    pub fn write_for_good(&self, bytes: &[u8]) -> Result<(), Error> {
        self.write(bytes)?;
        sync_folder(folder_of(&self.path));
        Ok(())
    }

    /// As [`OutputFile::write`], but does not wait for the disk: for what can be made again after a power failure.
    ///
    /// # Errors
    /// As [`OutputFile::write`].
    pub fn write_unflushed(&self, bytes: &[u8]) -> Result<(), Error> {
        self.put_in_place(self.written(bytes)?)
    }

    fn written(&self, bytes: &[u8]) -> Result<tempfile::NamedTempFile, Error> {
        let file = temporary(&self.path, self.access);
        let written = file.and_then(|mut file| file.as_file_mut().write_all(bytes).map(|()| file));
        written.map_err(|error| self.unwritten(error))
    }

    fn put_in_place(&self, file: tempfile::NamedTempFile) -> Result<(), Error> {
        let persisted = if self.overwrite { file.persist(&self.path) } else { file.persist_noclobber(&self.path) };
        persisted.map(|_| ()).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists(self.path.clone()),
            _ => self.unwritten(error.error),
        })
    }

    fn unwritten(&self, reason: io::Error) -> Error {
        Error::Unwritten { path: self.path.clone(), reason }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Whether files can be made in a folder; a read-only file system is found, a full one is not.
///
/// # Errors
/// What the operating system says against it.
#[cfg(unix)]
pub fn check_writable(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Whether files can be made in a folder.
///
/// # Errors
/// What the operating system says against it.
#[cfg(not(unix))]
pub fn check_writable(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(|_| ())
}

/// Takes all rights on a folder from others than its owner (0700); the mode that it had, if they had some.
///
/// # Errors
/// What the operating system says: it may be somebody else's.
#[cfg(unix)]
pub fn close_to_others(folder: &Path) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(folder)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(None);
    }
    fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(Some(mode))
}

/// Nothing: a user's profile on Windows is the user's alone.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn close_to_others(_: &Path) -> io::Result<Option<u32>> {
    Ok(None)
}

fn temporary(path: &Path, access: Access) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(leftover::PREFIX).rand_bytes(leftover::RANDOM);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The umask still applies.
        let mode = match access {
            Access::Public => 0o666,
            Access::Owner => 0o600,
        };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = access; // Files in a user's profile are private to the user on Windows.
    builder.tempfile_in(folder_of(path))
}

/// Makes the rename itself durable. Not all file systems can do that, and the data is safe either way.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_never_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pem");
        let early = OutputFile::new(&path, Access::Public, false).unwrap();
        std::fs::write(&path, "mine").unwrap();
        assert!(matches!(OutputFile::new(&path, Access::Public, false), Err(Error::Exists(_))));
        assert!(matches!(early.write(b"theirs"), Err(Error::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        OutputFile::new(&path, Access::Public, true).unwrap().write(b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = OutputFile::new(&folder.path().join("no/a.pem"), Access::Public, false).unwrap_err();
        assert!(matches!(error, Error::MissingFolder { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        OutputFile::new(&path, Access::Owner, false).unwrap().write(b"1234").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
