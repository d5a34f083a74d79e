//! Distinguished names.

use super::super::attribute;
use super::super::findings::Findings;
use super::super::placed::{Placed, TextOr};
use super::super::words::STRING_TYPES;
use super::value::{array, entry, hex_line, inline_table, text};
use crate::request::{Name, NameAttribute, NameValue, Oid, Rdn};
use crate::spec::Span;

/// The lines of a subject: a table, or a key above all tables.
#[derive(Default)]
pub(super) struct Subject {
    pub(super) top: Vec<String>,
    pub(super) table: Vec<String>,
}

/// The subject; no lines if it is empty.
pub(super) fn subject(name: &Name) -> Subject {
    if name.is_empty() {
        return Subject::default();
    }
    match one_table(name) {
        Some(entries) => {
            let head = ["# Encoded in the order written here.".to_owned(), "[subject]".to_owned()];
            Subject { top: vec![], table: [head.to_vec(), entries].concat() }
        }
        None => {
            let comment = "# Encoded in the order written here, one RDN for each table.".to_owned();
            Subject { top: vec![comment, entry("subject", &rdns(name))], table: vec![] }
        }
    }
}

/// A name as a value.
pub(super) fn value(name: &Name) -> String {
    one_table(name).map_or_else(|| rdns(name), |entries| inline_table(&entries))
}

/// The entries of one table, if each RDN has one attribute and those of one type stand together.
fn one_table(name: &Name) -> Option<Vec<String>> {
    let attributes: Option<Vec<_>> =
        name.0.iter().map(|Rdn(attributes)| <&[NameAttribute; 1]>::try_from(attributes.as_slice()).ok()).collect();
    let attributes: Vec<_> = attributes?.into_iter().flatten().collect();
    let groups: Vec<_> = attributes.chunk_by(|one, next| one.oid == next.oid).collect();
    let oids: Vec<Oid> = groups.iter().filter_map(|group| Some(group.first()?.oid)).collect();
    let twice = oids.iter().enumerate().any(|(index, oid)| oids[..index].contains(oid));
    (!twice).then(|| groups.iter().map(|group| group_entry(group)).collect())
}

fn rdns(name: &Name) -> String {
    let table = |Rdn(attributes): &Rdn| {
        let mut oids: Vec<Oid> = Vec::new();
        for attribute in attributes {
            if !oids.contains(&attribute.oid) {
                oids.push(attribute.oid);
            }
        }
        // The attributes of an RDN are a SET: their order is that of their encoding.
        let of_type = |oid: Oid| attributes.iter().filter(move |attribute| attribute.oid == oid).collect::<Vec<_>>();
        inline_table(&oids.into_iter().map(|oid| group_entry(&of_type(oid))).collect::<Vec<_>>())
    };
    array(&name.0.iter().map(table).collect::<Vec<_>>())
}

/// `key = value`, or an array of values of one type.
fn group_entry(attributes: &[&NameAttribute]) -> String {
    let key = attributes.first().map_or_else(String::new, |attribute| key(attribute.oid));
    let values: Vec<String> = attributes.iter().map(|attribute| attribute_value(attribute)).collect();
    match values.as_slice() {
        [one] => entry(&key, one),
        many => entry(&key, &format!("[{}]", many.join(", "))),
    }
}

fn key(oid: Oid) -> String {
    let known = attribute::KNOWN.iter().find(|known| known.oid == oid);
    known.map_or_else(|| text(&oid.to_string()), |known| known.key.to_owned())
}

/// A string where that gives the same, else a table with the type.
fn attribute_value(attribute: &NameAttribute) -> String {
    match &attribute.value {
        NameValue::Octets(bytes) => inline_table(&[entry("hex", &hex_line(bytes))]),
        NameValue::Text { text: value, .. } if is_usual(attribute, value) => text(value),
        NameValue::Text { text: value, string_type } => {
            let word = STRING_TYPES.iter().find(|(_, known)| known == string_type).map_or("", |(word, _)| *word);
            inline_table(&[entry("text", &text(value)), entry("type", &text(word))])
        }
    }
}

fn is_usual(attribute: &NameAttribute, text: &str) -> bool {
    let span = Span { start: 0, end: 0 };
    let key = Placed { value: attribute.oid.to_string(), span };
    let value = Placed { value: TextOr::Text(text.to_owned()), span };
    attribute::read(&key, attribute.oid, value, &mut Findings::about("")).as_ref() == Some(attribute)
}
