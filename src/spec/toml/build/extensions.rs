//! The extension request, in the order in which certreq writes it.

use super::{alt_names, constraints, known, policies, raw, subject_names, usages};
use crate::key::KeyAlgorithm;
use crate::request::{self, Extension, Name, RequestedExtension};
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{AltNames, BasicConstraints, NameConstraints, Policy, RawExtension, TemplateOid};
use crate::spec::toml::placed::{Many, Placed, Table};
use crate::spec::toml::words::{self, EXTENSION_KEYS, ExtensionKey};
use crate::spec::{Diagnostic, Span, known_extension};

/// What a file says about extensions.
pub(super) struct Wanted {
    pub(super) key_usage: Option<Many<String>>,
    pub(super) extended_key_usage: Option<Many<String>>,
    pub(super) basic_constraints: Option<Placed<Table<BasicConstraints>>>,
    pub(super) must_staple: bool,
    pub(super) subject_key_identifier: bool,
    pub(super) template: Option<Placed<String>>,
    pub(super) template_oid: Option<Table<TemplateOid>>,
    pub(super) certificate_policies: Option<Many<Policy>>,
    pub(super) application_policies: Option<Many<Policy>>,
    pub(super) critical: Option<Many<String>>,
    pub(super) extension_order: Option<Many<String>>,
    pub(super) san: Option<Many<Table<AltNames>>>,
    pub(super) name_constraints: Option<Table<NameConstraints>>,
    pub(super) extension: Vec<Table<RawExtension>>,
}

/// The extensions for this subject and key.
pub(super) fn read(
    wanted: Wanted,
    subject: &Placed<Name>,
    algorithm: KeyAlgorithm,
    found: &mut Findings<'_>,
) -> Vec<RequestedExtension> {
    let critical = wanted.critical.as_ref().map(|words| critical_keys(words, found));
    let order = wanted.extension_order.as_ref().map(|words| order(words, found)).unwrap_or_default();
    let raw: Vec<_> = wanted.extension.iter().filter_map(|raw| raw::extension(&raw.0, found)).collect();
    let names_are_raw = raw.iter().any(|(raw, _)| raw.extension.oid() == ExtensionKey::San.oid());
    let named = named(wanted, subject, names_are_raw, algorithm, found);
    report_absent(critical.as_deref().unwrap_or_default(), &named, found);
    let is_critical = |key: ExtensionKey, extension: &Extension| match &critical {
        Some(keys) => keys.iter().any(|(listed, _)| *listed == key),
        None => usually_critical(extension, subject.value.is_empty()),
    };
    let mut extensions: Vec<RequestedExtension> = named
        .into_iter()
        .map(|(key, extension)| RequestedExtension { critical: is_critical(key, &extension), extension })
        .collect();
    add_raw(raw, &mut extensions, found);
    report_unordered(&order, &extensions, found);
    // Sorting is stable: what nobody ordered stays where it is usual, the key identifier last.
    extensions.sort_by_key(|requested| {
        let oid = requested.extension.oid();
        let place = order.iter().position(|(ordered, _)| *ordered == oid).unwrap_or(order.len());
        (place, requested.extension == Extension::SubjectKeyIdentifier)
    });
    extensions
}

fn order(words: &Many<String>, found: &mut Findings<'_>) -> Vec<(request::Oid, Span)> {
    words.items.iter().filter_map(|word| found.take(words::extension(word)).map(|oid| (oid, word.span))).collect()
}

fn report_unordered(order: &[(request::Oid, Span)], extensions: &[RequestedExtension], found: &mut Findings<'_>) {
    for (oid, span) in order {
        if !extensions.iter().any(|there| there.extension.oid() == *oid) {
            let warning = Diagnostic::warning("an extension has a place that is not in the request", Some(*span));
            found.push(warning.help("add the extension, or take it off this list"));
        }
    }
}

/// Extensions that have a key of their own.
fn named(
    wanted: Wanted,
    subject: &Placed<Name>,
    names_are_raw: bool,
    algorithm: KeyAlgorithm,
    found: &mut Findings<'_>,
) -> Vec<(ExtensionKey, Extension)> {
    let ca = wanted.basic_constraints.as_ref().is_some_and(|constraints| constraints.value.0.ca);
    let usage = usages::key_usage(wanted.key_usage.as_ref(), ca, algorithm, found);
    let purposes = usages::extended(wanted.extended_key_usage.as_ref(), ca, found);
    let tables = wanted.san.map(|tables| tables.items).unwrap_or_default();
    let names: Vec<_> = tables.into_iter().flat_map(|names| alt_names::read(names.value.0, found)).collect();
    if !names_are_raw {
        subject_names::check(subject, &names, purposes.as_deref().unwrap_or_default(), ca, found);
    }
    let basic = wanted.basic_constraints.map(|constraints| basic_constraints(&constraints.value.0, found));
    let policies = wanted.certificate_policies.map(|list| policies::read(list, found));
    let application = wanted.application_policies.map(|list| policies::read(list, found));
    let constraints = wanted.name_constraints.map(|constraints| constraints::read(constraints.0, found));
    let template =
        wanted.template.and_then(|name| found.take_at(name.span, known_extension::template_name(&name.value)));
    let template_oid = wanted.template_oid.and_then(|template| known::template_oid(&template.0, found));
    let san = (!names.is_empty()).then_some(Extension::SubjectAltName(names));
    let list = [
        (ExtensionKey::KeyUsage, usage.map(Extension::KeyUsage)),
        (ExtensionKey::ExtendedKeyUsage, purposes.map(Extension::ExtendedKeyUsage)),
        (ExtensionKey::BasicConstraints, basic.map(Extension::BasicConstraints)),
        (ExtensionKey::CertificatePolicies, policies.map(Extension::CertificatePolicies)),
        (ExtensionKey::ApplicationPolicies, application.map(Extension::ApplicationPolicies)),
        (ExtensionKey::NameConstraints, constraints.map(Extension::NameConstraints)),
        (ExtensionKey::San, san),
        (ExtensionKey::MustStaple, wanted.must_staple.then(known::must_staple)),
        (ExtensionKey::Template, template),
        (ExtensionKey::TemplateOid, template_oid),
        (ExtensionKey::SubjectKeyIdentifier, wanted.subject_key_identifier.then_some(Extension::SubjectKeyIdentifier)),
    ];
    list.into_iter().filter_map(|(key, extension)| Some((key, extension?))).collect()
}

fn basic_constraints(constraints: &BasicConstraints, found: &mut Findings<'_>) -> request::BasicConstraints {
    let BasicConstraints { ca, path_length } = constraints;
    if let (Some(length), false) = (path_length, ca) {
        let error = Diagnostic::error("path-length is for CAs only (RFC 5280, 4.2.1.9)", Some(length.span));
        found.push(error.help("leave it out, or write ca = true"));
    }
    request::BasicConstraints { ca: *ca, path_length: path_length.as_ref().map(|length| length.value) }
}

/// RFC 5280: keyUsage should be critical (4.2.1.3), basicConstraints of a CA and nameConstraints must be (4.2.1.9,
/// 4.2.1.10), and subjectAltName must be when the subject is empty (4.2.1.6).
pub(in crate::spec::toml) fn usually_critical(extension: &Extension, subject_is_empty: bool) -> bool {
    match extension {
        Extension::KeyUsage(_) | Extension::NameConstraints(_) => true,
        Extension::BasicConstraints(constraints) => constraints.ca,
        Extension::SubjectAltName(_) => subject_is_empty,
        Extension::ExtendedKeyUsage(_)
        | Extension::IssuerAltName(_)
        | Extension::SubjectKeyIdentifier
        | Extension::CertificatePolicies(_)
        | Extension::ApplicationPolicies(_)
        | Extension::PolicyMappings(_)
        | Extension::ApplicationPolicyMappings(_)
        | Extension::Other { .. } => false,
    }
}

fn critical_keys(words: &Many<String>, found: &mut Findings<'_>) -> Vec<(ExtensionKey, Span)> {
    let mut keys = Vec::new();
    for word in &words.items {
        let key = words::look_up(EXTENSION_KEYS, word, "extension");
        keys.extend(found.take(key).map(|key| (key, word.span)));
    }
    keys
}

fn report_absent(critical: &[(ExtensionKey, Span)], named: &[(ExtensionKey, Extension)], found: &mut Findings<'_>) {
    for (key, span) in critical {
        if !named.iter().any(|(there, _)| there == key) {
            let warning = Diagnostic::warning("an extension is critical that is not in the request", Some(*span));
            found.push(warning.help("add the extension, or take it off this list"));
        }
    }
}

fn add_raw(raw: Vec<(RequestedExtension, Span)>, extensions: &mut Vec<RequestedExtension>, found: &mut Findings<'_>) {
    for (wanted, span) in raw {
        let oid = wanted.extension.oid();
        if extensions.iter().any(|other| other.extension.oid() == oid) {
            let error = Diagnostic::error(format!("the extension {oid} is in the request twice"), Some(span));
            found.push(error.help(twice(oid)));
            continue;
        }
        extensions.push(wanted);
    }
}

/// The default usages are there although nobody wrote them.
fn twice(oid: request::Oid) -> &'static str {
    if oid == request::Oid::new_unwrap("2.5.29.15") {
        "write key-usage = [] to have only this one"
    } else if oid == request::Oid::new_unwrap("2.5.29.37") {
        "write extended-key-usage = [] to have only this one"
    } else {
        "leave one of them out"
    }
}
