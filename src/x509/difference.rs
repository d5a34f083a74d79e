//! What a CA made of a request: the certificate compared with the CSR that was sent. CAs rewrite certificates,
//! so these are facts to be told and not errors.

use std::fmt;

use const_oid::db::DB;
use der::Decode as _;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage as X509KeyUsage};

use super::{Certificate, Csr};
use crate::request::{GeneralName, KeyUsage, Name, NameAttribute, NameValue, Oid};

/// The parts that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// subjectAltName.
    SubjectAltName,
    /// An attribute of the subject.
    Subject,
    /// keyUsage.
    KeyUsage,
    /// extendedKeyUsage.
    ExtendedKeyUsage,
    /// Any other extension that was asked for.
    Extension,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SubjectAltName => "SAN",
            Self::Subject => "subject attribute",
            Self::KeyUsage => "key usage",
            Self::ExtendedKeyUsage => "extended key usage",
            Self::Extension => "extension",
        })
    }
}

/// One difference: `asked` without `issued` was lost, `issued` without `asked` was added, both is a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub field: Field,
    /// What the CSR asks for.
    pub asked: Option<String>,
    /// What the certificate has.
    pub issued: Option<String>,
}

impl Difference {
    /// A name that was asked for is gone: clients that use it will refuse the certificate.
    #[must_use]
    pub fn is_lost_name(&self) -> bool {
        self.field == Field::SubjectAltName && self.issued.is_none()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match (&self.asked, &self.issued) {
            (Some(asked), Some(issued)) => write!(f, "the CA changed the {field} {asked} to {issued}"),
            (Some(asked), None) => write!(f, "the CA left out the {field} {asked}"),
            (None, Some(issued)) => write!(f, "the CA added the {field} {issued}"),
            (None, None) => write!(f, "the {field} is the same"),
        }
    }
}

/// All differences between a request and the certificate that was issued for it.
#[must_use]
pub fn differences(csr: &Csr, certificate: &Certificate) -> Vec<Difference> {
    let requested = csr.extensions().unwrap_or_default();
    let value = |oid: Oid| requested.iter().find(|one| one.extn_id == oid).map(|one| one.extn_value.as_bytes());
    let mut all = Vec::new();
    let (asked, issued) = (names(&csr.subject_alt_names()), names(&certificate.subject_alt_names()));
    compare(&mut all, Field::SubjectAltName, &asked, &issued);
    subjects(&mut all, &csr.subject(), &certificate.subject());

    let usage = value(Oid::new_unwrap("2.5.29.15")).and_then(|der| X509KeyUsage::from_der(der).ok());
    let usage = usage.map(|usage| KeyUsage::from_bits(usage.0.bits())).unwrap_or_default();
    let words = |usage: KeyUsage| usage.names().map(str::to_owned).collect::<Vec<_>>();
    compare(&mut all, Field::KeyUsage, &words(usage), &words(certificate.key_usage().unwrap_or_default()));

    let purposes = value(Oid::new_unwrap("2.5.29.37")).and_then(|der| ExtendedKeyUsage::from_der(der).ok());
    let words = |oids: Option<Vec<Oid>>| oids.unwrap_or_default().into_iter().map(purpose).collect::<Vec<_>>();
    let (asked, issued) = (purposes.map(|purposes| purposes.0), certificate.extended_key_usage());
    compare(&mut all, Field::ExtendedKeyUsage, &words(asked), &words(issued));

    let compared = ["2.5.29.15", "2.5.29.17", "2.5.29.37"].map(Oid::new_unwrap);
    let others = requested.iter().map(|one| one.extn_id).filter(|oid| !compared.contains(oid));
    let lost: Vec<_> = others.filter(|oid| !certificate.has_extension(*oid)).map(purpose).collect();
    compare(&mut all, Field::Extension, &lost, &[]);
    all
}

/// Lost ones first, then added ones.
fn compare(all: &mut Vec<Difference>, field: Field, asked: &[String], issued: &[String]) {
    let lost = asked.iter().filter(|one| !issued.contains(one));
    let added = issued.iter().filter(|one| !asked.contains(one));
    all.extend(lost.map(|one| Difference { field, asked: Some(one.clone()), issued: None }));
    all.extend(added.map(|one| Difference { field, asked: None, issued: Some(one.clone()) }));
}

/// DNS names are the same in upper and lower case (RFC 5280, 7.2).
fn names(names: &[GeneralName]) -> Vec<String> {
    let text = |name: &GeneralName| match name {
        GeneralName::Dns(_) => name.to_string().to_ascii_lowercase().replacen("dns:", "DNS:", 1),
        _ => name.to_string(),
    };
    names.iter().map(text).collect()
}

/// Attribute by attribute, whatever the order and the string type; one value for another is a change.
fn subjects(all: &mut Vec<Difference>, asked: &Name, issued: &Name) {
    let texts = |name: &Name| -> Vec<(Oid, String)> {
        name.0.iter().flat_map(|rdn| &rdn.0).map(|attribute| (attribute.oid, text(attribute))).collect()
    };
    let (asked, issued) = (texts(asked), texts(issued));
    let lost = asked.iter().filter(|one| !issued.contains(one));
    let mut added: Vec<_> = issued.iter().filter(|one| !asked.contains(one)).collect();
    for (oid, text) in lost {
        let instead = added.iter().position(|(other, _)| other == oid).map(|index| added.remove(index).1.clone());
        all.push(Difference { field: Field::Subject, asked: Some(text.clone()), issued: instead });
    }
    let added = added.into_iter().map(|(_, text)| text.clone());
    all.extend(added.map(|text| Difference { field: Field::Subject, asked: None, issued: Some(text) }));
}

fn text(attribute: &NameAttribute) -> String {
    let mut same_type = attribute.clone();
    if let NameValue::Text { string_type, .. } = &mut same_type.value {
        *string_type = crate::request::StringType::Utf8;
    }
    same_type.to_string()
}

/// `serverAuth` from `id-kp-serverAuth`, else the OID.
fn purpose(oid: Oid) -> String {
    let name = DB.by_oid(&oid).map(|name| name.trim_start_matches("id-kp-").trim_start_matches("id-pe-").to_owned());
    name.unwrap_or_else(|| oid.to_string())
}
