//! `new`: a key pair made or found in the token, and a CSR or a self-signed certificate signed there.

mod document;
mod preview;
mod self_signed;

pub use document::Document;
pub use preview::{Preview, preview};

use crate::accept::{self, Change};
use crate::error::{Error, KeyFate};
use crate::file;
use crate::key::{KeyAlgorithm, KeyId, SignatureScheme};
use crate::key_reference::KeyReference;
use crate::request::{KeySource, Product, RequestSpec};
use crate::token::vendor::RsaGeneration;
use crate::token::{KeyPair, NewKeyPair, Session};
use crate::x509::UnsignedCsr;

/// What the user says about the key that is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyWishes {
    /// Keep it when no document can be made, instead of destroying it.
    pub keep: bool,
    /// The mechanism that makes an RSA key, where it is not left to hsmcert.
    pub rsa_generation: Option<RsaGeneration>,
}

/// What `new` leaves behind.
#[derive(Debug)]
pub struct Enrolled {
    /// The request or certificate, its signature verified.
    pub document: Document,
    /// `CKA_LABEL` of the pair.
    pub label: String,
    /// `CKA_ID` of the pair.
    pub id: KeyId,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// How the document is signed.
    pub scheme: SignatureScheme,
    /// Whether the pair was made now.
    pub is_new_key: bool,
}

/// Makes or finds the pair that a request asks for, signs what it asks for and hands that to `write`; a self-signed
/// certificate is also stored beside its key. `now` is in seconds since 1970-01-01 UTC. When anything fails after the
/// pair was made, the pair is destroyed again, unless it is wished that it be kept.
///
/// # Errors
/// Before the pair exists: what is refused. Afterwards [`Error::AfterKeyMade`], which says what became of it.
pub fn enroll(
    session: &Session<'_>,
    spec: &RequestSpec,
    wishes: KeyWishes,
    now: i64,
    write: impl FnOnce(&Document) -> Result<(), file::Error>,
) -> Result<Enrolled, Error> {
    let label = preview(spec)?.label;
    match spec.key.source {
        KeySource::Existing => {
            let reference = existing(&label)?;
            let pair = session.find_key_by_reference(&reference)?;
            let pair = pair.ok_or_else(|| Error::KeyMissing(reference.to_string()))?;
            with_pair(session, &pair, spec, now, write)
        }
        KeySource::Generate => {
            let algorithm = spec.key.algorithm;
            let KeyWishes { keep, rsa_generation } = wishes;
            let planned = session.plan_pair(label, algorithm, spec.key.purposes)?;
            with_new_pair(session, &NewKeyPair { rsa_generation, ..planned }, spec, keep, now, write)
        }
    }
}

/// [`enroll`] with a pair that is there, whatever the request says of its key.
///
/// # Errors
/// As [`enroll`].
pub fn with_pair<E: Into<Error>>(
    session: &Session<'_>,
    pair: &KeyPair<'_>,
    spec: &RequestSpec,
    now: i64,
    write: impl FnOnce(&Document) -> Result<(), E>,
) -> Result<Enrolled, Error> {
    let (document, scheme) = make(session, pair, spec, now, write)?;
    Ok(enrolled(document, scheme, pair, false))
}

/// [`enroll`] with a new pair as it is planned; `keep`: also when no document can be made.
///
/// # Errors
/// As [`enroll`].
pub fn with_new_pair<E: Into<Error>>(
    session: &Session<'_>,
    planned: &NewKeyPair,
    spec: &RequestSpec,
    keep: bool,
    now: i64,
    write: impl FnOnce(&Document) -> Result<(), E>,
) -> Result<Enrolled, Error> {
    session.check_mechanisms(planned, spec.signature.scheme(planned.algorithm))?;
    session.check_label_free(&planned.label)?;
    let pair = session.generate(planned)?;
    match make(session, &pair, spec, now, write) {
        Ok((document, scheme)) => Ok(enrolled(document, scheme, &pair, true)),
        Err(error) => Err(give_up(pair, keep, error)),
    }
}

/// The key that a request reuses, by what stands in `KeyContainer` or `key.label`.
pub(crate) fn existing(text: &str) -> Result<KeyReference, Error> {
    KeyReference::parse(text).map_err(|source| Error::KeyReference { text: text.to_owned(), source })
}

fn make<E: Into<Error>>(
    session: &Session<'_>,
    pair: &KeyPair<'_>,
    spec: &RequestSpec,
    now: i64,
    write: impl FnOnce(&Document) -> Result<(), E>,
) -> Result<(Document, SignatureScheme), Error> {
    match spec.product {
        Product::Pkcs10 => {
            let (document, scheme) = request(pair, spec)?;
            write(&document).map_err(Into::into)?;
            Ok((document, scheme))
        }
        Product::SelfSigned(validity) => {
            let (certificate, scheme) = self_signed::certificate(pair, spec, validity, now)?;
            let change = accept::link(session, pair, &certificate)?;
            let document = Document::Certificate(Box::new(certificate));
            write(&document).map_err(Into::into).inspect_err(|_| {
                // One that took the place of another stays: it is linked and proved, and only its file is missing.
                if change == Change::Stored {
                    unlink(session, pair.id(), &document);
                }
            })?;
            Ok((document, scheme))
        }
    }
}

fn request(pair: &KeyPair<'_>, spec: &RequestSpec) -> Result<(Document, SignatureScheme), Error> {
    let unsigned = UnsignedCsr::new(spec, pair.public_key())?;
    let scheme = unsigned.scheme();
    let signature = pair.sign(scheme, unsigned.to_be_signed())?;
    Ok((Document::Request(Box::new(unsigned.finish(&signature)?)), scheme))
}

/// Takes a certificate that was stored a moment ago off the token; the error that is told is the one before.
fn unlink(session: &Session<'_>, id: &KeyId, document: &Document) {
    for stored in session.certificates_with_id(id).unwrap_or_default() {
        if stored.value == document.der() {
            let _ = session.destroy_certificate(&stored);
        }
    }
}

fn enrolled(document: Document, scheme: SignatureScheme, pair: &KeyPair<'_>, is_new_key: bool) -> Enrolled {
    let (label, id) = (pair.label().to_owned(), pair.id().clone());
    Enrolled { document, label, id, algorithm: pair.public_key().algorithm(), scheme, is_new_key }
}

fn give_up(pair: KeyPair<'_>, keep_key: bool, error: Error) -> Error {
    let (label, id) = (pair.label().to_owned(), pair.id().clone());
    let fate = match keep_key {
        true => KeyFate::Kept,
        false if pair.destroy().is_ok() => KeyFate::Destroyed,
        false => KeyFate::Stays,
    };
    Error::AfterKeyMade { label, id, fate, source: Box::new(error) }
}
