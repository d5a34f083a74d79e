//! `hsmcert verify [LABEL|URI|CERT]`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use hsmcert::accept::date;
use hsmcert::proof::{Outcome, Step};
use hsmcert::request::TokenRequest;
use hsmcert::tls::Connect;
use hsmcert::token::TokenInfo;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::verify::{self, Link, Live, Options, Verification};
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::which::{self, Which};
use super::{Global, clock, connect};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert verify                                     every certificate on the token that has, or should have, a key
  hsmcert verify www.example.com --ca-file ca.pem    and its chain
  hsmcert verify request.crt.pem                     is the CA's certificate the one on the token?
  hsmcert verify www.example.com --connect www.example.com:443
  hsmcert verify --connect www.example.com:8443 --resolve www.example.com:8443:127.0.0.1

Exit codes: 0 all is well; 6 no such certificate; 8 the link, the certificate or its chain is not as it should be;
14 the live server serves something else, or does not answer (then `retryable` is true in JSON). The steps are
printed on stdout in each of these cases but 6.")]
pub(super) struct VerifyArguments {
    /// Label, pkcs11: URI or certificate file; - for stdin [default: all on the token]
    #[arg(value_name = "LABEL|URI|CERT")]
    what: Option<String>,
    /// PEM file with the roots that chains must lead to
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The token holds no certificates (some HSMs cannot): the file is the certificate
    #[arg(long, requires = "what")]
    file_only: bool,
    /// Ask a live server, and compare what it serves
    #[arg(long, value_name = "HOST:PORT", help_heading = "Live server")]
    connect: Option<HostPort>,
    /// Use this address for HOST:PORT, as curl does
    #[arg(long, value_name = "HOST:PORT:ADDRESS", requires = "connect", help_heading = "Live server")]
    resolve: Vec<Resolve>,
    /// The name to ask the server for [default: HOST]
    #[arg(long, value_name = "NAME", requires = "connect", help_heading = "Live server")]
    name: Option<String>,
    /// Limit for connection and handshake together
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "connect", help_heading = "Live server",
          value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct HostPort {
    host: String,
    port: u16,
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("expected HOST:PORT, for example {}:443", if text.is_empty() { "host" } else { text });
        let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
        let port = port.parse().map_err(|_| "the port is no number from 1 to 65535".to_owned())?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() || (bare.contains(':') && bare == host) {
            return Err("expected HOST:PORT, or [IPv6]:PORT".to_owned());
        }
        Ok(Self { host: bare.to_owned(), port })
    }
}

#[derive(Debug, Clone)]
struct Resolve {
    of: HostPort,
    address: IpAddr,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected HOST:PORT:ADDRESS, for example www.example.com:443:127.0.0.1".to_owned();
        // An IPv6 address has colons itself, so the parts are taken from the left.
        let start = text.find(']').unwrap_or_default();
        let port = start + text[start..].find(':').ok_or_else(expected)? + 1;
        let end = port + text[port..].find(':').ok_or_else(expected)?;
        let address = text[end + 1..].trim_start_matches('[').trim_end_matches(']');
        Ok(Self { of: text[..end].parse()?, address: address.parse().map_err(|_| expected())? })
    }
}

/// The result as JSON.
#[derive(Serialize)]
struct Verified {
    verified: bool,
    token: String,
    token_serial: String,
    certificates: Vec<JsonLink>,
    server: Option<JsonServer>,
}

#[derive(Serialize)]
pub(super) struct JsonLink {
    label: String,
    id: String,
    verified: bool,
    subject: Option<String>,
    issuer: Option<String>,
    subject_alt_names: Vec<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    fingerprint_sha256: Option<String>,
    key_uri: String,
    certificate_uri: String,
    warnings: Vec<String>,
    steps: Vec<JsonStep>,
}

impl JsonLink {
    pub(super) fn key_uri(&self) -> &str {
        &self.key_uri
    }
}

#[derive(Serialize)]
struct JsonServer {
    server: String,
    verified: bool,
    subject: Option<String>,
    issuer: Option<String>,
    subject_alt_names: Vec<String>,
    not_after: Option<String>,
    days_left: Option<i64>,
    fingerprint_sha256: Option<String>,
    chain: Vec<String>,
    steps: Vec<JsonStep>,
}

#[derive(Serialize)]
struct JsonStep {
    check: String,
    with: Option<String>,
    result: &'static str,
    detail: String,
}

pub(super) fn run(global: &Global, arguments: &VerifyArguments, report: &Report) -> Result<(), Failure> {
    let VerifyArguments { what, ca_file, file_only, connect, resolve, name, timeout } = arguments;
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
        limit: Duration::from_secs(*timeout),
    });
    let options = Options { roots: roots.as_ref(), file_only: *file_only, now: clock::now() };
    let request = TokenRequest::default();
    let (verification, token) = connect::with_session(&which.token(global), &request, report, |session| {
        let candidates = verify::select(session, which.select())?;
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
    for warning in verification.links.iter().flat_map(|link| &link.warnings) {
        report.warning(warning);
    }
    report.result(&verified, &describe(&verification));
    Ok(verdict?)
}

pub(super) fn json_link(link: &Link, token: &TokenInfo, now: i64) -> JsonLink {
    let uri = |object_type| Pkcs11Uri {
        token: Some(token.label.clone()),
        id: Some(link.id.clone()).filter(|id| !id.is_empty()),
        object: Some(link.label.clone()).filter(|label| !label.is_empty()),
        object_type: Some(object_type),
        ..Pkcs11Uri::default()
    };
    let Link { id, label, leaf, chain: _, proved: _, steps, warnings } = link;
    let leaf = leaf.as_ref();
    JsonLink {
        label: label.clone(),
        id: id.to_string(),
        verified: link.is_proved(),
        subject: leaf.map(|leaf| leaf.subject().to_string()),
        issuer: leaf.map(|leaf| leaf.issuer().to_string()),
        subject_alt_names: leaf.map(names).unwrap_or_default(),
        not_before: leaf.map(|leaf| date(leaf.not_before())),
        not_after: leaf.map(|leaf| date(leaf.not_after())),
        days_left: leaf.map(|leaf| verify::days_left(leaf, now)),
        fingerprint_sha256: leaf.map(hsmcert::x509::Certificate::fingerprint_sha256),
        key_uri: uri(ObjectType::Private).to_string(),
        certificate_uri: uri(ObjectType::Certificate).to_string(),
        warnings: warnings.clone(),
        steps: steps.iter().map(json_step).collect(),
    }
}

fn json_server(live: &Live, now: i64) -> JsonServer {
    let Live { server, served, steps, is_retryable: _ } = live;
    let leaf = served.first();
    JsonServer {
        server: server.clone(),
        verified: !steps.iter().any(Step::has_failed),
        subject: leaf.map(|leaf| leaf.subject().to_string()),
        issuer: leaf.map(|leaf| leaf.issuer().to_string()),
        subject_alt_names: leaf.map(names).unwrap_or_default(),
        not_after: leaf.map(|leaf| date(leaf.not_after())),
        days_left: leaf.map(|leaf| verify::days_left(leaf, now)),
        fingerprint_sha256: leaf.map(hsmcert::x509::Certificate::fingerprint_sha256),
        chain: served.iter().map(|one| one.subject().to_string()).collect(),
        steps: steps.iter().map(json_step).collect(),
    }
}

fn names(leaf: &hsmcert::x509::Certificate) -> Vec<String> {
    leaf.subject_alt_names().iter().map(ToString::to_string).collect()
}

fn json_step(step: &Step) -> JsonStep {
    let Step { check, with, outcome } = step;
    JsonStep {
        check: check.to_string(),
        with: with.clone(),
        result: match outcome {
            Outcome::Ok(_) => "ok",
            Outcome::Failed(_) => "failed",
            Outcome::Skipped(_) => "skipped",
        },
        detail: outcome.detail().to_owned(),
    }
}

fn describe(verification: &Verification) -> String {
    let mut text = String::new();
    for link in &verification.links {
        text.push_str(&format!("\"{}\", id {}\n", shown(&link.label), link.id));
        if let Some(leaf) = &link.leaf {
            let names = names(leaf).join(", ");
            for (name, value) in [
                ("subject", leaf.subject().to_string()),
                ("SANs", if names.is_empty() { "none".to_owned() } else { names }),
                ("issuer", leaf.issuer().to_string()),
            ] {
                text.push_str(&format!("  {name:<8} {}\n", shown(&value)));
            }
        }
        text.push_str(&table(&link.steps));
    }
    if let Some(live) = &verification.live {
        text.push_str(&format!("live server {}\n{}", live.server, table(&live.steps)));
    }
    if verification.verdict().is_ok() {
        let count = verification.links.len();
        let server = if verification.live.is_some() { ", and served as it should be" } else { "" };
        text.push_str(&format!("verified: {count} certificate{}{server}\n", if count == 1 { "" } else { "s" }));
    }
    text
}

/// One line for each step; steps that differ only in what they were done with share one.
fn table(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.check.to_string().len()).max().unwrap_or_default();
    let mut text = String::new();
    for same in steps.chunk_by(|one, next| one.check == next.check && one.outcome == next.outcome) {
        let [step, ..] = same else { continue };
        let word = match step.outcome {
            Outcome::Ok(_) => "ok",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "skipped",
        };
        let with: Vec<&str> = same.iter().filter_map(|step| step.with.as_deref()).collect();
        let with = if with.is_empty() { String::new() } else { format!("{}: ", with.join(", ")) };
        let detail = shown(&format!("{with}{}", step.outcome.detail()));
        text.push_str(&format!("  {word:<8} {:<width$}  {detail}\n", step.check.to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_addresses_as_curl_writes_them() {
        let host = |host: &str, port| HostPort { host: host.to_owned(), port };
        assert_eq!("www.example.com:443".parse(), Ok(host("www.example.com", 443)));
        assert_eq!("[::1]:8443".parse(), Ok(host("::1", 8443)));
        for wrong in ["www.example.com", "::1", ":443", "a:99999", ""] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
        for (text, of, address) in [
            ("www.example.com:443:127.0.0.1", host("www.example.com", 443), "127.0.0.1"),
            ("www.example.com:443:::1", host("www.example.com", 443), "::1"),
            ("[::1]:443:[::2]", host("::1", 443), "::2"),
        ] {
            let resolve: Resolve = text.parse().unwrap();
            assert_eq!((resolve.of, resolve.address.to_string()), (of, address.to_owned()));
        }
        assert!("www.example.com:443".parse::<Resolve>().is_err());
    }
}
