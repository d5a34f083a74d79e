//! `hsmcert man`.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use hsmcert::Error;
use hsmcert::file::{self, Access, OutputFile};

use super::Arguments;
use super::failure::Failure;
use super::report::Report;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert man | man -l -
  hsmcert man new | man -l -
  hsmcert man --out-dir /usr/local/share/man/man1")]
pub(super) struct ManArguments {
    /// The command whose page is wanted, for example new or token list [default: hsmcert itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out_dir")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
    /// Replace pages that are there
    #[arg(short, long, requires = "out_dir")]
    force: bool,
}

pub(super) fn run(arguments: &ManArguments, report: &Report) -> Result<(), Failure> {
    let ManArguments { command: words, out_dir, force } = arguments;
    let mut root = <Arguments>::command();
    root.build();
    let Some(folder) = out_dir else {
        let mut command = &root;
        for word in words {
            command = command.find_subcommand(word).ok_or_else(|| {
                Failure::usage(format!("there is no command \"{word}\"")).hint("hsmcert --help lists all commands")
            })?;
        }
        report.stdout(&page(command)?.1);
        return Ok(());
    };
    let mut pages = Vec::new();
    all(&root, &mut pages)?;
    // Nothing is written unless all of it can be.
    let files =
        pages.into_iter().map(|(name, text)| Ok((OutputFile::new(&folder.join(name), Access::Public, *force)?, text)));
    let files = files.collect::<Result<Vec<_>, file::Error>>()?;
    for (file, text) in &files {
        file.write(text)?;
    }
    report.aside(&format!("{} manual pages written to {}\n", files.len(), folder.display()));
    Ok(())
}

fn all(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    pages.push(page(command)?);
    command.get_subcommands().filter(|one| one.get_name() != "help").try_for_each(|one| all(one, pages))
}

/// The name of the file and its roff.
fn page(command: &Command) -> Result<(String, Vec<u8>), Failure> {
    // `hsmcert-new(1)`, as git and others name the pages of their commands.
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut roff = Vec::new();
    let man = clap_mangen::Man::new(command.clone());
    man.render(&mut roff).map_err(|error| Error::File(file::Error::Io(error)))?;
    Ok((format!("{name}.1"), roff))
}
