//! One extension in words: its name and a line for each thing it says.

use der::asn1::{BmpString, ObjectIdentifier, OctetString};
use der::{Decode, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName as X509GeneralName};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, NameConstraints, PolicyConstraints, PolicyMappings, SubjectAltName,
    SubjectKeyIdentifier,
};

use super::super::{general_name, name};
use super::hex;
use crate::request::{self, Oid, extended_key_usage_name};

/// An extension as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedExtension {
    /// Its type.
    pub oid: Oid,
    /// Its name in the standard that defines it; the OID for one that hsmcert does not know.
    pub name: String,
    /// Whether a verifier that does not know it must refuse the certificate.
    pub critical: bool,
    /// What it says, one entry a line; the DER in lower hex where hsmcert cannot read it.
    pub values: Vec<String>,
}

/// Reads an extension's value with the reader of its type.
type Reader = fn(&[u8]) -> der::Result<Vec<String>>;

/// Types, names and readers. RFC 5280, 4.2 and 4.2.2; RFC 6960, 4.2.2.2.1; RFC 6962, 3.3; RFC 7633; RFC 8551, 2.5.2;
/// Microsoft, "Object IDs associated with Microsoft cryptography".
const KNOWN: &[(&str, &str, Reader)] = &[
    ("2.5.29.15", "keyUsage", key_usage),
    ("2.5.29.37", "extKeyUsage", extended_key_usage),
    ("2.5.29.17", "subjectAltName", alternative_names),
    ("2.5.29.18", "issuerAltName", alternative_names),
    ("2.5.29.19", "basicConstraints", basic_constraints),
    ("2.5.29.14", "subjectKeyIdentifier", subject_key_identifier),
    ("2.5.29.35", "authorityKeyIdentifier", authority_key_identifier),
    ("2.5.29.32", "certificatePolicies", policies),
    ("1.3.6.1.4.1.311.21.10", "applicationPolicies", policies),
    ("2.5.29.33", "policyMappings", policy_mappings),
    ("1.3.6.1.4.1.311.21.11", "applicationPolicyMappings", policy_mappings),
    ("2.5.29.36", "policyConstraints", policy_constraints),
    ("1.3.6.1.4.1.311.21.12", "applicationPolicyConstraints", policy_constraints),
    ("2.5.29.30", "nameConstraints", name_constraints),
    ("2.5.29.31", "cRLDistributionPoints", distribution_points),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess", information_access),
    ("1.3.6.1.5.5.7.1.24", "tlsFeature", tls_feature),
    ("1.3.6.1.5.5.7.48.1.5", "ocspNoCheck", nothing),
    ("1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps", timestamps),
    ("1.2.840.113549.1.9.15", "smimeCapabilities", capabilities),
    ("1.3.6.1.4.1.311.20.2", "certificateTemplateName", template_name),
    ("1.3.6.1.4.1.311.21.7", "certificateTemplate", template),
];

/// Describes an extension; one that cannot be read is shown as it is.
pub(in crate::x509) fn describe(extension: &Extension) -> DescribedExtension {
    let Extension { extn_id: oid, critical, extn_value } = extension;
    let der = extn_value.as_bytes();
    let known = KNOWN.iter().find(|(known, _, _)| ObjectIdentifier::new(known) == Ok(*oid));
    let values = known.and_then(|(_, _, read)| read(der).ok()).unwrap_or_else(|| vec![hex(der)]);
    let name = known.map_or_else(|| oid.to_string(), |(_, name, _)| (*name).to_owned());
    DescribedExtension { oid: *oid, name, critical: *critical, values }
}

fn key_usage(der: &[u8]) -> der::Result<Vec<String>> {
    let usage = request::KeyUsage::from_bits(KeyUsage::from_der(der)?.0.bits());
    Ok(usage.names().map(str::to_owned).collect())
}

fn extended_key_usage(der: &[u8]) -> der::Result<Vec<String>> {
    let purposes = ExtendedKeyUsage::from_der(der)?.0;
    Ok(purposes.into_iter().map(|oid| named(extended_key_usage_name(oid), oid)).collect())
}

fn named(name: Option<&str>, oid: Oid) -> String {
    name.map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})"))
}

fn alternative_names(der: &[u8]) -> der::Result<Vec<String>> {
    SubjectAltName::from_der(der)?.0.iter().map(general_name_text).collect()
}

fn general_name_text(name: &X509GeneralName) -> der::Result<String> {
    match general_name::decode(name) {
        Some(name) => Ok(name.to_string()),
        None => Ok(hex(&name.to_der()?)),
    }
}

fn basic_constraints(der: &[u8]) -> der::Result<Vec<String>> {
    let BasicConstraints { ca, path_len_constraint } = BasicConstraints::from_der(der)?;
    let length = path_len_constraint.map(|length| format!("path length {length}"));
    Ok(std::iter::once(if ca { "CA" } else { "no CA" }.to_owned()).chain(length).collect())
}

fn subject_key_identifier(der: &[u8]) -> der::Result<Vec<String>> {
    Ok(vec![hex(SubjectKeyIdentifier::from_der(der)?.0.as_bytes())])
}

fn authority_key_identifier(der: &[u8]) -> der::Result<Vec<String>> {
    let AuthorityKeyIdentifier { key_identifier, authority_cert_issuer, authority_cert_serial_number } =
        AuthorityKeyIdentifier::from_der(der)?;
    let mut values: Vec<_> = key_identifier.iter().map(|id| hex(id.as_bytes())).collect();
    for issuer in authority_cert_issuer.iter().flatten() {
        values.push(format!("issuer {}", general_name_text(issuer)?));
    }
    values.extend(authority_cert_serial_number.map(|serial| format!("serial number {}", hex(serial.as_bytes()))));
    Ok(values)
}

fn policies(der: &[u8]) -> der::Result<Vec<String>> {
    CertificatePolicies::from_der(der)?.0.iter().map(policy).collect()
}

fn policy(policy: &PolicyInformation) -> der::Result<String> {
    let mut text = policy.policy_identifier.to_string();
    for qualifier in policy.policy_qualifiers.iter().flatten() {
        let Some(value) = &qualifier.qualifier else { continue };
        // The address of a practice statement is a string; a notice is told in hex unless it is plain text.
        let value = name::text(value).map_or_else(|| notice(value), |(text, _)| Ok(text))?;
        text.push_str(&format!(" {value}"));
    }
    Ok(text)
}

fn notice(value: &der::asn1::Any) -> der::Result<String> {
    use x509_cert::ext::pkix::certpolicy::{DisplayText, UserNotice};
    let notice: UserNotice = value.decode_as()?;
    Ok(match notice.explicit_text {
        Some(DisplayText::Ia5String(text)) => format!("\"{text}\""),
        Some(DisplayText::Utf8String(text)) => format!("\"{text}\""),
        None => hex(&value.to_der()?),
    })
}

fn policy_mappings(der: &[u8]) -> der::Result<Vec<String>> {
    let mappings = PolicyMappings::from_der(der)?.0;
    Ok(mappings.iter().map(|one| format!("{} = {}", one.issuer_domain_policy, one.subject_domain_policy)).collect())
}

fn policy_constraints(der: &[u8]) -> der::Result<Vec<String>> {
    let PolicyConstraints { require_explicit_policy, inhibit_policy_mapping } = PolicyConstraints::from_der(der)?;
    let line = |name: &str, after: Option<u32>| after.map(|after| format!("{name} after {after} certificates"));
    let lines =
        [line("requireExplicitPolicy", require_explicit_policy), line("inhibitPolicyMapping", inhibit_policy_mapping)];
    Ok(lines.into_iter().flatten().collect())
}

fn name_constraints(der: &[u8]) -> der::Result<Vec<String>> {
    let NameConstraints { permitted_subtrees, excluded_subtrees } = NameConstraints::from_der(der)?;
    let lines = |word: &'static str, subtrees: Option<Vec<GeneralSubtree>>| {
        subtrees.into_iter().flatten().map(move |subtree| Ok(format!("{word} {}", subtree_text(&subtree)?)))
    };
    lines("permitted", permitted_subtrees).chain(lines("excluded", excluded_subtrees)).collect()
}

/// An address and its mask (RFC 5280, 4.2.1.10), or a name.
fn subtree_text(subtree: &GeneralSubtree) -> der::Result<String> {
    let X509GeneralName::IpAddress(bytes) = &subtree.base else { return general_name_text(&subtree.base) };
    let half = bytes.as_bytes().len() / 2;
    let (address, mask) = bytes.as_bytes().split_at(half);
    let text = |bytes: &[u8]| {
        let v4 = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from)).map(|address| address.to_string())
    };
    Ok(match (text(address), text(mask)) {
        (Ok(address), Ok(mask)) => format!("IP:{address}/{mask}"),
        _ => format!("IP:{}", hex(bytes.as_bytes())),
    })
}

fn distribution_points(der: &[u8]) -> der::Result<Vec<String>> {
    let mut lines = Vec::new();
    for point in CrlDistributionPoints::from_der(der)?.0 {
        match point.distribution_point {
            Some(DistributionPointName::FullName(names)) => {
                for name in &names {
                    lines.push(general_name_text(name)?);
                }
            }
            Some(DistributionPointName::NameRelativeToCRLIssuer(rdn)) => lines.push(hex(&rdn.to_der()?)),
            None => {}
        }
    }
    Ok(lines)
}

fn information_access(der: &[u8]) -> der::Result<Vec<String>> {
    let word = |method: Oid| match method.to_string().as_str() {
        "1.3.6.1.5.5.7.48.1" => "OCSP".to_owned(),
        "1.3.6.1.5.5.7.48.2" => "CA issuers".to_owned(),
        other => other.to_owned(),
    };
    let all = AuthorityInfoAccessSyntax::from_der(der)?.0;
    all.iter()
        .map(|one| Ok(format!("{} {}", word(one.access_method), general_name_text(&one.access_location)?)))
        .collect()
}

fn tls_feature(der: &[u8]) -> der::Result<Vec<String>> {
    let word = |feature: &u16| match feature {
        5 => "status_request (must-staple)".to_owned(),
        17 => "status_request_v2".to_owned(),
        other => other.to_string(),
    };
    Ok(Vec::<u16>::from_der(der)?.iter().map(word).collect())
}

fn nothing(der: &[u8]) -> der::Result<Vec<String>> {
    der::asn1::Null::from_der(der).map(|_| vec!["yes".to_owned()])
}

/// A list of timestamps, each behind its length in two bytes (RFC 6962, 3.3); x509-cert reads it only with a TLS codec.
fn timestamps(der: &[u8]) -> der::Result<Vec<String>> {
    let list = OctetString::from_der(der)?;
    let mut rest = list.as_bytes().get(2..).unwrap_or_default();
    let mut count = 0;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        rest = after.get(usize::from(u16::from_be_bytes(*length))..).ok_or(der::ErrorKind::Failed)?;
        count += 1;
    }
    Ok(vec![format!("{count} timestamps")])
}

fn capabilities(der: &[u8]) -> der::Result<Vec<String>> {
    let all = Vec::<der::asn1::Any>::from_der(der)?;
    all.iter().map(|capability| Ok(first_oid(capability)?.to_string())).collect()
}

/// The OID at the start of `SMIMECapability`, which may have parameters behind it.
fn first_oid(capability: &der::asn1::Any) -> der::Result<ObjectIdentifier> {
    let fields: Vec<der::asn1::Any> = capability.decode_as()?;
    fields.first().ok_or(der::ErrorKind::Failed)?.decode_as()
}

fn template_name(der: &[u8]) -> der::Result<Vec<String>> {
    BmpString::from_der(der).map(|name| vec![name.to_string()])
}

/// `CertificateTemplateOID` (Microsoft, [MS-WCCE] 2.2.2.7.7.2).
#[derive(der::Sequence)]
struct Template {
    template: ObjectIdentifier,
    major: Option<u32>,
    minor: Option<u32>,
}

fn template(der: &[u8]) -> der::Result<Vec<String>> {
    let Template { template, major, minor } = Template::from_der(der)?;
    let version = major.map(|major| format!(" version {major}.{}", minor.unwrap_or(0))).unwrap_or_default();
    Ok(vec![format!("{template}{version}")])
}
