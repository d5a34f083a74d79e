//! The server side: a chain and a key that is elsewhere.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::error::unfinished;
use super::timed::Timed;
use super::{Error, RemoteKey, Version, provider};

/// A TLS server of one certificate, for HTTP/1.1.
#[derive(Debug, Clone)]
pub struct Server(Arc<ServerConfig>);

impl Server {
    /// A server with this chain (leaf first, DER) for TLS 1.3 and TLS 1.2.
    ///
    /// # Errors
    /// [`Error::Handshake`].
    pub fn new(chain: &[&[u8]], key: RemoteKey) -> Result<Self, Error> {
        let mut config = config(chain, key, &[Version::Tls13, Version::Tls12])?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Takes a connection over and shakes hands. After `limit`, or when `stop` is set, this, reading and writing fail.
    ///
    /// # Errors
    /// [`Error::NotTls`], [`Error::TimeLimit`], [`Error::Closed`], [`Error::Handshake`].
    pub fn accept<'a>(
        &self,
        stream: TcpStream,
        limit: Duration,
        stop: &'a AtomicBool,
    ) -> Result<Connection<'a>, Error> {
        let peer = stream.peer_addr().map_err(|_| Error::Closed)?;
        let mut connection = ServerConnection::new(Arc::clone(&self.0))?;
        let mut stream = Timed::new(stream, limit, stop);
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).map_err(|error| unfinished(error, peer, limit))?;
        }
        Ok(Connection(StreamOwned::new(connection, stream)))
    }
}

/// A connection with a client.
#[derive(Debug)]
pub struct Connection<'a>(StreamOwned<ServerConnection, Timed<'a>>);

impl Connection<'_> {
    /// Says that nothing follows (`close_notify`), so that a client can tell the end from a cut.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn close(mut self) -> io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()
    }
}

impl Read for Connection<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Connection<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

pub(super) fn config(chain: &[&[u8]], key: RemoteKey, versions: &[Version]) -> Result<ServerConfig, Error> {
    let chain = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    let versions: Vec<_> = versions.iter().map(|version| version.supported()).collect();
    let key = SingleCertAndKey::from(CertifiedKey::new(chain, Arc::new(key)));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&versions)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(key));
    // A resumed session would not be signed by the key.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
