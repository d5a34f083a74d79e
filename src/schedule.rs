//! What starts `hsmcert renew` by itself: a timer, a task or a pipeline, as files that are ready to be installed. Pure
//! text: no file is read, no token is asked.
//!
//! One file of source per [`Target`], each with its own quoting. No text holds a PIN.

mod cron;
mod github;
mod gitlab;
mod kubernetes;
mod systemd;
mod windows_task;

use sha2::{Digest as _, Sha256};

use crate::shell;

/// What starts the renewals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A systemd timer and its service.
    Systemd,
    /// A file for `/etc/cron.d`.
    Cron,
    /// A task of Windows' Task Scheduler.
    WindowsTask,
    /// A workflow of GitHub Actions.
    Github,
    /// A scheduled pipeline of GitLab.
    Gitlab,
    /// A `CronJob`.
    Kubernetes,
}

impl Target {
    /// Each with its name on the command line.
    pub const NAMES: [(Self, &str); 6] = [
        (Self::Systemd, "systemd"),
        (Self::Cron, "cron"),
        (Self::WindowsTask, "windows-task"),
        (Self::Github, "github"),
        (Self::Gitlab, "gitlab"),
        (Self::Kubernetes, "kubernetes"),
    ];

    /// What it is, in a few words.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Systemd => "a service and its timer",
            Self::Cron => "a file for /etc/cron.d",
            Self::WindowsTask => "a task for Windows' Task Scheduler, as XML",
            Self::Github => "a workflow of GitHub Actions",
            Self::Gitlab => "a job for scheduled pipelines of GitLab",
            Self::Kubernetes => "a CronJob",
        }
    }

    /// Where request files are, if nothing else is said.
    #[must_use]
    pub fn usual_specs(self) -> &'static str {
        match self {
            Self::Systemd | Self::Cron => "/etc/hsmcert/sites/*.toml",
            Self::WindowsTask => r"C:\ProgramData\hsmcert\sites\*.toml",
            Self::Github | Self::Gitlab => "sites/*.toml",
            Self::Kubernetes => "/data/sites/*.toml",
        }
    }
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The program hsmcert.
    pub program: String,
    /// Options that name the token, without the PIN.
    pub token: Vec<String>,
    /// The folder of the module, for a run that must have it mounted.
    pub module_folder: Option<String>,
    /// `--pin-source`; `None`: the usual place of the target.
    pub pin_source: Option<String>,
    /// `--state-dir`; `None`: the usual place of the target.
    pub state_folder: Option<String>,
    /// Request files, as paths or patterns.
    pub specs: Vec<String>,
}

/// A file and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleFile {
    /// Where it belongs.
    pub path: &'static str,
    /// Its content.
    pub text: String,
}

/// The files of a target, and the commands that put them to work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The files.
    pub files: Vec<ScheduleFile>,
    /// What is still to be done, one step each.
    pub steps: Vec<String>,
}

/// Makes the files of a target.
#[must_use]
pub fn schedule(target: Target, plan: &Plan) -> Schedule {
    match target {
        Target::Systemd => systemd::schedule(plan),
        Target::Cron => cron::schedule(plan),
        Target::WindowsTask => windows_task::schedule(plan),
        Target::Github => github::schedule(plan),
        Target::Gitlab => gitlab::schedule(plan),
        Target::Kubernetes => kubernetes::schedule(plan),
    }
}

impl Plan {
    /// The command with what the target decides: where the PIN is, where the state is.
    fn command(&self, pin_source: Option<&str>, state_folder: Option<&str>, more: &[&str]) -> Vec<String> {
        let option = |name: &str, value: Option<&str>| value.map(|value| [name.to_owned(), value.to_owned()]);
        let mut words = vec![self.program.clone()];
        words.extend(self.token.iter().cloned());
        words.extend(option("--pin-source", pin_source).into_iter().flatten());
        words.extend(option("--state-dir", state_folder).into_iter().flatten());
        words.push("renew".to_owned());
        words.extend(more.iter().map(|&word| word.to_owned()));
        words.extend(self.specs.iter().cloned());
        words
    }

    /// The file that holds the PIN, unless it comes from elsewhere (`env:`, `exec:`).
    fn pin_file<'a>(&'a self, usual: &'a str) -> Option<&'a str> {
        match self.pin_source.as_deref() {
            None => Some(usual),
            Some(source) if source.starts_with("env:") || source.starts_with("exec:") => None,
            Some(file) => Some(file),
        }
    }

    /// Twice a day, in the five fields of cron. The minute follows from the request files, so that many machines do
    /// not ask one CA in the same moment, and the same command prints the same file.
    fn twice_a_day(&self) -> String {
        let digest = Sha256::digest(self.specs.join("\n"));
        let (minute, hour) = (digest[0] % 60, digest[1] % 12);
        format!("{minute} {hour},{} * * *", hour + 12)
    }
}

/// A command line for a POSIX shell, in which patterns stay patterns: hsmcert expands them.
fn shell_line(words: &[String]) -> String {
    words.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ")
}

/// A string of YAML (1.2: any string of JSON is one).
fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
