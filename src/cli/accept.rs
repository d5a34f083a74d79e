//! `hsmcert accept CERT`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use hsmcert::accept::{self, Accepted, Change};
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::request::TokenRequest;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::x509;
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::{Global, clock, connect};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert accept request.crt.pem
  hsmcert accept bundle.pem --chain-out /etc/nginx/www.fullchain.pem")]
pub(super) struct AcceptArguments {
    /// The CA's answer: PEM or DER, with or without chain, in any order; - for stdin
    certificate: PathBuf,
    /// Where leaf and intermediates go as PEM [default: the stem of CERTIFICATE + .fullchain.pem]
    #[arg(long, value_name = "FILE")]
    chain_out: Option<PathBuf>,
    /// Replace an existing chain file
    #[arg(short, long)]
    force: bool,
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
    stored_intermediates: usize,
    proved: Vec<String>,
    warnings: Vec<String>,
    chain: String,
    key_uri: String,
    certificate_uri: String,
    token: String,
}

pub(super) fn run(global: &Global, arguments: AcceptArguments, report: &Report) -> Result<(), Failure> {
    let AcceptArguments { certificate, chain_out, force } = arguments;
    let from_stdin = certificate == Path::new("-");
    if from_stdin && global.pin_source.as_deref() == Some("-") {
        return Err(Failure::usage("the certificate and the PIN cannot both come from stdin"));
    }
    if from_stdin && chain_out.is_none() {
        return Err(Failure::usage("a certificate from stdin has no file name to take the chain's name from")
            .hint("add --chain-out FILE"));
    }
    let bytes = if from_stdin {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(file::Error::Io)?;
        bytes
    } else {
        file::read(&certificate)?
    };
    let certificates = x509::read_certificates(&bytes)?;
    let chain_out = chain_out.unwrap_or_else(|| chain_name(&certificate));
    // Whether it may be replaced is known only with the chain's bytes: the same bytes are a no-op.
    let existing = if chain_out.exists() { Some(file::read(&chain_out)?) } else { None };
    if existing.is_none() {
        OutputFile::new(&chain_out, Access::Public, force)?;
    }
    let now = clock::now();
    let (accepted, token) = connect::with_session(global, &TokenRequest::default(), report, |session| {
        let (leaf, others, _) = accept::choose(session, &certificates, now)?;
        let sorted = accept::chain(&leaf, &others).0;
        let pem: String = sorted.iter().map(x509::Certificate::to_pem).collect();
        let output = match &existing {
            Some(existing) if existing == pem.as_bytes() => None,
            _ => Some(OutputFile::new(&chain_out, Access::Public, force)?),
        };
        let accepted = accept::accept(session, &certificates, now)?;
        if let Some(output) = output {
            output.write(pem.as_bytes())?;
        }
        Ok((accepted, session.token().clone()))
    })?;

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
        },
        stored_intermediates: accepted.stored_intermediates,
        proved: accepted.proved.iter().map(ToString::to_string).collect(),
        warnings: accepted.warnings.clone(),
        chain: chain_out.display().to_string(),
        key_uri: uri(ObjectType::Private).to_string(),
        certificate_uri: uri(ObjectType::Certificate).to_string(),
        token: token.label.clone(),
    };
    for warning in &accepted.warnings {
        report.warning(warning);
    }
    report.result(&linked, &describe(&linked, &accepted));
    Ok(())
}

/// `request.crt.pem` gives `request.crt.fullchain.pem`.
fn chain_name(certificate: &Path) -> PathBuf {
    let stem = certificate.file_stem().unwrap_or(certificate.as_os_str()).to_string_lossy();
    certificate.with_file_name(format!("{stem}.fullchain.pem"))
}

fn describe(linked: &Linked, accepted: &Accepted) -> String {
    let mut text = match accepted.change {
        Change::Stored => format!("certificate stored and linked to the key \"{}\"\n", shown(&linked.label)),
        Change::Unchanged => {
            format!("certificate was linked to the key \"{}\" already: nothing changed\n", shown(&linked.label))
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
    line("chain", &format!("{} ({} certificates)", linked.chain, accepted.chain.len()));
    line("key URI", &linked.key_uri);
    line("cert URI", &linked.certificate_uri);
    text
}
