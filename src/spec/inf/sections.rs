//! The sections that are extensions: `[EnhancedKeyUsageExtension]` and its like.

use std::collections::HashSet;

use super::super::suggest::did_you_mean;
use super::super::{Diagnostic, Span, known_extension, oid};
use super::document::Document;
use super::lines::{Entry, Section};
use super::settings::Settings;
use super::{name_constraints, policies, scalar};
use crate::request::{BasicConstraints, Extension, Oid};

/// An extension from a section of its own.
pub(super) struct Dedicated {
    pub(super) extension: Extension,
    pub(super) critical: bool,
    /// The name of the section.
    pub(super) span: Span,
}

/// Sections of certreq's that are extensions, in the order in which they are encoded.
const EXTENSIONS: [&str; 10] = [
    "EnhancedKeyUsageExtension",
    "BasicConstraintsExtension",
    "PolicyStatementExtension",
    "ApplicationPolicyStatementExtension",
    "PolicyMappingsExtension",
    "ApplicationPolicyMappingsExtension",
    "PolicyConstraintsExtension",
    "ApplicationPolicyConstraintsExtension",
    "NameConstraintsExtension",
    "CrossCertificateDistributionPointsExtension",
];
/// Sections that other code reads.
const OTHERS: [&str; 5] = ["NewRequest", "Extensions", "RequestAttributes", "Version", "Strings"];
/// Sections of CAPolicy.inf and of the certificate store, which do nothing in a request (certsrv.h).
const WITHOUT_EFFECT: [&str; 5] =
    ["Properties", "CRLDistributionPoint", "AuthorityInformationAccess", "certsrv_server", "CAPolicy"];

/// Reads the sections that are extensions.
pub(super) fn read(document: &Document, problems: &mut Vec<Diagnostic>) -> Vec<Dedicated> {
    report_unknown(document, problems);
    let sections = EXTENSIONS.iter().filter_map(|name| document.section(name).map(|section| (*name, section)));
    sections.filter_map(|(name, section)| read_one(document, name, section, problems)).collect()
}

fn read_one(document: &Document, name: &str, section: &Section, problems: &mut Vec<Diagnostic>) -> Option<Dedicated> {
    let critical = critical(section, problems);
    let extension = match name {
        "EnhancedKeyUsageExtension" => Extension::ExtendedKeyUsage(usages(section, problems)?),
        "BasicConstraintsExtension" => Extension::BasicConstraints(constraints(section, problems)),
        "PolicyStatementExtension" => {
            Extension::CertificatePolicies(policies::from_section(document, section, problems))
        }
        "ApplicationPolicyStatementExtension" => {
            Extension::ApplicationPolicies(policies::from_section(document, section, problems))
        }
        "PolicyMappingsExtension" => Extension::PolicyMappings(mappings(section, problems)),
        "ApplicationPolicyMappingsExtension" => Extension::ApplicationPolicyMappings(mappings(section, problems)),
        "PolicyConstraintsExtension" => policy_constraints(Oid::new_unwrap("2.5.29.36"), section, problems)?,
        "ApplicationPolicyConstraintsExtension" => {
            policy_constraints(Oid::new_unwrap("1.3.6.1.4.1.311.21.12"), section, problems)?
        }
        "NameConstraintsExtension" => {
            Extension::NameConstraints(name_constraints::from_section(document, section, problems))
        }
        _ => {
            let problem = Diagnostic::error(format!("[{name}] is not supported"), Some(section.header));
            problems.push(problem.help("give the extension in [Extensions], by OID as {hex} or base64"));
            return None;
        }
    };
    Some(Dedicated { extension, critical, span: section.header })
}

fn critical(section: &Section, problems: &mut Vec<Diagnostic>) -> bool {
    let Some(entry) = section.entries.iter().find(|entry| entry.is("Critical")) else { return false };
    entry.value().and_then(scalar::boolean).unwrap_or_else(|problem| {
        problems.push(problem);
        false
    })
}

/// `OID = 1.2.3`, once for each usage. None for a section without any.
fn usages(section: &Section, problems: &mut Vec<Diagnostic>) -> Option<Vec<Oid>> {
    let before = problems.len();
    let mut usages = Vec::new();
    for entry in &section.entries {
        if entry.is("OID") && !entry.bare {
            if entry.fields.len() > 1 {
                let problem = Diagnostic::warning("several usages in one entry", Some(entry.values_span()));
                problems.push(problem.help("write OID = once for each usage"));
            }
            for field in entry.fields.iter().map(|field| field.whole().trim()) {
                match oid::parse(&field) {
                    Ok(usage) if usages.contains(&usage) => {
                        problems.push(Diagnostic::warning(format!("usage {usage} is given twice"), Some(field.span())));
                    }
                    Ok(usage) => usages.push(usage),
                    Err(problem) => problems.push(problem.at(field.span())),
                }
            }
        } else if !entry.is("Critical") {
            problems.push(not_a_usage(entry));
        }
    }
    if usages.is_empty() && problems.len() == before {
        let problem = Diagnostic::warning(format!("[{}] names no usage", section.name), Some(section.header));
        problems.push(problem.help("add OID = 1.3.6.1.5.5.7.3.1 for a TLS server"));
    }
    Some(usages).filter(|usages| !usages.is_empty())
}

fn not_a_usage(entry: &Entry) -> Diagnostic {
    let key = entry.key_str();
    let usage = Oid::new(key).ok().or_else(|| oid::extended_key_usage(key));
    match usage {
        Some(usage) => Diagnostic::error(format!("`{key}` is not a key of this section"), Some(entry.key_span()))
            .help(format!("write OID = {usage}")),
        None => {
            let near = did_you_mean(key, ["OID", "Critical"]);
            Diagnostic::warning(
                format!("unknown key `{key}` in [EnhancedKeyUsageExtension]{near}"),
                Some(entry.key_span()),
            )
            .expecting("expected OID or Critical")
        }
    }
}

/// The section alone makes a CA.
fn constraints(section: &Section, problems: &mut Vec<Diagnostic>) -> BasicConstraints {
    let mut settings = Settings::new(section, problems);
    settings.report_unknown(&["PathLength", "Critical"], &[]);
    BasicConstraints { ca: true, path_length: settings.number("PathLength") }
}

/// `ISSUER = SUBJECT`, both OIDs of policies.
fn mappings(section: &Section, problems: &mut Vec<Diagnostic>) -> Vec<(Oid, Oid)> {
    let mut mappings = Vec::new();
    for entry in section.entries.iter().filter(|entry| !entry.is("Critical")) {
        let issuer = oid::parse(entry.key_str()).map_err(|problem| problem.at(entry.key_span()));
        let subject = entry.value().and_then(|value| oid::parse(&value).map_err(|problem| problem.at(value.span())));
        match (issuer, subject) {
            (Ok(issuer), Ok(subject)) => mappings.push((issuer, subject)),
            (issuer, subject) => problems.extend(issuer.err().into_iter().chain(subject.err())),
        }
    }
    if mappings.is_empty() {
        let problem = Diagnostic::error(format!("[{}] maps no policy", section.name), Some(section.header));
        problems.push(problem.help("add ISSUER-OID = SUBJECT-OID"));
    }
    mappings
}

fn policy_constraints(oid: Oid, section: &Section, problems: &mut Vec<Diagnostic>) -> Option<Extension> {
    let mut settings = Settings::new(section, problems);
    settings.report_unknown(&["RequireExplicitPolicy", "InhibitPolicyMapping", "Critical"], &[]);
    let (require, inhibit) = (settings.number("RequireExplicitPolicy"), settings.number("InhibitPolicyMapping"));
    let extension =
        known_extension::policy_constraints(oid, require, inhibit).map_err(|problem| problem.at(section.header));
    settings.kept(extension)
}

/// Sections that nobody reads: typing errors, but for those that policies and name constraints name.
fn report_unknown(document: &Document, problems: &mut Vec<Diagnostic>) {
    let known = || EXTENSIONS.into_iter().chain(OTHERS).chain(WITHOUT_EFFECT);
    let named: HashSet<String> = document
        .sections()
        .iter()
        .flat_map(|section| &section.entries)
        .filter(|entry| ["Policies", "Include", "Exclude"].iter().any(|key| entry.is(key)))
        .flat_map(|entry| &entry.fields)
        .map(|field| field.as_str().to_lowercase())
        .collect();
    for section in document.sections() {
        let name = section.name.as_str();
        if WITHOUT_EFFECT.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            let message = format!("[{name}] does nothing in a request");
            problems.push(Diagnostic::note(message, Some(section.header)));
        } else if !known().any(|known| known.eq_ignore_ascii_case(name)) && !named.contains(&name.to_lowercase()) {
            let message = format!("unknown section [{name}]{}", did_you_mean(name, known()));
            problems.push(Diagnostic::warning(message, Some(section.header)).expecting("nothing in it counts"));
        }
    }
}
