//! What a CA hands out: one certificate or several, PEM or DER, in any order, with text around.

use der::Decode as _;

use super::{Certificate, Error, FileKind};

/// A leaf with the certificates that lead to a root.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Issuer of the leaf, its issuer, and so on.
    pub issuers: Vec<Certificate>,
    /// Certificates that lead nowhere.
    pub unrelated: Vec<Certificate>,
}

/// Reads all certificates of a file.
///
/// # Errors
/// [`Error::WrongFile`] says what else it is; [`Error::Der`].
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, Error> {
    let wrong = |found| Error::WrongFile { found, wanted: FileKind::Certificate };
    let blocks = pem_blocks(bytes);
    if blocks.is_empty() {
        return match kind_of_der(bytes) {
            FileKind::Certificate | FileKind::Unknown if looks_like_der(bytes) => {
                Ok(vec![Certificate::from_der(bytes)?])
            }
            found => Err(wrong(found)),
        };
    }
    let mut certificates = Vec::new();
    for block in &blocks {
        if matches!(block.tag(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") {
            certificates.push(Certificate::from_der(block.contents())?);
        }
    }
    match (certificates.is_empty(), blocks.first()) {
        (true, Some(block)) => Err(wrong(kind_of_label(block.tag()))),
        _ => Ok(certificates),
    }
}

/// Orders certificates behind a leaf by issuer and signature; duplicates are dropped.
#[must_use]
pub fn sort_chain(leaf: &Certificate, others: &[Certificate]) -> Chain {
    let mut rest: Vec<Certificate> = Vec::new();
    for other in others {
        if other != leaf && !rest.contains(other) {
            rest.push(other.clone());
        }
    }
    let mut issuers: Vec<Certificate> = Vec::new();
    loop {
        let last = issuers.last().unwrap_or(leaf);
        let next = rest.iter().position(|one| !last.is_self_issued() && last.is_issued_by(one));
        let Some(position) = next else { break };
        issuers.push(rest.remove(position));
    }
    Chain { issuers, unrelated: rest }
}

/// The DER of a file that holds one thing.
pub(super) fn single_der(bytes: &[u8], labels: &[&str], wanted: &FileKind) -> Result<Vec<u8>, Error> {
    let wrong = |found| Error::WrongFile { found, wanted: wanted.clone() };
    let blocks = pem_blocks(bytes);
    if let Some(block) = blocks.iter().find(|block| labels.contains(&block.tag())) {
        return Ok(block.contents().to_vec());
    }
    match blocks.first() {
        Some(block) => Err(wrong(kind_of_label(block.tag()))),
        None if !looks_like_der(bytes) => Err(wrong(kind_of_der(bytes))),
        None => match kind_of_der(bytes) {
            found if found == *wanted || found == FileKind::Unknown => Ok(bytes.to_vec()),
            found => Err(wrong(found)),
        },
    }
}

/// PEM in lines of 64 characters that end in LF (RFC 7468, 2).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(&pem::Pem::new(label, der), pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

fn pem_blocks(bytes: &[u8]) -> Vec<pem::Pem> {
    // Text around the blocks is passed over; a broken block hides none that is whole.
    pem::parse_many(bytes).unwrap_or_default()
}

fn looks_like_der(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

fn kind_of_label(label: &str) -> FileKind {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => FileKind::Certificate,
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
    if Certificate::from_der(bytes).is_ok() { FileKind::Certificate } else { FileKind::Unknown }
}
