//! `export`: what may leave the token of a key: its public key, its certificate, its chain.

use crate::accept;
use crate::error::Error;
use crate::find::{self, Nameable, StoredKey};
use crate::key::PublicKey;
use crate::key_reference::KeyReference;
use crate::proof;
use crate::token::Session;
use crate::x509::{self, Certificate};

/// Where a public key was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The public key object.
    PublicKeyObject,
    /// The attributes of the private key, which for RSA hold the public key (PKCS#11 3.1, 6.1.3).
    PrivateKeyObject,
    /// The certificate; a signature by the private key has proved that it is the key's.
    ProvedCertificate,
    /// The certificate, which stands alone.
    Certificate,
}

/// A public key.
#[derive(Debug, Clone)]
pub struct ExportedKey {
    /// The key on the token.
    pub key: StoredKey,
    /// Its public key.
    pub public_key: PublicKey,
    /// Where it was read.
    pub source: Source,
}

/// A certificate with its chain.
#[derive(Debug, Clone)]
pub struct ExportedChain {
    /// The key on the token.
    pub key: StoredKey,
    /// Leaf and intermediates in order, without the root.
    pub chain: Vec<Certificate>,
    /// The issuer of the last of them, which is not there, or is the root.
    pub ends_at: Option<String>,
}

/// The public key.
///
/// # Errors
/// Those of [`find::stored_key`]; [`Error::PublicKeyNotShown`] when nothing on the token tells it.
pub fn public_key(session: &Session<'_>, reference: &KeyReference) -> Result<ExportedKey, Error> {
    let key = find::stored_key(session, reference, Nameable::Certificate)?;
    let of_public = key.public.as_ref().and_then(|object| object.public_key.clone());
    let of_private = key.private.as_ref().and_then(|object| object.public_key.clone());
    let (public_key, source) = match (of_public, of_private) {
        (Some(public_key), _) => (public_key, Source::PublicKeyObject),
        (None, Some(public_key)) => (public_key, Source::PrivateKeyObject),
        (None, None) => of_certificate(session, &key)?,
    };
    Ok(ExportedKey { key, public_key, source })
}

/// A certificate of the same id is no proof that it is the key's; a signature is.
fn of_certificate(session: &Session<'_>, key: &StoredKey) -> Result<(PublicKey, Source), Error> {
    for certificate in key.certificates.iter().filter_map(|one| one.certificate.as_ref()) {
        let Ok(public_key) = certificate.public_key() else { continue };
        let Some(private) = &key.private else { return Ok((public_key, Source::Certificate)) };
        if proof::is_half_of(session, private, &public_key)? {
            return Ok((public_key, Source::ProvedCertificate));
        }
    }
    Err(Error::PublicKeyNotShown { key: key.objects().next().map(ToString::to_string).unwrap_or_default() })
}

/// The certificate, alone or `with_intermediates` that are on the token. Those are ordered by name and signature; what
/// has expired is left out, with all above.
///
/// # Errors
/// Those of [`find::stored_key`]; [`Error::CertificateMissing`], [`Error::SeveralCertificates`].
pub fn certificate(
    session: &Session<'_>,
    reference: &KeyReference,
    with_intermediates: bool,
    now: i64,
) -> Result<ExportedChain, Error> {
    let key = find::stored_key(session, reference, Nameable::Certificate)?;
    let certificate = match key.certificates.as_slice() {
        [one] => one,
        [] => {
            let wanted = format!("the key \"{}\" has no certificate on the token", key.label());
            return Err(Error::CertificateMissing { wanted, keys: vec![key.id()] });
        }
        several => {
            let name = |one: &find::StoredCertificate| match &one.certificate {
                Some(leaf) => {
                    format!("{}, {}, valid to {}", one.object, leaf.subject(), accept::date(leaf.not_after()))
                }
                None => one.object.to_string(),
            };
            return Err(Error::SeveralCertificates(several.iter().map(name).collect()));
        }
    };
    // What cannot be read says why.
    let leaf = Certificate::from_der(certificate.object.value.as_deref().unwrap_or_default())?;
    let chain = if with_intermediates {
        let stored = session.certificates()?;
        let others: Vec<_> = stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok()).collect();
        accept::served(&leaf, x509::sort_chain(&leaf, &others), now)
    } else {
        vec![leaf]
    };
    let ends_at = chain.last().filter(|last| !last.is_self_issued()).map(|last| last.issuer().to_string());
    Ok(ExportedChain { key, chain, ends_at })
}
