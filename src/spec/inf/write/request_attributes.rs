//! `[RequestAttributes]`: PKCS#10 attributes.

use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};

use super::super::request_attributes::challenge_password;
use super::value;
use crate::request::RequestAttribute;

/// The lines for one attribute: the challenge password as text, others as DER.
pub(super) fn write(attribute: &RequestAttribute) -> Vec<String> {
    let RequestAttribute { oid, value } = attribute;
    let printable = PrintableStringRef::from_der(value).map(|text| text.to_string());
    let text = printable.or_else(|_| Utf8StringRef::from_der(value).map(|text| text.to_string()));
    match text {
        Ok(text) if value::can_hold(&text) && challenge_password(&text).as_ref() == Some(attribute) => {
            vec![value::entry("challengePassword", &text)]
        }
        Ok(_) | Err(_) => hex(&oid.to_string(), value),
    }
}

/// Bytes as `{hex}`, 32 in a line.
pub(super) fn hex(key: &str, bytes: &[u8]) -> Vec<String> {
    let lines: Vec<String> = bytes.chunks(32).map(base16ct::lower::encode_string).collect();
    value::continued(key, "{hex}", &lines)
}
