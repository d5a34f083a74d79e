//! Where a CA is and how it is reached: address, roots, proxy.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fs_err as fs;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use crate::ca::Surroundings;

/// A server that is there answers the first packet soon.
const CONNECT: Duration = Duration::from_secs(15);
/// And one on the same machine at once.
const METADATA: Duration = Duration::from_secs(2);

/// How a CA is reached.
#[derive(Debug, Clone, Copy)]
pub(in crate::ca) struct Place<'a> {
    /// The protocol, for messages about the configuration.
    pub(in crate::ca) protocol: &'static str,
    /// Any address of the CA: it decides about TLS and proxy.
    pub(in crate::ca) url: &'a str,
    /// PEM certificates that replace the roots of the operating system.
    pub(in crate::ca) root_file: Option<&'a Path>,
    /// Seconds for one request and its answer.
    pub(in crate::ca) timeout: u64,
}

impl Place<'_> {
    /// What makes the requests. In words what is wrong with the configuration.
    pub(in crate::ca) fn agent(&self, around: &dyn Surroundings) -> Result<Agent, String> {
        let url = usable(self.url)?;
        let roots = match self.root_file {
            Some(path) => roots(path)?,
            None => RootCerts::PlatformVerifier,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build();
        Ok(Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy(&url, around)?)
            .timeout_global(Some(Duration::from_secs(self.timeout)))
            .timeout_connect(Some(CONNECT))
            // A connection that the server has closed meanwhile would look like a failure.
            .max_idle_connections(0)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("hsmcert/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent())
    }
}

/// What asks a service of the machine itself, which is there at once or not at all: no proxy, no long wait.
pub(in crate::ca) fn of_this_machine() -> Agent {
    let limits = Agent::config_builder().timeout_global(Some(METADATA)).timeout_connect(Some(METADATA));
    limits.proxy(None).max_redirects(0).max_redirects_will_error(false).http_status_as_error(false).build().new_agent()
}

/// The address, if secrets may go there. One with a password in it is not repeated.
fn usable(url: &str) -> Result<Uri, String> {
    let parsed: Uri = url.parse().map_err(|error| format!("the address \"{url}\" is none: {error}"))?;
    let (scheme, host) = (parsed.scheme_str(), parsed.host().unwrap_or_default());
    if parsed.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a user or password stands in its address, where logs would show it".to_owned());
    }
    let bare = host.trim_matches(['[', ']']);
    let is_here = bare == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match scheme {
        Some("https") if !host.is_empty() => Ok(parsed),
        Some("http") if is_here => Ok(parsed),
        Some("http") => Err(format!("{url} is not encrypted; write https:// (http:// only for this machine itself)")),
        _ => Err(format!("\"{url}\" is no https:// address")),
    }
}

/// The certificates of a PEM file.
fn roots(path: &Path) -> Result<RootCerts, String> {
    let pem = fs::read(path).map_err(|error| format!("its root file: {error}"))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| format!("{}: {error}", path.display()))? {
            rustls::RootCertStore::empty()
                .add(rustls::pki_types::CertificateDer::from(certificate.der()))
                .map_err(|error| format!("{} holds no usable root: {error}", path.display()))?;
            certificates.push(certificate);
        }
    }
    match certificates.as_slice() {
        [] => Err(format!("there is no PEM certificate in its root file {}", path.display())),
        certificates => Ok(RootCerts::new_with_certs(certificates)),
    }
}

/// The proxy that the environment names for an address. What goes to this machine goes there directly.
fn proxy(url: &Uri, around: &dyn Surroundings) -> Result<Option<Proxy>, String> {
    let first = |names: &[&str]| names.iter().find_map(|name| around.variable(name));
    let named = match url.scheme_str() {
        Some("https") => first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        _ => None,
    };
    let Some(named) = named else { return Ok(None) };
    // Its address may hold a password.
    let wrong = |_| "the proxy of https_proxy is no http:// address".to_owned();
    let proxy = Proxy::new(&named).map_err(wrong)?;
    let mut builder = Proxy::builder(proxy.protocol()).host(proxy.host()).port(proxy.port());
    if let (Some(user), Some(password)) = (proxy.username(), proxy.password()) {
        builder = builder.username(user).password(password);
    }
    for host in first(&["no_proxy", "NO_PROXY"]).unwrap_or_default().split(',') {
        builder = builder.no_proxy(host.trim());
    }
    let proxy = builder.build().map_err(wrong)?;
    if !proxy.is_no_proxy(url) {
        around.tell(&format!("CA: through the proxy {}:{}", proxy.host(), proxy.port()));
    }
    Ok(Some(proxy))
}
