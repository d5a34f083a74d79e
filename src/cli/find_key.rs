//! `hsmcert find-key`.

use clap::Args;
use clap::builder::PossibleValue;
use comfy_table::{ContentArrangement, Table, presets};
use hsmcert::find::{self, Row};
use hsmcert::request::TokenRequest;
use hsmcert::token::ObjectClass;
use serde::Serialize;

use super::clock::now;
use super::failure::Failure;
use super::report::{Report, shown};
use super::{Global, connect};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert find-key                    all keys and certificates
  hsmcert find-key --class private
  hsmcert find-key -c 3               the same, in the numbers of key_mgmt_util's findKey
  hsmcert find-key --json | jq '.objects[] | select(.days_left < 30)'")]
pub(super) struct FindKeyArguments {
    /// Class of the objects: public, private, certificate, secret, all; or findKey's 1 certificate, 2 public,
    /// 3 private, 4 secret
    #[arg(short, long, value_name = "CLASS", default_value = "all", hide_possible_values = true)]
    class: Class,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    One(ObjectClass),
    All,
}

impl clap::ValueEnum for Class {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::One(ObjectClass::Certificate),
            Self::One(ObjectClass::PublicKey),
            Self::One(ObjectClass::PrivateKey),
            Self::One(ObjectClass::SecretKey),
            Self::All,
        ]
    }

    /// The numbers are those of `findKey -c` (AWS CloudHSM user guide, `key_mgmt_util`).
    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::One(ObjectClass::Certificate) => PossibleValue::new("certificate").aliases(["1", "cert"]),
            Self::One(ObjectClass::PublicKey) => PossibleValue::new("public").alias("2"),
            Self::One(ObjectClass::PrivateKey) => PossibleValue::new("private").alias("3"),
            Self::One(ObjectClass::SecretKey) => PossibleValue::new("secret").alias("4"),
            Self::All => PossibleValue::new("all"),
        })
    }
}

/// The result as JSON.
#[derive(Serialize)]
struct Found {
    token: String,
    token_serial: String,
    count: usize,
    objects: Vec<JsonRow>,
}

#[derive(Serialize)]
struct JsonRow {
    handle: u64,
    class: &'static str,
    label: String,
    id: String,
    algorithm: String,
    certificate_subject: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    uri: String,
}

pub(super) fn run(global: &Global, arguments: &FindKeyArguments, report: &Report) -> Result<(), Failure> {
    let classes = match arguments.class {
        Class::One(class) => vec![class],
        Class::All => {
            vec![ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate, ObjectClass::SecretKey]
        }
    };
    let (rows, token) = connect::with_session(global, &TokenRequest::default(), report, |session| {
        Ok((find::find(session, &classes, now())?, session.token().clone()))
    })?;
    let found = Found {
        token: token.label,
        token_serial: token.serial,
        count: rows.len(),
        objects: rows.iter().map(json).collect(),
    };
    report.result(&found, &draw(&rows));
    Ok(())
}

fn class_name(class: ObjectClass) -> &'static str {
    match class {
        ObjectClass::PrivateKey => "private",
        ObjectClass::PublicKey => "public",
        ObjectClass::Certificate => "certificate",
        ObjectClass::SecretKey => "secret",
    }
}

fn json(row: &Row) -> JsonRow {
    let linked = row.certificate.as_ref();
    JsonRow {
        handle: row.handle,
        class: class_name(row.class),
        label: row.label.clone(),
        id: row.id.to_string(),
        algorithm: row.algorithm.clone(),
        certificate_subject: linked.map(|linked| linked.subject.clone()),
        not_after: linked.map(|linked| hsmcert::accept::date(linked.not_after)),
        days_left: linked.map(|linked| linked.days_left),
        uri: row.uri.to_string(),
    }
}

fn draw(rows: &[Row]) -> String {
    let count = format!("{} object{}\n", rows.len(), if rows.len() == 1 { "" } else { "s" });
    if rows.is_empty() {
        return count;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["HANDLE", "CLASS", "LABEL", "ID", "KEY", "CERTIFICATE", "DAYS LEFT", "URI"]);
    for row in rows {
        let linked = row.certificate.as_ref();
        table.add_row([
            row.handle.to_string(),
            class_name(row.class).to_owned(),
            shown(&row.label),
            row.id.to_string(),
            row.algorithm.clone(),
            linked.map_or("-".to_owned(), |linked| shown(&linked.subject)),
            linked.map_or("-".to_owned(), |linked| linked.days_left.to_string()),
            row.uri.to_string(),
        ]);
    }
    let lines: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    format!("{lines}{count}")
}
