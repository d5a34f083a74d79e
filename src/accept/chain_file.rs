//! The chain file: always written, and never over what is not hsmcert's own.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::file::{self, Access, OutputFile, sha256};
use crate::state::AcceptedCertificate;
use crate::x509;

/// Where leaf and intermediates go as PEM.
#[derive(Debug, Clone)]
pub struct ChainFile {
    /// As the user wrote it.
    path: PathBuf,
    /// As it is remembered.
    absolute: PathBuf,
    force: bool,
    /// What is there is of an earlier certificate of the same site.
    is_predecessor: bool,
}

impl ChainFile {
    /// Checks that the file can be made. Whether one that is there may be replaced is known only with the chain.
    ///
    /// # Errors
    /// As [`OutputFile::new`].
    pub fn new(path: &Path, force: bool) -> Result<Self, file::Error> {
        if !path.is_file() {
            OutputFile::new(path, Access::Public, force)?;
        }
        Ok(Self { path: path.to_owned(), absolute: std::path::absolute(path)?, force, is_predecessor: false })
    }

    /// What is there was hsmcert's too, for another key: it is replaced and kept as `.prev`.
    #[must_use]
    pub fn replacing(self, is_predecessor: bool) -> Self {
        Self { is_predecessor, ..self }
    }

    /// What is to be done: nothing when the same bytes are there; with what `known` says that hsmcert wrote there, and
    /// nobody changed, the old chain is kept as `.prev`.
    pub(super) fn plan(&self, pem: String, known: Option<&AcceptedCertificate>) -> Result<Plan, Error> {
        let existing = if self.path.is_file() { Some(file::read(&self.path)?) } else { None };
        let is_own = |bytes: &[u8]| {
            self.is_predecessor
                || known.is_some_and(|known| known.chain_file == self.absolute && known.chain_sha256 == sha256(bytes))
        };
        let write = |path: &Path, force| OutputFile::new(path, Access::Public, force);
        let (previous, output) = match existing {
            Some(bytes) if bytes == pem.as_bytes() => (None, None),
            Some(bytes) if is_own(&bytes) => {
                (Some((write(&self.previous(), true)?, bytes)), Some(write(&self.path, true)?))
            }
            _ => (None, Some(write(&self.path, self.force)?)),
        };
        Ok(Plan { absolute: self.absolute.clone(), pem, previous, output })
    }

    fn previous(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".prev");
        PathBuf::from(name)
    }

    /// Writes a certificate that is going to be removed to a file beside the chain; where, and whether it was not there.
    pub(crate) fn keep(&self, der: &[u8]) -> Result<(PathBuf, bool), Error> {
        let (path, pem) = (self.old_certificate(der), x509::certificate_pem(der));
        let is_new = !(path.is_file() && file::read(&path)? == pem.as_bytes());
        if is_new {
            OutputFile::new(&path, Access::Public, false)?.write_for_good(pem.as_bytes())?;
        }
        Ok((path, is_new))
    }

    /// The name for a certificate that is replaced on the token: `web.fullchain.pem` gives `web.old-1a2b3c4d.pem`.
    pub(super) fn old_certificate(&self, der: &[u8]) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".fullchain.pem").or_else(|| name.strip_suffix(".pem")).unwrap_or(&name);
        self.path.with_file_name(format!("{stem}.old-{}.pem", &sha256(der)[..8]))
    }
}

/// What is going to be written.
#[derive(Debug)]
pub(super) struct Plan {
    absolute: PathBuf,
    pem: String,
    previous: Option<(OutputFile, Vec<u8>)>,
    output: Option<OutputFile>,
}

impl Plan {
    /// Does it; where the chain is that was there before.
    pub(super) fn write(&self) -> Result<Option<PathBuf>, Error> {
        if let Some((output, bytes)) = &self.previous {
            output.write_for_good(bytes)?;
        }
        if let Some(output) = &self.output {
            output.write_for_good(self.pem.as_bytes())?;
        }
        Ok(self.previous.as_ref().map(|(output, _)| output.path().to_owned()))
    }

    /// Whether the file changes.
    pub(super) fn writes(&self) -> bool {
        self.output.is_some()
    }

    /// Where the chain is, for whatever working directory.
    pub(super) fn absolute(&self) -> &Path {
        &self.absolute
    }

    /// Of what is in the file then, in lower hex.
    pub(super) fn sha256(&self) -> String {
        sha256(self.pem.as_bytes())
    }
}
