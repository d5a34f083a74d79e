//! `serve`: a small HTTPS server with the key in the token, for a first look and for tests. One page, which says what
//! the certificate is and how its link was proved.

mod http;
mod page;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

pub use page::{Page, page};

use crate::error::Error;
use crate::proof;
use crate::tls::{self, Server};
use crate::token::Session;
use crate::verify::Link;
use crate::x509::Certificate;

/// So many connections are served at once; one more is closed.
const CONNECTIONS: usize = 32;
/// A connection with its handshake and its request takes no longer.
const LIMIT: Duration = Duration::from_secs(10);

/// What happened while serving.
#[derive(Debug)]
pub enum Event<'a> {
    /// A request was answered.
    Answered {
        /// The client.
        peer: SocketAddr,
        /// The request line.
        request: &'a str,
        /// The status code of the answer.
        status: u16,
    },
    /// A connection came to nothing.
    Failed {
        /// The client.
        peer: SocketAddr,
        /// Why.
        reason: String,
    },
    /// The token did not sign a handshake.
    NotSigned(Error),
}

/// Ends [`serve`], from any thread.
#[derive(Debug)]
pub struct Stop {
    flag: AtomicBool,
    address: SocketAddr,
}

impl Stop {
    /// For a listener on this address.
    #[must_use]
    pub fn new(listening: SocketAddr) -> Self {
        let loopback = match listening.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self { flag: AtomicBool::new(false), address: SocketAddr::new(loopback, listening.port()) }
    }

    /// Connections end, and no new one is taken.
    pub fn stop(&self) {
        self.flag.store(true, Ordering::Relaxed);
        // Waiting for a connection ends with one.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }

    fn is_set(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }
}

/// Serves the page until [`Stop::stop`], or until `requests` pages were handed out; how many were. Handshakes run in
/// threads of their own; what they want to have signed is signed in this one, which has the session.
///
/// # Errors
/// [`Error::LinkNotProved`] when the key is gone, [`Error::Tls`] for a key that cannot serve TLS, token errors.
pub fn serve(
    session: &Session<'_>,
    link: &Link,
    html: &str,
    listener: &TcpListener,
    requests: Option<u64>,
    stop: &Stop,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<u64, Error> {
    let unlinked = || Error::LinkNotProved { id: link.id.clone() };
    let key = link.leaf.as_ref().ok_or_else(unlinked)?.public_key()?;
    let pair = session.find_key(&key)?.filter(|pair| *pair.id() == link.id).ok_or_else(unlinked)?;
    let algorithm = key.algorithm();
    let schemes: Vec<_> = tls::schemes(algorithm).into_iter().filter(|one| link.signs.contains(one)).collect();
    if schemes.is_empty() {
        return Err(tls::Error::Handshake(format!("a key of type {algorithm} cannot serve TLS")).into());
    }
    let chain: Vec<&[u8]> = link.chain.iter().map(Certificate::der).collect();
    let (remote, to_sign) = tls::remote_key(algorithm, &schemes);
    let server = Server::new(&chain, remote)?;
    let site = Site { html, requests, stop, tell, answered: AtomicU64::new(0), open: AtomicUsize::new(0) };
    std::thread::scope(|scope| {
        let site = &site;
        scope.spawn(move || {
            for stream in listener.incoming() {
                if stop.is_set() {
                    break;
                }
                let Ok(stream) = stream else { continue };
                if site.open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                    site.open.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                let server = server.clone();
                scope.spawn(move || {
                    site.connection(&server, stream);
                    site.open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        to_sign.answer(|scheme, message| match proof::sign(&pair, scheme, message) {
            Ok(signature) => Some(signature),
            Err(error) => {
                tell(Event::NotSigned(error));
                None
            }
        });
    });
    Ok(site.answered.into_inner())
}

struct Site<'a> {
    html: &'a str,
    requests: Option<u64>,
    stop: &'a Stop,
    tell: &'a (dyn Fn(Event<'_>) + Sync),
    answered: AtomicU64,
    open: AtomicUsize,
}

impl Site<'_> {
    fn connection(&self, server: &Server, stream: TcpStream) {
        let Ok(peer) = stream.peer_addr() else { return };
        let failed = |reason: String| (self.tell)(Event::Failed { peer, reason });
        let mut connection = match server.accept(stream, LIMIT, &self.stop.flag) {
            Ok(connection) => connection,
            Err(tls::Error::NotTls(_)) => return failed("it does not speak TLS".to_owned()),
            Err(error) => return failed(error.to_string()),
        };
        let (request, status) = match http::answer(&mut connection, self.html) {
            Ok(answered) => answered,
            // Browsers open connections in advance and close them unused.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return failed("the client went away without a request".to_owned());
            }
            Err(error) => return failed(error.to_string()),
        };
        // The client has its answer; whether it waits for the goodbye is its own affair.
        let _ = connection.close();
        (self.tell)(Event::Answered { peer, request: &request, status });
        if status == http::OK {
            let answered = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
            if self.requests.is_some_and(|requests| answered >= requests) {
                self.stop.stop();
            }
        }
    }
}
