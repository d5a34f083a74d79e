//! Extensions that a request file can ask for by name but that have no type of their own in [`Extension`].

use x509_cert::der::Encode;
use x509_cert::der::asn1::BmpString;
use x509_cert::ext::pkix::PolicyConstraints;

use super::Diagnostic;
use crate::request::{Extension, Oid};

/// Certificate Template Name of Microsoft (1.3.6.1.4.1.311.20.2): the common name of a template as `BMPString`.
///
/// # Errors
/// An error without a place, for characters outside of the Basic Multilingual Plane.
pub(super) fn template_name(name: &str) -> Result<Extension, Diagnostic> {
    let value = BmpString::from_utf8(name).and_then(|name| name.to_der()).map_err(|_| {
        Diagnostic::error(format!("template name `{name}` has a character that a BMPString cannot hold"), None)
    })?;
    Ok(Extension::Other { oid: Oid::new_unwrap("1.3.6.1.4.1.311.20.2"), value })
}

/// policyConstraints (RFC 5280, 4.2.1.11), or Microsoft's application policy constraints of the same form.
///
/// # Errors
/// An error without a place if there is no constraint.
pub(super) fn policy_constraints(
    oid: Oid,
    require_explicit_policy: Option<u32>,
    inhibit_policy_mapping: Option<u32>,
) -> Result<Extension, Diagnostic> {
    let constraints = PolicyConstraints { require_explicit_policy, inhibit_policy_mapping };
    match constraints.to_der() {
        Ok(value) if value.len() > EMPTY_SEQUENCE => Ok(Extension::Other { oid, value }),
        Ok(_) | Err(_) => Err(Diagnostic::error("policy constraints without a constraint", None)
            .expecting("expected RequireExplicitPolicy or InhibitPolicyMapping")),
    }
}

const EMPTY_SEQUENCE: usize = 2;

/// smimeCapabilities (RFC 8551, 2.5.2) with AES in CBC mode of 256, 192 and 128 bits.
///
/// # Errors
/// None in practice: the value is constant.
pub(super) fn smime_capabilities() -> Result<Extension, Diagnostic> {
    const AES_CBC: [Oid; 3] = [
        Oid::new_unwrap("2.16.840.1.101.3.4.1.42"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.22"),
        Oid::new_unwrap("2.16.840.1.101.3.4.1.2"),
    ];
    let value = AES_CBC.map(|oid| [oid]).to_vec().to_der();
    let oid = Oid::new_unwrap("1.2.840.113549.1.9.15");
    value.map(|value| Extension::Other { oid, value }).map_err(|reason| Diagnostic::error(reason.to_string(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(extension: Result<Extension, Diagnostic>) -> String {
        match extension {
            Ok(Extension::Other { value, .. }) => base16ct::lower::encode_string(&value),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_template_name_is_a_bmp_string() {
        assert_eq!(hex(template_name("WebServer")), "1e12005700650062005300650072007600650072");
        assert!(template_name("🔑").is_err());
    }

    #[test]
    fn policy_constraints_are_tagged_numbers() {
        let oid = Oid::new_unwrap("2.5.29.36");
        assert_eq!(hex(policy_constraints(oid, Some(0), Some(3))), "3006800100810103");
        assert!(policy_constraints(oid, None, None).is_err());
    }

    #[test]
    fn capabilities_are_a_sequence_of_sequences() {
        let expected = "3027300b060960864801650304012a300b0609608648016503040116300b0609608648016503040102";
        assert_eq!(hex(smime_capabilities()), expected);
    }
}
