//! What a request or certificate says, in words: for `lint`, `new --dry-run` and `show`, so that a person sees what
//! the CA sees. It is read from the DER, never from the request file.

mod extension;

use der::Encode as _;
use x509_cert::attr::Attribute;
use x509_cert::request::CertReqInfo;

use super::csr::EXTENSION_REQUEST;
use super::{Error, name};
use crate::request::{Name, Oid};

pub use extension::DescribedExtension;
pub(super) use extension::describe as extension;

/// A `CertificationRequestInfo` (RFC 2986, 4.1) in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedRequest {
    /// The subject, in the order of its encoding.
    pub subject: Name,
    /// What the CA is asked to put into the certificate, in order.
    pub extensions: Vec<DescribedExtension>,
    /// The attributes beside the extension request.
    pub attributes: Vec<DescribedAttribute>,
}

/// An attribute of a request that is not the extension request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedAttribute {
    /// Its type.
    pub oid: Oid,
    /// Its values: the text of a string, else the DER in lower hex.
    pub values: Vec<String>,
}

/// Describes what is, or will be, signed.
pub(super) fn request(info: &CertReqInfo) -> Result<DescribedRequest, Error> {
    let (requested, others): (Vec<_>, Vec<_>) =
        info.attributes.iter().partition(|attribute| attribute.oid == EXTENSION_REQUEST);
    let mut extensions = Vec::new();
    for value in requested.iter().flat_map(|attribute| attribute.values.iter()) {
        let all: Vec<x509_cert::ext::Extension> = value.decode_as().map_err(Error::der("extension request"))?;
        extensions.extend(all.iter().map(extension));
    }
    Ok(DescribedRequest {
        subject: name::decode(&info.subject),
        extensions,
        attributes: others.into_iter().map(attribute).collect(),
    })
}

fn attribute(attribute: &Attribute) -> DescribedAttribute {
    let text = |value: &der::asn1::Any| {
        name::text(value).map_or_else(|| hex(&value.to_der().unwrap_or_default()), |(text, _)| text)
    };
    DescribedAttribute { oid: attribute.oid, values: attribute.values.iter().map(text).collect() }
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
