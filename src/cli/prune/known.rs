//! What is known of a site without its token: the old pairs that are remembered, the servers, and where its token is.

use std::path::Path;

use hsmcert::prune::{self, Address, Site};
use hsmcert::renewal::Renewal;
use hsmcert::request::TokenRequest;
use hsmcert::rollout::{Server, Step};
use hsmcert::spec::Parsed;
use hsmcert::state::{Record, State};
use hsmcert::{Error, ErrorKind};

use super::super::config::Config;
use super::super::failure::Failure;
use super::super::report::Report;
use super::super::request_file::{self, RequestOptions};
use super::super::verify::HostPort;
use super::super::{Global, renewal, state, which_label};

/// What is needed beside what is remembered.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) in_use: Record,
    pub(super) token: TokenRequest,
    pub(super) servers: Vec<Address>,
}

/// The sites that are meant; `None` when nothing is remembered at all.
pub(super) fn sites(global: &Global, which: &[String], report: &Report) -> Result<Option<(State, Vec<Site>)>, Failure> {
    let (labels, _) = which_label::labels(which, report)?;
    let Some(state) = state::read(global) else { return Ok(None) };
    let (records, unreadable) = state.records().map_err(Error::from)?;
    for error in unreadable {
        report.warning(&format!("{error}; the pair that it is about is not looked at"));
    }
    let is_meant = |label: &str| labels.is_empty() || labels.iter().any(|pattern| pattern.fits(label));
    if !records.iter().any(|record| is_meant(&record.label)) && !which.is_empty() {
        let message = format!("nothing is remembered of a certificate with the label {}", which.join(" or "));
        return Err(Failure::new(ErrorKind::NotFound, message).hint("hsmcert status shows what there is"));
    }
    let mut sites = prune::sites(&records);
    sites.retain(|site| is_meant(&site.in_use.label));
    Ok(Some((state, sites)))
}

impl Known {
    /// Reads the request file, where there is one: it says which servers have the certificate.
    pub(super) fn of(in_use: Record, global: &Global) -> Result<Self, Failure> {
        let spec = in_use.request.as_ref().and_then(|request| request.spec_file.clone());
        let (named, servers) = match spec.filter(|spec| spec.exists()) {
            Some(spec) => of_request(&spec)?,
            None => (TokenRequest::default(), vec![]),
        };
        let token = match named == TokenRequest::default() {
            true => state::token_of_record(Some(in_use.clone()), global)?,
            false => named,
        };
        Ok(Self { in_use, token, servers })
    }
}

fn of_request(spec: &Path) -> Result<(TokenRequest, Vec<Address>), Failure> {
    let parsed = request_file::parse(spec, &RequestOptions::default());
    let Parsed { spec: request, upkeep, diagnostics: _, source: _, format: _ } =
        parsed.map_err(|failure| failure.nothing_done("its servers are not known, so nothing was deleted"))?;
    let renewal = Renewal::default().or(&upkeep.renewal).or(&Config::find()?.renewal);
    let servers = renewal::steps(&renewal, spec)?.into_iter().filter_map(|step| match step {
        Step::Server(server) => {
            let Server { host, port, .. } = *server;
            Some(Address { host, port })
        }
        Step::Command(_) => None,
    });
    Ok((request.token, servers.collect()))
}

/// A server that was named.
pub(super) fn address(HostPort { host, port }: &HostPort) -> Address {
    Address { host: host.clone(), port: *port }
}
