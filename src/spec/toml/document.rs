//! Text -> [`Request`], with every problem of the text on the list.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::findings::Findings;
use super::format::Request;
use super::{overrides, shape, syntax, variables};
use crate::spec::{Options, Source, invisible};

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
    table.values().for_each(|value| look_for_invisible(value, found));
    Some(shape::fit(table, span, found))
}

/// Reports the first invisible character of each string.
fn look_for_invisible(value: &Spanned<DeValue<'_>>, found: &mut Findings<'_>) {
    match value.get_ref() {
        DeValue::String(text) => {
            let warning = text.chars().find_map(invisible::warning);
            warning.into_iter().for_each(|warning| found.push(warning.at(value.span().into())));
        }
        DeValue::Array(items) => items.iter().for_each(|item| look_for_invisible(item, found)),
        DeValue::Table(table) => table.values().for_each(|value| look_for_invisible(value, found)),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}
