//! `hsmcert submit CSR [CERT] --ca NAME`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use hsmcert::ca::{Error as CaError, Pending};
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::state::{OpenOrder, State};
use hsmcert::submit::{self, Submission, Submitted};
use hsmcert::x509::{Certificate, Csr};
use hsmcert::{Error, ErrorKind, accept, platform};
use serde::Serialize;

use super::ca::Here;
use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;
use super::{Global, ca, clock};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert submit request.csr.pem --ca company && hsmcert accept request.crt.pem
  hsmcert submit request.csr.pem request.crt.pem --ca dev

A CA is a [ca.NAME] table of hsmcert.toml; `dev` is the throw-away CA. When the CA has not decided, the exit code is \
12: run the same command again, and it asks for the same order.")]
pub(super) struct SubmitArguments {
    /// The CSR, PEM or DER
    csr: PathBuf,
    /// Where the certificate and its chain go [default: the CSR's name with .crt.pem]
    certificate: Option<PathBuf>,
    /// Name of the CA in hsmcert.toml; dev is the throw-away CA
    #[arg(long, value_name = "NAME")]
    ca: String,
    /// What an earlier run was told by the CA, where nothing is remembered of it
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// Replace an existing certificate file
    #[arg(short, long)]
    force: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct Issued<'a> {
    ca: &'a str,
    protocol: &'static str,
    certificate: String,
    subject: String,
    issuer: String,
    subject_alt_names: Vec<String>,
    not_after: String,
    certificates: usize,
}

pub(super) fn run(global: &Global, arguments: &SubmitArguments, report: &Report) -> Result<(), Failure> {
    let SubmitArguments { csr: csr_file, certificate, ca: name, reference, force } = arguments;
    let csr = Csr::from_bytes(&file::read(csr_file)?)?;
    let path = certificate.clone().unwrap_or_else(|| certificate_name(csr_file));
    let output = OutputFile::new(&path, Access::Public, *force)?;
    let authority = ca::find(name)?;
    let memory = super::state::read(global);
    let remembered = memory.as_ref().and_then(|memory| open_order(memory, &csr, name));
    let reference = reference.as_deref().or_else(|| remembered.as_ref()?.reference.as_deref());
    let usual_dev = platform::data_folder().map(|folder| folder.join("dev-ca"));
    let here = Here { name, report };
    let remember = |order: Option<OpenOrder>| {
        memory.as_ref().is_some_and(|memory| match memory.remember_order(&csr, order) {
            Ok(remembered) => remembered,
            Err(error) => {
                report.warning(&format!("the order is not remembered: {error}"));
                false
            }
        })
    };
    let order = |reference: Option<String>, pause: Option<Duration>| {
        OpenOrder::new(name, reference, pause, remembered.as_ref(), clock::now())
    };
    let opened = |reference: &str| {
        remember(Some(order(Some(reference.to_owned()), None)));
        Ok(())
    };
    let submission = Submission { csr: &csr, reference, replaces: None, opened: &opened };
    let submitted = submit::submit(&authority, &submission, usual_dev.as_deref(), &here);
    if let Err(Error::Ca(CaError::Refused { .. } | CaError::Unproved { .. })) = &submitted {
        // An order that was refused is over.
        remember(None);
    }
    match submitted? {
        Submitted::Pending(pending) => {
            let remembered = remember(Some(order(pending.reference.clone(), pending.retry_after)));
            Err(unsettled(&pending, remembered))
        }
        Submitted::Issued(certificates) => {
            let pem: String = certificates.iter().map(Certificate::to_pem).collect();
            output.write(pem.as_bytes())?;
            // Whoever asks once more wants another certificate.
            remember(None);
            let Some(leaf) = certificates.first() else { return Ok(()) };
            let issued = Issued {
                ca: name,
                protocol: authority.protocol(),
                certificate: path.display().to_string(),
                subject: leaf.subject().to_string(),
                issuer: leaf.issuer().to_string(),
                subject_alt_names: leaf.subject_alt_names().iter().map(ToString::to_string).collect(),
                not_after: accept::date(leaf.not_after()),
                certificates: certificates.len(),
            };
            report.result(&issued, &describe(&issued));
            Ok(())
        }
    }
}

/// `request.csr.pem` -> `request.crt.pem`.
pub(super) fn certificate_name(csr: &Path) -> PathBuf {
    let name = csr.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".csr.pem").or_else(|| name.rsplit_once('.').map(|(stem, _)| stem)).unwrap_or(&name);
    csr.with_file_name(format!("{stem}.crt.pem"))
}

/// The order of this CSR that is open at this CA.
fn open_order(memory: &State, csr: &Csr, ca: &str) -> Option<OpenOrder> {
    let record = memory.record(&csr.public_key().ok()?)?;
    let same = record.csr().is_some_and(|known| known.der() == csr.der());
    record.request?.order.filter(|order| same && order.ca == ca)
}

fn unsettled(pending: &Pending, remembered: bool) -> Failure {
    let message = match pending.message.as_str() {
        "" => "the CA has not decided".to_owned(),
        message => format!("the CA has not decided: {message}"),
    };
    let mut failure = Failure::new(ErrorKind::CaPending, message);
    failure.retryable = true;
    failure = match pending.retry_after {
        Some(time) => failure.hint(format!("run the same command again in {}", super::hint::words(time))),
        None => failure.hint("run the same command again later"),
    };
    match &pending.reference {
        Some(reference) if !remembered => {
            failure.hint(format!("this CSR was not made here, so add: --reference '{reference}'"))
        }
        _ => failure,
    }
}

fn describe(issued: &Issued<'_>) -> String {
    let mut facts = Facts::new(&format!("certificate written to {}", issued.certificate), 10);
    facts.line("CA", &format!("{} ({})", issued.ca, issued.protocol));
    facts.line("subject", if issued.subject.is_empty() { "(empty)" } else { &issued.subject });
    facts.list("SANs", &issued.subject_alt_names);
    facts.line("issuer", &issued.issuer);
    facts.line("valid to", &issued.not_after);
    facts.line("chain", &format!("{} certificates in the file", issued.certificates));
    format!("{}next: hsmcert accept {}\n", facts.finish(), issued.certificate)
}
