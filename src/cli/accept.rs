//! `hsmcert accept CERT`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use hsmcert::accept::{self, Accepted, ChainFile, Change, Terms};
use hsmcert::file;
use hsmcert::proof::Outcome;
use hsmcert::token::vendor::{Certificates, Vendor};
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::x509::{self, Certificate, Difference, Field};
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::step::JsonStep;
use super::windows_store::{InStore, WindowsStoreOptions};
use super::{Global, clock, connect, state, windows_store};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert accept request.crt.pem
  hsmcert accept certnew.p7b --ca-file company-root.pem --strict
  hsmcert accept bundle.pem --chain-out /etc/nginx/www.fullchain.pem

On Windows the certificate also goes into a certificate store: into LocalMachine\\My with --machine or if the request
has MachineKeySet = TRUE, else into CurrentUser\\My, as with --user.")]
pub(super) struct AcceptArguments {
    /// The CA's answer: PEM, DER, PKCS#7 or base64, with or without chain, in any order; - for stdin
    certificate: PathBuf,
    /// Where leaf and intermediates go as PEM [default: the stem of CERTIFICATE + .fullchain.pem]
    #[arg(long, value_name = "FILE")]
    chain_out: Option<PathBuf>,
    /// Replace an existing chain file
    #[arg(short, long)]
    force: bool,
    /// Roots: refuse a certificate from which no valid path leads to one of them
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Refuse whatever would be a warning, and every difference between certificate and request
    #[arg(long)]
    strict: bool,
    /// Take a CA certificate although the request did not ask for one
    #[arg(long)]
    allow_ca: bool,
    /// Store no CA certificates on the token; the chain file has them all the same
    #[arg(long)]
    no_chain: bool,
    /// Keep a certificate that is replaced, as a PEM file beside the chain file
    #[arg(long)]
    keep_old: bool,
    #[command(flatten)]
    windows: WindowsStoreOptions,
}

/// The result as JSON.
#[derive(Serialize)]
struct Linked {
    subject: String,
    issuer: String,
    subject_alt_names: Vec<String>,
    not_before: String,
    not_after: String,
    days_left: i64,
    fingerprint_sha256: String,
    label: String,
    id: String,
    algorithm: String,
    change: &'static str,
    on_token: bool,
    stored_intermediates: usize,
    proved: Vec<String>,
    handshakes: Vec<JsonStep>,
    differences: Option<Vec<JsonDifference>>,
    chain: String,
    chain_written: bool,
    previous_chain: Option<String>,
    kept_old: Vec<String>,
    key_uri: String,
    certificate_uri: Option<String>,
    token: String,
    windows_store: Option<InStore>,
}

#[derive(Serialize)]
struct JsonDifference {
    field: &'static str,
    asked: Option<String>,
    issued: Option<String>,
}

pub(super) fn run(global: &Global, arguments: AcceptArguments, report: &Report) -> Result<(), Failure> {
    let AcceptArguments { certificate, chain_out, force, ca_file, strict, allow_ca, no_chain, keep_old, windows } =
        arguments;
    let wishes = windows.wishes(global)?;
    let certificates = read(global, &certificate, chain_out.is_some())?;
    let roots = match &ca_file {
        Some(path) => x509::read_certificates(&file::read(path)?)?,
        None => Vec::new(),
    };
    let terms = Terms { strict, allow_ca, roots, no_chain, keep_old };
    let chain_out = chain_out.unwrap_or_else(|| chain_name(&certificate));
    let chain_file = ChainFile::new(&chain_out, force)?;
    let memory = state::open(global, report)?;
    let request = state::token_of(memory.as_ref(), &certificates, global)?;
    let now = clock::now();
    let (accepted, token, vendor, quirks) = connect::with_session(global, &request, report, |session| {
        let accepted = accept::accept(session, &certificates, &terms, &chain_file, memory.as_ref(), now)?;
        Ok((accepted, session.token().clone(), session.vendor(), session.quirks()))
    })?;

    // Before what may still fail.
    for warning in &accepted.warnings {
        report.warning(warning);
    }
    if let Change::NotStored(refusal) = &accepted.change {
        report.warning(&not_stored(refusal, vendor, quirks.certificates));
    }
    for note in &accepted.notes {
        report.note(note);
    }
    let windows_store =
        wishes.map(|wishes| windows_store::put(wishes, &accepted, vendor, &certificate, report)).transpose()?;
    let on_token = !matches!(accepted.change, Change::NotStored(_));
    let uri = |object_type| Pkcs11Uri {
        token: Some(token.label.clone()),
        id: Some(accepted.id.clone()),
        object: Some(accepted.label.clone()),
        object_type: Some(object_type),
        ..Pkcs11Uri::default()
    };
    let linked = Linked {
        subject: accepted.leaf.subject().to_string(),
        issuer: accepted.leaf.issuer().to_string(),
        subject_alt_names: accepted.leaf.subject_alt_names().iter().map(ToString::to_string).collect(),
        not_before: accept::date(accepted.leaf.not_before()),
        not_after: accept::date(accepted.leaf.not_after()),
        days_left: (accepted.leaf.not_after() - now).div_euclid(86_400),
        fingerprint_sha256: accepted.leaf.fingerprint_sha256(),
        label: accepted.label.clone(),
        id: accepted.id.to_string(),
        algorithm: accepted.algorithm.to_string(),
        change: match accepted.change {
            Change::Stored => "stored",
            Change::Unchanged => "unchanged",
            Change::Replaced(_) => "replaced",
            Change::NotStored(_) => "not-stored",
        },
        on_token,
        stored_intermediates: accepted.stored_intermediates,
        proved: accepted.proved.iter().map(ToString::to_string).collect(),
        handshakes: accepted.handshakes.iter().map(JsonStep::from).collect(),
        differences: accepted.differences.as_ref().map(|all| all.iter().map(json).collect()),
        chain: chain_out.display().to_string(),
        chain_written: accepted.chain_written,
        previous_chain: accepted.previous_chain.as_ref().map(|path| path.display().to_string()),
        kept_old: accepted.kept.iter().map(|path| path.display().to_string()).collect(),
        key_uri: uri(ObjectType::Private).to_string(),
        certificate_uri: on_token.then(|| uri(ObjectType::Certificate).to_string()),
        token: token.label.clone(),
        windows_store,
    };
    report.result(&linked, &describe(&linked, &accepted));
    Ok(())
}

fn read(global: &Global, certificate: &Path, chain_is_named: bool) -> Result<Vec<Certificate>, Failure> {
    if certificate != Path::new("-") {
        return Ok(x509::read_certificates(&file::read(certificate)?)?);
    }
    if global.pin_source.as_deref() == Some("-") {
        return Err(Failure::usage("the certificate and the PIN cannot both come from stdin"));
    }
    if !chain_is_named {
        return Err(Failure::usage("a certificate from stdin has no file name to take the chain's name from")
            .hint("add --chain-out FILE"));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(file::Error::Io)?;
    Ok(x509::read_certificates(&bytes)?)
}

fn json(difference: &Difference) -> JsonDifference {
    let Difference { field, asked, issued } = difference;
    let field = match field {
        Field::SubjectAltName => "subject_alt_name",
        Field::Subject => "subject",
        Field::KeyUsage => "key_usage",
        Field::ExtendedKeyUsage => "extended_key_usage",
        Field::Extension => "extension",
    };
    JsonDifference { field, asked: asked.clone(), issued: issued.clone() }
}

/// A token without certificate objects is no failure: servers take the certificate from the chain file.
fn not_stored(refusal: &str, vendor: Option<&Vendor>, certificates: Certificates) -> String {
    let enable = match vendor.map(|vendor| (certificates, vendor.product, vendor.certificate_storage)) {
        Some((Certificates::Never, product, Some(instead))) => format!("{product} shows it after {instead}"),
        Some((Certificates::Never, product, None)) => format!("{product} holds none"),
        Some((_, product, Some(command))) => format!("{product} takes them after: {command}"),
        Some((_, _, None)) | None => "see its documentation whether they can be enabled".to_owned(),
    };
    format!("the token takes no certificate objects ({refusal}): the certificate is in the chain file only; {enable}")
}

/// `request.crt.pem` gives `request.crt.fullchain.pem`.
fn chain_name(certificate: &Path) -> PathBuf {
    let stem = certificate.file_stem().unwrap_or(certificate.as_os_str()).to_string_lossy();
    certificate.with_file_name(format!("{stem}.fullchain.pem"))
}

/// What changed although the certificate was on the token.
fn changed(linked: &Linked) -> String {
    let mut changed = Vec::new();
    match linked.stored_intermediates {
        0 => {}
        1 => changed.push("1 CA certificate stored".to_owned()),
        several => changed.push(format!("{several} CA certificates stored")),
    }
    if linked.chain_written {
        changed.push("chain file written".to_owned());
    }
    changed.extend(linked.windows_store.as_ref().and_then(InStore::changed));
    if changed.is_empty() { "nothing changed".to_owned() } else { changed.join(", ") }
}

fn describe(linked: &Linked, accepted: &Accepted) -> String {
    let mut text = match &accepted.change {
        Change::Stored => format!("certificate stored and linked to the key \"{}\"\n", shown(&linked.label)),
        Change::Unchanged => {
            format!("certificate was linked to the key \"{}\" already: {}\n", shown(&linked.label), changed(linked))
        }
        Change::NotStored(_) => {
            format!("certificate belongs to the key \"{}\"; the token does not hold it\n", shown(&linked.label))
        }
        Change::Replaced(count) => {
            format!(
                "certificate stored and linked to the key \"{}\", replacing {count} older one(s)\n",
                shown(&linked.label)
            )
        }
    };
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<10} {}\n", shown(value)));
    line("subject", &linked.subject);
    for (index, name) in linked.subject_alt_names.iter().enumerate() {
        line(if index == 0 { "SANs" } else { "" }, name);
    }
    line("issuer", &linked.issuer);
    line("valid", &format!("{} to {} ({} days left)", linked.not_before, linked.not_after, linked.days_left));
    line("key", &format!("{}, id {}, on the token \"{}\"", linked.algorithm, linked.id, linked.token));
    line("proved", &format!("a nonce signed in the token verifies with the certificate: {}", linked.proved.join("; ")));
    for step in &accepted.handshakes {
        match &step.outcome {
            Outcome::Skipped(why) => line("", &format!("no {}: {why}", step.check)),
            Outcome::Ok(_) | Outcome::Failed(_) => line("", &step.to_string()),
        }
    }
    let count = accepted.chain.len();
    line("chain", &format!("{} ({count} certificate{})", linked.chain, if count == 1 { "" } else { "s" }));
    if let Some(previous) = &linked.previous_chain {
        line("", &format!("the one before is in {previous}"));
    }
    for (index, path) in linked.kept_old.iter().enumerate() {
        line(if index == 0 { "old one" } else { "" }, path);
    }
    line("key URI", &linked.key_uri);
    if let Some(uri) = &linked.certificate_uri {
        line("cert URI", uri);
    }
    text + &linked.windows_store.as_ref().map(InStore::describe).unwrap_or_default()
}
