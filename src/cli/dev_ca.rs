//! `hsmcert dev-ca CSR [CERT]`.

use std::path::PathBuf;

use clap::Args;
use hsmcert::dev_ca::{DevCa, NAME};
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::x509::Csr;
use hsmcert::{ErrorKind, accept, platform};
use serde::Serialize;

use super::clock::now;
use super::failure::Failure;
use super::report::{Report, shown};
use super::submit;

#[derive(Debug, Args)]
#[command(after_help = "Example:
  hsmcert dev-ca request.csr.pem request.crt.pem
  hsmcert accept request.crt.pem

The CA's key is in a file. Trust its certificate nowhere but on a machine of your own.")]
pub(super) struct DevCaArguments {
    /// The CSR, PEM or DER
    csr: PathBuf,
    /// Where the certificate goes [default: the CSR's name with .crt.pem]
    certificate: Option<PathBuf>,
    /// Days that the certificate is valid
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=825))]
    days: u32,
    /// Folder of the CA; made on first use [default: dev-ca in the user's data folder]
    #[arg(long, value_name = "FOLDER")]
    ca_dir: Option<PathBuf>,
    /// Replace an existing certificate file
    #[arg(short, long)]
    force: bool,
}

/// The result as JSON.
#[derive(Serialize)]
struct Issued {
    certificate: String,
    subject: String,
    issuer: String,
    not_after: String,
    ca_certificate: String,
}

pub(super) fn run(arguments: &DevCaArguments, report: &Report) -> Result<(), Failure> {
    let DevCaArguments { csr, certificate, days, ca_dir, force } = arguments;
    let request = Csr::from_bytes(&file::read(csr)?)?;
    let path = certificate.clone().unwrap_or_else(|| submit::certificate_name(csr));
    let output = OutputFile::new(&path, Access::Public, *force)?;
    let folder = ca_dir.clone().or_else(|| Some(platform::data_folder()?.join("dev-ca"))).ok_or_else(|| {
        Failure::new(ErrorKind::Io, "there is no home folder for the throw-away CA")
            .hint("choose one with --ca-dir FOLDER")
    })?;
    let ca = DevCa::open(&folder, now())?;
    let leaf = ca.issue(&request, now(), *days)?;
    output.write(format!("{}{}", leaf.to_pem(), ca.certificate().to_pem()).as_bytes())?;
    let issued = Issued {
        certificate: path.display().to_string(),
        subject: leaf.subject().to_string(),
        issuer: leaf.issuer().to_string(),
        not_after: accept::date(leaf.not_after()),
        ca_certificate: ca.certificate_file().display().to_string(),
    };
    report.note(&format!("{NAME}: its key is in a file in {}", folder.display()));
    let text = format!(
        "certificate written to {}\n  subject    {}\n  valid to   {}\n  CA file    {}\nnext: hsmcert accept {}\n",
        issued.certificate,
        shown(&issued.subject),
        issued.not_after,
        issued.ca_certificate,
        issued.certificate
    );
    report.result(&issued, &text);
    Ok(())
}
