//! The extensions: those that certreq writes first in the forms that it has for them, the rest in `[Extensions]`.

use x509_cert::der::Decode;
use x509_cert::der::asn1::BmpString;

use super::super::super::Format;
use super::super::super::write::{Encode, Lost, Part, about, name, read_back};
use super::request_attributes::hex;
use super::{text_value, value};
use crate::request::{BasicConstraints, Extension, KeyUsage, Oid, RequestedExtension};
use crate::spec::oid::EXTENDED_KEY_USAGES;

/// The lines of each section.
#[derive(Default)]
pub(super) struct Lines {
    /// Of `[NewRequest]`.
    pub(super) settings: Vec<String>,
    pub(super) usages: Vec<String>,
    pub(super) constraints: Vec<String>,
    pub(super) request_attributes: Vec<String>,
    /// Of `[Extensions]`.
    pub(super) others: Vec<String>,
}

/// Writes the extensions so that they are read in this order.
pub(super) fn write(extensions: &[RequestedExtension], encode: Encode<'_>, lost: &mut Vec<Lost>) -> Lines {
    let mut lines = Lines::default();
    let is_key_identifier = |requested: &&RequestedExtension| match requested.extension {
        Extension::SubjectKeyIdentifier => true,
        Extension::KeyUsage(_)
        | Extension::ExtendedKeyUsage(_)
        | Extension::SubjectAltName(_)
        | Extension::IssuerAltName(_)
        | Extension::BasicConstraints(_)
        | Extension::CertificatePolicies(_)
        | Extension::ApplicationPolicies(_)
        | Extension::PolicyMappings(_)
        | Extension::ApplicationPolicyMappings(_)
        | Extension::NameConstraints(_)
        | Extension::Other { .. } => false,
    };
    let mut place = Place::KeyUsage;
    for requested in extensions.iter().filter(|requested| !is_key_identifier(requested)) {
        place = of_its_own(requested, place, encode, &mut lines).unwrap_or_else(|| {
            in_extensions(requested, encode, &mut lines, lost);
            Place::Extensions
        });
    }
    match extensions.iter().find(is_key_identifier) {
        None => lines.settings.push("SuppressDefaults = TRUE".to_owned()),
        Some(RequestedExtension { critical, extension }) => {
            if extensions.last().map(|last| &last.extension) != Some(extension) {
                let what = "the place of the subjectKeyIdentifier: an INF has it behind all other extensions";
                lost.push(Lost::new(Part::Extensions, what));
            }
            lines.settings.push("; Adds the subjectKeyIdentifier.".to_owned());
            lines.settings.push("SuppressDefaults = FALSE".to_owned());
            lines.others.extend(critical.then(|| format!("Critical = {}", extension.oid())));
        }
    }
    lines
}

/// Up to where the forms of their own are used up: they come in this order, and before `[Extensions]`.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Place {
    KeyUsage,
    Usages,
    Constraints,
    Template,
    Extensions,
}

/// Writes the extension in a form of its own if it has one that gives the same, and none behind it was used before.
fn of_its_own(requested: &RequestedExtension, place: Place, encode: Encode<'_>, lines: &mut Lines) -> Option<Place> {
    let RequestedExtension { critical, extension } = requested;
    let mut own = Lines::default();
    let next = match extension {
        Extension::KeyUsage(usage) if *critical && place <= Place::KeyUsage => {
            own.settings = key_usage(*usage);
            Place::Usages
        }
        Extension::ExtendedKeyUsage(usages) if place <= Place::Usages => {
            own.usages = usages.iter().flat_map(|usage| extended_key_usage(*usage)).collect();
            own.usages.extend(critical.then(|| "Critical = TRUE".to_owned()));
            Place::Constraints
        }
        Extension::BasicConstraints(constraints) if place <= Place::Constraints => {
            own.constraints = basic_constraints(*constraints)?;
            own.constraints.extend(critical.then(|| "Critical = TRUE".to_owned()));
            Place::Template
        }
        Extension::Other { oid, value } if *oid == TEMPLATE && place <= Place::Template => {
            let name = BmpString::from_der(value).ok()?.to_string();
            own.request_attributes = vec![value::entry("CertificateTemplate", &name)];
            own.others.extend(critical.then(|| format!("Critical = {oid}")));
            Place::Extensions
        }
        Extension::KeyUsage(_)
        | Extension::ExtendedKeyUsage(_)
        | Extension::SubjectAltName(_)
        | Extension::IssuerAltName(_)
        | Extension::BasicConstraints(_)
        | Extension::SubjectKeyIdentifier
        | Extension::CertificatePolicies(_)
        | Extension::ApplicationPolicies(_)
        | Extension::PolicyMappings(_)
        | Extension::ApplicationPolicyMappings(_)
        | Extension::NameConstraints(_)
        | Extension::Other { .. } => return None,
    };
    read_back(&candidate(&own), Format::Inf, extension, encode).filter(|read| read.critical == *critical)?;
    lines.settings.append(&mut own.settings);
    lines.usages.append(&mut own.usages);
    lines.constraints.append(&mut own.constraints);
    lines.request_attributes.append(&mut own.request_attributes);
    lines.others.append(&mut own.others);
    Some(next)
}

const TEMPLATE: Oid = Oid::new_unwrap("1.3.6.1.4.1.311.20.2");

/// A file with these lines alone.
fn candidate(lines: &Lines) -> String {
    let Lines { settings, usages, constraints, request_attributes, others } = lines;
    let sections = [
        ("NewRequest", settings),
        ("EnhancedKeyUsageExtension", usages),
        ("BasicConstraintsExtension", constraints),
        ("RequestAttributes", request_attributes),
        ("Extensions", others),
    ];
    let sections = sections.into_iter().filter(|(name, lines)| *name == "NewRequest" || !lines.is_empty());
    let text: String = sections.map(|(name, lines)| format!("[{name}]\n{}\n", lines.join("\n"))).collect();
    format!("{text}[NewRequest]\nSubject = \"CN=x\"\nSuppressDefaults = TRUE\n")
}

fn key_usage(usage: KeyUsage) -> Vec<String> {
    let low = (0..8).filter(|bit| usage.bits() >> bit & 1 == 1).fold(0, |sum, bit| sum | 0x80_u16 >> bit);
    let number = low | (usage.bits() >> 8 & 1) << 15;
    vec![format!("; {usage}"), format!("KeyUsage = {number:#04x}")]
}

fn extended_key_usage(usage: Oid) -> Vec<String> {
    let name = EXTENDED_KEY_USAGES.iter().find(|(_, known)| *known == usage).map(|(name, _)| format!("; {name}"));
    name.into_iter().chain([format!("OID = {usage}")]).collect()
}

/// The section alone makes a CA.
fn basic_constraints(constraints: BasicConstraints) -> Option<Vec<String>> {
    let BasicConstraints { ca, path_length } = constraints;
    let length = path_length.map(|length| format!("PathLength = {length}"));
    ca.then(|| std::iter::once("; This section makes it a CA.".to_owned()).chain(length).collect())
}

fn in_extensions(requested: &RequestedExtension, encode: Encode<'_>, lines: &mut Lines, lost: &mut Vec<Lost>) {
    let RequestedExtension { critical, extension } = requested;
    let oid = extension.oid();
    let as_text = text_value::parts(extension).map(|parts| value::continued(&oid.to_string(), "{text}", &parts));
    let as_text = as_text.filter(|text| {
        let own = Lines { others: text.clone(), ..Lines::default() };
        text.iter().all(|line| !line.chars().any(char::is_control))
            && read_back(&candidate(&own), Format::Inf, extension, encode).is_some()
    });
    match (as_text, encode(extension)) {
        (Some(text), _) => {
            lines.others.extend(name(oid).map(|name| format!("; {name}")));
            lines.others.extend(text);
        }
        (None, Some(der)) => {
            lines.others.extend(about(extension).into_iter().map(|line| format!("; {line}")));
            lines.others.extend(hex(&oid.to_string(), &der));
        }
        (None, None) => lost.push(Lost::new(Part::Extensions, format!("the extension {oid}, which has no encoding"))),
    }
    lines.others.extend(critical.then(|| format!("Critical = {oid}")));
}
