//! `hsmcert.toml`: profiles for tokens. It is looked for in the working directory, then in the user's, then in
//! the system's configuration folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hsmcert::{ErrorKind, file, platform};
use serde::Deserialize;

use super::failure::Failure;

const NAME: &str = "hsmcert.toml";

/// The file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Config {
    /// Refuse software tokens.
    #[serde(default)]
    pub(super) require_hardware: bool,
    /// `[profile.NAME]`.
    #[serde(default)]
    pub(super) profile: BTreeMap<String, Profile>,
}

/// One profile.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Profile {
    pub(super) module: Option<PathBuf>,
    /// The reserved argument of the module's `C_Initialize`.
    pub(super) init_args: Option<String>,
    pub(super) token: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) slot: Option<u64>,
    pub(super) uri: Option<String>,
    pub(super) pin_source: Option<String>,
    /// `ProviderName`s of request files that mean this profile.
    #[serde(default)]
    pub(super) providers: Vec<String>,
}

impl Config {
    /// The first file that is there; none is as good as an empty one.
    pub(super) fn find() -> Result<Self, Failure> {
        match Self::places().into_iter().find(|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    /// Where the file may be, first one first.
    pub(super) fn places() -> Vec<PathBuf> {
        let folders = std::iter::once(PathBuf::new()).chain(platform::configuration_folders());
        folders.map(|folder| folder.join(NAME)).collect()
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = file::read(path)?;
        let wrong = |reason: String| {
            Failure::new(ErrorKind::Usage, format!("{} is not a usable configuration: {reason}", path.display()))
                .hint("it holds [profile.NAME] tables with module, init-args, token, serial, slot, uri, pin-source, providers")
        };
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))
    }
}
