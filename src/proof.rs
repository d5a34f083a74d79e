//! The proof of a link: only a signature by the key shows that a certificate belongs to it.

use crate::error::Error;
use crate::key::{Hash, KeyAlgorithm, KeyId, SignatureScheme};
use crate::token::Session;
use crate::x509::{self, Certificate};

/// What is signed to prove a link: never anything that could be mistaken for a request or a handshake.
const PROOF_CONTEXT: &[u8] = b"hsmcert link proof v1\0";

/// Signs a nonce with the key found through the certificate's `CKA_ID`, by each scheme that servers use, and
/// verifies with the certificate's own key.
///
/// # Errors
/// [`Error::LinkNotProved`], token errors.
pub fn prove(session: &Session<'_>, leaf: &Certificate, id: &KeyId) -> Result<Vec<SignatureScheme>, Error> {
    let key = leaf.public_key()?;
    let found = session.find_key(&key)?.filter(|pair| pair.id() == id);
    let pair = found.ok_or_else(|| Error::LinkNotProved { id: id.clone() })?;
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce).map_err(|error| crate::token::Error::Random(error.to_string()))?;
    let message = [PROOF_CONTEXT, &nonce].concat();
    let mut proved = Vec::new();
    for scheme in schemes(key.algorithm()) {
        if !pair.can_sign(scheme)? {
            continue;
        }
        let signature = x509::encode_signature(scheme, &pair.sign(scheme, &message)?)?;
        x509::verify(&key, scheme, &message, &signature).map_err(|_| Error::LinkNotProved { id: id.clone() })?;
        proved.push(scheme);
    }
    if proved.is_empty() { Err(Error::LinkNotProved { id: id.clone() }) } else { Ok(proved) }
}

/// TLS 1.2 and TLS 1.3 sign with these (RFC 8446, 4.2.3).
fn schemes(algorithm: KeyAlgorithm) -> Vec<SignatureScheme> {
    match algorithm {
        KeyAlgorithm::Rsa { .. } => {
            vec![SignatureScheme::RsaPkcs1(Hash::Sha256), SignatureScheme::RsaPss(Hash::Sha256)]
        }
        KeyAlgorithm::Ec(_) => vec![crate::request::SignatureRequest::default().scheme(algorithm)],
        KeyAlgorithm::Ed25519 => vec![SignatureScheme::Ed25519],
        KeyAlgorithm::MlDsa(set) => vec![SignatureScheme::MlDsa(set)],
    }
}
