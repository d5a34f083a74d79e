//! The options, and what they ask for.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use hsmcert::find::{AlgorithmPattern, Filter, Order, Pattern, Query, Rows, SortKey};
use hsmcert::key::{KeyId, PublicKey};
use hsmcert::pin::PinSource;
use hsmcert::request::Period;
use hsmcert::token::{Detail, ObjectClass};
use hsmcert::uri::ObjectType;
use hsmcert::{file, x509};

use super::super::failure::Failure;
use super::super::report::Report;
use super::super::which;
use super::super::{Global, state};
use super::column::{Column, OBJECT_COLUMNS, PAIR_COLUMNS};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert find-key                        each key with its certificate
  hsmcert find-key --class private        each private key; also: -c 3
  hsmcert find-key --expires-in 30d --sort expiry
  hsmcert find-key --modulus web.csr.pem  is the key of this CSR here?
  hsmcert find-key --orphans              what has lost its partner
  hsmcert find-key --json | jq '.pairs[] | select(.days_left < 30)'")]
pub(in super::super) struct FindKeyArguments {
    /// A row for each object of a class: public, private, certificate, secret, all; or findKey's 1 certificate,
    /// 2 public, 3 private, 4 secret
    #[arg(short, long, value_name = "CLASS", hide_possible_values = true)]
    class: Option<Class>,
    /// A row for each object, as --class all
    #[arg(long, conflicts_with = "class")]
    objects: bool,

    /// Label; * stands for any characters, ? for one
    #[arg(long, value_name = "GLOB", help_heading = "Filters")]
    label: Option<Pattern>,
    /// Subject of the certificate, or a part of it such as CN=*.example.com
    #[arg(long, value_name = "GLOB", help_heading = "Filters")]
    subject: Option<Pattern>,
    /// Key id, as it is listed
    #[arg(long, value_name = "HEX", value_parser = id, help_heading = "Filters")]
    id: Option<KeyId>,
    /// RSA, RSA-2048, EC, P-256, Ed25519, ...
    #[arg(long, value_name = "ALGORITHM", help_heading = "Filters")]
    algorithm: Option<AlgorithmPattern>,
    /// The public key of this file: certificate, CSR or public key; - for stdin
    #[arg(long, value_name = "FILE", help_heading = "Filters")]
    modulus: Option<PathBuf>,
    /// Certificates that end within 30d (days), 12h, 2w, 6m (months) or 1y, or have ended
    #[arg(long, value_name = "PERIOD", value_parser = period, help_heading = "Filters")]
    expires_in: Option<Period>,
    /// Keys without certificate, certificates (but a CA's) without key, and what runs that were ended have left
    #[arg(long, help_heading = "Filters")]
    orphans: bool,
    /// What shares its id, label, key or certificate with another of its class
    #[arg(long, help_heading = "Filters")]
    duplicates: bool,
    /// Keys not made in the token, or that were readable or extractable once; RSA under 2048 bits
    #[arg(long, help_heading = "Filters")]
    weak: bool,

    /// Order of the rows
    #[arg(long, value_name = "FIELD", default_value = "label", help_heading = "Output")]
    sort: SortField,
    /// The other way round
    #[arg(long, help_heading = "Output")]
    reverse: bool,
    /// At most so many rows
    #[arg(long, value_name = "NUMBER", help_heading = "Output")]
    limit: Option<usize>,
    /// Columns of the table or CSV
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', help_heading = "Output")]
    columns: Vec<Column>,
    /// table, csv, or the bare object handles
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    output: Format,
    /// The same as --output csv
    #[arg(long, conflicts_with = "output", help_heading = "Output")]
    csv: bool,
    /// Only how many rows there are
    #[arg(long, conflicts_with_all = ["output", "csv"], help_heading = "Output")]
    count: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    One(ObjectClass),
    All,
}

impl ValueEnum for Class {
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

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortField {
    Label,
    Id,
    Algorithm,
    Expiry,
    Subject,
    Handle,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Csv,
    Handles,
}

/// How the result is written, unless as JSON.
#[derive(Debug)]
pub(super) enum Output {
    Table(Vec<Column>),
    Csv(Vec<Column>),
    Handles,
    Count,
}

impl FindKeyArguments {
    /// What is to be found.
    pub(super) fn query(&self, global: &Global, report: &Report, now: i64) -> Result<Query, Failure> {
        let rows = match (self.class, self.objects) {
            (Some(Class::One(class)), _) => Rows::Objects(vec![class]),
            (Some(Class::All), _) | (None, true) => Rows::Objects(ObjectClass::ALL.to_vec()),
            (None, false) => Rows::Pairs,
        };
        let uri = which::objects(global);
        if let (Some(by_option), Some(by_uri)) = (&self.id, &uri.id)
            && by_option != by_uri
        {
            return Err(Failure::usage(format!("--id is {by_option}, and the id of --uri is {by_uri}")));
        }
        let class = match uri.object_type {
            None => None,
            Some(ObjectType::Private) => Some(ObjectClass::PrivateKey),
            Some(ObjectType::Public) => Some(ObjectClass::PublicKey),
            Some(ObjectType::Certificate) => Some(ObjectClass::Certificate),
            Some(ObjectType::SecretKey) => Some(ObjectClass::SecretKey),
            Some(ObjectType::Data) => return Err(Failure::usage("find-key lists no data objects (type=data)")),
        };
        let filter = Filter {
            label: self.label.clone(),
            object: uri.object,
            subject: self.subject.clone(),
            id: self.id.clone().or(uri.id),
            algorithm: self.algorithm.clone(),
            key: self.modulus.as_deref().map(|path| public_key(path, global)).transpose()?,
            class,
            ends_by: self.expires_in.map(|period| period.after(now)),
            orphans: self.orphans,
            duplicates: self.duplicates,
            weak: self.weak,
        };
        let by = match self.sort {
            SortField::Label => SortKey::Label,
            SortField::Id => SortKey::Id,
            SortField::Algorithm => SortKey::Algorithm,
            SortField::Expiry => SortKey::Expiry,
            SortField::Subject => SortKey::Subject,
            SortField::Handle => SortKey::Handle,
        };
        let detail = if global.json && !self.count { Detail::Everything } else { Detail::Summary };
        Ok(Query {
            rows,
            filter,
            order: Order { by, reverse: self.reverse },
            limit: self.limit,
            detail,
            with_der: false,
            remembered: self.orphans.then(|| state::records(global, report)).transpose()?,
        })
    }

    /// How it is written.
    pub(super) fn output(&self, query: &Query, report: &Report) -> Result<Output, Failure> {
        let columns = || match (&query.rows, self.columns.is_empty()) {
            (_, false) => self.columns.clone(),
            (Rows::Pairs, true) => PAIR_COLUMNS.to_vec(),
            (Rows::Objects(_), true) => OBJECT_COLUMNS.to_vec(),
        };
        let output = match (self.count, self.csv, self.output) {
            (true, _, _) => Output::Count,
            (_, true, _) | (_, _, Format::Csv) => Output::Csv(columns()),
            (_, _, Format::Handles) => Output::Handles,
            (_, _, Format::Table) => Output::Table(columns()),
        };
        match output {
            Output::Csv(_) | Output::Handles if report.is_json() => {
                Err(Failure::usage("--json is an output of its own").hint("leave --csv or --output out"))
            }
            output => Ok(output),
        }
    }
}

fn public_key(path: &Path, global: &Global) -> Result<PublicKey, Failure> {
    if path != Path::new("-") {
        return Ok(x509::read_public_key(&file::read(path)?)?);
    }
    if global.pin_source == Some(PinSource::Stdin) {
        return Err(Failure::usage("the key and the PIN cannot both come from stdin"));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(file::Error::Io)?;
    Ok(x509::read_public_key(&bytes)?)
}

/// Hex as it is listed, or as others write it: `0x`, colons, blanks, capitals.
fn id(text: &str) -> Result<KeyId, String> {
    let hex = text.strip_prefix("0x").unwrap_or(text).replace([':', ' '], "");
    match base16ct::mixed::decode_vec(&hex) {
        Ok(bytes) if !bytes.is_empty() => Ok(KeyId::new(bytes)),
        _ => Err("a key id is pairs of hex digits, for example 0a1bff".to_owned()),
    }
}

fn period(text: &str) -> Result<Period, String> {
    let wrong = || "a period is a number with a unit: 12h, 30d, 2w, 6m (months) or 1y".to_owned();
    let at = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let seconds = |each: i64| Period::Seconds(i64::from(number) * each);
    match unit {
        "h" => Ok(seconds(3600)),
        "d" => Ok(seconds(86_400)),
        "w" => Ok(seconds(7 * 86_400)),
        "m" => Ok(Period::Months(number)),
        "y" => Ok(Period::Months(number.saturating_mul(12))),
        _ => Err(wrong()),
    }
}
