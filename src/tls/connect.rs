//! What a live server serves.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection};

use super::error::{reason, unfinished};
use super::timed::Timed;
use super::trust::{SignatureCheck, Verifier, server_name};
use super::{Error, Version, provider, suite_name};

/// Whom to ask.
#[derive(Debug, Clone, Copy)]
pub struct Connect<'a> {
    /// Host name or IP address.
    pub host: &'a str,
    /// Port.
    pub port: u16,
    /// An address to use instead of asking the resolver.
    pub address: Option<IpAddr>,
    /// The name that is asked for in the handshake (SNI).
    pub server_name: &'a str,
    /// Limit for connection and handshake together.
    pub limit: Duration,
    /// Checks what rustls cannot.
    pub check: SignatureCheck,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Where from.
    pub address: SocketAddr,
    /// The certificates as they were sent, DER, the leaf first. The server has signed with the leaf's key.
    pub chain: Vec<Vec<u8>>,
    /// The version.
    pub version: Version,
    /// The cipher suite by its IANA name.
    pub cipher_suite: String,
}

/// Connects and shakes hands. Whatever chain the server has is taken: the caller judges it.
///
/// # Errors
/// All variants of [`Error`] but [`Error::Root`].
pub fn connect(to: &Connect<'_>) -> Result<Served, Error> {
    let name = server_name(to.server_name)?;
    let deadline = Instant::now() + to.limit;
    let (stream, address) = open(to, deadline)?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[Version::Tls13.supported(), Version::Tls12.supported()])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(to.check, None, false, 0)))
        .with_no_client_auth();
    let mut client = ClientConnection::new(Arc::new(config), name)?;
    let never = AtomicBool::new(false);
    let mut stream = Timed::new(stream, deadline.saturating_duration_since(Instant::now()), &never);
    while client.is_handshaking() {
        client.complete_io(&mut stream).map_err(|error| unfinished(error, address, to.limit))?;
    }
    let chain = client.peer_certificates().unwrap_or_default().iter().map(|one| one.as_ref().to_vec()).collect();
    let version = match client.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => Version::Tls13,
        _ => Version::Tls12,
    };
    let cipher_suite = client.negotiated_cipher_suite().map(suite_name).unwrap_or_default();
    Ok(Served { address, chain, version, cipher_suite })
}

/// The first address that answers.
fn open(to: &Connect<'_>, deadline: Instant) -> Result<(TcpStream, SocketAddr), Error> {
    let addresses: Vec<SocketAddr> = match to.address {
        Some(address) => vec![SocketAddr::new(address, to.port)],
        None => {
            let unknown = |error: io::Error| Error::Resolve { host: to.host.to_owned(), reason: reason(&error) };
            (to.host, to.port).to_socket_addrs().map_err(unknown)?.collect()
        }
    };
    let mut last = Error::Resolve { host: to.host.to_owned(), reason: "the resolver gave none".to_owned() };
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok((stream, address)),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                last = Error::TimeLimit { address: address.to_string(), limit: to.limit };
            }
            Err(error) => last = Error::Unreachable { address: address.to_string(), reason: reason(&error) },
        }
    }
    Err(last)
}
