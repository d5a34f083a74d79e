//! Alternative names and constraints on names.

use std::net::IpAddr;

use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Any, Encode, Tag, Tagged};
use x509_cert::ext::pkix::NameConstraints as DerConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::{GeneralName as DerName, GeneralNames, OtherName};

use super::same_again;
use crate::request::{
    GeneralName, Name, NameAttribute, NameConstraints, NameValue, Oid, OtherNameValue, Rdn, StringType, Subtree,
};

/// The names of subjectAltName and issuerAltName.
pub(super) fn alternatives(der: &[u8]) -> Option<Vec<GeneralName>> {
    let names: GeneralNames = same_again(der)?;
    names.iter().map(general_name).collect()
}

/// nameConstraints.
pub(super) fn constraints(der: &[u8]) -> Option<NameConstraints> {
    let DerConstraints { permitted_subtrees, excluded_subtrees } = same_again(der)?;
    Some(NameConstraints { permitted: subtrees(permitted_subtrees)?, excluded: subtrees(excluded_subtrees)? })
}

/// An empty list is encoded otherwise than none.
fn subtrees(list: Option<Vec<GeneralSubtree>>) -> Option<Vec<Subtree>> {
    match list {
        None => Some(Vec::new()),
        Some(list) if list.is_empty() => None,
        Some(list) => list.iter().map(subtree).collect(),
    }
}

fn subtree(subtree: &GeneralSubtree) -> Option<Subtree> {
    let GeneralSubtree { base, minimum: 0, maximum: None } = subtree else { return None };
    match base {
        DerName::IpAddress(range) if matches!(range.as_bytes().len(), 8 | 32) => {
            Some(Subtree::IpRange(range.as_bytes().to_vec()))
        }
        name => general_name(name).map(Subtree::Name),
    }
}

fn general_name(name: &DerName) -> Option<GeneralName> {
    match name {
        DerName::DnsName(text) => Some(GeneralName::Dns(text.to_string())),
        DerName::Rfc822Name(text) => Some(GeneralName::Email(text.to_string())),
        DerName::UniformResourceIdentifier(text) => Some(GeneralName::Uri(text.to_string())),
        DerName::RegisteredId(oid) => Some(GeneralName::RegisteredId(*oid)),
        DerName::IpAddress(octets) => ip_address(octets.as_bytes()).map(GeneralName::Ip),
        DerName::OtherName(OtherName { type_id, value }) => {
            Some(GeneralName::OtherName { oid: *type_id, value: other_name(value)? })
        }
        DerName::DirectoryName(name) => {
            let rdn = |rdn: &x509_cert::name::RelativeDistinguishedName| {
                rdn.iter()
                    .map(|attribute| name_attribute(attribute.oid, &attribute.value))
                    .collect::<Option<_>>()
                    .map(Rdn)
            };
            name.iter_rdn().map(rdn).collect::<Option<_>>().map(|rdns| GeneralName::DirectoryName(Name(rdns)))
        }
        DerName::EdiPartyName(_) => None,
    }
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

fn other_name(value: &Any) -> Option<OtherNameValue> {
    Some(if value.tag() == Tag::Utf8String {
        OtherNameValue::Utf8(value.decode_as::<Utf8StringRef<'_>>().ok()?.to_string())
    } else if value.tag() == Tag::OctetString {
        OtherNameValue::Octets(value.value().to_vec())
    } else {
        OtherNameValue::Der(value.to_der().ok()?)
    })
}

fn name_attribute(oid: Oid, value: &Any) -> Option<NameAttribute> {
    if value.tag() == Tag::OctetString {
        return Some(NameAttribute { oid, value: NameValue::Octets(value.value().to_vec()) });
    }
    let (text, string_type) = if value.tag() == Tag::Utf8String {
        (value.decode_as::<Utf8StringRef<'_>>().ok()?.to_string(), StringType::Utf8)
    } else if value.tag() == Tag::PrintableString {
        (value.decode_as::<PrintableStringRef<'_>>().ok()?.to_string(), StringType::Printable)
    } else if value.tag() == Tag::Ia5String {
        (value.decode_as::<Ia5StringRef<'_>>().ok()?.to_string(), StringType::Ia5)
    } else if value.tag() == Tag::TeletexString {
        (value.value().iter().map(|byte| char::from(*byte)).collect(), StringType::Teletex)
    } else if value.tag() == Tag::BmpString {
        (bmp(value.value())?, StringType::Bmp)
    } else {
        return None;
    };
    Some(NameAttribute { oid, value: NameValue::Text { text, string_type } })
}

/// Two bytes for each character, without surrogates.
fn bmp(bytes: &[u8]) -> Option<String> {
    let (units, odd) = bytes.as_chunks::<2>();
    let characters = units.iter().map(|unit| char::from_u32(u32::from(u16::from_be_bytes(*unit))));
    characters.collect::<Option<String>>().filter(|_| odd.is_empty())
}
