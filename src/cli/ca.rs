//! What a CA may use of this process: secrets, variables, a folder for what it keeps, the terminal.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fs_err as fs;
use hsmcert::authority::{Authority, Secret, SecretSource};
use hsmcert::ca::{Error, Surroundings};
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::platform;
use zeroize::Zeroizing;

use super::config::Config;
use super::failure::Failure;
use super::report::Report;
use super::{clock, environment, pin};

/// This process, for one CA.
pub(super) struct Here<'a> {
    /// Its name in the configuration.
    pub(super) name: &'a str,
    pub(super) report: &'a Report,
}

impl Here<'_> {
    /// Accounts are not what can be made anew, so they are with the data and not with the state.
    fn folder(&self) -> Result<PathBuf, Error> {
        let data = platform::data_folder().ok_or_else(|| Error::Kept("there is no home folder".to_owned()))?;
        Ok(data.join("ca").join(self.name))
    }
}

impl Surroundings for Here<'_> {
    fn secret(&self, source: &SecretSource) -> Result<Secret, Error> {
        pin::read_secret(source)
            .map_err(|reason| Error::Secret(format!("the secret of the CA cannot be read from {source}: {reason}")))
    }

    fn variable(&self, name: &str) -> Option<String> {
        environment::text(name)
    }

    fn tell(&self, text: &str) {
        self.report.choice(text);
    }

    fn warn(&self, text: &str) {
        self.report.warning(text);
    }

    fn kept(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        match file::read(&self.folder()?.join(name)) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(file::Error::Missing(_)) => Ok(None),
            Err(error) => Err(Error::Kept(error.to_string())),
        }
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.can_keep()?;
        let kept = OutputFile::new(&self.folder()?.join(name), Access::Owner, true).and_then(|file| file.write(bytes));
        kept.map_err(|error| Error::Kept(error.to_string()))
    }

    fn can_keep(&self) -> Result<(), Error> {
        let folder = self.folder()?;
        let made = fs::create_dir_all(&folder).and_then(|()| file::check_writable(&folder));
        made.map_err(|error| Error::Kept(format!("nothing can be kept in {}: {error}", folder.display())))
    }

    fn place(&self, name: &str) -> String {
        self.folder().map_or_else(|_| name.to_owned(), |folder| folder.join(name).display().to_string())
    }

    fn now(&self) -> i64 {
        clock::now()
    }
}

/// The CA of this name: one of `hsmcert.toml`, or the throw-away one, which needs no configuration.
pub(super) fn find(name: &str) -> Result<Authority, Failure> {
    find_in(name, &[&Config::find()?.ca])
}

/// The CA of this name in the first of these tables that has it.
pub(super) fn find_in(name: &str, tables: &[&BTreeMap<String, Authority>]) -> Result<Authority, Failure> {
    if let Some(authority) = tables.iter().find_map(|table| table.get(name)) {
        return Ok(authority.clone());
    }
    if name == "dev" {
        return Ok(Authority::dev());
    }
    let known: Vec<&str> = tables.iter().flat_map(|table| table.keys()).map(String::as_str).chain(["dev"]).collect();
    Err(Failure::usage(format!("there is no CA \"{name}\"; there are: {}", known.join(", ")))
        .hint(format!("configure it in hsmcert.toml as [ca.{name}] with its type (docs/ca.md)")))
}
