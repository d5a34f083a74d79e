//! `new`: a key pair made in the token, and a CSR signed there.

use crate::error::{Error, KeyFate};
use crate::file;
use crate::key::{KeyAlgorithm, KeyId, PublicKey, SignatureScheme};
use crate::request::{KeySource, Product, RequestSpec};
use crate::token::{KeyPair, NewKeyPair, Session};
use crate::x509::{self, Csr, UnsignedCsr};

/// What `new` leaves behind.
#[derive(Debug)]
pub struct Enrolled {
    /// The request, its signature verified.
    pub csr: Csr,
    /// `CKA_LABEL` of the pair.
    pub label: String,
    /// `CKA_ID` of the pair.
    pub id: KeyId,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// How the request is signed.
    pub scheme: SignatureScheme,
    /// Whether the pair was made now.
    pub is_new_key: bool,
}

/// Refuses what can be refused without a token: a request that cannot be encoded, or whose signature hsmcert could
/// not verify.
///
/// # Errors
/// [`Error::SelfSignedRequest`], [`Error::NoLabel`], [`Error::X509`].
pub fn check(spec: &RequestSpec) -> Result<(), Error> {
    check_product(spec)?;
    spec.label().ok_or(Error::NoLabel)?;
    let scheme = spec.signature.scheme(spec.key.algorithm);
    if spec.key.source == KeySource::Generate && !x509::is_supported(scheme) {
        return Err(x509::Error::Scheme(scheme).into());
    }
    // All but the key is known: any key shows whether the rest can be encoded.
    UnsignedCsr::new(spec, &PublicKey::rsa(&[0xff; 256], &[1, 0, 1]))?;
    Ok(())
}

/// Makes the pair that a request asks for, signs the CSR with it and hands it to `write`. When anything fails
/// after the pair was made, the pair is destroyed again, or kept with `keep_key`.
///
/// # Errors
/// Before the pair exists: what is refused. Afterwards [`Error::AfterKeyMade`], which says what became of it.
pub fn enroll(
    session: &Session<'_>,
    spec: &RequestSpec,
    keep_key: bool,
    write: impl FnOnce(&Csr) -> Result<(), file::Error>,
) -> Result<Enrolled, Error> {
    check(spec)?;
    let label = spec.label().ok_or(Error::NoLabel)?;
    match spec.key.source {
        KeySource::Existing => {
            let pair = session.find_key_by_label(&label)?.ok_or(Error::KeyMissing(label))?;
            let (csr, scheme) = request(&pair, spec)?;
            write(&csr)?;
            Ok(enrolled(csr, scheme, &pair, false))
        }
        KeySource::Generate => {
            let algorithm = spec.key.algorithm;
            session.check_mechanisms(algorithm, spec.signature.scheme(algorithm))?;
            session.check_label_free(&label)?;
            let pair = session.generate(&NewKeyPair::new(label, algorithm, spec.key.purposes)?)?;
            let made = request(&pair, spec).and_then(|(csr, scheme)| {
                write(&csr)?;
                Ok((csr, scheme))
            });
            match made {
                Ok((csr, scheme)) => Ok(enrolled(csr, scheme, &pair, true)),
                Err(error) => Err(give_up(pair, keep_key, error)),
            }
        }
    }
}

fn check_product(spec: &RequestSpec) -> Result<(), Error> {
    match spec.product {
        Product::Pkcs10 => Ok(()),
        Product::SelfSigned(_) => Err(Error::SelfSignedRequest),
    }
}

fn request(pair: &KeyPair<'_>, spec: &RequestSpec) -> Result<(Csr, SignatureScheme), Error> {
    let unsigned = UnsignedCsr::new(spec, pair.public_key())?;
    let scheme = unsigned.scheme();
    let signature = pair.sign(scheme, unsigned.to_be_signed())?;
    Ok((unsigned.finish(&signature)?, scheme))
}

fn enrolled(csr: Csr, scheme: SignatureScheme, pair: &KeyPair<'_>, is_new_key: bool) -> Enrolled {
    let (label, id) = (pair.label().to_owned(), pair.id().clone());
    Enrolled { csr, label, id, algorithm: pair.public_key().algorithm(), scheme, is_new_key }
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
