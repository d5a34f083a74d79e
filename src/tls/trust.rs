//! What the client side of a handshake accepts: roots, names, signatures.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, RootCertStore};

use super::{Error, provider};
use crate::key::{Hash, SignatureScheme};

/// Roots that chains must lead to.
#[derive(Debug, Clone)]
pub struct Roots(Arc<RootCertStore>);

impl Roots {
    /// Takes certificates, as DER, for roots.
    ///
    /// # Errors
    /// [`Error::Root`].
    pub fn new<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Error> {
        let mut store = RootCertStore::empty();
        for (index, der) in certificates.into_iter().enumerate() {
            let added = store.add(CertificateDer::from(der));
            added.map_err(|error| match Error::from(error) {
                Error::Handshake(reason) => Error::Root { number: index + 1, reason },
                other => other,
            })?;
        }
        Ok(Self(Arc::new(store)))
    }
}

/// Checks that a chain (leaf first, DER) of a TLS server leads to one of the roots, with dates and purposes
/// (RFC 5280, 6.1, by rustls-webpki). `now` is in seconds since 1970.
///
/// # Errors
/// [`Error::Handshake`] says why not.
pub fn check_chain(chain: &[&[u8]], roots: &Roots, now: i64) -> Result<(), Error> {
    let mut chain = chain.iter().map(|der| CertificateDer::from(*der));
    let leaf = chain.next().unwrap_or_else(|| CertificateDer::from(Vec::new()));
    let others: Vec<_> = chain.collect();
    let algorithms = provider().signature_verification_algorithms;
    let leaf = ParsedCertificate::try_from(&leaf)?;
    Ok(verify_server_cert_signed_by_trust_anchor(&leaf, &roots.0, &others, unix_time(now), algorithms.all)?)
}

/// Checks that a certificate (DER) is for the name (RFC 9525).
///
/// # Errors
/// [`Error::Name`], [`Error::Handshake`] with the names that it has.
pub fn check_name(leaf: &[u8], name: &str) -> Result<(), Error> {
    let leaf = CertificateDer::from(leaf);
    Ok(verify_server_name(&ParsedCertificate::try_from(&leaf)?, &server_name(name)?)?)
}

pub(super) fn server_name(name: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(name.to_owned()).map_err(|_| Error::Name(name.to_owned()))
}

fn unix_time(now: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now.try_into().unwrap_or_default()))
}

/// Checks a signature that rustls cannot: certificate (DER), scheme, message, signature (ECDSA as DER).
pub type SignatureCheck = fn(&[u8], SignatureScheme, &[u8], &[u8]) -> bool;

/// ring has no P-521. Servers and tokens do.
const CHECKED_ELSEWHERE: (rustls::SignatureScheme, SignatureScheme) =
    (rustls::SignatureScheme::ECDSA_NISTP521_SHA512, SignatureScheme::Ecdsa(Hash::Sha512));

/// Always checks that the handshake is signed by the leaf's key; what else, is said by its fields.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    check: SignatureCheck,
    /// Without roots the chain is taken as it is.
    pub(super) roots: Option<Roots>,
    /// Whether the leaf must be for the server's name.
    pub(super) checks_name: bool,
    pub(super) now: i64,
}

impl Verifier {
    pub(super) fn new(check: SignatureCheck, roots: Option<Roots>, checks_name: bool, now: i64) -> Self {
        Self { provider: provider(), check, roots, checks_name, now }
    }

    /// `None` for a scheme that rustls checks itself.
    fn checked_elsewhere(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Option<Result<HandshakeSignatureValid, rustls::Error>> {
        let (code_point, scheme) = CHECKED_ELSEWHERE;
        (dss.scheme == code_point).then(|| match (self.check)(cert, scheme, message, dss.signature()) {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => Err(rustls::Error::InvalidCertificate(rustls::CertificateError::BadSignature)),
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let leaf = ParsedCertificate::try_from(end_entity)?;
        if let Some(roots) = &self.roots {
            let algorithms = self.provider.signature_verification_algorithms.all;
            let now = unix_time(self.now);
            verify_server_cert_signed_by_trust_anchor(&leaf, &roots.0, intermediates, now, algorithms)?;
        }
        if self.checks_name {
            verify_server_name(&leaf, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.checked_elsewhere(message, cert, dss).unwrap_or_else(|| {
            verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.checked_elsewhere(message, cert, dss).unwrap_or_else(|| {
            verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        schemes.push(CHECKED_ELSEWHERE.0);
        schemes
    }
}
