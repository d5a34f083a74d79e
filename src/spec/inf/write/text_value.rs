//! `{text}` values of `[Extensions]`.

use std::net::IpAddr;

use super::subject::x500_string;
use crate::request::{
    BasicConstraints, Extension, GeneralName, NameConstraints, Oid, OtherNameValue, Policy, PolicyQualifier, Subtree,
};

/// The parts of the value behind `{text}`, for the extensions that have such a form. Whether it can hold these values
/// is not checked here.
pub(super) fn parts(extension: &Extension) -> Option<Vec<String>> {
    Some(match extension {
        Extension::SubjectAltName(names) | Extension::IssuerAltName(names) => names.iter().map(name).collect(),
        Extension::ExtendedKeyUsage(usages) => usages.iter().map(|usage| format!("{usage},")).collect(),
        Extension::BasicConstraints(constraints) => vec![basic_constraints(*constraints)],
        Extension::CertificatePolicies(policies) | Extension::ApplicationPolicies(policies) => {
            policies.iter().flat_map(policy).collect()
        }
        Extension::PolicyMappings(pairs) | Extension::ApplicationPolicyMappings(pairs) => {
            pairs.iter().map(|(issuer, subject)| format!("oid={issuer}&oid={subject}&")).collect()
        }
        Extension::NameConstraints(constraints) => name_constraints(constraints),
        Extension::KeyUsage(_) | Extension::SubjectKeyIdentifier | Extension::Other { .. } => return None,
    })
}

fn name(name: &GeneralName) -> String {
    match name {
        GeneralName::Dns(text) => format!("dns={text}&"),
        GeneralName::Email(text) => format!("email={text}&"),
        GeneralName::Ip(address) => format!("ipaddress={address}&"),
        GeneralName::Uri(text) => format!("url={text}&"),
        GeneralName::DirectoryName(name) => format!("directoryname={}&", x500_string(name)),
        GeneralName::RegisteredId(oid) => format!("registeredid={oid}&"),
        GeneralName::OtherName { oid, value } => other_name(*oid, value),
    }
}

fn other_name(oid: Oid, value: &OtherNameValue) -> String {
    let hex = |bytes: &[u8]| base16ct::lower::encode_string(bytes);
    match value {
        OtherNameValue::Utf8(text) if oid == GeneralName::UPN => format!("upn={text}&"),
        OtherNameValue::Utf8(text) => format!("{oid}={{utf8}}{text}&"),
        OtherNameValue::Octets(bytes) => match GeneralName::guid(oid, bytes) {
            Some(guid) => format!("guid={guid}&"),
            None => format!("{oid}={{octet}}{{hex}}{}&", hex(bytes)),
        },
        OtherNameValue::Der(bytes) => format!("{oid}={{asn}}{{hex}}{}&", hex(bytes)),
    }
}

fn basic_constraints(constraints: BasicConstraints) -> String {
    let BasicConstraints { ca, path_length } = constraints;
    let length = path_length.map(|length| format!("&pathlength={length}")).unwrap_or_default();
    format!("ca={}{length}", u8::from(ca))
}

fn policy(policy: &Policy) -> Vec<String> {
    let Policy { oid, qualifiers } = policy;
    let qualifiers = qualifiers.iter().map(|qualifier| match qualifier {
        PolicyQualifier::Cps(uri) => format!("url={uri}&"),
        PolicyQualifier::Notice(text) => format!("notice={text}&"),
    });
    std::iter::once(format!("oid={oid}&")).chain(qualifiers).collect()
}

fn name_constraints(constraints: &NameConstraints) -> Vec<String> {
    let NameConstraints { permitted, excluded } = constraints;
    let mut parts = Vec::new();
    for (word, subtrees) in [("include", permitted), ("exclude", excluded)] {
        if !subtrees.is_empty() {
            parts.push(format!("subtree={word}&"));
        }
        parts.extend(subtrees.iter().map(|subtree| match subtree {
            Subtree::Name(base) => name(base),
            Subtree::IpRange(bytes) => ip_range(bytes),
        }));
    }
    parts
}

/// `10.0.0.0,255.0.0.0`.
fn ip_range(bytes: &[u8]) -> String {
    let (address, mask) = bytes.split_at(bytes.len() / 2);
    let address_text = |half: &[u8]| {
        let four = <[u8; 4]>::try_from(half).map(IpAddr::from);
        four.or_else(|_| <[u8; 16]>::try_from(half).map(IpAddr::from)).map(|ip| ip.to_string()).unwrap_or_default()
    };
    format!("ipaddress={},{}&", address_text(address), address_text(mask))
}
