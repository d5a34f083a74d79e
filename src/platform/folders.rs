//! Where data and configuration belong: the XDG folders on Linux, Apple's and Microsoft's on theirs.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// The user's data folder, with `hsmcert` below it; `None` without a home folder.
#[must_use]
pub fn data_folder() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("hsmcert"))
}

/// The user's folder for what is remembered between runs, with `hsmcert` below it; `None` without a home folder.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    // Windows and macOS have no such folder of their own.
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("hsmcert"))
}

/// Where `hsmcert.toml` may be, first one first: the user's folder, then the system's.
#[must_use]
pub fn configuration_folders() -> Vec<PathBuf> {
    let user = etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir().join("hsmcert"));
    let system = if cfg!(windows) { "C:\\ProgramData\\hsmcert" } else { "/etc/hsmcert" };
    user.into_iter().chain([PathBuf::from(system)]).collect()
}
