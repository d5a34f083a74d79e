//! What a server's files are to be, and what they are.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::{Machine, Rollout, RolloutError, Server};
use crate::bind::{self, Place};
use crate::deploy::{ConfigFile, Configuration, KeyStorage};
use crate::error::Error;
use crate::file;
use crate::state::FileBefore;

/// The files of one server.
pub(super) struct Plan<'a> {
    pub(super) server: &'a Server,
    pub(super) files: Vec<Planned>,
    /// What its commands need to reach the key, as the daemon has it.
    pub(super) environment: Vec<(String, String)>,
    /// The name that a client asks for.
    pub(super) name: Option<String>,
    /// What it was told of the new configuration.
    pub(super) told: Cell<Told>,
}

/// How a server was made to use its new configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    Reload,
    Restart,
}

/// One file.
pub(super) struct Planned {
    /// Behind a link (Debian's sites-enabled) the file that it leads to.
    pub(super) path: PathBuf,
    pub(super) new: String,
    /// What is put back; `None`: there was no file.
    pub(super) old: Option<String>,
}

impl Plan<'_> {
    /// What was there.
    pub(super) fn before(&self) -> impl Iterator<Item = FileBefore> {
        self.files.iter().map(|planned| FileBefore { path: planned.path.clone(), content: planned.old.clone() })
    }

    /// What is there afterwards, by its SHA-256.
    pub(super) fn written(&self) -> impl Iterator<Item = (PathBuf, String)> {
        // A path that was not there may lead over links.
        let real = |path: &PathBuf| fs_err::canonicalize(path).unwrap_or_else(|_| path.clone());
        self.files.iter().map(move |planned| (real(&planned.path), file::sha256(planned.new.as_bytes())))
    }
}

impl Rollout<'_> {
    /// Refuses to write over what hsmcert did not write, or somebody has changed since. `known`: what was there before an
    /// earlier run that was ended.
    pub(super) fn plan<'p>(&self, server: &'p Server, known: &[FileBefore]) -> Result<Plan<'p>, Error> {
        let Server { target, method, main, listen, backend, pin_file, .. } = server;
        let Machine { module, pin_file: usual, environment } = self.machine;
        let place = Place {
            listen: *listen,
            backend: *backend,
            chain: self.chain_file.to_owned(),
            main: Some(main.clone()),
            module: module.clone(),
            pin_file: pin_file.clone().unwrap_or_else(|| usual.clone()),
            environment: environment.clone(),
            key_storage: KeyStorage { provider: String::new(), container: None },
        };
        let site = bind::site(self.bound, place);
        let Configuration { main: main_file, companions, next: _ } = target.configure(&site, *method)?;
        let mut files = Vec::new();
        for (path, ConfigFile { text, .. }) in std::iter::once((main.clone(), main_file)).chain(companions) {
            files.push(self.planned(server, &path, text, known)?);
        }
        let (environment, name) = (site.openssl_environment(), asked_for(&site.names));
        Ok(Plan { server, files, environment, name, told: Cell::new(Told::Nothing) })
    }

    fn planned(&self, server: &Server, path: &Path, new: String, known: &[FileBefore]) -> Result<Planned, Error> {
        let path = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = match file::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(file::Error::Missing(_)) => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(FileBefore { content, .. }) = known.iter().find(|one| one.path == path)
            && [content.as_ref(), Some(&new)].iter().any(|one| one.map(String::as_bytes) == there.as_deref())
        {
            return Ok(Planned { path, new, old: content.clone() });
        }
        let is_own = |bytes: &[u8]| bytes == new.as_bytes() || self.state.has_written(&path, bytes);
        match there.map(String::from_utf8) {
            None => Ok(Planned { path, new, old: None }),
            Some(Ok(text)) if is_own(text.as_bytes()) => Ok(Planned { path, new, old: Some(text) }),
            Some(_) => {
                let reason = format!("{} has other content than hsmcert wrote", path.display());
                let (target, fate) = (server.target, "nothing was written".to_owned());
                Err(RolloutError::Server { target, reason, failed: vec![], foreign: Some(path), fate }.into())
            }
        }
    }
}

/// A name of the certificate for a handshake: the first that is no wildcard, else one that a wildcard stands for.
fn asked_for(names: &[String]) -> Option<String> {
    let plain = names.iter().find(|name| !name.contains('*'));
    plain.cloned().or_else(|| names.first().map(|name| name.replacen('*', "www", 1)))
}
