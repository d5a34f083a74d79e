//! Reading a request file: the options that all commands share which take one.

use std::io::Read as _;
use std::path::Path;

use clap::Args;
use hsmcert::file;
use hsmcert::spec::{self, Options, Override, Parsed};

use super::environment;
use super::failure::Failure;
use super::report::Report;

/// How a request file is read.
#[derive(Debug, Args, Default)]
pub(super) struct RequestOptions {
    /// Set a value of the request, for example dns=www.example.com (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
    /// Encoding of an INF without byte order mark
    #[arg(long, value_name = "NAME")]
    pub(super) encoding: Option<spec::Encoding>,
    /// Treat warnings about the request file as errors
    #[arg(long)]
    pub(super) strict: bool,
}

/// Is this path the sign for stdin or stdout?
pub(super) fn is_standard_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads and parses a request file, or stdin for `-`, and shows what was found in it.
pub(super) fn read(path: &Path, options: &RequestOptions, report: &Report) -> Result<Parsed, Failure> {
    let parsed = parse(path, options)?;
    report.diagnostics(&parsed.source, &parsed.diagnostics);
    Ok(parsed)
}

/// Reads and parses one.
pub(super) fn parse(path: &Path, options: &RequestOptions) -> Result<Parsed, Failure> {
    let RequestOptions { set, encoding, strict } = options;
    let (name, bytes) = if is_standard_stream(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(file::Error::Io)?;
        ("<stdin>".to_owned(), bytes)
    } else {
        (path.display().to_string(), file::read(path)?)
    };
    let options =
        Options { encoding: *encoding, strict: *strict, variables: environment::variables(), overrides: set.clone() };
    Ok(spec::parse(&name, &bytes, &options)?)
}
