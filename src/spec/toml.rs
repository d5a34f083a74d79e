//! hsmcert's own request language: TOML.
//!
//! `format` is the language as it is written, `build` what it means. Its rules:
//!
//! - Names are encoded in the order written, unlike in an INF.
//! - What is left out suits a TLS server: RSA 2048, digitalSignature, serverAuth. No name is ever added.
//! - `${NAME}` stands for a variable that the caller gives; overrides win over the values of the file.

mod attribute;
mod build;
mod document;
mod findings;
mod format;
mod host;
mod keys;
mod overrides;
mod placed;
#[cfg(test)]
mod schema;
mod shape;
mod syntax;
mod variables;
mod words;
mod write;

use findings::Findings;
pub(super) use write::write;

use super::{Diagnostic, Options, Source};
use crate::renewal::Upkeep;
use crate::request::RequestSpec;

/// Reads a TOML request: the request if there is one, and all that is to be said about the text.
pub(super) fn parse(source: &Source, options: &Options) -> (Option<(RequestSpec, Upkeep)>, Vec<Diagnostic>) {
    let mut found = Findings::about(&source.text);
    let request = document::read(source, options, &mut found);
    let spec = request.map(|request| build::build(request, &mut found));
    let spec = spec.filter(|_| !found.has_errors());
    let diagnostics = found.into_list().into_iter();
    (spec, diagnostics.map(|diagnostic| overrides::name(diagnostic, source.text.len(), &options.overrides)).collect())
}

#[cfg(test)]
mod tests;
