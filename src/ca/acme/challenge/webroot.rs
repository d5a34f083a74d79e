//! http-01 (RFC 8555, section 8.3): the CA fetches a file, and a web server that is there serves it.

use std::io::Write as _;
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
        let answer = proof.key_authorization.as_str();
        // Left by a run that was ended.
        if fs::read_to_string(&path).is_ok_and(|there| there == answer) {
            self.written.push(path);
            return Ok(());
        }
        let failed = |error: std::io::Error| Error::Challenge(error.to_string());
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let mut file = fs::File::create_new(&path).map_err(failed)?;
        self.written.push(path);
        file.write_all(answer.as_bytes()).map_err(failed)?;
        readable_by_all(&file).map_err(failed)
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

/// The web server may be another user, whatever the umask says.
fn readable_by_all(file: &fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
