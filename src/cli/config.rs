//! `hsmcert.toml`: profiles for tokens. It is looked for in the working directory, then in the user's, then in
//! the system's configuration folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hsmcert::authority::Authority;
use hsmcert::pin::PinSource;
use hsmcert::renewal::Renewal;
use hsmcert::token::vendor::{self, Quirks, Vendor};
use hsmcert::uri::Pkcs11Uri;
use hsmcert::{ErrorKind, file, platform};
use serde::Deserialize;

use super::failure::Failure;
use super::report::Report;

const NAME: &str = "hsmcert.toml";

/// The file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Config {
    /// Refuse software tokens.
    #[serde(default)]
    pub(super) require_hardware: bool,
    /// Work in a process of its own.
    #[serde(default)]
    pub(super) isolate: bool,
    /// `[profile.NAME]`.
    #[serde(default)]
    pub(super) profile: BTreeMap<String, Profile>,
    /// `[ca.NAME]`.
    #[serde(default)]
    pub(super) ca: BTreeMap<String, Authority>,
    /// `[renewal]`, for what requests leave out.
    #[serde(default)]
    pub(super) renewal: Renewal,
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
    pub(super) pin_source: Option<PinSource>,
    /// The built-in profile whose module and quirks are meant.
    pub(super) vendor: Option<String>,
    /// `[profile.NAME.quirks]`: what is unlike the vendor's row.
    #[serde(default)]
    quirks: toml::Table,
    /// `ProviderName`s of request files that mean this profile.
    #[serde(default)]
    pub(super) providers: Vec<String>,
}

impl Profile {
    /// The vendor that the profile names.
    pub(super) fn vendor(&self) -> Option<&'static Vendor> {
        self.vendor.as_deref().and_then(vendor::by_profile)
    }

    /// The quirks of a row, as far as the profile does not say otherwise.
    ///
    /// # Errors
    /// In words, with the names that there are.
    pub(super) fn quirks(&self, of_row: Quirks) -> Result<Quirks, String> {
        if self.quirks.is_empty() {
            return Ok(of_row);
        }
        let mut all = toml::Table::try_from(of_row).map_err(|error| error.to_string())?;
        all.extend(self.quirks.clone());
        let quirks: Quirks = all.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        match quirks.id_length {
            1..=255 => Ok(quirks),
            other => Err(format!("id-length = {other} is not 1 to 255")),
        }
    }

    /// Refuses a vendor and quirks that nobody knows, and a module that depends on the working directory, also in a profile
    /// that is not used.
    fn check(&self, name: &str) -> Result<(), String> {
        if let (Some(unknown), None) = (&self.vendor, self.vendor()) {
            let known = vendor::VENDORS.iter().map(|vendor| vendor.profile).collect::<Vec<_>>().join(", ");
            return Err(format!("vendor = \"{unknown}\" of [profile.{name}] is none of {known}"));
        }
        let of_uri = self.uri.as_deref().and_then(|uri| Pkcs11Uri::parse(uri).ok()?.module_path);
        if let Some(module) = [&self.module, &of_uri].into_iter().flatten().find(|module| !module.is_absolute()) {
            let module = module.display();
            return Err(format!("the module {module} of [profile.{name}] is a relative path; write the whole one"));
        }
        let checked = self.quirks(Quirks::STANDARD).map(|_| ());
        checked.map_err(|reason| format!("[profile.{name}.quirks]: {reason}"))
    }
}

impl Config {
    /// The first file that is there; none is as good as an empty one.
    pub(super) fn find() -> Result<Self, Failure> {
        match Self::place() {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    /// Where it is.
    pub(super) fn place() -> Option<PathBuf> {
        Self::places().into_iter().find(|path| path.is_file())
    }

    /// Says who could have written it.
    pub(super) fn warn_of_strangers(report: &Report) {
        let Some(path) = Self::place() else { return };
        if let Some(stranger) = platform::stranger(&path) {
            let path = path.display();
            report.warning(&format!("{stranger}, and so have hsmcert run commands and modules by {path}"));
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
                .hint("it holds [profile.NAME] tables with module, init-args, token, serial, slot, uri, pin-source, providers, vendor, and quirks (docs/vendors.md), [ca.NAME] tables (docs/ca.md), and a [renewal] table (docs/renew.md)")
        };
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        let config: Self = toml::from_str(&text).map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start));
            let line = line.map(|before| format!("line {}: ", before.matches('\n').count() + 1));
            wrong(format!("{}{}", line.unwrap_or_default(), error.message().trim_end()))
        })?;
        for (name, profile) in &config.profile {
            profile.check(name).map_err(wrong)?;
        }
        Ok(config)
    }
}
