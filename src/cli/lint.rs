//! `hsmcert lint SPEC...`.

use std::path::{Path, PathBuf};

use clap::Args;
use hsmcert::spec::{Diagnostic, Format, Parsed, Severity};
use serde::Serialize;

use super::effective::{self, Effective};
use super::facts::Facts;
use super::failure::Failure;
use super::renewal::{self, JsonRenewal};
use super::report::Report;
use super::request_file::{self, RequestOptions};
use super::{Global, diagnostics, patterns};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert lint request.inf
  hsmcert lint --strict requests/*.inf
  hsmcert lint --json web.toml --set dns=www.example.com

No token is needed or touched.")]
pub(super) struct LintArguments {
    /// Request files, certreq INF or TOML; - for stdin
    #[arg(required = true)]
    specs: Vec<PathBuf>,
    #[command(flatten)]
    options: RequestOptions,
}

/// The result as JSON.
#[derive(Serialize)]
struct Linted {
    files: Vec<JsonFile>,
}

#[derive(Serialize)]
struct JsonFile {
    file: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    diagnostics: Vec<diagnostics::JsonDiagnostic>,
    /// What the CA will see; absent when the file is not good.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<Effective>,
    /// How it is renewed; absent where neither the file nor hsmcert.toml says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    renewal: Option<JsonRenewal>,
    /// Why there is nothing to see, if the findings do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &LintArguments, report: &Report) -> Result<(), Failure> {
    let LintArguments { specs, options } = arguments;
    if specs.iter().filter(|spec| request_file::is_standard_stream(spec)).count() > 1 {
        return Err(Failure::usage("stdin can only be read once"));
    }
    let specs = patterns::expand(specs)?;
    let (mut files, mut text, mut failures) = (Vec::new(), String::new(), Vec::new());
    for spec in &specs {
        match examine(global, spec, options, report) {
            Ok((file, facts)) => {
                files.push(file);
                text.push_str(&facts.finish());
            }
            Err(failure) => {
                report.finding(&failure);
                files.push(unusable(spec, &failure));
                failures.push(failure);
            }
        }
    }
    report.result(&Linted { files }, &text);
    match failures.len() {
        0 => Ok(()),
        bad => Err(Failure::of_several(&failures, format!("{bad} of {} request files cannot be used", specs.len()))),
    }
}

/// Reads one file and works out what it asks for.
fn examine(
    global: &Global,
    spec: &Path,
    options: &RequestOptions,
    report: &Report,
) -> Result<(JsonFile, Facts), Failure> {
    let Parsed { spec, upkeep, diagnostics, source, format } = request_file::parse(spec, options)?;
    report.drawn(&source, &diagnostics);
    let effective = Effective::new(&spec, &effective::target(global, &spec))?;
    let renewal = renewal::describe(&upkeep, spec.subject_alt_names(), Path::new(&source.name))
        .map_err(|failure| failure.about(&source.name))?;
    let format = match format {
        Format::Inf => "inf",
        Format::Toml => "toml",
    };
    let mut facts = Facts::new(&format!("{}: {}", source.name, verdict(&diagnostics)), 26);
    effective.draw(&mut facts);
    renewal.iter().for_each(|renewal| renewal.draw(&mut facts));
    let diagnostics = diagnostics::json(&source, &diagnostics);
    let file = source.name;
    let effective = Some(effective);
    Ok((JsonFile { file, ok: true, format: Some(format), diagnostics, effective, renewal, error: None }, facts))
}

fn verdict(diagnostics: &[Diagnostic]) -> String {
    let warnings = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning).count();
    match warnings {
        0 => "good".to_owned(),
        1 => "good, with 1 warning".to_owned(),
        more => format!("good, with {more} warnings"),
    }
}

fn unusable(spec: &Path, failure: &Failure) -> JsonFile {
    let invalid = failure.invalid.as_deref();
    JsonFile {
        file: spec.display().to_string(),
        ok: false,
        format: None,
        diagnostics: invalid
            .map(|invalid| diagnostics::json(&invalid.source, &invalid.diagnostics))
            .unwrap_or_default(),
        effective: None,
        renewal: None,
        error: invalid.is_none().then(|| failure.message.clone()),
    }
}
