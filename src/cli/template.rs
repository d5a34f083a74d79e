//! `hsmcert template list|show`.

use clap::{Args, Subcommand, ValueEnum};
use hsmcert::ErrorKind;
use hsmcert::spec::{Format, TEMPLATES, Template};
use serde::Serialize;

use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert template list
  hsmcert template show web-server > request.toml
  hsmcert template show domain-controller --format inf > request.inf")]
pub(super) struct TemplateArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Names of the templates and what they are for
    List,
    /// Print a template
    Show {
        /// Its name
        name: String,
        /// Its language
        #[arg(long, value_enum, default_value = "toml")]
        format: Language,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    Inf,
    Toml,
}

#[derive(Serialize)]
struct Listed {
    templates: Vec<JsonTemplate>,
}

#[derive(Serialize)]
struct JsonTemplate {
    name: &'static str,
    purpose: &'static str,
}

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    text: &'static str,
}

pub(super) fn run(arguments: &TemplateArguments, report: &Report) -> Result<(), Failure> {
    match &arguments.command {
        Command::List => {
            let mut facts = Facts::new("request templates; print one with: hsmcert template show NAME", 18);
            let json = |template: Template| JsonTemplate { name: template.name, purpose: template.purpose() };
            let templates: Vec<_> = TEMPLATES.into_iter().map(json).collect();
            for JsonTemplate { name, purpose } in &templates {
                facts.line(name, purpose);
            }
            report.result(&Listed { templates }, &facts.finish());
        }
        Command::Show { name, format } => {
            let format = match format {
                Language::Inf => Format::Inf,
                Language::Toml => Format::Toml,
            };
            let template = Template::by_name(name).ok_or_else(|| unknown(name))?;
            let text = template.text(format);
            report.result(&Shown { name: template.name, text }, text);
        }
    }
    Ok(())
}

fn unknown(name: &str) -> Failure {
    let known = TEMPLATES.map(|template| template.name).join(", ");
    Failure::new(ErrorKind::NotFound, format!("there is no request template \"{name}\""))
        .hint(format!("there are {known}"))
}
