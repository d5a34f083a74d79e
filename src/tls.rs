//! TLS handshakes with a key that is elsewhere: in memory, with a live server, and as a server.
//!
//! It knows no HSM and no X.509 layer: certificates are DER, and whoever has the key signs the bytes that
//! [`Requests`] hands out. rustls does the protocol.

mod connect;
mod error;
mod handshake;
mod remote_key;
mod server;
mod timed;
mod trust;

pub use connect::{Connect, Served, connect};
pub use error::Error;
pub use handshake::{Handshake, Negotiated, handshake};
pub use remote_key::{RemoteKey, Requests, remote_key, schemes, unknown_algorithm};
pub use server::{Connection, Server};
pub use trust::{Roots, SignatureCheck, check_chain, check_name};

/// The versions of TLS that servers speak today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    fn supported(self) -> &'static rustls::SupportedProtocolVersion {
        match self {
            Self::Tls12 => &rustls::version::TLS12,
            Self::Tls13 => &rustls::version::TLS13,
        }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// The cipher suite by its name in IANA's registry, from which rustls's names differ for TLS 1.3.
fn suite_name(suite: rustls::SupportedCipherSuite) -> String {
    suite.suite().as_str().unwrap_or("unknown cipher suite").replacen("TLS13_", "TLS_", 1)
}

/// Certificates and signatures are judged by these algorithms only; nothing is taken from a global default.
fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    std::sync::Arc::new(rustls::crypto::ring::default_provider())
}
