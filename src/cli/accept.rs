//! `hsmcert accept CERT...`.

mod job;
mod linked;
mod many;

use std::path::PathBuf;

use clap::Args;
use hsmcert::accept::Terms;
use hsmcert::{file, x509};

use super::failure::Failure;
use super::report::Report;
use super::windows_store::WindowsStoreOptions;
use super::{Global, connect, patterns, state};
use job::{Job, Stored};
use linked::Linked;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert accept request.crt.pem
  hsmcert accept certnew.p7b --ca-file company-root.pem --strict
  hsmcert accept certs/*.crt.pem  one login, one line for each
  hsmcert accept bundle.pem --chain-out /etc/nginx/www.fullchain.pem

On Windows the certificate also goes into a certificate store: into LocalMachine\\My with --machine or if the \
request has MachineKeySet = TRUE, else into CurrentUser\\My, as with --user.")]
pub(super) struct AcceptArguments {
    /// The CA's answer: PEM, DER, PKCS#7 or base64, with or without chain, in any order; - for stdin
    #[arg(value_name = "CERTIFICATE", required = true)]
    certificates: Vec<PathBuf>,
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

pub(super) fn run(global: &Global, arguments: &AcceptArguments, report: &Report) -> Result<(), Failure> {
    let AcceptArguments { certificates, ca_file, strict, allow_ca, no_chain, keep_old, windows, .. } = arguments;
    let wishes = windows.wishes(global)?;
    let roots = match ca_file {
        Some(path) => x509::read_certificates(&file::read(path)?)?,
        None => Vec::new(),
    };
    let terms = Terms { strict: *strict, allow_ca: *allow_ca, roots, no_chain: *no_chain, keep_old: *keep_old };
    let files = patterns::expand(certificates)?;
    let [file] = files.as_slice() else {
        return many::run(global, arguments, &files, &terms, wishes.as_ref(), report);
    };
    let job = Job::read(global, arguments, file)?;
    let memory = state::open(global, report)?;
    let request = state::token_of(memory.as_ref(), &job.certificates, global)?;
    let stored = connect::with_session(global, &request, report, |session| {
        job.accept(session, &terms, memory.as_ref(), report)
    })?;
    let linked = stored.tell(&job, wishes.as_ref(), "", report)?;
    report.result(&linked, &linked.describe(&stored.accepted));
    Ok(())
}
