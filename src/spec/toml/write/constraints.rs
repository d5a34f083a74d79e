//! `[name-constraints]`.

use std::net::IpAddr;

use super::name;
use super::value::{array, entry, text};
use crate::request::{GeneralName, NameConstraints, Subtree};

/// The tables; `None` for what the format has no key for.
pub(super) fn write(constraints: &NameConstraints) -> Option<Vec<String>> {
    let NameConstraints { permitted, excluded } = constraints;
    let mut lines = Vec::new();
    for (word, subtrees) in [("permitted", permitted), ("excluded", excluded)] {
        if subtrees.is_empty() {
            continue;
        }
        let named = subtrees.iter().map(key_and_value).collect::<Option<Vec<_>>>()?;
        lines.push(format!("[name-constraints.{word}]"));
        for run in named.chunk_by(|one, next| one.0 == next.0) {
            let values: Vec<String> = run.iter().map(|(_, value)| value.clone()).collect();
            lines.push(entry(run.first()?.0, &array(&values)));
        }
    }
    Some(lines)
}

fn key_and_value(subtree: &Subtree) -> Option<(&'static str, String)> {
    match subtree {
        Subtree::Name(GeneralName::Dns(host)) => Some(("dns", text(host))),
        Subtree::Name(GeneralName::Email(mailbox)) => Some(("email", text(mailbox))),
        Subtree::Name(GeneralName::Uri(host)) => Some(("uri", text(host))),
        Subtree::Name(GeneralName::DirectoryName(directory)) => Some(("directory-name", name::value(directory))),
        Subtree::Name(GeneralName::Ip(_) | GeneralName::RegisteredId(_) | GeneralName::OtherName { .. }) => None,
        Subtree::IpRange(bytes) => Some(("ip", text(&network(bytes)?))),
    }
}

/// `10.0.0.0/8`, if the mask is such a one.
fn network(bytes: &[u8]) -> Option<String> {
    let (address, mask) = bytes.split_at(bytes.len() / 2);
    let four = <[u8; 4]>::try_from(address).map(IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(address).map(IpAddr::from)).ok()?;
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    Some(format!("{address}/{ones}"))
}
