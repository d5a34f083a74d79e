//! http-01 (RFC 8555, section 8.3): the CA fetches a file, and a web server that is there serves it.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::http_01::FOLDER;
use super::{Answers, Proof, safe};
use crate::ca::{Error, Surroundings};

/// The files.
pub(super) struct Files<'a> {
    folder: PathBuf,
    written: Vec<PathBuf>,
    around: &'a dyn Surroundings,
}

impl<'a> Files<'a> {
    pub(super) fn below(root: &Path, around: &'a dyn Surroundings) -> Self {
        Self { folder: root.join(FOLDER), written: Vec::new(), around }
    }
}

impl Answers for Files<'_> {
    fn set(&mut self, proof: &Proof<'_>) -> Result<(), Error> {
        let path = self.folder.join(safe(proof.token)?);
        let written =
            fs::create_dir_all(&self.folder).and_then(|()| fs::write(&path, proof.key_authorization.as_str()));
        written.map_err(|error| Error::Challenge(error.to_string()))?;
        self.written.push(path);
        Ok(())
    }
}

impl Drop for Files<'_> {
    fn drop(&mut self) {
        for path in &self.written {
            if let Err(error) = fs::remove_file(path) {
                self.around.warn(&format!("a file for the CA stays: {error}"));
            }
        }
    }
}
