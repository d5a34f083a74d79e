//! A public key out of whatever file has one.

use der::Decode as _;

use super::public_key::{RsaPublicKey, public_key_from_spki};
use super::{Csr, Error, FileKind, bundle};
use crate::key::PublicKey;

/// The public key of a certificate, of the leaf among several, of a CSR, or a public key by itself (PEM or DER).
///
/// # Errors
/// [`Error::WrongFile`] says what else it is; [`Error::Der`], [`Error::PublicKey`].
pub fn read_public_key(bytes: &[u8]) -> Result<PublicKey, Error> {
    let found = match bundle::read_certificates(bytes) {
        Ok(certificates) => {
            let leaf = certificates.iter().find(|one| !one.is_ca()).or_else(|| certificates.first());
            return leaf.ok_or(FileKind::Empty).map_err(wrong)?.public_key();
        }
        Err(Error::WrongFile { found, .. }) => found,
        Err(error) => return Err(error),
    };
    match found {
        FileKind::Request => Csr::from_bytes(bytes)?.public_key(),
        FileKind::PublicKey => {
            let der = bundle::single_der(bytes, &["PUBLIC KEY", "RSA PUBLIC KEY"], &FileKind::PublicKey)?;
            match RsaPublicKey::from_der(&der) {
                Ok(key) => Ok(key.into()),
                Err(_) => public_key_from_spki(&der),
            }
        }
        other => Err(wrong(other)),
    }
}

fn wrong(found: FileKind) -> Error {
    Error::WrongFile { found, wanted: FileKind::PublicKey }
}
