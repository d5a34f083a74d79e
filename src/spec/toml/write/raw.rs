//! Extensions and attributes as DER.

use super::value::{entry, hex, text};
use crate::request::{Extension, RequestAttribute};
use crate::spec::write::about;

/// `[[extension]]`, with what it is as a comment.
pub(super) fn extension(extension: &Extension, critical: bool, der: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> = about(extension).into_iter().map(|line| format!("# {line}")).collect();
    lines.push("[[extension]]".to_owned());
    lines.push(entry("oid", &text(&extension.oid().to_string())));
    lines.extend(critical.then(|| entry("critical", "true")));
    lines.push(entry("hex", &hex(der)));
    lines
}

/// `[[attribute]]`.
pub(super) fn attribute(attribute: &RequestAttribute) -> Vec<String> {
    let RequestAttribute { oid, value } = attribute;
    let dotted = oid.to_string();
    let comment = (dotted == "1.2.840.113549.1.9.7").then(|| "# challengePassword".to_owned());
    let entries = ["[[attribute]]".to_owned(), entry("oid", &text(&dotted)), entry("hex", &hex(value))];
    comment.into_iter().chain(entries).collect()
}
