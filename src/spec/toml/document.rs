//! Text -> [`Request`], with every problem of the text on the list.

use toml::de::DeTable;

use super::findings::Findings;
use super::format::Request;
use super::{overrides, shape, syntax, variables};
use crate::spec::{Options, Source};

/// Reads the text as far as it goes. After syntax errors there is nothing to go on with.
pub(super) fn read(source: &Source, options: &Options, found: &mut Findings<'_>) -> Option<Request> {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        syntax::report(source, &errors, found);
        return None;
    }
    let span = document.span();
    let mut table = document.into_inner();
    overrides::apply(&mut table, &options.overrides, source.text.len(), found);
    variables::expand(&mut table, source, &options.variables, found);
    Some(shape::fit(table, span, found))
}
