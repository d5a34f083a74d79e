//! The PKCS#11 modules that are configured for p11-kit, as its page pkcs11.conf(5) describes the files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

const SYSTEM: &str = "/etc/pkcs11";
const PACKAGES: &str = "/usr/share/p11-kit/modules";
/// p11-kit's module folder is chosen when it is built: these are those of the distributions and of Homebrew.
const MODULE_FOLDERS: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/local/lib/pkcs11",
    "/opt/homebrew/lib/pkcs11",
];

/// A module of p11-kit's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredModule {
    /// Its name there: that of its file, for example `softhsm2.module`.
    pub name: String,
    /// The library.
    pub module: PathBuf,
    /// `x-init-reserved`: the reserved argument of its `C_Initialize`.
    pub init_args: Option<String>,
}

/// The settings of one file.
type Settings = BTreeMap<String, String>;

/// The modules that p11-kit would load into a program of this name, in the order of their names. What it runs
/// elsewhere (`remote`) has no library here, and the modules of `trust-policy` hold the system's roots and no keys.
#[must_use]
pub fn p11_kit_modules(program: &str) -> Vec<ConfiguredModule> {
    let user = etcetera::choose_base_strategy().ok().filter(|_| !is_root());
    let user = user.map(|strategy| strategy.config_dir().join("pkcs11"));
    let system = PathBuf::from(SYSTEM);
    let mut merged: BTreeMap<String, Settings> = BTreeMap::new();
    for folder in folders(&system, user.as_deref()) {
        for (name, settings) in module_files(&folder) {
            merged.entry(name).or_default().extend(settings);
        }
    }
    let modules = merged.into_iter().filter(|(_, settings)| is_for(settings, program));
    modules.filter_map(|(name, settings)| module(name, &settings)).collect()
}

/// Where the files are; what is set in a later folder replaces what is set in an earlier one.
fn folders(system: &Path, user: Option<&Path>) -> Vec<PathBuf> {
    let global = settings(&system.join("pkcs11.conf"));
    let for_all = || vec![PathBuf::from(PACKAGES), system.join("modules")];
    let for_user = || user.map(|user| user.join("modules"));
    match global.get("user-config").map(String::as_str) {
        Some("none") => for_all(),
        Some("only") => for_user().into_iter().collect(),
        _ => for_all().into_iter().chain(for_user()).collect(),
    }
}

fn module_files(folder: &Path) -> Vec<(String, Settings)> {
    let Ok(entries) = fs_err::read_dir(folder) else { return vec![] };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let modules = paths.filter(|path| path.extension().is_some_and(|ending| ending == "module"));
    modules.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), settings(&path)))).collect()
}

/// Root loads nothing that a user has configured, in p11-kit too.
fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

/// A file that cannot be read says nothing.
fn settings(path: &Path) -> Settings {
    let text = fs_err::read(path).unwrap_or_default();
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> Settings {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let settings = lines.filter_map(|line| line.split_once(':'));
    settings.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

fn is_for(settings: &Settings, program: &str) -> bool {
    let names = |setting: &str| {
        let value = settings.get(setting)?;
        Some(value.split([',', ' ', '\t']).any(|name| name == program))
    };
    let holds_keys = settings.get("trust-policy").is_none_or(|value| value != "yes");
    holds_keys && names("enable-in") != Some(false) && names("disable-in") != Some(true)
}

fn module(name: String, settings: &Settings) -> Option<ConfiguredModule> {
    let file = settings.get("module").filter(|value| !value.is_empty() && !settings.contains_key("remote"))?;
    // An absolute path takes the place of the folder.
    let mut places = MODULE_FOLDERS.iter().map(|folder| Path::new(folder).join(file));
    let module = places.clone().find(|path| path.exists()).or_else(|| places.next())?;
    let init_args = settings.get("x-init-reserved").filter(|value| !value.is_empty()).cloned();
    Some(ConfiguredModule { name, module, init_args })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_its_page_says() {
        let read =
            parse("# a comment\n\n  module : /x/y.so  \nsetting.2: A long: value # text\nx-init-reserved:\nnothing\n");
        assert_eq!(read["module"], "/x/y.so");
        assert_eq!(read["setting.2"], "A long: value # text");
        assert_eq!(read["x-init-reserved"], "");
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn programs_are_let_in_and_kept_out() {
        for (text, is_meant) in [
            ("module: m.so", true),
            ("enable-in: ssh, hsmcert", true),
            ("enable-in: ssh", false),
            ("disable-in: p11-kit-proxy hsmcert", false),
            ("disable-in: p11-kit-proxy", true),
            ("trust-policy: yes", false),
        ] {
            assert_eq!(is_for(&parse(text), "hsmcert"), is_meant, "{text}");
        }
    }

    #[test]
    fn a_blank_or_remote_module_is_none() {
        let found = |text| module("a.module".to_owned(), &parse(text));
        assert_eq!(found("module:"), None);
        assert_eq!(found("module: m.so\nremote: |ssh host p11-kit remote m.so"), None);
        let absolute = found("module: /x/y.so\nx-init-reserved: a b").unwrap();
        assert_eq!((absolute.module, absolute.init_args), (PathBuf::from("/x/y.so"), Some("a b".to_owned())));
        assert!(found("module: m.so").unwrap().module.ends_with("pkcs11/m.so"));
    }
}
