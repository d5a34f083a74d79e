//! `hsmcert convert IN OUT`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hsmcert::convert;
use hsmcert::file::{Access, OutputFile};
use hsmcert::spec::{Format, Lost, Part};
use serde::Serialize;

use super::failure::Failure;
use super::report::Report;
use super::request_file::{self, RequestOptions};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert convert request.inf request.toml
  hsmcert convert request.toml - --to inf
  hsmcert convert request.inf normalised.inf --encoding windows-1252

The new file asks for the same CSR, byte for byte, but for what is listed as lost. Values from --set, ${NAME} and \
%strings% stand in it as they are; comments are not taken over.")]
pub(super) struct ConvertArguments {
    /// Request file, certreq INF or TOML; - for stdin
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The new file: TOML if its name ends in .toml, else INF; - for stdout
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Language of the new file [default: by its name; on stdout the other language]
    #[arg(long, value_name = "LANGUAGE")]
    to: Option<Language>,
    /// Replace an existing file
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    request: RequestOptions,
}

/// A language of request files on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Inf,
    Toml,
}

impl From<Language> for Format {
    fn from(language: Language) -> Self {
        match language {
            Language::Inf => Self::Inf,
            Language::Toml => Self::Toml,
        }
    }
}

/// The result as JSON.
#[derive(Serialize)]
struct Converted {
    from: &'static str,
    to: &'static str,
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    lost: Vec<String>,
}

pub(super) fn run(arguments: ConvertArguments, report: &Report) -> Result<(), Failure> {
    let ConvertArguments { input, output, to, force, request } = arguments;
    let to_stdout = request_file::is_standard_stream(&output);
    let by_name = (!to_stdout).then(|| Format::of(&output.to_string_lossy(), ""));
    if let (Some(asked), Some(named)) = (to.map(Format::from), by_name)
        && asked != named
    {
        let message = format!("{} would be read as {}, not {}", output.display(), word(named), word(asked));
        return Err(Failure::usage(message).hint("files in TOML have names that end in .toml, all others are INF"));
    }
    let parsed = request_file::read(&input, &request, report)
        .map_err(|failure| failure.nothing_done("nothing was converted"))?;
    let format = to.map(Format::from).or(by_name).unwrap_or(match parsed.format {
        Format::Inf => Format::Toml,
        Format::Toml => Format::Inf,
    });
    let file = if to_stdout { None } else { Some(OutputFile::new(&output, Access::Public, force)?) };
    let mut written = convert::convert(&parsed.spec, format)?;
    if !parsed.upkeep.is_empty() {
        let what = "[renewal] and [ca.NAME]: copy them, or put them into hsmcert.toml".to_owned();
        written.lost.push(Lost { part: Part::Renewal, what });
    }
    if let Some(file) = &file {
        file.write(written.text.as_bytes())?;
    }
    // In JSON they are part of the result.
    for Lost { part: _, what } in written.lost.iter().filter(|_| !report.is_json()) {
        report.warning(&format!("lost: {what}"));
    }
    if to_stdout && !report.is_json() {
        report.stdout(written.text.as_bytes());
        return Ok(());
    }
    let converted = Converted {
        from: word(parsed.format),
        to: word(format),
        file: file.as_ref().map(|file| file.path().display().to_string()),
        text: to_stdout.then_some(written.text),
        lost: written.lost.into_iter().map(|lost| lost.what).collect(),
    };
    report.result(&converted, &describe(&converted));
    Ok(())
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Inf => "inf",
        Format::Toml => "toml",
    }
}

fn describe(converted: &Converted) -> String {
    let file = converted.file.as_deref().unwrap_or("-");
    let outcome = match converted.lost.len() {
        0 => "the same request, byte for byte".to_owned(),
        1 => "the same request but for 1 loss".to_owned(),
        many => format!("the same request but for {many} losses"),
    };
    format!("{} written to {file}: {outcome}\n", converted.to.to_uppercase())
}
