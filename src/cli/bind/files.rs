//! Writing a configuration: all files or none, and nothing over what somebody else wrote without showing it.

use std::path::{Path, PathBuf};

use hsmcert::deploy::ConfigFile;
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::state::State;
use similar::TextDiff;

use super::super::failure::Failure;
use super::super::report::{Report, shown};
use super::conflict;

/// What writing a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is not there.
    Created,
    /// It has these bytes.
    Unchanged,
    /// It has others.
    Replaced,
}

impl Change {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Replaced => "replaced",
        }
    }
}

/// A file with what is there now.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) path: Option<PathBuf>,
    pub(super) file: ConfigFile,
    pub(super) change: Change,
    existing: Vec<u8>,
}

impl Planned {
    /// Looks at what is there; without a path the text is only printed.
    pub(super) fn new(path: Option<PathBuf>, file: ConfigFile) -> Result<Self, Failure> {
        let existing = match &path {
            Some(path) if path.symlink_metadata().is_ok() => Some(file::read(path)?),
            _ => None,
        };
        let change = match &existing {
            None => Change::Created,
            Some(existing) if existing == file.text.as_bytes() => Change::Unchanged,
            Some(_) => Change::Replaced,
        };
        Ok(Self { path, file, change, existing: existing.unwrap_or_default() })
    }

    /// Whether hsmcert wrote what is there, and nobody has changed it.
    fn is_own(&self, memory: Option<&State>) -> bool {
        let path = self.path.as_deref().and_then(|path| fs_err::canonicalize(path).ok());
        memory.zip(path).is_some_and(|(memory, path)| memory.has_written(&path, &self.existing))
    }

    /// Where it is when it is written, with the SHA-256 of its content.
    pub(super) fn remembered(&self) -> Option<(PathBuf, String)> {
        let path = fs_err::canonicalize(self.path.as_deref()?).ok()?;
        Some((path, file::sha256(self.file.text.as_bytes())))
    }

    /// The chain, which is written when no file has it.
    pub(super) fn chain(path: &Path, text: String) -> Result<Self, Failure> {
        Self::new(Some(path.to_owned()), ConfigFile { purpose: "certificate chain", text })
    }
}

/// Refuses a path that cannot be written.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    OutputFile::new(path, Access::Public, true)?;
    Ok(())
}

/// Writes what is new. What has other content than hsmcert wrote is shown as a difference, and then nothing is written.
pub(super) fn write(plan: &[Planned], force: bool, memory: Option<&State>, report: &Report) -> Result<(), Failure> {
    let other = plan.iter().filter(|one| one.change == Change::Replaced && !one.is_own(memory));
    let other: Vec<&Planned> = other.collect();
    if !force && !other.is_empty() {
        let paths: Vec<String> =
            other.iter().filter_map(|one| Some(one.path.as_ref()?.display().to_string())).collect();
        let verb = if paths.len() == 1 { "has" } else { "have" };
        let mut failure = conflict(format!("{} {verb} other content; nothing was written", paths.join(", ")));
        for one in other {
            let difference = difference(one);
            report.aside(&lines(&difference));
            // On a terminal it is drawn above; a program reads it here.
            if report.is_json() {
                failure.causes.push(difference);
            }
        }
        return Err(failure.hint("look at the difference, then replace with --force or choose another name"));
    }
    let mut outputs = Vec::new();
    for one in plan.iter().filter(|one| one.change != Change::Unchanged) {
        if let Some(path) = &one.path {
            // Behind a link (Debian's sites-enabled) the file is replaced, not the link.
            let replaces = one.change == Change::Replaced;
            let path = if replaces { fs_err::canonicalize(path).map_err(file::Error::Io)? } else { path.clone() };
            outputs.push((OutputFile::new(&path, Access::Public, replaces)?, &one.file.text));
        }
    }
    for (output, text) in outputs {
        output.write(text.as_bytes())?;
    }
    Ok(())
}

fn difference(one: &Planned) -> String {
    let path = one.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let existing = String::from_utf8_lossy(&one.existing);
    let diff = TextDiff::from_lines(existing.as_ref(), &one.file.text);
    diff.unified_diff().context_radius(3).header(&path, &format!("{path} (new)")).to_string()
}

/// A file can hold terminal sequences.
fn lines(text: &str) -> String {
    text.lines().map(|line| shown(&line.replace('\t', "    ")) + "\n").collect()
}
