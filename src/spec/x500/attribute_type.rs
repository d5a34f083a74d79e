//! The attribute types that an X.500 string can name, and the string types that certreq gives their values.

use crate::request::Oid;

/// An attribute type.
#[derive(Debug, Clone, Copy)]
pub(in crate::spec) struct AttributeType {
    /// The short names of the `CertStrToName` page, in any case; the usual one first.
    pub(in crate::spec) keys: &'static [&'static str],
    /// The name of RFC 4519 and X.520.
    pub(in crate::spec) long_name: &'static str,
    /// Its OID.
    pub(in crate::spec) oid: Oid,
    /// How values are encoded.
    pub(in crate::spec) kind: StringKind,
    /// Longest value in characters (RFC 5280, appendix A.1).
    pub(in crate::spec) longest: usize,
}

/// How the values of an attribute type are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum StringKind {
    /// `DirectoryString`: `UTF8String`, unless `X500NameFlags` says otherwise.
    Directory,
    /// `PrintableString` only.
    Printable,
    /// `IA5String`, a mailbox: its host part may be given in Unicode.
    Mailbox,
    /// `IA5String`, and `UTF8String` for what is not ASCII.
    Ia5,
    /// A type that Windows does not know: `PrintableString` where it fits, else `BMPString`.
    Unknown,
}

use StringKind::{Directory, Ia5, Mailbox, Printable, Unknown};

/// The names of `CertStrToName` and of Windows' OID table; `UID` is hsmcert's addition (RFC 4519, 2.39).
pub(in crate::spec) const ATTRIBUTE_TYPES: &[AttributeType] = &[
    row(&["CN"], "commonName", "2.5.4.3", Directory, 64),
    row(&["L"], "localityName", "2.5.4.7", Directory, 128),
    row(&["O"], "organizationName", "2.5.4.10", Directory, 64),
    row(&["OU"], "organizationalUnitName", "2.5.4.11", Directory, 64),
    row(&["S", "ST"], "stateOrProvinceName", "2.5.4.8", Directory, 128),
    row(&["STREET"], "streetAddress", "2.5.4.9", Directory, 128),
    row(&["T", "Title"], "title", "2.5.4.12", Directory, 64),
    row(&["G", "GN", "GivenName"], "givenName", "2.5.4.42", Directory, 32768),
    row(&["I", "Initials"], "initials", "2.5.4.43", Directory, 32768),
    row(&["SN"], "surname", "2.5.4.4", Directory, 32768),
    row(&["C"], "countryName", "2.5.4.6", Printable, 2),
    row(&["E", "Email"], "emailAddress", "1.2.840.113549.1.9.1", Mailbox, 255),
    row(&["DC"], "domainComponent", "0.9.2342.19200300.100.1.25", Ia5, 63),
    row(&["SERIALNUMBER", "DeviceSerialNumber"], "serialNumber", "2.5.4.5", Printable, 64),
    row(&["PostalCode"], "postalCode", "2.5.4.17", Directory, 40),
    row(&["POBox"], "postOfficeBox", "2.5.4.18", Directory, 40),
    row(&["Phone"], "telephoneNumber", "2.5.4.20", Printable, 32),
    row(&["Description"], "description", "2.5.4.13", Directory, 1024),
    row(&["dnQualifier"], "dnQualifier", "2.5.4.46", Printable, 64),
    row(&["UnstructuredName"], "unstructuredName", "1.2.840.113549.1.9.2", Ia5, 255),
    row(&["UnstructuredAddress"], "unstructuredAddress", "1.2.840.113549.1.9.8", Directory, 255),
    row(&["UID"], "userId", "0.9.2342.19200300.100.1.1", Directory, 256),
    // Windows has no names for these.
    row(&[], "businessCategory", "2.5.4.15", Unknown, 128),
    row(&[], "pseudonym", "2.5.4.65", Unknown, 128),
    row(&[], "organizationIdentifier", "2.5.4.97", Unknown, 256),
];

const fn row(
    keys: &'static [&'static str],
    long_name: &'static str,
    oid: &'static str,
    kind: StringKind,
    longest: usize,
) -> AttributeType {
    AttributeType { keys, long_name, oid: Oid::new_unwrap(oid), kind, longest }
}

impl AttributeType {
    /// The type with this short name, in any case.
    pub(in crate::spec) fn by_key(key: &str) -> Option<&'static Self> {
        ATTRIBUTE_TYPES.iter().find(|known| known.keys.iter().any(|name| name.eq_ignore_ascii_case(key)))
    }

    /// The type with this long name; case and hyphens do not count.
    pub(in crate::spec) fn by_long_name(name: &str) -> Option<&'static Self> {
        let name = name.replace('-', "");
        ATTRIBUTE_TYPES.iter().find(|known| known.long_name.eq_ignore_ascii_case(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_used_once() {
        let mut names: Vec<_> =
            ATTRIBUTE_TYPES.iter().flat_map(|known| known.keys).map(|name| name.to_lowercase()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn sn_is_the_surname() {
        assert_eq!(AttributeType::by_key("sn").map(|known| known.long_name), Some("surname"));
        assert_eq!(AttributeType::by_long_name("common-name").map(|known| known.keys), Some(&["CN"][..]));
    }
}
