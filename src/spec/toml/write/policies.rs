//! Policies with their qualifiers.

use super::value::{array, entry, inline_table, text};
use crate::request::{Policy, PolicyQualifier};

/// `key = [...]`.
pub(super) fn write(key: &str, policies: &[Policy]) -> String {
    entry(key, &array(&policies.iter().map(policy).collect::<Vec<_>>()))
}

fn policy(policy: &Policy) -> String {
    let Policy { oid, qualifiers } = policy;
    let oid = text(&oid.to_string());
    if qualifiers.is_empty() {
        return oid;
    }
    let (mut cps, mut notices) = (Vec::new(), Vec::new());
    for qualifier in qualifiers {
        match qualifier {
            PolicyQualifier::Cps(uri) => cps.push(text(uri)),
            PolicyQualifier::Notice(notice) => notices.push(text(notice)),
        }
    }
    let list = |key: &str, values: Vec<String>| match values.as_slice() {
        [] => None,
        [one] => Some(entry(key, one)),
        many => Some(entry(key, &format!("[{}]", many.join(", ")))),
    };
    let entries = [Some(entry("oid", &oid)), list("cps", cps), list("notice", notices)];
    inline_table(&entries.into_iter().flatten().collect::<Vec<_>>())
}
