//! `[san]`.

use super::name;
use super::value::{array, entry, hex_line, inline_table, text};
use crate::request::{GeneralName, Oid, OtherNameValue};

/// The tables for these names: one, or several where their kinds alternate.
pub(super) fn write(names: &[GeneralName]) -> Vec<String> {
    let named: Vec<(&str, String)> = names.iter().map(key_and_value).collect();
    let runs = named.chunk_by(|one, next| one.0 == next.0);
    let mut tables: Vec<Vec<(&str, String)>> = vec![vec![]];
    for run in runs {
        let Some((key, _)) = run.first() else { continue };
        let values: Vec<String> = run.iter().map(|(_, value)| value.clone()).collect();
        if tables.last().is_some_and(|table| table.iter().any(|(there, _)| there == key)) {
            tables.push(vec![]);
        }
        if let Some(table) = tables.last_mut() {
            table.push((key, entry(key, &array(&values))));
        }
    }
    let header = if tables.len() > 1 { "[[san]]" } else { "[san]" };
    tables
        .into_iter()
        .flat_map(|table| std::iter::once(header.to_owned()).chain(table.into_iter().map(|(_, line)| line)))
        .collect()
}

fn key_and_value(name: &GeneralName) -> (&'static str, String) {
    match name {
        GeneralName::Dns(host) => ("dns", text(host)),
        GeneralName::Email(mailbox) => ("email", text(mailbox)),
        GeneralName::Ip(address) => ("ip", text(&address.to_string())),
        GeneralName::Uri(uri) => ("uri", text(uri)),
        GeneralName::DirectoryName(directory) => ("directory-name", name::value(directory)),
        GeneralName::RegisteredId(oid) => ("registered-id", text(&oid.to_string())),
        GeneralName::OtherName { oid, value } => other_name(*oid, value),
    }
}

fn other_name(oid: Oid, value: &OtherNameValue) -> (&'static str, String) {
    let (key, value) = match value {
        OtherNameValue::Utf8(upn) if oid == GeneralName::UPN => return ("upn", text(upn)),
        OtherNameValue::Utf8(utf8) => ("utf8", text(utf8)),
        OtherNameValue::Octets(bytes) => match GeneralName::guid(oid, bytes) {
            Some(guid) => return ("guid", text(&guid)),
            None => ("octets", hex_line(bytes)),
        },
        OtherNameValue::Der(bytes) => ("der", hex_line(bytes)),
    };
    ("other-name", inline_table(&[entry("oid", &text(&oid.to_string())), entry(key, &value)]))
}
