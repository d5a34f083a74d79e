//! Alternative names, from the request's own form to DER and back.

use std::net::IpAddr;

use der::asn1::{Any, Ia5String, OctetString, OctetStringRef};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::name::{GeneralName as X509GeneralName, OtherName};

use super::{Error, name};
use crate::request::{GeneralName, OtherNameValue};

pub(super) fn encode(general_name: &GeneralName) -> Result<X509GeneralName, Error> {
    let failed = |error: der::Error| Error::Value {
        what: "alternative name",
        value: general_name.to_string(),
        reason: error.to_string(),
    };
    Ok(match general_name {
        GeneralName::Dns(text) => X509GeneralName::DnsName(Ia5String::new(text).map_err(failed)?),
        GeneralName::Email(text) => X509GeneralName::Rfc822Name(Ia5String::new(text).map_err(failed)?),
        GeneralName::Uri(text) => X509GeneralName::UniformResourceIdentifier(Ia5String::new(text).map_err(failed)?),
        GeneralName::Ip(address) => {
            let bytes = match address {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            X509GeneralName::IpAddress(OctetString::new(bytes).map_err(failed)?)
        }
        GeneralName::DirectoryName(directory) => X509GeneralName::DirectoryName(name::encode(directory)?),
        GeneralName::RegisteredId(oid) => X509GeneralName::RegisteredId(*oid),
        GeneralName::OtherName { oid, value } => {
            let value = match value {
                OtherNameValue::Utf8(text) => Any::new(Tag::Utf8String, text.as_bytes()).map_err(failed)?,
                OtherNameValue::Octets(bytes) => {
                    OctetStringRef::new(bytes).and_then(|octets| Any::encode_from(&octets)).map_err(failed)?
                }
                OtherNameValue::Der(bytes) => Any::from_der(bytes).map_err(failed)?,
            };
            X509GeneralName::OtherName(OtherName { type_id: *oid, value })
        }
    })
}

/// `None` for the forms that hsmcert has no use for (x400Address, ediPartyName).
pub(super) fn decode(general_name: &X509GeneralName) -> Option<GeneralName> {
    Some(match general_name {
        X509GeneralName::DnsName(text) => GeneralName::Dns(text.to_string()),
        X509GeneralName::Rfc822Name(text) => GeneralName::Email(text.to_string()),
        X509GeneralName::UniformResourceIdentifier(text) => GeneralName::Uri(text.to_string()),
        X509GeneralName::IpAddress(bytes) => GeneralName::Ip(
            <[u8; 4]>::try_from(bytes.as_bytes())
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(bytes.as_bytes()).map(IpAddr::from))
                .ok()?,
        ),
        X509GeneralName::DirectoryName(directory) => GeneralName::DirectoryName(name::decode(directory)),
        X509GeneralName::RegisteredId(oid) => GeneralName::RegisteredId(*oid),
        X509GeneralName::OtherName(OtherName { type_id, value }) => {
            let value = match value.tag() {
                Tag::Utf8String => OtherNameValue::Utf8(String::from_utf8_lossy(value.value()).into_owned()),
                Tag::OctetString => OtherNameValue::Octets(value.value().to_vec()),
                _ => OtherNameValue::Der(value.to_der().ok()?),
            };
            GeneralName::OtherName { oid: *type_id, value }
        }
        X509GeneralName::EdiPartyName(_) => return None,
    })
}
