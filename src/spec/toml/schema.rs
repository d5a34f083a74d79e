//! The JSON Schema of the format, for editors: `schema/request.schema.json`.
//!
//! The program does not need it, so all of this is part of the tests, which write the file and keep it up to date.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::format::{AttributeTable, AttributeValue, DistinguishedName, Request};
use super::placed::{Many, Placed, Table, TextOr};
use super::{attribute, words};
use crate::key::KeyAlgorithm;

fn schema() -> Value {
    let settings = SchemaSettings::draft07().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<Request>().to_value()
}

/// TOML has no null: a key that may be absent is just not required.
fn without_null(schema: &mut Schema) {
    let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            object.remove("anyOf");
            object.extend(one);
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
}

fn words_of<T>(list: &[(&str, T)]) -> Value {
    let words: Vec<&str> = list.iter().map(|(word, _)| *word).collect();
    serde_json::json!({ "type": "string", "enum": words })
}

fn one_or_many(item: &Value) -> Schema {
    json_schema!({ "anyOf": [item, { "type": "array", "items": item }] })
}

pub(super) fn key_usages(_: &mut SchemaGenerator) -> Schema {
    one_or_many(&words_of(words::KEY_USAGES))
}

pub(super) fn purposes(_: &mut SchemaGenerator) -> Schema {
    one_or_many(&serde_json::json!({ "anyOf": [words_of(words::PURPOSES), oid()] }))
}

fn oid() -> Value {
    serde_json::json!({ "type": "string", "pattern": "^[0-2](\\.[0-9]+)+$" })
}

pub(super) fn extension_keys(_: &mut SchemaGenerator) -> Schema {
    one_or_many(&words_of(words::EXTENSION_KEYS))
}

pub(super) fn extension_order(_: &mut SchemaGenerator) -> Schema {
    one_or_many(&serde_json::json!({ "anyOf": [words_of(words::EXTENSION_KEYS), oid()] }))
}

pub(super) fn algorithms(_: &mut SchemaGenerator) -> Schema {
    let Value::Object(words) = words_of(words::ALGORITHMS) else { return Schema::default() };
    words.into()
}

pub(super) fn curves(_: &mut SchemaGenerator) -> Schema {
    let Value::Object(words) = words_of(words::CURVES) else { return Schema::default() };
    words.into()
}

pub(super) fn hashes(_: &mut SchemaGenerator) -> Schema {
    let Value::Object(words) = words_of(words::HASHES) else { return Schema::default() };
    words.into()
}

pub(super) fn string_types(_: &mut SchemaGenerator) -> Schema {
    let Value::Object(words) = words_of(words::STRING_TYPES) else { return Schema::default() };
    words.into()
}

pub(super) fn key_purposes(_: &mut SchemaGenerator) -> Schema {
    one_or_many(&words_of(words::KEY_PURPOSES))
}

/// What a protocol takes is in docs/ca.md.
pub(super) fn authorities(_: &mut SchemaGenerator) -> Schema {
    let of_ca = serde_json::json!({
        "type": "object",
        "properties": { "type": { "type": "string", "description": "The protocol." } },
        "required": ["type"],
    });
    json_schema!({ "type": "object", "additionalProperties": of_ca })
}

pub(super) fn rsa_sizes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "enum": KeyAlgorithm::RSA_SIZES })
}

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/request.schema.json");

/// `HSMCERT_BLESS=1 cargo test` writes the file anew.
#[test]
fn the_shipped_schema_is_that_of_the_format() {
    if std::env::var_os("HSMCERT_BLESS").is_some() {
        fs_err::write(SHIPPED, serde_json::to_string_pretty(&schema()).unwrap() + "\n").unwrap();
    }
    let shipped: Value = serde_json::from_str(&fs_err::read_to_string(SHIPPED).unwrap()).unwrap();
    assert!(shipped == schema(), "schema/request.schema.json is not up to date; run with HSMCERT_BLESS=1");
}

/// serde and schemars differ about keys that may be left out.
#[test]
fn only_what_serde_requires_is_required() {
    let schema = schema();
    assert_eq!(schema.get("required"), None);
    let tables = schema["definitions"].as_object().unwrap().iter();
    let required = tables.filter_map(|(name, table)| Some(format!("{name} {}", table.get("required")?)));
    let expected = [
        r#"BasicConstraints ["ca"]"#,
        r#"Exec ["command"]"#,
        r#"OtherName ["oid"]"#,
        r#"PolicyTable ["oid"]"#,
        r#"RawAttribute ["oid"]"#,
        r#"RawExtension ["oid"]"#,
        r#"Server ["target"]"#,
        r#"TemplateOid ["oid","major"]"#,
    ];
    assert_eq!(required.collect::<Vec<_>>(), expected);
}

#[test]
fn no_key_may_be_null() {
    assert!(!schema().to_string().contains("\"null\""));
}

#[test]
fn every_key_is_described() {
    let schema = schema();
    let mut tables = vec![&schema];
    tables.extend(schema["definitions"].as_object().unwrap().values());
    for table in tables {
        for (key, property) in table["properties"].as_object().into_iter().flatten() {
            assert!(property.get("description").is_some(), "{key} in {}", table["description"]);
        }
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Table<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Many_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [item, { "type": "array", "items": item }] })
    }
}

impl<T: JsonSchema> JsonSchema for TextOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TextOr_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}

impl JsonSchema for DistinguishedName {
    fn schema_name() -> Cow<'static, str> {
        "DistinguishedName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<AttributeTable>();
        json_schema!({
            "description": "A distinguished name: a string, a table, or an array of tables, one for each RDN.",
            "anyOf": [{ "type": "string" }, table, { "type": "array", "items": table }],
        })
    }
}

impl JsonSchema for AttributeTable {
    fn schema_name() -> Cow<'static, str> {
        "NameAttributes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<Many<AttributeValue>>();
        let describe = |known: &attribute::Known| {
            let meaning = MEANINGS.iter().find(|(key, _)| *key == known.key).unwrap().1;
            let mut schema = values.clone();
            schema.insert("description".to_owned(), meaning.into());
            (known.key.to_owned(), schema.to_value())
        };
        let properties: serde_json::Map<_, _> = attribute::KNOWN.iter().map(describe).collect();
        json_schema!({
            "description": "Attributes of a name, encoded in the order written. Others go by object identifier, in quotes.",
            "type": "object",
            "properties": properties,
            "patternProperties": { "^[0-2](\\.[0-9]+)+$": values },
            "additionalProperties": false,
        })
    }
}

/// What the keys of `[subject]` mean.
const MEANINGS: &[(&str, &str)] = &[
    ("c", "Country: two letters of ISO 3166."),
    ("st", "State or province."),
    ("l", "Locality, usually a city."),
    ("o", "Organization."),
    ("ou", "Organizational unit."),
    ("cn", "Common name."),
    ("e", "Mailbox; `san.email` is the better place."),
    ("dc", "Domain components, the top one first."),
    ("serial-number", "Serial number of the subject, not of the certificate."),
    ("street", "Street address."),
    ("postal-code", "Postal code."),
    ("title", "Title."),
    ("given-name", "Given name."),
    ("surname", "Surname."),
    ("initials", "Initials."),
    ("pseudonym", "Pseudonym."),
    ("description", "Description."),
    ("dn-qualifier", "Tells entries with the same name apart."),
    ("uid", "User identifier."),
    ("organization-identifier", "Identifier of the organization (ETSI EN 319 412-1)."),
    ("business-category", "Kind of organization (EV Guidelines)."),
    ("jurisdiction-c", "Country of incorporation (EV Guidelines)."),
    ("jurisdiction-st", "State of incorporation (EV Guidelines)."),
    ("jurisdiction-l", "Locality of incorporation (EV Guidelines)."),
];
