//! Distinguished names.

use std::fmt;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::spec::toml::placed::{Many, Placed, TextOr};

/// A name in one of its three forms.
#[derive(Debug, Clone)]
pub(in crate::spec::toml) enum DistinguishedName {
    /// `"C=US, O=Example Ltd, CN=www.example.com"`.
    Text(String),
    /// One RDN for each value.
    Table(AttributeTable),
    /// One RDN for each table: the way to write RDNs of several attributes, and attributes out of order.
    Rdns(Vec<AttributeTable>),
}

/// Attributes with their values, in the order of the file.
#[derive(Debug, Clone)]
pub(in crate::spec::toml) struct AttributeTable(pub(in crate::spec::toml) Vec<(Placed<String>, Many<AttributeValue>)>);

/// A value: a text in the string type that is usual for the attribute, or a table that names the type.
pub(in crate::spec::toml) type AttributeValue = TextOr<TypedText>;

/// A value with its ASN.1 type. Either `text` and `type`, or `hex`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::spec::toml) struct TypedText {
    /// The text.
    pub(in crate::spec::toml) text: Option<Placed<String>>,
    /// The ASN.1 string type: `utf8`, `printable`, `ia5`, `teletex` or `bmp`.
    #[serde(rename = "type")]
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "crate::spec::toml::schema::string_types"))]
    pub(in crate::spec::toml) string_type: Option<Placed<String>>,
    /// An OCTET STRING in hex digits.
    pub(in crate::spec::toml) hex: Option<Placed<String>>,
}

impl<'de> Deserialize<'de> for DistinguishedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = DistinguishedName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name: a table like `{ c = \"US\", cn = \"www.example.com\" }`, or a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(DistinguishedName::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        AttributeTable::deserialize(MapAccessDeserializer::new(map)).map(DistinguishedName::Table)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rdns = Vec::new();
        while let Some(rdn) = seq.next_element()? {
            rdns.push(rdn);
        }
        Ok(DistinguishedName::Rdns(rdns))
    }
}

impl<'de> Deserialize<'de> for AttributeTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor)
    }
}

struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = AttributeTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of name attributes")
    }

    /// The map may come in the order of its keys; their places give the order of the file.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut attributes: Vec<(Placed<String>, Many<AttributeValue>)> = Vec::new();
        while let Some(key) = map.next_key::<Placed<String>>()? {
            let values = if is_number(&key.value) {
                map.next_value::<IgnoredAny>()?;
                Many { items: Vec::new(), span: key.span }
            } else {
                map.next_value()?
            };
            attributes.push((key, values));
        }
        attributes.sort_by_key(|(key, _)| key.span);
        Ok(AttributeTable(attributes))
    }
}

/// Without its quotes an object identifier is a chain of tables: only its first number is a key here.
fn is_number(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit())
}
