//! The document as a [`Request`]: unknown keys, wrong types and missing keys, all of them in one run.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::findings::Findings;
use super::format::Request;
use super::{attribute, keys};
use crate::spec::{Diagnostic, Span, suggest};

/// A file with more of them is not a request with mistakes, but something else.
const MOST_PROBLEMS: usize = 50;

/// serde stops at the first error, so what is wrong is told, taken out, and the rest is tried again.
pub(super) fn fit(mut table: DeTable<'_>, span: Range<usize>, found: &mut Findings<'_>) -> Request {
    for _ in 0..MOST_PROBLEMS {
        let document = Spanned::new(span.clone(), table.clone());
        let error = match Request::deserialize(Deserializer::from(document)) {
            Ok(request) => return request,
            Err(error) => error,
        };
        found.push(diagnostic(&error));
        let removed = error.span().is_some_and(|at| remove(&mut table, &|span| *span == at));
        if !removed {
            break;
        }
    }
    Request::default()
}

/// Takes the innermost entry out that has this place, and an array that is empty after that.
fn remove(table: &mut DeTable<'_>, is_it: &impl Fn(&Range<usize>) -> bool) -> bool {
    let emptied = |value: &DeValue<'_>| matches!(value, DeValue::Array(items) if items.is_empty());
    let within = table.iter_mut().find_map(|(key, value)| {
        let removed = remove_within(value.get_mut(), is_it);
        removed.then(|| emptied(value.get_ref()).then(|| key.clone()))
    });
    let key = match within {
        Some(None) => return true,
        Some(Some(key)) => Some(key),
        None => {
            table.iter().find(|(key, value)| is_it(&key.span()) || is_it(&value.span())).map(|(key, _)| key.clone())
        }
    };
    key.and_then(|key| table.remove(&key)).is_some()
}

fn remove_within(value: &mut DeValue<'_>, is_it: &impl Fn(&Range<usize>) -> bool) -> bool {
    match value {
        DeValue::Table(table) => remove(table, is_it),
        DeValue::Array(items) => {
            if items.iter_mut().any(|item| remove_within(item.get_mut(), is_it)) {
                return true;
            }
            let kept = items.iter().filter(|item| !is_it(&item.span())).cloned();
            let mut rest = toml::de::DeArray::new();
            kept.for_each(|item| rest.push(item));
            let removed = rest.len() < items.len();
            *items = rest;
            removed
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            false
        }
    }
}

/// serde gives its errors as text only; its forms are those of the trait `serde::de::Error`.
fn diagnostic(error: &Error) -> Diagnostic {
    let message = error.message();
    let span: Option<Span> = error.span().map(Into::into);
    if message.starts_with("unknown field ") {
        let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        if let [key, expected @ ..] = words.as_slice() {
            return unknown_key(key, expected, span);
        }
    }
    if let Some(key) = message.strip_prefix("missing field ") {
        return Diagnostic::error(format!("the key {key} is missing"), span);
    }
    let wrong = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((is, expected)) = wrong.and_then(|wrong| wrong.split_once(", expected ")) {
        let (is, expected) = (in_toml_words(is), in_toml_words(expected));
        let error = Diagnostic::error(format!("{is} in the place of {expected}"), span);
        let error = error.expecting(format!("expected {expected}"));
        return match (is.as_str(), expected.as_str()) {
            ("a table", "an array") => error.help("double the brackets: [[...]]"),
            ("an array", "a table") => error.help("a table has single brackets: [...]"),
            (_, _) => error,
        };
    }
    Diagnostic::error(message, span)
}

fn unknown_key(key: &str, expected: &[&str], span: Option<Span>) -> Diagnostic {
    let error =
        Diagnostic::error(format!("unknown key `{key}`"), span).expecting(format!("one of {}", expected.join(", ")));
    let near = suggest::nearest(key, expected.iter().copied());
    match home(key).or_else(|| near.map(|near| format!("did you mean `{near}`?"))) {
        Some(help) => error.help(help),
        None => error,
    }
}

/// Where the key belongs, if it is one of another table.
fn home(key: &str) -> Option<String> {
    const OF_AN_INF: [&str; 5] = ["NewRequest", "Version", "Extensions", "EnhancedKeyUsageExtension", "Strings"];
    if OF_AN_INF.contains(&key) {
        return Some("this looks like an INF: let the name of the file end with .inf".to_owned());
    }
    let table = keys::tables().into_iter().find(|(_, keys)| keys.contains(&key)).map(|(table, _)| table);
    match table {
        Some("") => Some(format!("`{key}` belongs above the first [table]")),
        Some(table) => Some(format!("`{key}` belongs below [{table}]")),
        None => {
            let known = attribute::by_spelling(key)?;
            Some(format!("`{}` belongs below [subject]", known.key))
        }
    }
}

fn in_toml_words(text: &str) -> String {
    match text {
        "map" => "a table".to_owned(),
        "sequence" | "a sequence" => "an array".to_owned(),
        "u32" | "u64" => "a whole number".to_owned(),
        _ if text.starts_with("struct ") => "a table".to_owned(),
        _ => text.to_owned(),
    }
}
