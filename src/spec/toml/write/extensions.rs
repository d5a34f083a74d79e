//! The extensions: those with a key of their own, and the others as DER.

use x509_cert::der::Decode;
use x509_cert::der::asn1::BmpString;

use super::super::build::extensions::usually_critical;
use super::super::build::known::CertificateTemplate;
use super::super::words::{EXTENSION_KEYS, ExtensionKey, KEY_USAGES, PURPOSES};
use super::value::{array, entry, inline_table, text, texts};
use super::{Losses, alt_names, constraints, policies, raw};
use crate::request::{BasicConstraints, Extension, KeyUsage, Oid, RequestedExtension};
use crate::spec::write::{Encode, Lost, Part, read_back};
use crate::spec::{Format, oid};

/// The lines above all tables, and the tables.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) top: Vec<String>,
    pub(super) tables: Vec<Vec<String>>,
}

/// Where the lines of an extension go.
enum Place {
    Top(Vec<String>),
    Table(Vec<String>),
}

/// An extension that has a key of its own, with its lines.
struct Named<'a> {
    key: ExtensionKey,
    requested: &'a RequestedExtension,
    place: Place,
}

/// Writes the extensions so that they are read in this order.
pub(super) fn write(
    extensions: &[RequestedExtension],
    subject_is_empty: bool,
    encode: Encode<'_>,
    lost: &mut Losses,
) -> Lines {
    let mut named: Vec<Named<'_>> = extensions.iter().filter_map(|requested| named(requested, encode)).collect();
    named.sort_by_key(|named| order(named.key));
    let has = |key: ExtensionKey| named.iter().any(|named| named.key == key);
    let is_named = |requested: &&RequestedExtension| has_key(&named, requested);
    let others: Vec<_> = extensions.iter().filter(|requested| !is_named(requested)).collect();

    let mut lines = Lines::default();
    // What is left out would be there.
    let mut top: Vec<(ExtensionKey, Vec<String>)> = Vec::new();
    if !has(ExtensionKey::KeyUsage) {
        top.push((ExtensionKey::KeyUsage, vec![entry("key-usage", "[]")]));
    }
    if !has(ExtensionKey::ExtendedKeyUsage) && !is_ca(&named) {
        top.push((ExtensionKey::ExtendedKeyUsage, vec![entry("extended-key-usage", "[]")]));
    }
    let critical = critical(&named, subject_is_empty);
    let written = named.iter().map(|named| named.requested).filter(|one| !is_key_identifier(one));
    let written = written.chain(others.iter().copied()).chain(extensions.iter().filter(|one| is_key_identifier(one)));
    let order = extension_order(extensions, written);
    for Named { key, requested: _, place } in named {
        match place {
            Place::Top(entries) => top.push((key, entries)),
            Place::Table(entries) => lines.tables.push(entries),
        }
    }
    top.sort_by_key(|(key, _)| self::order(*key));
    lines.top.extend(top.into_iter().flat_map(|(_, entries)| entries));
    lines.top.extend(critical);
    lines.top.extend(order);
    for RequestedExtension { critical, extension } in others {
        match encode(extension) {
            Some(der) => lines.tables.push(raw::extension(extension, *critical, &der)),
            None => {
                let what = format!("the extension {}, which has no encoding", extension.oid());
                lost.push(Lost::new(Part::Extensions, what));
            }
        }
    }
    lines
}

fn has_key(named: &[Named<'_>], requested: &RequestedExtension) -> bool {
    named.iter().any(|named| std::ptr::eq(named.requested, requested))
}

fn is_ca(named: &[Named<'_>]) -> bool {
    let is_ca =
        |extension: &Extension| matches!(extension, Extension::BasicConstraints(BasicConstraints { ca: true, .. }));
    named.iter().any(|named| is_ca(&named.requested.extension))
}

fn is_key_identifier(requested: &RequestedExtension) -> bool {
    requested.extension == Extension::SubjectKeyIdentifier
}

/// The place in the order of the reader.
fn order(key: ExtensionKey) -> Option<usize> {
    EXTENSION_KEYS.iter().position(|(_, known)| *known == key)
}

/// `critical = [...]`, where it is not what is usual.
fn critical(named: &[Named<'_>], subject_is_empty: bool) -> Option<String> {
    let is_usual =
        |named: &Named<'_>| usually_critical(&named.requested.extension, subject_is_empty) == named.requested.critical;
    let keys = named.iter().filter(|named| named.requested.critical).map(|named| word(named.key));
    (!named.iter().all(is_usual)).then(|| texts("critical", keys))
}

/// `extension-order = [...]`, where they would be read in another order.
fn extension_order<'a>(
    wanted: &[RequestedExtension],
    read: impl Iterator<Item = &'a RequestedExtension>,
) -> Option<String> {
    if read.eq(wanted.iter()) {
        return None;
    }
    let word = |requested: &RequestedExtension| {
        let oid = requested.extension.oid();
        let key = EXTENSION_KEYS.iter().find(|(_, key)| key.oid() == oid);
        key.map_or_else(|| oid.to_string(), |(word, _)| (*word).to_owned())
    };
    Some(entry("extension-order", &array(&wanted.iter().map(|one| text(&word(one))).collect::<Vec<_>>())))
}

fn word(key: ExtensionKey) -> &'static str {
    EXTENSION_KEYS.iter().find(|(_, known)| *known == key).map_or("", |(word, _)| word)
}

/// The extension by its key, if that is read as exactly this extension.
fn named<'a>(requested: &'a RequestedExtension, encode: Encode<'_>) -> Option<Named<'a>> {
    let (key, place) = by_key(&requested.extension)?;
    let lines = match &place {
        Place::Top(lines) | Place::Table(lines) => lines.join("\n"),
    };
    // The tables of a file come last.
    let defaults =
        [(ExtensionKey::KeyUsage, "key-usage = []"), (ExtensionKey::ExtendedKeyUsage, "extended-key-usage = []")];
    let others = defaults.into_iter().filter(|(default, _)| *default != key).map(|(_, line)| line);
    let file = [vec!["subject = \"CN=x\""], others.collect(), vec![&lines]].concat().join("\n");
    read_back(&file, Format::Toml, &requested.extension, encode)?;
    Some(Named { key, requested, place })
}

fn by_key(extension: &Extension) -> Option<(ExtensionKey, Place)> {
    let line = |line: String| Place::Top(vec![line]);
    Some(match extension {
        Extension::KeyUsage(usage) => (ExtensionKey::KeyUsage, line(key_usage(*usage))),
        Extension::ExtendedKeyUsage(usages) => (ExtensionKey::ExtendedKeyUsage, line(extended_key_usage(usages))),
        Extension::BasicConstraints(constraints) => {
            (ExtensionKey::BasicConstraints, line(basic_constraints(*constraints)))
        }
        Extension::CertificatePolicies(list) => {
            (ExtensionKey::CertificatePolicies, line(policies::write("certificate-policies", list)))
        }
        Extension::ApplicationPolicies(list) => {
            (ExtensionKey::ApplicationPolicies, line(policies::write("application-policies", list)))
        }
        Extension::NameConstraints(list) => (ExtensionKey::NameConstraints, Place::Table(constraints::write(list)?)),
        Extension::SubjectAltName(names) => (ExtensionKey::San, Place::Table(alt_names::write(names))),
        Extension::SubjectKeyIdentifier => {
            (ExtensionKey::SubjectKeyIdentifier, line(entry("subject-key-identifier", "true")))
        }
        Extension::Other { oid, value } => other(*oid, value)?,
        Extension::IssuerAltName(_) | Extension::PolicyMappings(_) | Extension::ApplicationPolicyMappings(_) => {
            return None;
        }
    })
}

fn key_usage(usage: KeyUsage) -> String {
    let words = KEY_USAGES.iter().filter(|(_, bit)| usage.bits() >> bit & 1 == 1).map(|(word, _)| *word);
    texts("key-usage", words)
}

fn extended_key_usage(usages: &[Oid]) -> String {
    let word = |usage: &Oid| {
        let known = PURPOSES.iter().find(|(word, ())| oid::extended_key_usage(word) == Some(*usage));
        known.map_or_else(|| usage.to_string(), |(word, ())| (*word).to_owned())
    };
    entry("extended-key-usage", &array(&usages.iter().map(|usage| text(&word(usage))).collect::<Vec<_>>()))
}

fn basic_constraints(constraints: BasicConstraints) -> String {
    let BasicConstraints { ca, path_length } = constraints;
    let length = path_length.map(|length| entry("path-length", &length.to_string()));
    let entries: Vec<String> = std::iter::once(entry("ca", &ca.to_string())).chain(length).collect();
    entry("basic-constraints", &inline_table(&entries))
}

/// Extensions without a type of their own that have a key.
fn other(oid: Oid, value: &[u8]) -> Option<(ExtensionKey, Place)> {
    let key = [ExtensionKey::MustStaple, ExtensionKey::Template, ExtensionKey::TemplateOid];
    let key = key.into_iter().find(|key| key.oid() == oid)?;
    let value = match key {
        ExtensionKey::MustStaple => "true".to_owned(),
        ExtensionKey::Template => text(&BmpString::from_der(value).ok()?.to_string()),
        ExtensionKey::TemplateOid => template_oid(value)?,
        ExtensionKey::KeyUsage
        | ExtensionKey::ExtendedKeyUsage
        | ExtensionKey::BasicConstraints
        | ExtensionKey::CertificatePolicies
        | ExtensionKey::ApplicationPolicies
        | ExtensionKey::NameConstraints
        | ExtensionKey::San
        | ExtensionKey::SubjectKeyIdentifier => return None,
    };
    Some((key, Place::Top(vec![entry(word(key), &value)])))
}

fn template_oid(value: &[u8]) -> Option<String> {
    let CertificateTemplate { id, major, minor } = CertificateTemplate::from_der(value).ok()?;
    let minor = minor.map(|minor| entry("minor", &minor.to_string()));
    let entries = [entry("oid", &text(&id.to_string())), entry("major", &major.to_string())];
    Some(inline_table(&entries.into_iter().chain(minor).collect::<Vec<_>>()))
}
