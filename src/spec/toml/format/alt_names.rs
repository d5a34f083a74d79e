//! Names of the subject and limits on names.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::DistinguishedName;
use crate::spec::toml::placed::{Many, Placed, Table};

/// Alternative names, encoded in the order written. Each key takes one value or an array.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::spec::toml) struct AltNames {
    /// Host names; the first label may be `*`. Names that are not ASCII are encoded as A-labels.
    pub(in crate::spec::toml) dns: Option<Many<String>>,
    /// IPv4 and IPv6 addresses.
    pub(in crate::spec::toml) ip: Option<Many<String>>,
    /// Mailboxes.
    pub(in crate::spec::toml) email: Option<Many<String>>,
    /// URIs with a scheme.
    pub(in crate::spec::toml) uri: Option<Many<String>>,
    /// User principal names (Microsoft), for smart-card logon.
    pub(in crate::spec::toml) upn: Option<Many<String>>,
    /// NTDS replication GUIDs of a domain controller (Microsoft).
    pub(in crate::spec::toml) guid: Option<Many<String>>,
    /// Names of any other form.
    pub(in crate::spec::toml) other_name: Option<Many<Table<OtherName>>>,
    /// Distinguished names, in the forms of `subject`.
    pub(in crate::spec::toml) directory_name: Option<Many<DistinguishedName>>,
    /// Registered object identifiers.
    pub(in crate::spec::toml) registered_id: Option<Many<String>>,
}

/// A name of another form. Exactly one of `utf8`, `octets` and `der`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::spec::toml) struct OtherName {
    /// The type of the name.
    pub(in crate::spec::toml) oid: Placed<String>,
    /// The value as a `UTF8String`.
    pub(in crate::spec::toml) utf8: Option<Placed<String>>,
    /// The value as an OCTET STRING, in hex digits.
    pub(in crate::spec::toml) octets: Option<Placed<String>>,
    /// The DER of the value, in hex digits.
    pub(in crate::spec::toml) der: Option<Placed<String>>,
}

/// In which names a CA may issue.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::spec::toml) struct NameConstraints {
    /// Names must lie in one of these.
    #[serde(default)]
    pub(in crate::spec::toml) permitted: Table<Subtrees>,
    /// Names must not lie in any of these.
    #[serde(default)]
    pub(in crate::spec::toml) excluded: Table<Subtrees>,
}

/// Subtrees of names. Each key takes one value or an array.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::spec::toml) struct Subtrees {
    /// A domain with all names below it: `example.com`.
    pub(in crate::spec::toml) dns: Option<Many<String>>,
    /// A network: `10.0.0.0/8`, `2001:db8::/32`.
    pub(in crate::spec::toml) ip: Option<Many<String>>,
    /// A mailbox, a host (`example.com`), or all hosts of a domain (`.example.com`).
    pub(in crate::spec::toml) email: Option<Many<String>>,
    /// A host, or all hosts of a domain (`.example.com`).
    pub(in crate::spec::toml) uri: Option<Many<String>>,
    /// Distinguished names that begin like this.
    pub(in crate::spec::toml) directory_name: Option<Many<DistinguishedName>>,
}
