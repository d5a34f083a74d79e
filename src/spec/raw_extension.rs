//! The DER of an extension -> the extension by meaning, where that gives the same DER again.

use std::net::IpAddr;

use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Any, Decode, Encode, Tag, Tagged};
use x509_cert::ext::pkix::name::{GeneralName as DerName, GeneralNames, OtherName};
use x509_cert::ext::pkix::{BasicConstraints as DerConstraints, ExtendedKeyUsage, KeyUsage as DerUsage};

use crate::request::{
    BasicConstraints, Extension, GeneralName, KeyUsage, Name, NameAttribute, NameValue, Oid, OtherNameValue, Rdn,
    StringType,
};

/// An extension that a request file gives as bytes. Key usages, basic constraints and alternative names are read, so
/// that they can be shown and checked; what is not read stays as it is. Either way the same bytes are encoded again.
pub(super) fn read(oid: Oid, value: Vec<u8>) -> Extension {
    by_meaning(oid, &value).unwrap_or(Extension::Other { oid, value })
}

fn by_meaning(oid: Oid, value: &[u8]) -> Option<Extension> {
    let is = |extension: &Extension| extension.oid() == oid;
    if is(&Extension::KeyUsage(KeyUsage::default())) {
        let usage: DerUsage = same_again(value)?;
        return Some(Extension::KeyUsage(KeyUsage::from_bits(usage.0.bits())));
    }
    if is(&Extension::ExtendedKeyUsage(vec![])) {
        let usages: ExtendedKeyUsage = same_again(value)?;
        return Some(Extension::ExtendedKeyUsage(usages.0));
    }
    if is(&Extension::BasicConstraints(BasicConstraints { ca: false, path_length: None })) {
        let DerConstraints { ca, path_len_constraint } = same_again(value)?;
        let path_length = path_len_constraint.map(u32::from);
        return Some(Extension::BasicConstraints(BasicConstraints { ca, path_length }));
    }
    if is(&Extension::SubjectAltName(vec![])) {
        return names(value).map(Extension::SubjectAltName);
    }
    is(&Extension::IssuerAltName(vec![])).then(|| names(value).map(Extension::IssuerAltName))?
}

/// Decodes what is encoded in the same way again.
fn same_again<T: for<'a> Decode<'a> + Encode>(der: &[u8]) -> Option<T> {
    let value = T::from_der(der).ok()?;
    (value.to_der().ok()? == der).then_some(value)
}

fn names(der: &[u8]) -> Option<Vec<GeneralName>> {
    let names: GeneralNames = same_again(der)?;
    names.iter().map(general_name).collect()
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
    } else {
        return None;
    };
    Some(NameAttribute { oid, value: NameValue::Text { text, string_type } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_hex(oid: &str, hex: &str) -> Extension {
        read(Oid::new_unwrap(oid), base16ct::mixed::decode_vec(hex).unwrap())
    }

    #[test]
    fn known_extensions_are_read() {
        assert_eq!(read_hex("2.5.29.15", "03020186"), Extension::KeyUsage(KeyUsage::from_bits(0b110_0001)));
        let server = Oid::new_unwrap("1.3.6.1.5.5.7.3.1");
        assert_eq!(read_hex("2.5.29.37", "300a06082b06010505070301"), Extension::ExtendedKeyUsage(vec![server]));
        let constraints = BasicConstraints { ca: true, path_length: Some(0) };
        assert_eq!(read_hex("2.5.29.19", "30060101ff020100"), Extension::BasicConstraints(constraints));
    }

    #[test]
    fn alternative_names_of_all_kinds_are_read() {
        let der = "3064820161870400000001880212348105612e40622e630000";
        assert!(matches!(read_hex("2.5.29.17", der), Extension::Other { .. }));
        let der = "3044820161870401020304a426302431133011060a0992268993f22c6401191603636f6d\
                   310d300b06035504030c044e616d65a01106052a03040601a0080c06537472696e67";
        let Extension::SubjectAltName(names) = read_hex("2.5.29.17", &der.replace(' ', "")) else { panic!("raw") };
        let texts: Vec<_> = names.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["DNS:a", "IP:1.2.3.4", "directoryName:CN=Name,DC=com", "otherName:1.2.3.4.6.1;String"]);
    }

    #[test]
    fn what_would_change_stays_as_it_is() {
        // A KeyUsage with trailing zero bits, and a cA that is FALSE in so many words.
        assert!(matches!(read_hex("2.5.29.15", "03020080"), Extension::Other { .. }));
        assert!(matches!(read_hex("2.5.29.19", "3003010100"), Extension::Other { .. }));
        assert!(matches!(read_hex("1.3.6.1.5.5.7.48.1.5", "0500"), Extension::Other { .. }));
    }
}
