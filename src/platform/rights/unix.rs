//! Owners and modes, as OpenSSH looks at them before it believes a file (`safe_path`), but for the user's own group.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{getegid, geteuid};

const ROOT: u32 = 0;
/// In a folder with this bit, files can be replaced by their owners only (`/tmp`).
const STICKY: u32 = 0o1000;

/// Somebody who may write here, and is neither root nor this user.
pub(super) fn writer(path: &Path) -> Option<String> {
    let metadata = fs_err::metadata(path).ok()?;
    let (mode, owner, group) = (metadata.mode(), metadata.uid(), metadata.gid());
    if owner != ROOT && owner != geteuid().as_raw() {
        return Some(format!("the user {owner}"));
    }
    let is_kept = metadata.is_dir() && mode & STICKY != 0;
    // The user's own group has one member on most systems.
    let is_own = group == ROOT || group == getegid().as_raw();
    match mode {
        _ if is_kept => None,
        mode if mode & 0o002 != 0 => Some("everybody".to_owned()),
        mode if mode & 0o020 != 0 && !is_own => Some(format!("the group {group}")),
        _ => None,
    }
}
