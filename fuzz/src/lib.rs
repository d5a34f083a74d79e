//! What the targets share: a parser must report what is wrong with a text, within the text.

use std::collections::BTreeMap;

use hsmcert::request::RequestSpec;
use hsmcert::spec::{self, Options, Source};

/// Parses and checks every place that is told. Returns the request, if there is one.
///
/// # Panics
/// If a place is not within the text.
pub fn parse(name: &str, bytes: &[u8]) -> Option<RequestSpec> {
    let variables = BTreeMap::from([("HOST".to_owned(), "host.example".to_owned())]);
    let options = Options { variables, ..Options::default() };
    let (source, diagnostics, request) = match spec::parse(name, bytes, &options) {
        Ok(parsed) => (parsed.source, parsed.diagnostics, Some(parsed.spec)),
        Err(invalid) => {
            assert!(!invalid.diagnostics.is_empty(), "refused without a reason");
            (invalid.source, invalid.diagnostics, None)
        }
    };
    let Source { text, .. } = &source;
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?} is not within the text");
            let _ = source.position(span.start);
        }
    }
    request
}
