//! tls-alpn-01 (RFC 8737): the CA makes a TLS handshake, and hsmcert shows it a certificate made for that.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use instant_acme::Identifier;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};

use super::listener::Listener;
use super::{Answers, Proof};
use crate::ca::Error;

const PORT: u16 = 443;
/// Section 6.2.
const PROTOCOL: &[u8] = b"acme-tls/1";

/// The certificates.
#[derive(Debug)]
pub(super) struct Certificates {
    known: Arc<Known>,
    _listener: Listener,
}

/// By the name that the CA asks for.
#[derive(Debug, Default)]
struct Known(Mutex<HashMap<String, Arc<CertifiedKey>>>);

impl Certificates {
    pub(super) fn serve(address: Option<SocketAddr>) -> Result<Self, Error> {
        let known = Arc::new(Known::default());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| failed(&error))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::clone(&known) as _);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        let config = Arc::new(config);
        let _listener = Listener::start(address, PORT, move |stream| shake_hands(stream, &config))?;
        Ok(Self { known, _listener })
    }
}

impl Answers for Certificates {
    fn set(&mut self, proof: &Proof<'_>) -> Result<(), Error> {
        let (name, asked_for) = match proof.identifier {
            Identifier::Dns(name) => (name.clone(), name.clone()),
            Identifier::Ip(address) => (address.to_string(), reverse(*address)),
            other => return Err(Error::Answer { message: format!("it wants a TLS handshake for {other:?}") }),
        };
        let digest = proof.key_authorization.digest();
        let certificate = certificate(&name, digest.as_ref())?;
        self.known.0.lock().unwrap_or_else(PoisonError::into_inner).insert(asked_for, Arc::new(certificate));
        Ok(())
    }
}

impl ResolvesServerCert for Known {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_meant = hello.alpn().is_some_and(|mut protocols| protocols.any(|one| one == PROTOCOL));
        let name = hello.server_name().filter(|_| is_meant)?.to_ascii_lowercase();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }
}

fn shake_hands(stream: &mut TcpStream, config: &Arc<ServerConfig>) -> io::Result<()> {
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        if connection.complete_io(stream)? == (0, 0) {
            return Ok(());
        }
    }
    connection.send_close_notify();
    connection.complete_io(stream).map(|_| ())
}

/// Self-signed, for the name alone, with the digest of the key authorization (section 3).
fn certificate(name: &str, digest: &[u8]) -> Result<CertifiedKey, Error> {
    let key = KeyPair::generate().map_err(|error| failed(&error))?;
    let mut parameters = CertificateParams::new([name.to_owned()]).map_err(|error| failed(&error))?;
    parameters.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = parameters.self_signed(&key).map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| failed(&error))?;
    let key = any_ecdsa_type(&key).map_err(|error| failed(&error))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

/// An address as a name in the DNS, which is what a handshake can ask for (RFC 8738, section 6).
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let octets = address.octets();
            let digits = octets.iter().rev().map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4));
            format!("{}ip6.arpa", digits.collect::<String>())
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Challenge(format!("there is no certificate for tls-alpn-01: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_for_by_its_reverse_name() {
        assert_eq!(reverse([192, 0, 2, 1].into()), "1.2.0.192.in-addr.arpa");
        // The example of RFC 3596, section 2.5.
        let address = "4321:0:1:2:3:4:567:89ab".parse().unwrap();
        assert_eq!(reverse(address), "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
    }
}
