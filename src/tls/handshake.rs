//! A TLS handshake in memory: server and client in one process, no socket.

use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, ServerConnection};

use super::remote_key::remote_key;
use super::trust::{Roots, SignatureCheck, Verifier, server_name};
use super::{Error, Version, provider, server, suite_name};
use crate::key::{KeyAlgorithm, SignatureScheme};

/// What is to be tested.
#[derive(Debug, Clone, Copy)]
pub struct Handshake<'a> {
    /// Host name or IP address that the client asks for.
    pub server_name: &'a str,
    /// The only version that both sides offer.
    pub version: Version,
    /// Leaf and intermediates, DER.
    pub chain: &'a [&'a [u8]],
    /// The leaf's key.
    pub algorithm: KeyAlgorithm,
    /// The schemes by which the token signs.
    pub schemes: &'a [SignatureScheme],
    /// What the chain must lead to; without roots it is taken as it is.
    pub roots: Option<&'a Roots>,
    /// Seconds since 1970.
    pub now: i64,
    /// Checks what rustls cannot.
    pub check: SignatureCheck,
}

/// What client and server agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The cipher suite by its IANA name.
    pub cipher_suite: String,
    /// The scheme by which the key signed.
    pub signature: SignatureScheme,
}

/// Shakes hands. The protocol runs in a thread of its own, while this one signs: a PKCS#11 session belongs to one
/// thread. The client checks the signature and the name, and the chain when there are roots.
///
/// # Errors
/// [`Error::Name`]; [`Error::Handshake`] in the words of the side that gave up.
pub fn handshake(
    test: &Handshake<'_>,
    mut sign: impl FnMut(SignatureScheme, &[u8]) -> Option<Vec<u8>>,
) -> Result<Negotiated, Error> {
    let (key, requests) = remote_key(test.algorithm, test.schemes);
    let server = ServerConnection::new(Arc::new(server::config(test.chain, key, &[test.version])?))?;
    let verifier = Verifier::new(test.check, test.roots.cloned(), true, test.now);
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[test.version.supported()])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), server_name(test.server_name)?)?;
    let mut signature = None;
    let cipher_suite = std::thread::scope(|scope| {
        let protocol = scope.spawn(|| run(client, server));
        requests.answer(|scheme, message| {
            signature = Some(scheme);
            sign(scheme, message)
        });
        protocol.join().unwrap_or(Err(Error::Closed))
    })?;
    let signature = signature.ok_or(Error::Closed)?;
    Ok(Negotiated { cipher_suite, signature })
}

/// Carries the bytes to and fro until both sides are done.
fn run(mut client: ClientConnection, mut server: ServerConnection) -> Result<String, Error> {
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        wire.clear();
        while client.wants_write() {
            client.write_tls(&mut wire).map_err(|_| Error::Closed)?;
        }
        feed(&wire, |bytes| server.read_tls(bytes))?;
        server.process_new_packets()?;
        let sent = wire.len();
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire).map_err(|_| Error::Closed)?;
        }
        feed(&wire, |bytes| client.read_tls(bytes))?;
        client.process_new_packets()?;
        if sent + wire.len() == 0 {
            return Err(Error::Closed);
        }
    }
    client.negotiated_cipher_suite().map(suite_name).ok_or(Error::Closed)
}

fn feed(mut bytes: &[u8], mut read: impl FnMut(&mut dyn std::io::Read) -> std::io::Result<usize>) -> Result<(), Error> {
    while !bytes.is_empty() {
        read(&mut bytes).map_err(|_| Error::Closed)?;
    }
    Ok(())
}
