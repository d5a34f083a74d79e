//! `${NAME}` in strings.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::findings::Findings;
use crate::spec::{Diagnostic, Source, Span, suggest};

type Variables = BTreeMap<String, String>;

/// Replaces `${NAME}` in all strings of the file. Values from outside of it stay as they are.
pub(super) fn expand(table: &mut DeTable<'_>, source: &Source, variables: &Variables, found: &mut Findings<'_>) {
    for (_, value) in table.iter_mut() {
        let span = value.span().into();
        expand_value(value.get_mut(), span, source, variables, found);
    }
}

fn expand_value(value: &mut DeValue<'_>, span: Span, source: &Source, variables: &Variables, found: &mut Findings<'_>) {
    match value {
        DeValue::String(text) if text.contains('$') && span.end <= source.text.len() => {
            let (expanded, problems) = expand_text(text, span, source, variables);
            *text = Cow::Owned(expanded);
            if !problems.is_empty() {
                problems.into_iter().for_each(|problem| found.push(problem));
                found.no_more_about(span);
            }
        }
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                let span = item.span().into();
                expand_value(item.get_mut(), span, source, variables, found);
            }
        }
        DeValue::Table(table) => expand(table, source, variables, found),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

fn expand_text(text: &str, span: Span, source: &Source, variables: &Variables) -> (String, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        expanded.push_str(before);
        let Some((name, behind)) = after.split_once('}').filter(|(name, _)| is_name(name)) else {
            let error = Diagnostic::error("`${` does not begin the name of a variable", place("${", span, source))
                .expecting("`${NAME}`")
                .help("write `$${` for a plain `${`");
            problems.push(error);
            return (expanded, problems);
        };
        match variables.get(name) {
            Some(value) => expanded.push_str(value),
            None => problems.push(unset(name, span, source, variables)),
        }
        rest = behind;
    }
    expanded.push_str(rest);
    (expanded, problems)
}

fn is_name(name: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !name.starts_with(|first: char| first.is_ascii_digit()) && !name.is_empty() && name.chars().all(is_word)
}

fn unset(name: &str, span: Span, source: &Source, variables: &Variables) -> Diagnostic {
    let written = format!("${{{name}}}");
    let error = Diagnostic::error(format!("the variable `{name}` is not set"), place(&written, span, source));
    match suggest::nearest(name, variables.keys().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `${{{near}}}`?")),
        None => error.help(format!("set it in the environment: {name}=... hsmcert ...")),
    }
}

/// Where a part of the string stands; the whole string when escapes hide it.
fn place(part: &str, span: Span, source: &Source) -> Option<Span> {
    let within = source.text.get(span.start..span.end).and_then(|raw| raw.find(part));
    Some(within.map_or(span, |offset| Span { start: span.start + offset, end: span.start + offset + part.len() }))
}
