//! `GeneralName` (RFC 5280, 4.2.1.6): the entries of a subject alternative name.

use std::fmt;
use std::net::IpAddr;

use super::{Name, Oid};

/// One alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// A host name, as A-labels; may start with `*.`.
    Dns(String),
    /// A mailbox, `rfc822Name`.
    Email(String),
    /// An address: 4 or 16 bytes.
    Ip(IpAddr),
    /// A URI.
    Uri(String),
    /// A distinguished name.
    DirectoryName(Name),
    /// A registered object identifier.
    RegisteredId(Oid),
    /// Any other form, for example a user principal name.
    OtherName {
        /// The type of the name.
        oid: Oid,
        /// Its value.
        value: OtherNameValue,
    },
}

/// The value of an otherName.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherNameValue {
    /// A `UTF8String`.
    Utf8(String),
    /// An OCTET STRING.
    Octets(Vec<u8>),
    /// Any DER, as it is.
    Der(Vec<u8>),
}

impl GeneralName {
    /// User principal name, 1.3.6.1.4.1.311.20.2.3 (Microsoft).
    pub const UPN: Oid = Oid::new_unwrap("1.3.6.1.4.1.311.20.2.3");
    /// NTDS replication GUID of a domain controller, 1.3.6.1.4.1.311.25.1 (Microsoft).
    pub const NTDS_REPLICATION: Oid = Oid::new_unwrap("1.3.6.1.4.1.311.25.1");

    /// The GUID in an otherName of a domain controller ([`GeneralName::NTDS_REPLICATION`]), of which the first three
    /// groups are little-endian; `None` for any other name.
    #[must_use]
    pub fn guid(oid: Oid, octets: &[u8]) -> Option<String> {
        let octets: [u8; 16] = octets.try_into().ok().filter(|_| oid == Self::NTDS_REPLICATION)?;
        let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (clock, node) = rest.split_at(2);
        let first = [hex(&[d, c, b, a]), hex(&[f, e]), hex(&[h, g]), hex(clock), hex(node)];
        Some(first.join("-"))
    }

    /// The kind as the TOML format and OpenSSL spell it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "DNS",
            Self::Email(_) => "email",
            Self::Ip(_) => "IP",
            Self::Uri(_) => "URI",
            Self::DirectoryName(_) => "directoryName",
            Self::RegisteredId(_) => "registeredID",
            Self::OtherName { oid, .. } if *oid == Self::UPN => "UPN",
            Self::OtherName { .. } => "otherName",
        }
    }

    /// The value alone, as text.
    #[must_use]
    pub fn value_text(&self) -> String {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) => text.clone(),
            Self::Ip(address) => address.to_string(),
            Self::DirectoryName(name) => name.to_string(),
            Self::RegisteredId(oid) => oid.to_string(),
            Self::OtherName { oid, value: OtherNameValue::Utf8(text) } if *oid == Self::UPN => text.clone(),
            Self::OtherName { oid, value } => format!("{oid};{value}"),
        }
    }
}

impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.value_text())
    }
}

impl fmt::Display for OtherNameValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8(text) => f.write_str(text),
            Self::Octets(bytes) | Self::Der(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}
