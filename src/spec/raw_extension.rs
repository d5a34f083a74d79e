//! The DER of an extension -> the extension by meaning, where that gives the same DER again.

mod names;
mod policies;

use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints as DerConstraints, ExtendedKeyUsage, KeyUsage as DerUsage};

use crate::request::{BasicConstraints, Extension, KeyUsage, NameConstraints, Oid};

/// An extension that a request file gives as bytes. Every kind with a type of its own is read, so that it can be shown
/// and checked; what is not read stays as it is. Either way the same bytes are encoded again.
pub(super) fn read(oid: Oid, value: Vec<u8>) -> Extension {
    by_meaning(oid, &value).unwrap_or(Extension::Other { oid, value })
}

fn by_meaning(oid: Oid, value: &[u8]) -> Option<Extension> {
    let is = |extension: &Extension| extension.oid() == oid;
    if is(&Extension::KeyUsage(KeyUsage::default())) {
        let usage: DerUsage = same_again(value)?;
        Some(Extension::KeyUsage(KeyUsage::from_bits(usage.0.bits())))
    } else if is(&Extension::ExtendedKeyUsage(vec![])) {
        let usages: ExtendedKeyUsage = same_again(value)?;
        Some(Extension::ExtendedKeyUsage(usages.0))
    } else if is(&Extension::BasicConstraints(BasicConstraints { ca: false, path_length: None })) {
        let DerConstraints { ca, path_len_constraint } = same_again(value)?;
        let path_length = path_len_constraint.map(u32::from);
        Some(Extension::BasicConstraints(BasicConstraints { ca, path_length }))
    } else if is(&Extension::SubjectAltName(vec![])) {
        names::alternatives(value).map(Extension::SubjectAltName)
    } else if is(&Extension::IssuerAltName(vec![])) {
        names::alternatives(value).map(Extension::IssuerAltName)
    } else if is(&Extension::NameConstraints(NameConstraints::default())) {
        names::constraints(value).map(Extension::NameConstraints)
    } else if is(&Extension::CertificatePolicies(vec![])) {
        policies::policies(value).map(Extension::CertificatePolicies)
    } else if is(&Extension::ApplicationPolicies(vec![])) {
        policies::policies(value).map(Extension::ApplicationPolicies)
    } else if is(&Extension::PolicyMappings(vec![])) {
        policies::mappings(value).map(Extension::PolicyMappings)
    } else if is(&Extension::ApplicationPolicyMappings(vec![])) {
        policies::mappings(value).map(Extension::ApplicationPolicyMappings)
    } else {
        None
    }
}

/// Decodes what is encoded in the same way again.
fn same_again<T: for<'a> Decode<'a> + Encode>(der: &[u8]) -> Option<T> {
    let value = T::from_der(der).ok()?;
    (value.to_der().ok()? == der).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{
        GeneralName, Name, NameAttribute, NameValue, Policy, PolicyQualifier, Rdn, StringType, Subtree,
    };

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

    #[test]
    fn string_types_of_old_names_are_read() {
        let der = "3019a4173015311330110603550403 1e0a00610062 00e4 0063 0064";
        let Extension::SubjectAltName(names) = read_hex("2.5.29.17", &der.replace(' ', "")) else { panic!("raw") };
        let value = NameValue::Text { text: "ab\u{e4}cd".into(), string_type: StringType::Bmp };
        let rdn = Rdn(vec![NameAttribute { oid: Oid::new_unwrap("2.5.4.3"), value }]);
        assert_eq!(names, [GeneralName::DirectoryName(Name(vec![rdn]))]);
        let der = "3010a40e300c310a300806035504031401e4";
        assert!(matches!(read_hex("2.5.29.17", der), Extension::SubjectAltName(_)));
        // Half of a pair of surrogates.
        assert!(matches!(read_hex("2.5.29.17", "3011a40f300d310b300906035504031e02d800"), Extension::Other { .. }));
    }

    #[test]
    fn constraints_on_names_are_read() {
        let der = "301ea00e300c820a6578616d706c652e6e65a10c300a87080a000000ff000000";
        let Extension::NameConstraints(constraints) = read_hex("2.5.29.30", der) else { panic!("raw") };
        assert_eq!(constraints.permitted, [Subtree::Name(GeneralName::Dns("example.ne".into()))]);
        assert_eq!(constraints.excluded, [Subtree::IpRange(vec![10, 0, 0, 0, 255, 0, 0, 0])]);
        // A minimum, which RFC 5280 does not allow.
        assert!(matches!(read_hex("2.5.29.30", "300aa0083006820161800101"), Extension::Other { .. }));
    }

    #[test]
    fn policies_are_read() {
        let der = "301b301906022a033013301106082b060105050702011605687474703a";
        let policy = Policy { oid: Oid::new_unwrap("1.2.3"), qualifiers: vec![PolicyQualifier::Cps("http:".into())] };
        assert_eq!(read_hex("2.5.29.32", der), Extension::CertificatePolicies(vec![policy]));
        let pair = (Oid::new_unwrap("1.2.3"), Oid::new_unwrap("1.2.4"));
        assert_eq!(read_hex("2.5.29.33", "300a300806022a0306022a04"), Extension::PolicyMappings(vec![pair]));
    }
}
