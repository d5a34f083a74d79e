//! `--set key=value`: values from the command line that win over those of the file.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::attribute;
use super::findings::Findings;
use crate::spec::{Diagnostic, Override, Span, suggest};

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Repeating the key makes the list longer; the list of the file is replaced.
    List,
    Number,
    /// `true` or `false`.
    Flag,
}

/// Keys that can be set: a short name where there is one, the place in the file, and what it takes. Every key of
/// `[subject]` can be set too.
const TARGETS: &[(&str, &str, &str, Kind)] = &[
    ("dns", "san", "dns", Kind::List),
    ("ip", "san", "ip", Kind::List),
    ("email", "san", "email", Kind::List),
    ("uri", "san", "uri", Kind::List),
    ("upn", "san", "upn", Kind::List),
    ("guid", "san", "guid", Kind::List),
    ("", "san", "registered-id", Kind::List),
    ("subject", "", "subject", Kind::Text),
    ("key-usage", "", "key-usage", Kind::List),
    ("extended-key-usage", "", "extended-key-usage", Kind::List),
    ("must-staple", "", "must-staple", Kind::Flag),
    ("template", "", "template", Kind::Text),
    ("label", "key", "label", Kind::Text),
    ("algorithm", "key", "algorithm", Kind::Text),
    ("size", "key", "size", Kind::Number),
    ("curve", "key", "curve", Kind::Text),
    ("reuse", "key", "reuse", Kind::Flag),
    ("hash", "signature", "hash", Kind::Text),
    ("pss", "signature", "pss", Kind::Flag),
    ("", "token", "profile", Kind::Text),
    ("", "token", "uri", Kind::Text),
    ("days", "self-signed", "days", Kind::Number),
    ("friendly-name", "windows", "friendly-name", Kind::Text),
];

/// The place of the override with this index: behind the end of a text of so many bytes, where nothing of the file
/// stands. [`name`] finds it again.
fn place(index: usize, text_len: usize) -> std::ops::Range<usize> {
    text_len + 1 + index..text_len + 1 + index
}

/// Names the override that the diagnostic is about, as its place is nowhere in the file.
pub(super) fn name(diagnostic: Diagnostic, text_len: usize, overrides: &[Override]) -> Diagnostic {
    let index = diagnostic.span.and_then(|span| span.start.checked_sub(text_len + 1));
    match index.and_then(|index| overrides.get(index)) {
        Some(Override { key, .. }) => {
            Diagnostic { message: format!("--set {key}: {}", diagnostic.message), span: None, ..diagnostic }
        }
        None => diagnostic,
    }
}

/// Puts the values into the document, in the place of the file's.
pub(super) fn apply<'a>(table: &mut DeTable<'a>, overrides: &'a [Override], text_len: usize, found: &mut Findings<'_>) {
    for (index, set) in overrides.iter().enumerate() {
        let at = place(index, text_len);
        if let Err(error) = apply_one(table, set, at, text_len) {
            found.push(error);
        }
    }
}

fn apply_one<'a>(
    table: &mut DeTable<'a>,
    set: &'a Override,
    at: std::ops::Range<usize>,
    text_len: usize,
) -> Result<(), Diagnostic> {
    let span = Some(at.clone().into());
    let (section, key, kind) = target(&set.key).ok_or_else(|| unknown(set, span))?;
    let home = match section {
        "" => table,
        _ => {
            let new = Spanned::new(at.clone(), DeValue::Table(DeTable::new()));
            let home = table.entry(Spanned::new(at.clone(), Cow::Borrowed(section))).or_insert(new);
            let DeValue::Table(home) = home.get_mut() else {
                let error = Diagnostic::error(format!("`{section}` is not a table in this file"), span);
                return Err(error.help(format!("write it as [{section}], or set the whole of it")));
            };
            home
        }
    };
    let value = Spanned::new(at.clone(), scalar(kind, set, span)?);
    let entry = home.get_mut(key).map(Spanned::get_mut);
    match (kind, entry) {
        (Kind::List, Some(DeValue::Array(items))) if items.iter().all(|item| item.span().start > text_len) => {
            items.push(value);
        }
        (Kind::List, _) => {
            let mut items = DeArray::new();
            items.push(value);
            home.insert(Spanned::new(at.clone(), Cow::Borrowed(key)), Spanned::new(at, DeValue::Array(items)));
        }
        (Kind::Text | Kind::Number | Kind::Flag, _) => {
            home.insert(Spanned::new(at, Cow::Borrowed(key)), value);
        }
    }
    Ok(())
}

fn target(name: &str) -> Option<(&'static str, &'static str, Kind)> {
    let full = |section: &str, key: &str| match section {
        "" => key == name,
        _ => name.split_once('.') == Some((section, key)),
    };
    let known = TARGETS.iter().find(|(short, section, key, _)| *short == name || full(section, key));
    let attribute = || {
        let known = attribute::by_key(name.strip_prefix("subject.").unwrap_or(name))?;
        Some(("subject", known.key, Kind::List))
    };
    known.map(|(_, section, key, kind)| (*section, *key, *kind)).or_else(attribute)
}

fn scalar<'a>(kind: Kind, set: &'a Override, span: Option<Span>) -> Result<DeValue<'a>, Diagnostic> {
    let text = set.value.as_str();
    let wrong = |expected: &str| Diagnostic::error(format!("`{text}` is not {expected}"), span);
    match kind {
        Kind::Text | Kind::List => Ok(DeValue::String(Cow::Borrowed(text))),
        Kind::Number => match DeValue::parse(text).map(Spanned::into_inner) {
            Ok(number @ DeValue::Integer(_)) => Ok(number),
            Ok(_) | Err(_) => Err(wrong("a whole number")),
        },
        Kind::Flag => text.parse().map(DeValue::Boolean).map_err(|_| wrong("`true` or `false`")),
    }
}

fn unknown(set: &Override, span: Option<Span>) -> Diagnostic {
    let error = Diagnostic::error("no such key can be set", span);
    // A key that has only its full name.
    if let Some((_, section, key, _)) = TARGETS.iter().find(|(_, _, key, _)| *key == set.key) {
        return error.help(format!("write {section}.{key}={}", set.value));
    }
    let short = TARGETS.iter().map(|(short, section, key, _)| match *short {
        "" => format!("{section}.{key}"),
        short => short.to_owned(),
    });
    let names: Vec<String> = short.chain(attribute::KNOWN.iter().map(|known| known.key.to_owned())).collect();
    match suggest::nearest(&set.key, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("keys that can be set: {}", names.join(", "))),
    }
}
