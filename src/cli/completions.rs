//! `hsmcert completions SHELL`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Arguments;
use super::failure::Failure;
use super::report::Report;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert completions bash > /usr/share/bash-completion/completions/hsmcert
  hsmcert completions zsh > \"${fpath[1]}/_hsmcert\"
  hsmcert completions fish > ~/.config/fish/completions/hsmcert.fish
  hsmcert completions powershell >> $PROFILE")]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments, report: &Report) -> Result<(), Failure> {
    let CompletionsArguments { shell } = arguments;
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut <Arguments>::command(), "hsmcert", &mut script);
    report.stdout(&script);
    Ok(())
}
