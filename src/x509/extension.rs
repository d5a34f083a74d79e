//! Extensions as DER (RFC 5280, 4.2).

use der::Encode as _;
use der::asn1::{Any, BitString, Ia5String, OctetString};
use sha1::{Digest as _, Sha1};
use x509_cert::ext::Extension as X509Extension;
use x509_cert::ext::pkix::certpolicy::{DisplayText, PolicyInformation, PolicyQualifierInfo, UserNotice};
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName as X509GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, CertificatePolicies, ExtendedKeyUsage, NameConstraints, PolicyMapping, PolicyMappings,
    SubjectAltName, SubjectKeyIdentifier,
};

use super::{Error, general_name, public_key};
use crate::key::PublicKey;
use crate::request::{Extension, KeyUsage, Oid, Policy, PolicyQualifier, RequestedExtension, Subtree};

/// id-qt-cps and id-qt-unotice (RFC 5280, 4.2.1.4).
const CPS: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.2.1");
const USER_NOTICE: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.2.2");

/// Encodes one extension. The public key is for the subject key identifier.
pub(super) fn encode(requested: &RequestedExtension, key: &PublicKey) -> Result<X509Extension, Error> {
    let RequestedExtension { critical, extension } = requested;
    let extn_value = OctetString::new(extension_der(extension, key)?).map_err(Error::der("extension"))?;
    Ok(X509Extension { extn_id: extension.oid(), critical: *critical, extn_value })
}

/// The DER inside `extnValue`. The public key is for the subject key identifier.
///
/// # Errors
/// [`Error::Value`] for a value that its ASN.1 type cannot hold.
pub fn extension_der(extension: &Extension, key: &PublicKey) -> Result<Vec<u8>, Error> {
    let names =
        |names: &[crate::request::GeneralName]| names.iter().map(general_name::encode).collect::<Result<Vec<_>, _>>();
    let encoded = match extension {
        Extension::KeyUsage(usage) => key_usage(*usage),
        Extension::ExtendedKeyUsage(purposes) => ExtendedKeyUsage(purposes.clone()).to_der(),
        Extension::SubjectAltName(alternatives) | Extension::IssuerAltName(alternatives) => {
            SubjectAltName(names(alternatives)?).to_der()
        }
        Extension::BasicConstraints(constraints) => {
            // RFC 5280 has no limit; nobody has a path of more than 255 CAs.
            let path_len_constraint = constraints.path_length.map(|length| u8::try_from(length).unwrap_or(u8::MAX));
            BasicConstraints { ca: constraints.ca, path_len_constraint }.to_der()
        }
        Extension::SubjectKeyIdentifier => key_identifier(key)?.to_der(),
        Extension::CertificatePolicies(policies) | Extension::ApplicationPolicies(policies) => {
            CertificatePolicies(policies.iter().map(policy).collect::<Result<_, _>>()?).to_der()
        }
        Extension::PolicyMappings(pairs) | Extension::ApplicationPolicyMappings(pairs) => {
            let mapping = |(issuer, subject): &(Oid, Oid)| PolicyMapping {
                issuer_domain_policy: *issuer,
                subject_domain_policy: *subject,
            };
            PolicyMappings(pairs.iter().map(mapping).collect()).to_der()
        }
        Extension::NameConstraints(constraints) => {
            let subtrees = |list: &[Subtree]| -> Result<Option<Vec<GeneralSubtree>>, Error> {
                let subtrees = list.iter().map(subtree).collect::<Result<Vec<_>, _>>()?;
                Ok(Some(subtrees).filter(|subtrees| !subtrees.is_empty()))
            };
            let permitted_subtrees = subtrees(&constraints.permitted)?;
            let excluded_subtrees = subtrees(&constraints.excluded)?;
            NameConstraints { permitted_subtrees, excluded_subtrees }.to_der()
        }
        Extension::Other { value, .. } => Ok(value.clone()),
    };
    encoded.map_err(Error::der("extension"))
}

/// Named bits without trailing zeros (X.690, 11.2.2).
fn key_usage(usage: KeyUsage) -> der::Result<Vec<u8>> {
    let bytes = (usage.bits().reverse_bits()).to_be_bytes();
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let unused = bytes[..length].last().map_or(0, |last| last.trailing_zeros() as u8);
    BitString::new(unused, &bytes[..length])?.to_der()
}

/// SHA-1 of the public key's bits (RFC 5280, 4.2.1.2, method 1).
pub(super) fn key_identifier(key: &PublicKey) -> Result<SubjectKeyIdentifier, Error> {
    let bits = public_key::bits(key)?;
    let hash = OctetString::new(Sha1::digest(bits).to_vec()).map_err(Error::der("key identifier"))?;
    Ok(SubjectKeyIdentifier(hash))
}

fn policy(policy: &Policy) -> Result<PolicyInformation, Error> {
    let qualifiers = policy.qualifiers.iter().map(qualifier).collect::<der::Result<Vec<_>>>();
    let qualifiers = qualifiers.map_err(Error::der("policy qualifier"))?;
    let policy_qualifiers = Some(qualifiers).filter(|qualifiers| !qualifiers.is_empty());
    Ok(PolicyInformation { policy_identifier: policy.oid, policy_qualifiers })
}

fn qualifier(qualifier: &PolicyQualifier) -> der::Result<PolicyQualifierInfo> {
    let (policy_qualifier_id, value) = match qualifier {
        PolicyQualifier::Cps(uri) => (CPS, Any::encode_from(&Ia5String::new(uri)?)?),
        PolicyQualifier::Notice(text) => {
            let notice = UserNotice { notice_ref: None, explicit_text: Some(DisplayText::Utf8String(text.clone())) };
            (USER_NOTICE, Any::encode_from(&notice)?)
        }
    };
    Ok(PolicyQualifierInfo { policy_qualifier_id, qualifier: Some(value) })
}

fn subtree(subtree: &Subtree) -> Result<GeneralSubtree, Error> {
    let base = match subtree {
        Subtree::Name(name) => general_name::encode(name)?,
        Subtree::IpRange(bytes) => {
            X509GeneralName::IpAddress(OctetString::new(bytes.clone()).map_err(Error::der("address range"))?)
        }
    };
    Ok(GeneralSubtree { base, minimum: 0, maximum: None })
}

#[cfg(test)]
mod tests {
    use super::super::name::tests::hex;
    use super::*;
    use crate::request::{BasicConstraints as Constraints, GeneralName, OtherNameValue};

    fn encoded(extension: &Extension) -> Vec<u8> {
        extension_der(extension, &PublicKey::rsa(&[1], &[3])).unwrap()
    }

    /// certreq puts digitalSignature into 0x80, RFC 5280 into bit 0.
    fn usage_of_certreq(flags: u16) -> KeyUsage {
        KeyUsage::from_bits((flags as u8).reverse_bits() as u16 | (flags & 0x8000) >> 7)
    }

    #[test]
    fn key_usage_has_no_trailing_zero_bits() {
        for (flags, der) in [
            (0xf0, "030204f0"),
            (0xa0, "030205a0"),
            (0x80, "03020780"),
            (0x04, "03020204"),
            (0x86, "03020186"),
            (0x01, "03020001"),
            (0x8000, "0303070080"),
            (0x8008, "0303070880"),
        ] {
            assert_eq!(encoded(&Extension::KeyUsage(usage_of_certreq(flags))), hex(der), "{flags:#x}");
        }
    }

    #[test]
    fn alternative_names_have_the_bytes_that_certreq_gives_them() {
        let other = |oid: &str, value| GeneralName::OtherName { oid: Oid::new(oid).unwrap(), value };
        for (name, der) in [
            (GeneralName::Dns("example.com".into()), "820b6578616d706c652e636f6d"),
            (GeneralName::Email("a@b.c".into()), "81056140622e63"),
            (GeneralName::Ip("10.0.0.1".parse().unwrap()), "87040a000001"),
            (GeneralName::Uri("http://h/".into()), "8609687474703a2f2f682f"),
            (GeneralName::RegisteredId(Oid::new_unwrap("1.2.3.4.5")), "88042a030405"),
            (
                other("1.3.6.1.4.1.311.20.2.3", OtherNameValue::Utf8("user@contoso.com".into())),
                "a020060a2b060104018237140203a0120c107573657240636f6e746f736f2e636f6d",
            ),
            (
                other("1.2.3.4.6.2", OtherNameValue::Octets((0..8).collect())),
                "a01306052a03040602a00a04080001020304050607",
            ),
            (
                other("1.2.3.4.6.3", OtherNameValue::Der(hex("04080001020304050607"))),
                "a01306052a03040603a00a04080001020304050607",
            ),
        ] {
            let x509 = general_name::encode(&name).unwrap();
            assert_eq!(x509.to_der().unwrap(), hex(der), "{name}");
            assert_eq!(general_name::encode(&general_name::decode(&x509).unwrap()).unwrap(), x509);
        }
    }

    #[test]
    fn basic_constraints_leave_out_their_default() {
        let constraints = |ca, path_length| Extension::BasicConstraints(Constraints { ca, path_length });
        assert_eq!(encoded(&constraints(true, Some(0))), hex("30060101ff020100"));
        assert_eq!(encoded(&constraints(false, None)), hex("3000"));
    }

    #[test]
    fn a_policy_without_qualifiers_is_its_oid() {
        let policy = Policy { oid: Oid::new_unwrap("1.3.6.1.4.1.311.67.1.1"), qualifiers: vec![] };
        assert_eq!(encoded(&Extension::CertificatePolicies(vec![policy])), hex("300e300c060a2b060104018237430101"));
    }
}
