//! The proof of a link: only a signature by the key shows that a certificate belongs to it.

mod step;

pub use step::{Check, Outcome, Step};

use crate::error::Error;
use crate::key::{Hash, KeyAlgorithm, KeyId, PublicKey, SignatureScheme};
use crate::request::{GeneralName, Oid};
use crate::tls::{self, Version};
use crate::token::{self, KeyPair, Object, Reach, Session};
use crate::x509::{self, Certificate};

/// What is signed to prove a link: never anything that could be mistaken for a request or a handshake.
const PROOF_CONTEXT: &[u8] = b"hsmcert link proof v1\0";
/// id-kp-serverAuth (RFC 5280, 4.2.1.12).
const SERVER_AUTH: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.1");

/// Signs a nonce with the key found through the certificate's `CKA_ID`, by each scheme that servers use, and
/// verifies with the certificate's own key.
///
/// # Errors
/// [`Error::LinkNotProved`], token errors.
pub fn prove(session: &Session<'_>, leaf: &Certificate, id: &KeyId) -> Result<Vec<SignatureScheme>, Error> {
    let key = leaf.public_key()?;
    let found = session.find_key(&key)?.filter(|pair| pair.id() == id);
    let pair = found.ok_or_else(|| Error::LinkNotProved { id: id.clone() })?;
    let message = nonce()?;
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

fn nonce() -> Result<Vec<u8>, Error> {
    let mut nonce = [0u8; 32];
    getrandom::fill(&mut nonce).map_err(|error| token::Error::Random(error.to_string()))?;
    Ok([PROOF_CONTEXT, &nonce].concat())
}

/// Signs a nonce by every scheme that a key of this kind has, and verifies with the certificate's key. Gives the
/// steps, and the schemes by which the token signs, rightly or not. At least one signature must verify: none is a
/// failed step.
///
/// # Errors
/// Token errors that are no answer to the question: device away, login lost.
pub fn signatures(pair: &KeyPair<'_>, key: &PublicKey) -> Result<(Vec<Step>, Vec<SignatureScheme>), Error> {
    let algorithm = key.algorithm();
    let all = match algorithm {
        KeyAlgorithm::MlDsa(set) => vec![SignatureScheme::MlDsa(set)],
        KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Ec(_) | KeyAlgorithm::Ed25519 => tls::schemes(algorithm),
    };
    let message = nonce()?;
    let (mut steps, mut signs) = (Vec::new(), Vec::new());
    for scheme in all {
        let outcome = signature(pair, key, scheme, &message)?;
        match outcome {
            Outcome::Ok(_) | Outcome::Failed(_) => signs.push(scheme),
            Outcome::Skipped(_) => {}
        }
        steps.push(Step::with(Check::Signature, scheme, outcome));
    }
    if signs.is_empty() {
        let none = "no signature could be made and checked, so nothing is proved".to_owned();
        steps.push(Step::new(Check::Signature, Outcome::Failed(none)));
    }
    Ok((steps, signs))
}

/// Whether a private key that does not show its public key is the other half of this one. A key that signs nothing is
/// not.
///
/// # Errors
/// Token errors that are no answer to the question: device away, login lost.
pub fn is_half_of(session: &Session<'_>, private: &Object, key: &PublicKey) -> Result<bool, Error> {
    let (steps, signs) = signatures(&session.presumed_pair(private, key), key)?;
    Ok(!signs.is_empty() && !steps.iter().any(Step::has_failed))
}

fn signature(pair: &KeyPair<'_>, key: &PublicKey, scheme: SignatureScheme, message: &[u8]) -> Result<Outcome, Error> {
    let signature = match pair.sign(scheme, message) {
        Ok(signature) => signature,
        Err(token::Error::MechanismMissing { .. }) => {
            return Ok(Outcome::Skipped("the token has no mechanism for it".to_owned()));
        }
        Err(error) => return refused(error).map(|why| Outcome::Skipped(format!("not permitted: {why}"))),
    };
    let checked =
        x509::encode_signature(scheme, &signature).and_then(|signature| x509::verify(key, scheme, message, &signature));
    Ok(match checked {
        Ok(()) => Outcome::Ok("a nonce signed in the token verifies with the certificate's key".to_owned()),
        Err(_) => Outcome::Failed("the signature does not verify with the certificate's key".to_owned()),
    })
}

/// The words of a refusal by the token; any other error is passed on.
fn refused(error: token::Error) -> Result<String, Error> {
    match &error {
        token::Error::Call { source, .. } if source.reach() == Reach::Refused => Ok(source.to_string()),
        token::Error::MechanismMissing { .. } | token::Error::SchemeMismatch { .. } => Ok(error.to_string()),
        _ => Err(error.into()),
    }
}

/// Shakes hands in memory by TLS 1.3 and TLS 1.2 for the DNS names and addresses of the leaf, at most `most` of them,
/// with the key in the token (linking rule 7). `chain` begins with the leaf; `schemes` are those by which the key signs. Without roots
/// the chain is not checked. Where the leaf is not for TLS servers, one skipped step says why.
///
/// # Errors
/// Token errors that are no answer to the question: device away, login lost.
pub fn handshakes(
    pair: &KeyPair<'_>,
    schemes: &[SignatureScheme],
    chain: &[Certificate],
    roots: Option<&tls::Roots>,
    most: usize,
    now: i64,
) -> Result<Vec<Step>, Error> {
    let algorithm = pair.public_key().algorithm();
    let names = chain.first().map(server_names).unwrap_or_default();
    let not_asked_for = match chain.first() {
        Some(leaf) if !is_for_servers(leaf) => {
            Some("the certificate is not for TLS servers (no serverAuth)".to_owned())
        }
        Some(_) if names.is_empty() => Some("the certificate has no DNS name or IP address".to_owned()),
        Some(_) => tls::unknown_algorithm(algorithm),
        None => Some("there is no certificate".to_owned()),
    };
    if let Some(reason) = not_asked_for {
        let skipped = |version| Step::new(Check::Handshake(version), Outcome::Skipped(reason.clone()));
        return Ok([Version::Tls13, Version::Tls12].map(skipped).to_vec());
    }
    let chain: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
    let mut steps = Vec::new();
    for version in [Version::Tls13, Version::Tls12] {
        let has_scheme = schemes.iter().any(|scheme| match (scheme, version) {
            (SignatureScheme::RsaPkcs1(_), Version::Tls13) => false,
            (SignatureScheme::RsaPkcs1(_), Version::Tls12) => true,
            (SignatureScheme::RsaPss(_) | SignatureScheme::Ecdsa(_) | SignatureScheme::Ed25519, _) => true,
            (SignatureScheme::MlDsa(_), _) => false,
        });
        if !has_scheme {
            let reason = format!("the key signs by no scheme of {version}: servers cannot offer it");
            steps.push(Step::new(Check::Handshake(version), Outcome::Skipped(reason)));
            continue;
        }
        for name in names.iter().take(most) {
            let test = tls::Handshake {
                server_name: name,
                version,
                chain: &chain,
                algorithm,
                schemes,
                roots,
                now,
                check: check_signature,
            };
            steps.push(Step::with(Check::Handshake(version), name, handshake(pair, &test)?));
        }
    }
    Ok(steps)
}

fn handshake(pair: &KeyPair<'_>, test: &tls::Handshake<'_>) -> Result<Outcome, Error> {
    let mut failure = None;
    let done = tls::handshake(test, |scheme, message| match sign(pair, scheme, message) {
        Ok(signature) => Some(signature),
        Err(error) => {
            failure = Some(error);
            None
        }
    });
    match (failure, done) {
        (Some(Error::Token(error)), _) => refused(error).map(Outcome::Failed),
        (Some(error), _) => Ok(Outcome::Failed(error.to_string())),
        (None, Ok(tls::Negotiated { cipher_suite, signature })) => {
            let chain = if test.roots.is_some() { "chain checked" } else { "chain not checked: no roots given" };
            Ok(Outcome::Ok(format!("{cipher_suite}, {signature}; {chain}")))
        }
        (None, Err(error @ (tls::Error::Name(_) | tls::Error::CriticalExtension))) => {
            Ok(Outcome::Skipped(error.to_string()))
        }
        (None, Err(error)) => Ok(Outcome::Failed(error.to_string())),
    }
}

/// Signs as TLS wants it.
///
/// # Errors
/// Token errors; [`Error::X509`] for a signature that has no form.
pub fn sign(pair: &KeyPair<'_>, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(x509::encode_signature(scheme, &pair.sign(scheme, message)?)?)
}

/// Checks a signature by the key of a certificate (DER): for schemes that rustls cannot check.
#[must_use]
pub fn check_signature(certificate: &[u8], scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> bool {
    let key = Certificate::from_der(certificate).and_then(|certificate| certificate.public_key());
    key.and_then(|key| x509::verify(&key, scheme, message, signature)).is_ok()
}

/// Whether a certificate may be used by a TLS server.
#[must_use]
pub fn is_for_servers(leaf: &Certificate) -> bool {
    leaf.extended_key_usages().is_none_or(|usages| usages.contains(&SERVER_AUTH))
}

/// The names that a client may ask for.
#[must_use]
pub fn server_names(leaf: &Certificate) -> Vec<String> {
    host_names(&leaf.subject_alt_names())
}

/// DNS names and addresses; of a wildcard one example.
#[must_use]
pub fn host_names(names: &[GeneralName]) -> Vec<String> {
    let name = |name: &GeneralName| match name {
        GeneralName::Dns(name) => Some(match name.strip_prefix("*.") {
            Some(domain) => format!("any.{domain}"),
            None => name.clone(),
        }),
        GeneralName::Ip(address) => Some(address.to_string()),
        GeneralName::Email(_)
        | GeneralName::Uri(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::RegisteredId(_)
        | GeneralName::OtherName { .. } => None,
    };
    names.iter().filter_map(name).collect()
}
