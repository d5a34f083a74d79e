//! `hsmcert schedule TARGET`.

use std::path::{Path, PathBuf};

use clap::Args;
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::pin::PinSource;
use hsmcert::schedule::{self, Plan, Schedule, Target};
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::{Global, named};

#[derive(Debug, Args)]
#[command(after_help = "Targets: systemd, cron, windows-task, github, gitlab, kubernetes

Examples:
  hsmcert schedule systemd --out-dir /etc/systemd/system
  hsmcert --profile luna --pin-source /run/secrets/co.pin \\
    schedule cron '/etc/hsmcert/sites/*.toml' > /etc/cron.d/hsmcert
  hsmcert schedule github 'sites/*.toml' > .github/workflows/hsmcert-renew.yml

The files run hsmcert renew twice a day. No file holds a PIN. Quote patterns, so that they are read at each run and \
not now.")]
pub(super) struct ScheduleArguments {
    /// What starts the renewals
    #[arg(value_name = "TARGET", hide_possible_values = true, value_parser = named::parser(&Target::NAMES))]
    target: Option<Target>,
    /// Request files, as paths or patterns [default: the usual place of the target, such as /etc/hsmcert/sites/*.toml]
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,
    /// Write the files into this folder instead of printing them
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
    /// Replace files that are there
    #[arg(short, long, requires = "out_dir")]
    force: bool,
    /// Where hsmcert is on the machine that runs it [default: this program; hsmcert in a pipeline or container]
    #[arg(long, value_name = "FILE")]
    program: Option<String>,
}

#[derive(Serialize)]
struct Scheduled {
    files: Vec<JsonFile>,
    steps: Vec<String>,
}

#[derive(Serialize)]
struct JsonFile {
    /// Where it was written, or where it belongs.
    path: String,
    written: bool,
    text: String,
}

pub(super) fn run(global: &Global, arguments: ScheduleArguments, report: &Report) -> Result<(), Failure> {
    let ScheduleArguments { target, specs, out_dir, force, program } = arguments;
    let target = target.ok_or_else(no_target)?;
    let plan = Plan {
        program: program.unwrap_or_else(|| usual_program(target)),
        token: token_options(global, target)?,
        module_folder: global.module.as_deref().and_then(Path::parent).map(text).filter(|folder| !folder.is_empty()),
        pin_source: pin_source(global, target)?,
        state_folder: global.state_dir.as_deref().map(|path| placed(path, target)).transpose()?,
        specs: match specs.is_empty() {
            true => vec![target.usual_specs().to_owned()],
            false => specs.iter().map(|spec| placed(Path::new(spec), target)).collect::<Result<_, _>>()?,
        },
    };
    let Schedule { files, steps } = schedule::schedule(target, &plan);
    let mut listed: Vec<_> = files
        .into_iter()
        .map(|file| JsonFile { path: file.path.to_owned(), written: false, text: file.text })
        .collect();
    if let Some(folder) = &out_dir {
        write(folder, &mut listed, force)?;
    }
    let next: String = steps.iter().map(|step| format!("next: {}\n", shown(step))).collect();
    let printed = match &out_dir {
        Some(_) => listed.iter().map(|file| format!("{} written\n", shown(&file.path))).collect(),
        None if listed.len() == 1 => listed.iter().map(|file| file.text.clone()).collect(),
        None => listed.iter().map(|file| format!("# {}\n{}", file.path, file.text)).collect::<Vec<_>>().join("\n"),
    };
    report.result(&Scheduled { files: listed, steps }, &printed);
    if !report.is_json() {
        report.aside(&next);
    }
    Ok(())
}

/// With what there is to choose from, one hint for each.
fn no_target() -> Failure {
    Target::NAMES.iter().fold(Failure::usage("no target is named"), |failure, (target, name)| {
        failure.hint(format!("hsmcert schedule {name:13}{}", target.what()))
    })
}

/// Nothing is written unless all of it can be.
fn write(folder: &Path, files: &mut [JsonFile], force: bool) -> Result<(), Failure> {
    let mut outputs = Vec::new();
    for file in files.iter_mut() {
        let path = folder.join(Path::new(&file.path).file_name().unwrap_or_default());
        outputs.push(OutputFile::new(&path, Access::Public, force)?);
        file.path = text(&path);
    }
    for (file, output) in files.iter_mut().zip(outputs) {
        output.write(file.text.as_bytes())?;
        file.written = true;
    }
    Ok(())
}

/// The options of this command line that name the token, for the command line of the schedule.
fn token_options(global: &Global, target: Target) -> Result<Vec<String>, Failure> {
    if global.trial {
        return Err(Failure::usage("the trial token is for a first try, not for a schedule").hint("name a real one"));
    }
    let module = global.module.as_deref().map(|path| placed(path, target)).transpose()?;
    let slot = global.slot.map(|slot| slot.to_string());
    let timeout = global.timeout.map(|seconds| seconds.to_string());
    let options = [
        ("--module", &module),
        ("--token", &global.token),
        ("--serial", &global.serial),
        ("--slot", &slot),
        ("--uri", &global.uri),
        ("--profile", &global.profile),
        ("--timeout", &timeout),
    ];
    let set = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value.clone()?]));
    let flags = [(global.require_hardware, "--require-hardware"), (global.isolate, "--isolate")];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag.to_owned());
    Ok(set.flatten().chain(flags).collect())
}

fn pin_source(global: &Global, target: Target) -> Result<Option<String>, Failure> {
    let Some(source) = &global.pin_source else { return Ok(None) };
    match source {
        PinSource::Stdin => {
            Err(Failure::usage("nobody is there to type the PIN").hint("--pin-source FILE, env:NAME or exec:COMMAND"))
        }
        PinSource::Env(name) => Ok(Some(format!("env:{name}"))),
        PinSource::Exec(command) => Ok(Some(format!("exec:{command}"))),
        PinSource::File(path) => placed(path, target).map(Some),
    }
}

/// A path as the schedule names it: absolute where nothing says in which folder the command starts, as it was given
/// where it is a path of another machine or of a checkout.
fn placed(path: &Path, target: Target) -> Result<String, Failure> {
    let runs_here = match target {
        Target::Systemd | Target::Cron => cfg!(unix),
        Target::WindowsTask => cfg!(windows),
        Target::Github | Target::Gitlab | Target::Kubernetes => false,
    };
    match runs_here {
        true => Ok(text(&std::path::absolute(path).map_err(file::Error::Io)?)),
        false => Ok(text(path)),
    }
}

fn usual_program(target: Target) -> String {
    let this = || std::env::current_exe().ok().map(|path| text(&path));
    match target {
        Target::Systemd | Target::Cron if cfg!(unix) => this().unwrap_or_else(|| "/usr/bin/hsmcert".to_owned()),
        Target::WindowsTask if cfg!(windows) => this().unwrap_or_else(|| "hsmcert.exe".to_owned()),
        Target::Systemd | Target::Cron => "/usr/bin/hsmcert".to_owned(),
        Target::WindowsTask => r"C:\Program Files\hsmcert\hsmcert.exe".to_owned(),
        Target::Github | Target::Gitlab | Target::Kubernetes => "hsmcert".to_owned(),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
