//! The effective request: what a request file asks for as the CA will see it, before there is a key.

use crate::error::Error;
use crate::key::{KeyAlgorithm, PublicKey, SignatureScheme};
use crate::request::{Extension, KeySource, RequestSpec};
use crate::x509::{DescribedRequest, UnsignedCsr};

/// Everything about a request but its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// `CKA_LABEL` of the new pair, or what the existing one is found by.
    pub label: String,
    /// Subject, extensions and attributes, read back from their DER.
    pub request: DescribedRequest,
    /// How it will be signed; `None` where that depends on a key that is only on the token.
    pub scheme: Option<SignatureScheme>,
}

/// Refuses what can be refused without a token, and tells what the rest will look like: a request that cannot be
/// encoded, or whose signature hsmcert could not verify.
///
/// # Errors
/// [`Error::NoLabel`], [`Error::KeyReference`], [`Error::X509`].
pub fn preview(spec: &RequestSpec) -> Result<Preview, Error> {
    let label = spec.label().ok_or(Error::NoLabel)?;
    let algorithm = match spec.key.source {
        KeySource::Generate => spec.key.algorithm,
        KeySource::Existing => {
            super::existing(&label)?;
            KeyAlgorithm::DEFAULT
        }
    };
    let unsigned = UnsignedCsr::new(spec, &stand_in(algorithm))?;
    let mut request = unsigned.describe()?;
    for (requested, described) in spec.extensions.iter().zip(&mut request.extensions) {
        if requested.extension == Extension::SubjectKeyIdentifier {
            described.values = vec!["SHA-1 of the public key".to_owned()];
        }
    }
    let scheme = (spec.key.source == KeySource::Generate).then(|| unsigned.scheme());
    Ok(Preview { label, request, scheme })
}

/// A public key of the right kind and length, which is nobody's.
fn stand_in(algorithm: KeyAlgorithm) -> PublicKey {
    match algorithm {
        KeyAlgorithm::Rsa { bits } => PublicKey::rsa(&vec![0xff; bits as usize / 8], &[1, 0, 1]),
        KeyAlgorithm::Ec(curve) => {
            PublicKey::Ec { curve, point: [&[4][..], &vec![0; 2 * curve.coordinate_len()]].concat() }
        }
        KeyAlgorithm::Ed25519 => PublicKey::Ed25519(vec![0; 32]),
        KeyAlgorithm::MlDsa(set) => PublicKey::MlDsa { set, key: vec![0; 32] },
    }
}
