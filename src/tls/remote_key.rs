//! A private key that rustls may use and does not have: what is to be signed goes over a channel to the thread
//! that owns the session, and the signature comes back.

use std::sync::mpsc;

use rustls::SignatureAlgorithm;
use rustls::sign::{Signer, SigningKey};

use crate::key::{Curve, Hash, KeyAlgorithm, SignatureScheme};

/// The key as the server side of a handshake sees it.
#[derive(Debug)]
pub struct RemoteKey {
    algorithm: SignatureAlgorithm,
    schemes: Vec<SignatureScheme>,
    requests: mpsc::Sender<Request>,
}

/// What handshakes want to have signed. It ends when the last [`RemoteKey`] is gone.
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<Request>);

#[derive(Debug)]
struct Request {
    scheme: SignatureScheme,
    message: Vec<u8>,
    answer: mpsc::SyncSender<Option<Vec<u8>>>,
}

/// Both ends. The key offers these schemes, the first one being the best.
#[must_use]
pub fn remote_key(algorithm: KeyAlgorithm, schemes: &[SignatureScheme]) -> (RemoteKey, Requests) {
    let (sender, receiver) = mpsc::channel();
    let algorithm = match algorithm {
        KeyAlgorithm::Rsa { .. } => SignatureAlgorithm::RSA,
        KeyAlgorithm::Ec(_) => SignatureAlgorithm::ECDSA,
        KeyAlgorithm::Ed25519 => SignatureAlgorithm::ED25519,
        KeyAlgorithm::MlDsa(_) => SignatureAlgorithm::Unknown(0),
    };
    (RemoteKey { algorithm, schemes: schemes.to_vec(), requests: sender }, Requests(receiver))
}

impl Requests {
    /// Signs what is asked for, in this thread, until all keys are gone. `sign` gives the signature in the form of
    /// X.509 (ECDSA as DER), or nothing: then that handshake fails.
    pub fn answer(self, mut sign: impl FnMut(SignatureScheme, &[u8]) -> Option<Vec<u8>>) {
        for Request { scheme, message, answer } in self.0 {
            // A handshake that was given up meanwhile wants no answer.
            let _ = answer.send(sign(scheme, &message));
        }
    }
}

/// The schemes by which a key signs in TLS, the best one first (RFC 8446, 4.2.3; PKCS#1 for TLS 1.2). ECDSA has one
/// per curve.
#[must_use]
pub fn schemes(algorithm: KeyAlgorithm) -> Vec<SignatureScheme> {
    let hashes = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
    match algorithm {
        KeyAlgorithm::Rsa { .. } => {
            hashes.map(SignatureScheme::RsaPss).into_iter().chain(hashes.map(SignatureScheme::RsaPkcs1)).collect()
        }
        KeyAlgorithm::Ec(Curve::P256) => vec![SignatureScheme::Ecdsa(Hash::Sha256)],
        KeyAlgorithm::Ec(Curve::P384) => vec![SignatureScheme::Ecdsa(Hash::Sha384)],
        KeyAlgorithm::Ec(Curve::P521) => vec![SignatureScheme::Ecdsa(Hash::Sha512)],
        KeyAlgorithm::Ed25519 => vec![SignatureScheme::Ed25519],
        KeyAlgorithm::MlDsa(_) => vec![],
    }
}

/// Why a handshake in memory cannot test such a key.
#[must_use]
pub fn unknown_algorithm(algorithm: KeyAlgorithm) -> Option<String> {
    match algorithm {
        KeyAlgorithm::Rsa { bits } if bits < 2048 => Some("rustls takes no RSA keys below 2048 bits".to_owned()),
        KeyAlgorithm::MlDsa(_) => Some(format!("rustls has no handshake with keys of type {algorithm}")),
        KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 => None,
    }
}

/// The scheme in TLS's own numbers.
fn code_point(scheme: SignatureScheme) -> rustls::SignatureScheme {
    use rustls::SignatureScheme as Tls;
    match scheme {
        SignatureScheme::RsaPkcs1(Hash::Sha256) => Tls::RSA_PKCS1_SHA256,
        SignatureScheme::RsaPkcs1(Hash::Sha384) => Tls::RSA_PKCS1_SHA384,
        SignatureScheme::RsaPkcs1(Hash::Sha512) => Tls::RSA_PKCS1_SHA512,
        SignatureScheme::RsaPss(Hash::Sha256) => Tls::RSA_PSS_SHA256,
        SignatureScheme::RsaPss(Hash::Sha384) => Tls::RSA_PSS_SHA384,
        SignatureScheme::RsaPss(Hash::Sha512) => Tls::RSA_PSS_SHA512,
        SignatureScheme::Ecdsa(Hash::Sha256) => Tls::ECDSA_NISTP256_SHA256,
        SignatureScheme::Ecdsa(Hash::Sha384) => Tls::ECDSA_NISTP384_SHA384,
        SignatureScheme::Ecdsa(Hash::Sha512) => Tls::ECDSA_NISTP521_SHA512,
        SignatureScheme::Ed25519 => Tls::ED25519,
        // In `schemes` there is none of these, so none is ever offered.
        SignatureScheme::MlDsa(_) => Tls::Unknown(0),
    }
}

impl SigningKey for RemoteKey {
    fn choose_scheme(&self, offered: &[rustls::SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = self.schemes.iter().copied().find(|scheme| offered.contains(&code_point(*scheme)))?;
        Some(Box::new(RemoteSigner { scheme, requests: self.requests.clone() }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

#[derive(Debug)]
struct RemoteSigner {
    scheme: SignatureScheme,
    requests: mpsc::Sender<Request>,
}

impl Signer for RemoteSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let (answer, signature) = mpsc::sync_channel(1);
        let request = Request { scheme: self.scheme, message: message.to_vec(), answer };
        let sent = self.requests.send(request).ok();
        let signature = sent.and_then(|()| signature.recv().ok()).flatten();
        signature.ok_or_else(|| rustls::Error::General("the token did not sign".to_owned()))
    }

    fn scheme(&self) -> rustls::SignatureScheme {
        code_point(self.scheme)
    }
}
