//! What a CA hands out: one certificate or several, PEM, DER or PKCS#7, in any order, with text around.

use der::Decode as _;

use super::armour::{self, Block};
use super::pkcs7::{self, ContentInfo};
use super::{Certificate, Error, FileKind};

const CERTIFICATE_LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
/// The second is what OpenSSL's `cms` writes, the third is in old RFCs.
const PKCS7_LABELS: [&str; 3] = ["PKCS7", "CMS", "PKCS #7 SIGNED DATA"];

/// Reads all certificates of a file, in its order.
///
/// # Errors
/// [`Error::WrongFile`] says what else it is; [`Error::Der`]; [`Error::Block`] names the part that is broken.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, Error> {
    let wrong = |found| Error::WrongFile { found, wanted: FileKind::Certificate };
    let blocks = armour::blocks(bytes)?;
    let count = blocks.len();
    let mut certificates = Vec::new();
    for (index, Block { label, der }) in blocks.iter().enumerate() {
        let of_interest = |label: &str| CERTIFICATE_LABELS.contains(&label) || PKCS7_LABELS.contains(&label);
        if label.as_deref().is_none_or(of_interest) {
            certificates.extend(certificates_in(der).map_err(|error| error.in_block(index + 1, count))?);
        }
    }
    match (certificates.is_empty(), blocks.first()) {
        (false, _) => Ok(certificates),
        (true, Some(Block { label: Some(label), .. })) => Err(wrong(kind_of_label(label))),
        (true, _) => Err(wrong(kind_of_der(bytes))),
    }
}

/// Judged by what it is, whatever its label says: AD CS hands out PKCS#7 as `CERTIFICATE`.
fn certificates_in(der: &[u8]) -> Result<Vec<Certificate>, Error> {
    if let Ok(info) = ContentInfo::from_der(der) {
        return pkcs7::certificates(&info);
    }
    match Certificate::from_der(der) {
        Ok(certificate) => Ok(vec![certificate]),
        Err(error) => match kind_of_der(der) {
            FileKind::Unknown => Err(error),
            found => Err(Error::WrongFile { found, wanted: FileKind::Certificate }),
        },
    }
}

/// The DER of a file that holds one thing.
pub(super) fn single_der(bytes: &[u8], labels: &[&str], wanted: &FileKind) -> Result<Vec<u8>, Error> {
    let wrong = |found| Error::WrongFile { found, wanted: wanted.clone() };
    let blocks = armour::blocks(bytes)?;
    let meant = blocks.iter().find(|block| block.label.as_deref().is_none_or(|label| labels.contains(&label)));
    match (meant, blocks.first()) {
        (Some(Block { label: Some(_), der }), _) => Ok(der.clone()),
        (Some(Block { label: None, der }), _) => match kind_of_der(der) {
            found if found == *wanted || found == FileKind::Unknown => Ok(der.clone()),
            found => Err(wrong(found)),
        },
        (None, Some(Block { label, .. })) => Err(wrong(kind_of_label(label.as_deref().unwrap_or_default()))),
        (None, None) => Err(wrong(kind_of_der(bytes))),
    }
}

fn kind_of_label(label: &str) -> FileKind {
    match label {
        label if CERTIFICATE_LABELS.contains(&label) => FileKind::Certificate,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => FileKind::Request,
        "PUBLIC KEY" | "RSA PUBLIC KEY" => FileKind::PublicKey,
        key if key.ends_with("PRIVATE KEY") => FileKind::PrivateKey,
        other => FileKind::Pem(other.to_owned()),
    }
}

fn kind_of_der(bytes: &[u8]) -> FileKind {
    let trimmed = bytes.trim_ascii();
    if trimmed.is_empty() {
        return FileKind::Empty;
    }
    if x509_cert::request::CertReq::from_der(bytes).is_ok() {
        return FileKind::Request;
    }
    if spki::SubjectPublicKeyInfoRef::from_der(bytes).is_ok() {
        return FileKind::PublicKey;
    }
    if rsa::pkcs8::PrivateKeyInfoRef::try_from(bytes).is_ok() {
        return FileKind::PrivateKey;
    }
    if pkcs7::is_pkcs12(bytes) {
        return FileKind::Pkcs12;
    }
    if Certificate::from_der(bytes).is_ok() { FileKind::Certificate } else { FileKind::Unknown }
}
