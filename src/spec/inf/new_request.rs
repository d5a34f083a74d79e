//! `[NewRequest]`: subject, key, signature and what is made.

mod key;
mod key_usage;
mod other_keys;
mod product;
mod purposes;
mod signature;
mod subject;
mod validity;

use super::super::Diagnostic;
use super::lines::Section;
use super::settings::Settings;
use crate::request::{KeyRequest, KeyUsage, Name, Product, SignatureRequest};

/// What the section says. Where it is wrong a default stands, and an error among the problems.
pub(super) struct NewRequest {
    /// None when it cannot be read.
    pub(super) subject: Option<Name>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) key: KeyRequest,
    pub(super) signature: SignatureRequest,
    pub(super) product: Product,
    pub(super) provider_name: Option<String>,
    pub(super) friendly_name: Option<String>,
    pub(super) machine_store: bool,
    /// No extensions but those that the file names.
    pub(super) suppress_defaults: bool,
    /// With an S/MIME capabilities extension.
    pub(super) smime: bool,
}

/// The keys with a meaning here; `other_keys` knows the rest of certreq's.
const KEYS: [&str; 21] = [
    "Subject",
    "X500NameFlags",
    "KeyUsage",
    "KeyAlgorithm",
    "KeyLength",
    "KeyContainer",
    "KeySpec",
    "KeyUsageProperty",
    "UseExistingKeySet",
    "HashAlgorithm",
    "AlternateSignatureAlgorithm",
    "RequestType",
    "NotBefore",
    "NotAfter",
    "ValidityPeriod",
    "ValidityPeriodUnits",
    "ProviderName",
    "FriendlyName",
    "MachineKeySet",
    "SuppressDefaults",
    "SMIME",
];

/// Keys that people put here, and where they belong.
const OTHER_PLACES: [(&str, &str); 7] = [
    ("OID", "[EnhancedKeyUsageExtension]"),
    ("CertificateTemplate", "[RequestAttributes]"),
    ("challengePassword", "[RequestAttributes]"),
    ("SAN", "[Extensions], as 2.5.29.17 = \"{text}dns=host.example\""),
    ("2.5.29.17", "[Extensions]"),
    ("_continue_", "[Extensions]"),
    ("PathLength", "[BasicConstraintsExtension]"),
];

/// Reads the section.
pub(super) fn read(section: &Section, problems: &mut Vec<Diagnostic>) -> NewRequest {
    if section.entries.is_empty() {
        let empty = Diagnostic::error("[NewRequest] is empty", Some(section.header));
        problems.push(empty.expecting("expected at least one key").help("start with Subject = \"CN=host.example\""));
    }
    let mut settings = Settings::new(section, problems);
    other_keys::read(&mut settings);
    let known: Vec<&str> = KEYS.into_iter().chain(other_keys::names()).collect();
    settings.report_unknown(&known, &OTHER_PLACES);
    let key = key::read(&mut settings);
    NewRequest {
        subject: subject::read(&mut settings),
        key_usage: key_usage::read(&mut settings, key.algorithm),
        signature: signature::read(&mut settings, key.algorithm),
        product: product::read(&mut settings),
        provider_name: settings.text("ProviderName"),
        friendly_name: settings.text("FriendlyName"),
        machine_store: settings.boolean("MachineKeySet").unwrap_or(false),
        suppress_defaults: settings.boolean("SuppressDefaults").unwrap_or(false),
        smime: settings.boolean("SMIME").unwrap_or(false),
        key,
    }
}
