//! One answer of a CA on its way to the token.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use hsmcert::Error;
use hsmcert::accept::{self, Accepted, ChainFile, Change, Terms};
use hsmcert::file;
use hsmcert::pin::PinSource;
use hsmcert::state::State;
use hsmcert::token::vendor::{Certificates, Quirks, Vendor};
use hsmcert::token::{Session, TokenInfo};
use hsmcert::x509::{self, Certificate};

use super::super::failure::Failure;
use super::super::report::Report;
use super::super::windows_store::{self, Wishes};
use super::super::{Global, clock, traces};
use super::{AcceptArguments, Linked};

/// What was read and checked before the HSM is touched.
pub(super) struct Job {
    pub(super) file: PathBuf,
    pub(super) certificates: Vec<Certificate>,
    pub(super) chain_out: PathBuf,
    chain_file: ChainFile,
}

/// What became of it.
pub(super) struct Stored {
    pub(super) accepted: Accepted,
    token: TokenInfo,
    vendor: Option<&'static Vendor>,
    quirks: Quirks,
}

impl Job {
    pub(super) fn read(global: &Global, arguments: &AcceptArguments, file: &Path) -> Result<Self, Failure> {
        let certificates = read(global, file, arguments.chain_out.is_some())?;
        let chain_out = arguments.chain_out.clone().unwrap_or_else(|| chain_name(file));
        let chain_file = ChainFile::new(&chain_out, arguments.force)?;
        Ok(Self { file: file.to_owned(), certificates, chain_out, chain_file })
    }

    pub(super) fn accept(
        &self,
        session: &Session<'_>,
        terms: &Terms,
        memory: Option<&State>,
        report: &Report,
    ) -> Result<Stored, Error> {
        let now = clock::now();
        let accepted = accept::accept(session, &self.certificates, terms, &self.chain_file, memory, now)
            .inspect_err(|error| traces::tell(error, session, memory, report))?;
        let (token, vendor, quirks) = (session.token().clone(), session.vendor(), session.quirks());
        Ok(Stored { accepted, token, vendor, quirks })
    }
}

impl Stored {
    /// Says what is to be said beside the result, and puts the certificate into the store of Windows. `name` begins each
    /// sentence.
    pub(super) fn tell(
        &self,
        job: &Job,
        wishes: Option<&Wishes>,
        name: &str,
        report: &Report,
    ) -> Result<Linked, Failure> {
        let Self { accepted, token, vendor, quirks } = self;
        // Before what may still fail.
        for warning in &accepted.warnings {
            report.warning(&format!("{name}{warning}"));
        }
        if let Change::NotStored(refusal) = &accepted.change {
            report.warning(&format!("{name}{}", not_stored(refusal, *vendor, quirks.certificates)));
        }
        for left in &accepted.left {
            report.note(&format!("{name}{left}"));
        }
        for note in &accepted.notes {
            report.note(&format!("{name}{note}"));
        }
        let windows_store =
            wishes.map(|wishes| windows_store::put(wishes, accepted, *vendor, &job.file, report)).transpose()?;
        Ok(Linked::new(job, accepted, token, windows_store))
    }
}

fn read(global: &Global, certificate: &Path, chain_is_named: bool) -> Result<Vec<Certificate>, Failure> {
    if certificate != Path::new("-") {
        return Ok(x509::read_certificates(&file::read(certificate)?)?);
    }
    if global.pin_source == Some(PinSource::Stdin) {
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
