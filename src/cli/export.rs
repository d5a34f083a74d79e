//! `hsmcert export KEY`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use hsmcert::export::{self, ExportedChain, ExportedKey, Source};
use hsmcert::file::{Access, OutputFile};
use hsmcert::find::StoredKey;
use hsmcert::request::TokenRequest;
use hsmcert::x509::{self, Certificate};
use serde::Serialize;

use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;
use super::which_key::WhichKey;
use super::{Global, clock, connect, request_file};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert export www.example.com  the public key as PEM (SubjectPublicKeyInfo)
  hsmcert export www.example.com --chain --out www.fullchain.pem
  hsmcert export id:0a1bff --certificate --der --out www.der

There is no option for private keys: they are made to stay in the HSM, and hsmcert never asks it for one.")]
pub(super) struct ExportArguments {
    /// Label, id:HEX or pkcs11: URI of the key, or of a certificate
    #[arg(value_name = "KEY")]
    key: String,
    /// The public key [default]
    #[arg(long, group = "what")]
    public_key: bool,
    /// The certificate
    #[arg(long, group = "what")]
    certificate: bool,
    /// The certificate and the intermediates that are on the token, in order, without the root
    #[arg(long, group = "what")]
    chain: bool,
    /// DER instead of PEM
    #[arg(long, conflicts_with = "chain")]
    der: bool,
    /// Where it goes [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(short, long)]
    force: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct Exported {
    /// `public-key`, `certificate` or `chain`.
    what: &'static str,
    label: String,
    id: String,
    algorithm: String,
    spki_sha256: Option<String>,
    /// Where the public key was read; `null` for certificates.
    source: Option<&'static str>,
    /// Leaf first; `null` for a public key.
    certificates: Option<Vec<JsonCertificate>>,
    /// The issuer of the last certificate, which is not on the token, or is a root.
    chain_ends_at: Option<String>,
    /// Where it was written; `null` for stdout.
    file: Option<String>,
    /// The PEM itself, if it went to stdout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
    /// The DER in base64, if that went to stdout.
    #[serde(skip_serializing_if = "Option::is_none")]
    der: Option<String>,
    token: String,
    token_serial: String,
}

#[derive(Serialize)]
struct JsonCertificate {
    subject: String,
    issuer: String,
    serial: String,
    not_after: String,
    sha256: String,
}

/// Either of the two, with what is written.
enum Found {
    Key(Box<ExportedKey>),
    Chain(Box<ExportedChain>),
}

pub(super) fn run(global: &Global, arguments: &ExportArguments, report: &Report) -> Result<(), Failure> {
    let ExportArguments { key, public_key: _, certificate, chain, der, out, force } = arguments;
    let which = WhichKey::read(key, true)?;
    let out = out.as_deref().filter(|path| !request_file::is_standard_stream(path));
    let output = out.map(|path| OutputFile::new(path, Access::Public, *force)).transpose()?;
    let (found, token) = connect::with_session(&which.token(global), &TokenRequest::default(), report, |session| {
        let found = match *certificate || *chain {
            true => Found::Chain(Box::new(export::certificate(session, &which.reference, *chain, clock::now())?)),
            false => Found::Key(Box::new(export::public_key(session, &which.reference)?)),
        };
        Ok((found, session.token().clone()))
    })?;
    let (encoded_der, pem) = match &found {
        Found::Key(found) => (x509::spki_der(&found.public_key)?, x509::spki_pem(&found.public_key)?),
        Found::Chain(found) => {
            let leaf = found.chain.first().map(|leaf| leaf.der().to_vec());
            (leaf.unwrap_or_default(), found.chain.iter().map(Certificate::to_pem).collect())
        }
    };
    if let Some(output) = &output {
        output.write(if *der { &encoded_der } else { pem.as_bytes() })?;
    }
    if let Some(note) = note(&found, *chain) {
        report.note(&note);
    }
    let what = match (certificate, chain) {
        (_, true) => "chain",
        (true, _) => "certificate",
        (false, false) => "public-key",
    };
    let mut exported = describe_found(&found, what, out);
    (exported.token, exported.token_serial) = (token.label, token.serial);
    if output.is_none() && report.is_json() {
        (exported.pem, exported.der) =
            if *der { (None, Some(STANDARD.encode(&encoded_der))) } else { (Some(pem), None) };
        report.result(&exported, "");
    } else if output.is_none() {
        report.stdout(if *der { &encoded_der } else { pem.as_bytes() });
    } else {
        report.result(&exported, &text(&exported));
    }
    Ok(())
}

fn describe_found(found: &Found, what: &'static str, out: Option<&Path>) -> Exported {
    let (key, public_key, source, certificates, chain_ends_at) = match found {
        Found::Key(found) => {
            let ExportedKey { key, public_key, source } = &**found;
            (key, Some(public_key.clone()), Some(word(*source)), None, None)
        }
        Found::Chain(found) => {
            let ExportedChain { key, chain, ends_at } = &**found;
            let public_key = chain.first().and_then(|leaf| leaf.public_key().ok());
            (key, public_key, None, Some(chain.iter().map(json).collect()), ends_at.clone())
        }
    };
    let algorithm = public_key.as_ref().map_or_else(|| StoredKey::algorithm(key), |key| key.algorithm().to_string());
    Exported {
        what,
        label: key.label().to_owned(),
        id: key.id().to_string(),
        algorithm,
        spki_sha256: public_key.as_ref().map(x509::spki_fingerprint),
        source,
        certificates,
        chain_ends_at,
        file: out.map(|path| path.display().to_string()),
        pem: None,
        der: None,
        token: String::new(),
        token_serial: String::new(),
    }
}

fn json(certificate: &Certificate) -> JsonCertificate {
    JsonCertificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: certificate.serial_hex(),
        not_after: clock::date(certificate.not_after()),
        sha256: certificate.fingerprint_sha256(),
    }
}

fn word(source: Source) -> &'static str {
    match source {
        Source::PublicKeyObject => "public-key-object",
        Source::PrivateKeyObject => "private-key-object",
        Source::ProvedCertificate => "proved-certificate",
        Source::Certificate => "certificate",
    }
}

/// What a user would not expect.
fn note(found: &Found, with_chain: bool) -> Option<String> {
    match found {
        Found::Key(found) => match found.source {
            Source::PublicKeyObject => None,
            Source::PrivateKeyObject => Some("there is no public key object: the private one shows its public key".to_owned()),
            Source::ProvedCertificate => Some(
                "the token does not show the public key: it is the certificate's, and a signature by the private key verifies with it"
                    .to_owned(),
            ),
            Source::Certificate => Some("there is no key object: it is the certificate's public key".to_owned()),
        },
        Found::Chain(found) => {
            let issuer = found.ends_at.as_ref().filter(|_| with_chain && found.chain.len() == 1)?;
            Some(format!("the token holds no certificate of the issuer, {issuer}: the chain is the certificate alone"))
        }
    }
}

fn text(exported: &Exported) -> String {
    let file = exported.file.as_deref().unwrap_or_default();
    let mut facts = Facts::new(&format!("{} written to {file}", exported.what.replace('-', " ")), 11);
    facts.line("key", &format!("\"{}\", {}, id {}", exported.label, exported.algorithm, exported.id));
    let certificates = exported.certificates.iter().flatten();
    facts.list("certificate", certificates.map(|one| format!("{}, valid to {}", one.subject, one.not_after)));
    if let Some(fingerprint) = &exported.spki_sha256 {
        facts.line("SPKI", &format!("SHA-256 {fingerprint}"));
    }
    facts.finish()
}
