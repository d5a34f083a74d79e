//! `hsmcert serve [LABEL|URI|CERT]`.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hsmcert::serve::{self, Event, Page, Stop};
use hsmcert::verify::{self, Options, Verification};
use hsmcert::{Error, ErrorKind, proof};
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::verify::{JsonLink, json_link};
use super::which::{self, Which};
use super::{Global, clock, connect, exit, state};

/// Connections end at once after a signal, a signature soon.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert serve www.example.com
  hsmcert serve www.example.com --listen 127.0.0.1:0 --requests 1 --json

For a first look and for tests: one page, no files. The link is proved before, as verify does it, and a broken one \
is not served (exit code 8). Ctrl-C ends it.")]
pub(super) struct ServeArguments {
    /// Label, pkcs11: URI or certificate file (its chain is sent too) [default: the only one on the token]
    #[arg(value_name = "LABEL|URI|CERT")]
    what: Option<String>,
    /// PEM file with the roots that the chain must lead to
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// End after so many pages
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// The token holds no certificates (some HSMs cannot): the file is the certificate [default: as accept found it]
    #[arg(long, requires = "what")]
    file_only: bool,
}

/// The result as JSON, printed when the server is ready.
#[derive(Serialize)]
struct Serving {
    url: String,
    address: String,
    token: String,
    certificate: JsonLink,
}

pub(super) fn run(global: &Global, arguments: &ServeArguments, report: &Report) -> Result<(), Failure> {
    let ServeArguments { what, ca_file, listen, requests, file_only } = arguments;
    let which = Which::read(what.as_deref(), global)?;
    let cannot = |error: &std::io::Error| {
        Failure::new(ErrorKind::Io, format!("{listen} cannot be listened on: {error}"))
            .hint("choose another address or port with --listen ADDRESS:PORT")
    };
    let roots = which::roots(ca_file.as_deref())?;
    let listener = TcpListener::bind(listen).map_err(|error| cannot(&error))?;
    let address = listener.local_addr().map_err(|error| cannot(&error))?;
    if !address.ip().is_loopback() {
        report.note(&format!("{address} can be reached from other machines"));
    }
    let options = Options { roots: roots.as_ref(), file_only: *file_only, now: clock::now() };
    let memory = state::read(global);
    let request = state::token_of(memory.as_ref(), which.certificates(), global)?;
    let served = connect::with_session(&which.token(global), &request, report, |session| {
        let candidates = verify::select(session, which.select(), memory.as_ref())?;
        let [candidate] = candidates.as_slice() else {
            let label = |one: &verify::Candidate| one.stored.first().map(|one| one.label.clone()).unwrap_or_default();
            return Err(Error::SeveralCertificates(candidates.iter().map(label).collect()));
        };
        let link = verify::verify(session, candidate, &options)?;
        Verification { links: vec![link.clone()], live: None }.verdict()?;
        let token = session.token().clone();
        let Some(leaf) = &link.leaf else { return Err(Error::LinkNotProved { id: link.id.clone() }) };
        let certificate = json_link(&link, &token, options.now);
        let key_uri = certificate.key_uri().to_owned();
        let page = Page { link: &link, leaf, token: &token.label, key_uri: &key_uri, now: options.now };
        let html = serve::page(&page);
        let stop = Arc::new(Stop::new(address));
        let (on_signal, on_hang) = (Arc::clone(&stop), report.clone());
        let end = move || {
            on_signal.stop();
            std::thread::sleep(PATIENCE);
            // It has not ended by now: the token does not answer.
            let seconds = PATIENCE.as_secs();
            let message = format!("the server has not ended within {seconds} s after the signal: the token hangs");
            let failure = Failure::new(ErrorKind::TokenUnavailable, message);
            on_hang.failure(&failure.hint("check that the HSM and its services are up and reachable"));
            exit::end(exit::code(ErrorKind::TokenUnavailable).0)
        };
        if let Err(error) = ctrlc::set_handler(end) {
            report.warning(&format!("Ctrl-C will end the server without closing the token: {error}"));
        }
        let serving = Serving {
            url: format!("https://{address}/"),
            address: address.to_string(),
            token: token.label.clone(),
            certificate,
        };
        report.result(&serving, &describe(&serving, &link.label, &proof::server_names(leaf), address));
        serve::serve(session, &link, &html, &listener, *requests, &stop, &|event| tell(report, event))
    })?;
    report.aside(&format!("ended after {served} page{}\n", if served == 1 { "" } else { "s" }));
    Ok(())
}

fn describe(serving: &Serving, label: &str, names: &[String], address: SocketAddr) -> String {
    let mut text = format!("serving {} with the key \"{}\"; Ctrl-C ends it\n", serving.url, shown(label));
    // An address needs no resolving; an example of a wildcard does as well as any name.
    if let Some(name) = names.iter().find(|name| name.parse::<std::net::IpAddr>().is_err()) {
        let (port, ip) = (address.port(), address.ip());
        let name = shown(name);
        text.push_str(&format!(
            "  curl       curl --cacert CA.pem --resolve {name}:{port}:{ip} https://{name}:{port}/\n  \
             verify     hsmcert verify --connect {name}:{port} --resolve {name}:{port}:{ip}\n"
        ));
    }
    text
}

fn tell(report: &Report, event: Event<'_>) {
    match event {
        Event::Answered { peer, request, status } => report.choice(&format!("{peer}: {request}: {status}")),
        Event::Failed { peer, reason } => report.choice(&format!("{peer}: {reason}")),
        Event::NotSigned(error) => report.warning(&format!("a handshake was not signed: {error}")),
    }
}
