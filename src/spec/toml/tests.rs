//! Whole files: what they mean, and what is said about them.

use super::*;
use crate::key::{Curve, Hash, KeyAlgorithm, MlDsaSet};
use crate::request::{
    BasicConstraints, Extension, GeneralName, KeySource, KeyUsage, Oid, OtherNameValue, Period, Policy,
    PolicyQualifier, Product, RequestedExtension, Subtree, Validity,
};
use crate::spec::{Override, Severity, Span};

mod names;
mod overrides;
mod problems;
mod requests;
mod whole;

fn with(text: &str, options: &Options) -> (Option<RequestSpec>, Vec<Diagnostic>) {
    let (read, diagnostics) = parse(&Source { name: "test.toml".to_owned(), text: text.to_owned() }, options);
    (read.map(|(spec, _)| spec), diagnostics)
}

fn ok(text: &str) -> RequestSpec {
    let (spec, diagnostics) = with(text, &Options::default());
    assert_eq!(diagnostics, [], "{text}");
    spec.unwrap()
}

fn set(pairs: &[(&str, &str)]) -> Options {
    let set = |(key, value): &(&str, &str)| Override { key: (*key).to_owned(), value: (*value).to_owned() };
    Options { overrides: pairs.iter().map(set).collect(), ..Options::default() }
}

fn variables(pairs: &[(&str, &str)]) -> Options {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Options { variables: pairs.iter().map(pair).collect(), ..Options::default() }
}

/// The findings as `part of the text | message | label | help`.
fn found(text: &str, options: &Options) -> Vec<String> {
    let (spec, diagnostics) = with(text, options);
    let has_errors = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(spec.is_none(), has_errors, "{diagnostics:?}");
    let show = |diagnostic: Diagnostic| {
        let place = diagnostic.span.map_or("", |span| &text[span.start..span.end]);
        let label = diagnostic.label.unwrap_or_default();
        format!("{place} | {} | {label} | {}", diagnostic.message, diagnostic.help.unwrap_or_default())
    };
    diagnostics.into_iter().map(show).collect()
}

/// The only finding.
fn problem(text: &str) -> String {
    let mut found = found(text, &Options::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn extension(spec: &RequestSpec, oid: &str) -> Option<RequestedExtension> {
    spec.extensions.iter().find(|wanted| wanted.extension.oid() == Oid::new_unwrap(oid)).cloned()
}

fn oids(spec: &RequestSpec) -> Vec<String> {
    spec.extensions.iter().map(|wanted| wanted.extension.oid().to_string()).collect()
}

const SAN: &str = "san.dns = \"www.example.com\"\n";
