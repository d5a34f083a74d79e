//! Extensions and attributes as DER.

use crate::request::{Oid, RequestAttribute, RequestedExtension};
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{RawAttribute, RawExtension};
use crate::spec::toml::placed::Placed;
use crate::spec::{Diagnostic, Span, octets, oid, raw_extension};

/// The extension, and where its type stands.
pub(super) fn extension(raw: &RawExtension, found: &mut Findings<'_>) -> Option<(RequestedExtension, Span)> {
    let RawExtension { oid, critical, hex, base64 } = raw;
    let (oid, span, value) = read(oid, hex.as_ref(), base64.as_ref(), found)?;
    Some((RequestedExtension { critical: *critical, extension: raw_extension::read(oid, value) }, span))
}

pub(super) fn attribute(raw: &RawAttribute, found: &mut Findings<'_>) -> Option<RequestAttribute> {
    let RawAttribute { oid, hex, base64 } = raw;
    let (oid, _, value) = read(oid, hex.as_ref(), base64.as_ref(), found)?;
    Some(RequestAttribute { oid, value })
}

fn read(
    oid: &Placed<String>,
    hex: Option<&Placed<String>>,
    base64: Option<&Placed<String>>,
    found: &mut Findings<'_>,
) -> Option<(Oid, Span, Vec<u8>)> {
    let number = found.take_at(oid.span, oid::parse(&oid.value));
    let (bytes, span) = match (hex, base64) {
        (Some(text), None) => (octets::hex(&text.value.replace(':', "")), text.span),
        (None, Some(text)) => (octets::base64(&text.value), text.span),
        (Some(_), Some(second)) => {
            let error = Diagnostic::error("the value is given twice", Some(second.span));
            found.push(error.expecting("expected hex or base64, not both"));
            return None;
        }
        (None, None) => {
            let error = Diagnostic::error(format!("{} has no value", oid.value), Some(oid.span));
            found.push(error.help("add hex = \"...\" or base64 = \"...\" below it"));
            return None;
        }
    };
    let checked = bytes.and_then(|bytes| octets::one_der_value(&bytes).map(|()| bytes));
    Some((number?, oid.span, found.take_at(span, checked)?))
}
