//! Why there is no TLS, in words.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible};

/// An error of the TLS layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A text that names no server.
    #[error("\"{0}\" is neither a host name nor an IP address")]
    Name(String),
    /// The name has no address.
    #[error("{host} has no address: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// Nobody listens, or no way leads there.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// Address and port.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// Too slow.
    #[error("{address} did not finish the TLS handshake within {} s", .limit.as_secs())]
    TimeLimit {
        /// Address and port.
        address: String,
        /// The limit.
        limit: Duration,
    },
    /// Another protocol.
    #[error("{0} answers, but not in TLS")]
    NotTls(String),
    /// The other side hung up.
    #[error("the connection was closed during the TLS handshake")]
    Closed,
    /// The handshake failed, or what it showed is not accepted.
    #[error("{0}")]
    Handshake(String),
    /// rustls reads no certificate with it; other clients may.
    #[error("the certificate has a critical extension that rustls does not know")]
    CriticalExtension,
    /// A certificate that rustls cannot use as a root.
    #[error("root certificate {number} cannot be used: {reason}")]
    Root {
        /// Its place in the file, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// Whether the same attempt may work later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Resolve { .. } | Self::Unreachable { .. } | Self::TimeLimit { .. } | Self::Closed => true,
            Self::Name(_) | Self::NotTls(_) | Self::Handshake(_) | Self::CriticalExtension | Self::Root { .. } => false,
        }
    }
}

impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        match &error {
            rustls::Error::InvalidCertificate(CertificateError::Other(other)) if is_unknown_extension(other) => {
                Self::CriticalExtension
            }
            _ => Self::Handshake(words(&error)),
        }
    }
}

fn is_unknown_extension(error: &OtherError) -> bool {
    error.0.downcast_ref() == Some(&webpki::Error::UnsupportedCriticalExtension)
}

/// rustls's error for people. Its own text is for programmers.
fn words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_words(error),
        rustls::Error::AlertReceived(alert) => alert_words(*alert),
        rustls::Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon) => {
            "client and server have no signature scheme in common".to_owned()
        }
        rustls::Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "client and server have no cipher suite in common".to_owned()
        }
        rustls::Error::General(text) => text.clone(),
        other => other.to_string(),
    }
}

fn certificate_words(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "the chain leads to none of the roots".to_owned(),
        CertificateError::BadSignature => "a signature does not verify with the certificate's key".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "a certificate of the chain has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "a certificate of the chain is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => "the certificate is not for this name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<_> = presented.iter().map(|name| plain_name(name)).collect();
            let names = if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") };
            format!("the certificate is not for {}: it names {names}", expected.to_str())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the certificate is not for TLS servers (no serverAuth)".to_owned()
        }
        CertificateError::BadEncoding => "the certificate cannot be read".to_owned(),
        other => format!("the certificate is not accepted: {other}"),
    }
}

/// webpki shows names as `DnsName("www.example.com")` and `IpAddress(127.0.0.1)`.
fn plain_name(shown: &str) -> &str {
    let inner = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or(shown, |inner| inner.trim_matches('"'))
}

fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::HandshakeFailure => {
            "the other side refused the handshake: no common version, cipher suite or signature scheme".to_owned()
        }
        AlertDescription::InternalError => {
            "the server failed inside (alert internal_error): often its key cannot sign".to_owned()
        }
        AlertDescription::UnrecognisedName => "the server knows no such name".to_owned(),
        AlertDescription::ProtocolVersion => "the server speaks neither TLS 1.2 nor TLS 1.3".to_owned(),
        other => format!("the other side ended the handshake: alert {other:?}"),
    }
}

/// The system's message without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.trim_start_matches("failed to lookup address information: ").to_lowercase()
}

/// Why reading and writing ended before the handshake did.
pub(super) fn unfinished(error: io::Error, address: SocketAddr, limit: Duration) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => return Error::TimeLimit { address: address.to_string(), limit },
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            return Error::Closed;
        }
        _ => {}
    }
    match error.downcast::<rustls::Error>() {
        Ok(rustls::Error::InvalidMessage(_)) => Error::NotTls(address.to_string()),
        Ok(error) => Error::from(error),
        Err(error) => Error::Unreachable { address: address.to_string(), reason: reason(&error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_plainly() {
        assert_eq!(plain_name("DnsName(\"www.example.com\")"), "www.example.com");
        assert_eq!(plain_name("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(plain_name("something else"), "something else");
    }
}
