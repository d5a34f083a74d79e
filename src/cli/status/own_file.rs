//! A file that a job writes again and again: it replaces only what it has written itself.

use std::path::Path;

use hsmcert::file::{self, Access, OutputFile};
use hsmcert::{Error, ErrorKind};

use super::super::failure::Failure;

/// A file of ours, by a mark in it.
pub(super) struct OwnFile(OutputFile);

impl OwnFile {
    /// Refuses a file that is there and has no mark.
    pub(super) fn new(path: &Path, mark: &str) -> Result<Self, Failure> {
        let known = match file::read(path) {
            Ok(known) => Some(known),
            Err(file::Error::Missing(_)) => None,
            Err(error) => return Err(Error::from(error).into()),
        };
        let is_ours = known.as_deref().is_none_or(|bytes| String::from_utf8_lossy(bytes).contains(mark));
        if !is_ours {
            let message = format!("{} exists already and was not written by hsmcert status", path.display());
            return Err(Failure::new(ErrorKind::Conflict, message).hint("name another file, or remove this one"));
        }
        Ok(Self(OutputFile::new(path, Access::Public, known.is_some()).map_err(Error::from)?))
    }

    /// Writes it whole or not at all: a collector never reads half of it.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.0.write_unflushed(bytes).map_err(Error::from)?)
    }
}
