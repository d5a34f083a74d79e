//! `hsmcert verify [LABEL|URI|CERT]`.

mod address;
mod output;

use std::path::PathBuf;
use std::time::Duration;

pub(super) use address::HostPort;
use address::Resolve;
use clap::Args;
use hsmcert::proof;
use hsmcert::tls::Connect;
use hsmcert::verify::{self, Link, Options, Verification};
pub(super) use output::{JsonLink, json_link};
use output::{Verified, describe, json_server};

use super::failure::Failure;
use super::report::Report;
use super::which::{self, Which};
use super::{Global, clock, connect, state};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert verify
  hsmcert verify www.example.com --ca-file ca.pem
  hsmcert verify request.crt.pem
  hsmcert verify www.example.com --connect www.example.com:443
  hsmcert verify --connect www.example.com:8443 \\
    --resolve www.example.com:8443:127.0.0.1

Without a name, all certificates are verified that have a key on the token, or should have one.

Exit codes: 0 all is well; 6 no such certificate; 8 the link, the certificate or its chain is wrong; 14 the live \
server serves something else or does not answer (JSON: retryable is true). With 8 and 14 the steps are on stdout, as \
with 0.")]
pub(super) struct VerifyArguments {
    /// Label, pkcs11: URI or certificate file; - for stdin [default: all on the token]
    #[arg(value_name = "LABEL|URI|CERT")]
    what: Option<String>,
    /// PEM file with the roots that chains must lead to
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The token holds no certificates (some HSMs cannot): the file is the certificate [default: as accept found it]
    #[arg(long, requires = "what")]
    file_only: bool,
    /// Ask a live server, and compare what it serves; --timeout is also for connection and handshake together [10]
    #[arg(long, value_name = "HOST:PORT", help_heading = "Live server")]
    connect: Option<HostPort>,
    /// Use this address for HOST:PORT, as curl does
    #[arg(long, value_name = "HOST:PORT:ADDRESS", requires = "connect", help_heading = "Live server")]
    resolve: Vec<Resolve>,
    /// The name to ask the server for [default: HOST]
    #[arg(long, value_name = "NAME", requires = "connect", help_heading = "Live server")]
    name: Option<String>,
}

/// For connection and handshake together; without an end nobody waits for a server.
fn limit(global: &Global) -> Duration {
    const USUAL: u32 = 10;
    const LONGEST: u32 = 600;
    let seconds = match global.timeout {
        None => USUAL,
        Some(0) => LONGEST,
        Some(seconds) => seconds.min(LONGEST),
    };
    Duration::from_secs(seconds.into())
}

pub(super) fn run(global: &Global, arguments: &VerifyArguments, report: &Report) -> Result<(), Failure> {
    let VerifyArguments { what, ca_file, file_only, connect, resolve, name } = arguments;
    let which = Which::read(what.as_deref(), global)?;
    let roots = which::roots(ca_file.as_deref())?;
    if let Some(unused) = resolve.iter().find(|one| Some(&one.of) != connect.as_ref()) {
        let message = format!("--resolve is for {}:{}, which --connect does not ask", unused.of.host, unused.of.port);
        return Err(Failure::usage(message));
    }
    let server = connect.as_ref().map(|to| Connect {
        host: &to.host,
        port: to.port,
        address: resolve.first().map(|one| one.address),
        server_name: name.as_deref().unwrap_or(&to.host),
        limit: limit(global),
        check: proof::check_signature,
    });
    let options = Options { roots: roots.as_ref(), file_only: *file_only, now: clock::now() };
    let memory = state::read(global);
    let request = state::token_of(memory.as_ref(), which.certificates(), global)?;
    let (verification, token) = connect::with_session(&which.token(global), &request, report, |session| {
        let candidates = verify::select(session, which.select(), memory.as_ref())?;
        let links: Result<Vec<Link>, _> =
            candidates.iter().map(|candidate| verify::verify(session, candidate, &options)).collect();
        let links = links?;
        let live = server.map(|to| verify::live(session, &links, &to, &options)).transpose()?;
        Ok((Verification { links, live }, session.token().clone()))
    })?;
    let verdict = verification.verdict();
    let verified = Verified {
        verified: verdict.is_ok(),
        certificates: verification.links.iter().map(|link| json_link(link, &token, options.now)).collect(),
        server: verification.live.as_ref().map(|live| json_server(live, options.now)),
        token: token.label,
        token_serial: token.serial,
    };
    // In JSON they stand beside their certificate.
    for warning in verification.links.iter().flat_map(|link| &link.warnings).filter(|_| !report.is_json()) {
        report.warning(warning);
    }
    report.result(&verified, &describe(&verification));
    Ok(verdict?)
}
