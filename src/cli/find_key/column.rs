//! The columns of table and CSV.

use clap::ValueEnum;
use hsmcert::find::{Orphan, Row, Weakness};
use hsmcert::token::{ObjectClass, TokenInfo};

use super::super::clock::date;

/// A column; on the command line in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Column {
    Handle,
    Class,
    Label,
    Id,
    Algorithm,
    Subject,
    Issuer,
    Serial,
    NotBefore,
    NotAfter,
    DaysLeft,
    Sha256,
    Remarks,
    Uri,
}

/// What is shown of a pair when nothing is asked for.
pub(super) const PAIR_COLUMNS: [Column; 7] = [
    Column::Label,
    Column::Id,
    Column::Algorithm,
    Column::Subject,
    Column::NotAfter,
    Column::DaysLeft,
    Column::Remarks,
];

/// The same for an object.
pub(super) const OBJECT_COLUMNS: [Column; 9] = [
    Column::Handle,
    Column::Class,
    Column::Label,
    Column::Id,
    Column::Algorithm,
    Column::Subject,
    Column::DaysLeft,
    Column::Remarks,
    Column::Uri,
];

impl Column {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Handle => "HANDLE",
            Self::Class => "CLASS",
            Self::Label => "LABEL",
            Self::Id => "ID",
            Self::Algorithm => "KEY",
            Self::Subject => "CERTIFICATE",
            Self::Issuer => "ISSUER",
            Self::Serial => "SERIAL",
            Self::NotBefore => "NOT BEFORE",
            Self::NotAfter => "NOT AFTER",
            Self::DaysLeft => "DAYS LEFT",
            Self::Sha256 => "SHA-256",
            Self::Remarks => "REMARKS",
            Self::Uri => "URI",
        }
    }

    /// As on the command line, in the spelling of the JSON.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().replace('-', "_")).unwrap_or_default()
    }

    /// So many characters fit into a cell of the table. A URI that is cut is none.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Label | Self::Issuer => 40,
            Self::Handle
            | Self::Class
            | Self::Id
            | Self::Algorithm
            | Self::Subject
            | Self::Serial
            | Self::NotBefore
            | Self::NotAfter
            | Self::DaysLeft
            | Self::Sha256
            | Self::Remarks => 64,
            Self::Uri => 512,
        }
    }

    /// The text of a row, as it is on the token; empty where there is none.
    pub(super) fn text(self, row: &Row, token: &TokenInfo) -> String {
        let certificate = row.certificate.as_ref();
        let text = match self {
            Self::Handle => Some(join(row.objects().map(|one| one.object.handle().to_string()))),
            Self::Class => Some(join(row.objects().map(|one| class_name(one.object.class).to_owned()))),
            Self::Label => Some(row.label().to_owned()),
            Self::Id => Some(row.id().to_string()),
            Self::Algorithm => Some(row.algorithm()),
            Self::Subject => certificate.map(|one| one.subject().to_string()),
            Self::Issuer => certificate.map(|one| one.issuer().to_string()),
            Self::Serial => certificate.map(|one| one.serial.clone()),
            Self::NotBefore => certificate.map(|one| date(one.not_before)),
            Self::NotAfter => certificate.map(|one| date(one.not_after)),
            Self::DaysLeft => certificate.map(|one| one.days_left.to_string()),
            Self::Sha256 => certificate.map(|one| one.sha256.clone()),
            Self::Remarks => Some(join(remarks(row))),
            Self::Uri => Some(row.uri(token).to_string()),
        };
        text.unwrap_or_default()
    }
}

pub(in super::super) fn class_name(class: ObjectClass) -> &'static str {
    match class {
        ObjectClass::PrivateKey => "private",
        ObjectClass::PublicKey => "public",
        ObjectClass::Certificate => "certificate",
        ObjectClass::SecretKey => "secret",
    }
}

pub(super) fn orphan_word(orphan: Orphan) -> &'static str {
    match orphan {
        Orphan::NoCertificate => "no-certificate",
        Orphan::NoKey => "no-key",
        Orphan::NoPrivateKey => "no-private-key",
    }
}

fn remarks(row: &Row) -> impl Iterator<Item = String> {
    let expired = row.certificate.as_ref().is_some_and(|one| one.days_left < 0).then(|| "expired".to_owned());
    let orphan = row.orphan.map(|orphan| orphan_word(orphan).to_owned());
    let lacks = orphan.clone();
    let weaknesses = row.weaknesses.iter().copied().map(Weakness::word).map(str::to_owned);
    let shared = row.shared.iter().map(|shared| format!("same-{shared}"));
    // What an orphan lacks is told once.
    let traces = row.traces.iter().map(|word| (*word).to_owned()).filter(move |word| Some(word) != lacks.as_ref());
    expired.into_iter().chain(orphan).chain(weaknesses).chain(shared).chain(traces)
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}
