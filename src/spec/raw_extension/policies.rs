//! Policies and their mappings.

use x509_cert::der::asn1::Ia5StringRef;
use x509_cert::ext::pkix::certpolicy::{DisplayText, PolicyInformation, PolicyQualifierInfo, UserNotice};
use x509_cert::ext::pkix::{CertificatePolicies, PolicyMappings};

use super::same_again;
use crate::request::{Oid, Policy, PolicyQualifier};

/// id-qt-cps and id-qt-unotice (RFC 5280, 4.2.1.4).
const CPS: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.2.1");
const USER_NOTICE: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.2.2");

/// certificatePolicies, and Microsoft's application policies of the same form.
pub(super) fn policies(der: &[u8]) -> Option<Vec<Policy>> {
    let policies: CertificatePolicies = same_again(der)?;
    policies.0.iter().map(policy).collect()
}

/// policyMappings, and Microsoft's of the same form.
pub(super) fn mappings(der: &[u8]) -> Option<Vec<(Oid, Oid)>> {
    let mappings: PolicyMappings = same_again(der)?;
    Some(mappings.0.iter().map(|one| (one.issuer_domain_policy, one.subject_domain_policy)).collect())
}

/// An empty list of qualifiers is encoded otherwise than none.
fn policy(policy: &PolicyInformation) -> Option<Policy> {
    let PolicyInformation { policy_identifier, policy_qualifiers } = policy;
    let qualifiers = match policy_qualifiers {
        None => Vec::new(),
        Some(list) if list.is_empty() => return None,
        Some(list) => list.iter().map(qualifier).collect::<Option<_>>()?,
    };
    Some(Policy { oid: *policy_identifier, qualifiers })
}

fn qualifier(info: &PolicyQualifierInfo) -> Option<PolicyQualifier> {
    let value = info.qualifier.as_ref()?;
    if info.policy_qualifier_id == CPS {
        return Some(PolicyQualifier::Cps(value.decode_as::<Ia5StringRef<'_>>().ok()?.to_string()));
    }
    if info.policy_qualifier_id == USER_NOTICE {
        let notice = value.decode_as::<UserNotice>().ok()?;
        if let UserNotice { notice_ref: None, explicit_text: Some(DisplayText::Utf8String(text)) } = notice {
            return Some(PolicyQualifier::Notice(text));
        }
    }
    None
}
