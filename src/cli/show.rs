//! `hsmcert show FILE`.

use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use hsmcert::key::PublicKey;
use hsmcert::x509::{self, Certificate, Csr, DescribedRequest, FileKind};
use hsmcert::{Error, file};
use serde::Serialize;

use super::clock::{date, days_left};
use super::extensions::JsonExtension;
use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;
use super::request_file;

const WIDTH: usize = 26;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert show request.csr.pem
  hsmcert show www.fullchain.pem
  hsmcert show --json request.crt.pem | jq '.certificates[0].days_left'

A request file (INF or TOML) is shown by: hsmcert lint FILE")]
pub(super) struct ShowArguments {
    /// A CSR, a certificate or a chain, PEM or DER; - for stdin
    file: PathBuf,
}

/// A CSR as JSON.
#[derive(Serialize)]
struct ShownRequest {
    kind: &'static str,
    subject: String,
    key: JsonKey,
    signature: Option<String>,
    signature_verified: bool,
    extensions: Vec<JsonExtension>,
    attributes: Vec<JsonAttribute>,
}

#[derive(Serialize)]
struct JsonAttribute {
    oid: String,
    values: Vec<String>,
}

#[derive(Serialize)]
struct JsonKey {
    algorithm: String,
    spki_sha256: String,
}

/// Certificates as JSON, in the order of the file.
#[derive(Serialize)]
struct ShownCertificates {
    kind: &'static str,
    certificates: Vec<ShownCertificate>,
}

#[derive(Serialize)]
struct ShownCertificate {
    subject: String,
    issuer: String,
    /// Number in the file, from 1, of the certificate that signed it; its own for a root.
    issued_by: Option<usize>,
    serial_number: String,
    not_before: String,
    not_after: String,
    days_left: i64,
    key: JsonKey,
    signature: Option<String>,
    fingerprint_sha256: String,
    extensions: Vec<JsonExtension>,
}

pub(super) fn run(arguments: &ShowArguments, report: &Report) -> Result<(), Failure> {
    let ShowArguments { file } = arguments;
    let bytes = if request_file::is_standard_stream(file) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(file::Error::Io)?;
        bytes
    } else {
        file::read(file)?
    };
    match x509::read_certificates(&bytes) {
        Ok(certificates) => {
            let shown = certificates.iter().map(|one| certificate(one, &certificates)).collect::<Vec<_>>();
            let text = shown.iter().enumerate().map(|(index, one)| draw_certificate(one, index + 1, shown.len()));
            let text = text.collect::<Vec<_>>().join("\n");
            report.result(&ShownCertificates { kind: "certificates", certificates: shown }, &text);
        }
        Err(x509::Error::WrongFile { found: FileKind::Request, .. }) => {
            let shown = request(&Csr::from_bytes(&bytes)?)?;
            report.result(&shown, &draw_request(&shown));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn request(csr: &Csr) -> Result<ShownRequest, Error> {
    let DescribedRequest { subject, extensions, attributes } = csr.describe()?;
    Ok(ShownRequest {
        kind: "csr",
        subject: subject.to_string(),
        key: key(csr.public_key()),
        signature: csr.scheme().map(|scheme| scheme.to_string()),
        signature_verified: csr.verify().is_ok(),
        extensions: extensions.iter().map(JsonExtension::from).collect(),
        attributes: attributes
            .into_iter()
            .map(|one| JsonAttribute { oid: one.oid.to_string(), values: one.values })
            .collect(),
    })
}

fn certificate(certificate: &Certificate, all: &[Certificate]) -> ShownCertificate {
    ShownCertificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        issued_by: all.iter().position(|issuer| certificate.is_issued_by(issuer)).map(|index| index + 1),
        serial_number: certificate.serial_hex(),
        not_before: date(certificate.not_before()),
        not_after: date(certificate.not_after()),
        days_left: days_left(certificate.not_after()),
        key: key(certificate.public_key()),
        signature: certificate.scheme().map(|scheme| scheme.to_string()),
        fingerprint_sha256: certificate.fingerprint_sha256(),
        extensions: certificate.describe_extensions().iter().map(JsonExtension::from).collect(),
    }
}

fn key(key: Result<PublicKey, x509::Error>) -> JsonKey {
    match key {
        Ok(key) => JsonKey { algorithm: key.algorithm().to_string(), spki_sha256: x509::spki_fingerprint(&key) },
        Err(error) => JsonKey { algorithm: error.to_string(), spki_sha256: String::new() },
    }
}

fn draw_request(request: &ShownRequest) -> String {
    let ShownRequest { kind: _, subject, key, signature, signature_verified, extensions, attributes } = request;
    let mut facts = Facts::new("CSR (PKCS#10)", WIDTH);
    facts.line("subject", if subject.is_empty() { "(empty)" } else { subject });
    draw_key(key, &mut facts);
    let verified = if *signature_verified { "verified with its own key" } else { "NOT VERIFIED with its own key" };
    facts.line("signature", &format!("{}, {verified}", signature.as_deref().unwrap_or("unknown algorithm")));
    extensions.iter().for_each(|extension| extension.draw(&mut facts));
    for JsonAttribute { oid, values } in attributes {
        facts.list(&format!("attribute {oid}"), values);
    }
    facts.finish()
}

fn draw_certificate(certificate: &ShownCertificate, number: usize, count: usize) -> String {
    let ShownCertificate {
        subject,
        issuer,
        issued_by,
        serial_number,
        not_before,
        not_after,
        days_left,
        key,
        signature,
        fingerprint_sha256,
        extensions,
    } = certificate;
    let heading = if count > 1 { format!("certificate {number} of {count}") } else { "certificate".to_owned() };
    let mut facts = Facts::new(&heading, WIDTH);
    facts.line("subject", if subject.is_empty() { "(empty)" } else { subject });
    facts.line("issuer", issuer);
    match issued_by {
        Some(own) if *own == number => facts.line("signed by", "itself"),
        Some(issuer) => facts.line("signed by", &format!("certificate {issuer}")),
        None => facts.line("signed by", "a certificate that is not in this file"),
    }
    let left = if *days_left < 0 { "expired".to_owned() } else { format!("{days_left} days left") };
    facts.line("valid", &format!("{not_before} to {not_after}, {left}"));
    facts.line("serial number", serial_number);
    draw_key(key, &mut facts);
    facts.line("signature", signature.as_deref().unwrap_or("unknown algorithm"));
    facts.line("SHA-256", fingerprint_sha256);
    extensions.iter().for_each(|extension| extension.draw(&mut facts));
    facts.finish()
}

fn draw_key(key: &JsonKey, facts: &mut Facts) {
    let JsonKey { algorithm, spki_sha256 } = key;
    facts.line("key", algorithm);
    facts.line("SPKI SHA-256", spki_sha256);
}
