//! Certificate policies and application policies.

use crate::request::{Policy, PolicyQualifier};
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{self, PolicyTable};
use crate::spec::toml::host;
use crate::spec::toml::placed::{Many, Placed, TextOr};
use crate::spec::{Diagnostic, oid};

/// Policies in their order; one that is named twice is an error (RFC 5280, 4.2.1.4).
pub(super) fn read(policies: Many<format::Policy>, found: &mut Findings<'_>) -> Vec<Policy> {
    let mut read: Vec<Policy> = Vec::new();
    for Placed { value, span } in policies.items {
        let Some(policy) = policy(value, span, found) else { continue };
        if read.iter().any(|other| other.oid == policy.oid) {
            found.push(Diagnostic::error(format!("the policy {} is named twice", policy.oid), Some(span)));
        }
        read.push(policy);
    }
    read
}

fn policy(policy: format::Policy, span: crate::spec::Span, found: &mut Findings<'_>) -> Option<Policy> {
    match policy {
        TextOr::Text(text) => Some(Policy { oid: found.take_at(span, oid::parse(&text))?, qualifiers: Vec::new() }),
        TextOr::Table(PolicyTable { oid, cps, notice }) => {
            let oid = found.take_at(oid.span, oid::parse(&oid.value));
            let items = |list: Option<Many<String>>| list.map(|list| list.items).unwrap_or_default();
            let mut qualifiers = Vec::new();
            for cps in items(cps) {
                qualifiers.extend(found.take(host::uri(&cps)).map(PolicyQualifier::Cps));
            }
            qualifiers.extend(items(notice).into_iter().map(|notice| PolicyQualifier::Notice(notice.value)));
            Some(Policy { oid: oid?, qualifiers })
        }
    }
}
