//! The format as it is written: what serde reads and what the JSON Schema describes.
//!
//! The doc comments of the fields are the descriptions in `schema/request.schema.json`.

mod alt_names;
mod name;
mod policy;

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use alt_names::{AltNames, NameConstraints, OtherName, Subtrees};
pub(super) use name::{AttributeTable, AttributeValue, DistinguishedName, TypedText};
pub(super) use policy::{Policy, PolicyTable};

use super::placed::{Many, Placed, Table};
#[cfg(test)]
use super::schema;
use crate::authority::Authority;
use crate::renewal::Renewal;

/// A request for a certificate: what `hsmcert new` makes of it is a key pair in the token and a CSR.
///
/// Top-level keys stand before the first `[table]`. `${NAME}` in any string is replaced by the environment
/// variable NAME, which must be set; `$${` is a plain `${`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, schemars(title = "hsmcert request"))]
pub(super) struct Request {
    /// Who the certificate is for, in the order in which it is encoded.
    ///
    /// Either a table (`[subject]`), or a string as in `"C=US, O=Example Ltd, CN=www.example.com"`, or an array of
    /// tables, one for each RDN. Leave it out for an empty subject; the alternative names are critical then.
    pub(super) subject: Option<Placed<DistinguishedName>>,
    /// The keyUsage extension, critical. Left out, it is `digital-signature`, which is what TLS 1.3 and ECDHE need;
    /// for a CA it is `key-cert-sign` and `crl-sign`. `[]` asks for none.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::key_usages"))]
    pub(super) key_usage: Option<Many<String>>,
    /// The extKeyUsage extension: names or object identifiers. Left out, it is `server-auth`; for a CA there is none.
    /// `[]` asks for none.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::purposes"))]
    pub(super) extended_key_usage: Option<Many<String>>,
    /// The basicConstraints extension; critical when `ca` is true.
    pub(super) basic_constraints: Option<Placed<Table<BasicConstraints>>>,
    /// Ask for a certificate that is only valid with a stapled OCSP answer (RFC 7633).
    #[serde(default)]
    pub(super) must_staple: bool,
    /// Ask for a subjectKeyIdentifier. CAs add it by themselves.
    #[serde(default)]
    pub(super) subject_key_identifier: bool,
    /// The name of a certificate template of Active Directory Certificate Services, for example `WebServer`.
    pub(super) template: Option<Placed<String>>,
    /// A certificate template of Active Directory Certificate Services by its object identifier.
    pub(super) template_oid: Option<Table<TemplateOid>>,
    /// The certificatePolicies extension: object identifiers, or tables with qualifiers.
    pub(super) certificate_policies: Option<Many<Policy>>,
    /// Microsoft's application policies, which have the form of certificate policies.
    pub(super) application_policies: Option<Many<Policy>>,
    /// Which extensions are critical, in place of what is usual (keyUsage, basicConstraints of a CA,
    /// nameConstraints, alternative names when the subject is empty).
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::extension_keys"))]
    pub(super) critical: Option<Many<String>>,
    /// The order of the extensions in the request, by their keys here or by object identifier, in place of the usual
    /// one. Those that are not on the list come last. No CA depends on it.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::extension_order"))]
    pub(super) extension_order: Option<Many<String>>,
    /// The subjectAltName extension: the names that the certificate is for. An array of tables (`[[san]]`) is for names
    /// whose kinds alternate.
    pub(super) san: Option<Many<Table<AltNames>>>,
    /// The nameConstraints extension of a CA.
    pub(super) name_constraints: Option<Table<NameConstraints>>,
    /// Any other extension, as DER.
    #[serde(default)]
    pub(super) extension: Vec<Table<RawExtension>>,
    /// Any other PKCS#10 attribute, as DER.
    #[serde(default)]
    pub(super) attribute: Vec<Table<RawAttribute>>,
    /// The key pair.
    #[serde(default)]
    pub(super) key: Table<Key>,
    /// How the request is signed.
    #[serde(default)]
    pub(super) signature: Table<Signature>,
    /// Where the key lives. What is given on the command line wins.
    #[serde(default)]
    pub(super) token: Table<Token>,
    /// Make a self-signed certificate instead of a CSR.
    pub(super) self_signed: Option<Placed<Table<SelfSigned>>>,
    /// What only matters in the certificate store of Windows.
    #[serde(default)]
    pub(super) windows: Table<Windows>,
    /// How `hsmcert renew` renews the certificate. `[renewal]` of `hsmcert.toml` holds for what is left out.
    #[serde(default)]
    pub(super) renewal: Table<Renewal>,
    /// CAs of this request, by name, beside those of `hsmcert.toml`.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::authorities"))]
    pub(super) ca: BTreeMap<String, Authority>,
}

/// Whether the key belongs to a CA.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BasicConstraints {
    /// May the key sign certificates?
    pub(super) ca: bool,
    /// How many CAs may follow below this one.
    pub(super) path_length: Option<Placed<u32>>,
}

/// The template of a version 2 (or later) template: extension 1.3.6.1.4.1.311.21.7.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TemplateOid {
    /// The object identifier of the template.
    pub(super) oid: Placed<String>,
    /// Its major version.
    pub(super) major: u32,
    /// Its minor version.
    pub(super) minor: Option<u32>,
}

/// An extension by its object identifier. Exactly one of `hex` and `base64`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawExtension {
    /// The type of the extension.
    pub(super) oid: Placed<String>,
    /// Must a verifier that does not know it refuse the certificate?
    #[serde(default)]
    pub(super) critical: bool,
    /// The DER of the value as hex digits; blanks and colons are skipped.
    pub(super) hex: Option<Placed<String>>,
    /// The DER of the value as base64.
    pub(super) base64: Option<Placed<String>>,
}

/// An attribute by its object identifier. Exactly one of `hex` and `base64`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawAttribute {
    /// The type of the attribute.
    pub(super) oid: Placed<String>,
    /// The DER of the value as hex digits; blanks and colons are skipped.
    pub(super) hex: Option<Placed<String>>,
    /// The DER of the value as base64.
    pub(super) base64: Option<Placed<String>>,
}

/// The key pair, made in the token and never outside of it.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Key {
    /// The algorithm; left out, it is `rsa`. `ecdsa` takes its curve from `curve`.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::algorithms"))]
    pub(super) algorithm: Option<Placed<String>>,
    /// The bits of an RSA modulus: 2048 (when left out), 3072 or 4096.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::rsa_sizes"))]
    pub(super) size: Option<Placed<u32>>,
    /// The curve of `algorithm = "ecdsa"`; left out, it is `p256`.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::curves"))]
    pub(super) curve: Option<Placed<String>>,
    /// The label of the pair on the token. Left out, it is the CN, else the first alternative name.
    pub(super) label: Option<Placed<String>>,
    /// Take the pair that has this label instead of making a new one.
    #[serde(default)]
    pub(super) reuse: bool,
    /// What the private key may do beside signing: `decrypt`, `derive`. TLS needs neither.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::key_purposes"))]
    pub(super) purposes: Option<Many<String>>,
}

/// Hash and padding of the signature on the request.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Signature {
    /// The hash; left out, it is the one that suits the key.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::hashes"))]
    pub(super) hash: Option<Placed<String>>,
    /// RSASSA-PSS instead of PKCS#1 v1.5; only for RSA keys.
    pub(super) pss: Option<Placed<bool>>,
}

/// The token. At most one of the three.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Token {
    /// The name of a profile in `hsmcert.toml`.
    pub(super) profile: Option<Placed<String>>,
    /// A `pkcs11:` URI (RFC 7512), without a PIN in it.
    pub(super) uri: Option<Placed<String>>,
    /// The `ProviderName` of an INF, which chooses a profile.
    pub(super) provider: Option<Placed<String>>,
}

/// How long a self-signed certificate is valid: exactly one of `years`, `months`, `days`, `seconds` and `not-after`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SelfSigned {
    /// Years of the calendar from now.
    pub(super) years: Option<Placed<u32>>,
    /// Months of the calendar from now.
    pub(super) months: Option<Placed<u32>>,
    /// Days from now.
    pub(super) days: Option<Placed<u32>>,
    /// Seconds from now.
    pub(super) seconds: Option<Placed<u64>>,
    /// A date, or a time with `Z` or an offset: `2030-12-31T00:00:00Z`. A date alone is its first second in UTC.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) not_after: Option<Placed<toml::value::Datetime>>,
    /// The start, beside `not-after`; left out, it is ten minutes ago.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(super) not_before: Option<Placed<toml::value::Datetime>>,
}

/// Properties in the certificate store of Windows; they are not in the CSR.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Windows {
    /// The friendly name.
    pub(super) friendly_name: Option<String>,
    /// The store of the machine instead of the user's.
    #[serde(default)]
    pub(super) machine_store: bool,
}
