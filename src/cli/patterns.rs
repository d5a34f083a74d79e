//! Patterns in the place of files, for shells that expand none (Windows) and for timers, which have no shell.

use std::path::{Path, PathBuf};

use hsmcert::file;
use hsmcert::find::Pattern;

use super::failure::Failure;

/// The files that are meant, in the order given, those of one pattern by name. A `*` or `?` counts in the file name only,
/// and not where a file has that very name.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        match pattern(path).filter(|_| path.symlink_metadata().is_err()) {
            None => files.push(path.clone()),
            Some((folder, pattern)) => {
                let mut names = file::names(folder)?;
                names.retain(|name| pattern.fits(name) && !name.starts_with('.'));
                names.sort();
                if names.is_empty() {
                    return Err(file::Error::Missing(path.clone()).into());
                }
                files.extend(names.into_iter().map(|name| path.with_file_name(name)));
            }
        }
    }
    Ok(files)
}

fn pattern(path: &Path) -> Option<(&Path, Pattern)> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(pattern) = name.parse::<Pattern>();
    pattern.literal().is_none().then_some((folder, pattern))
}
