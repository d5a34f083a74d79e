//! Certificates (RFC 5280) as far as the link and the reports need them.

use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};

use super::description::{self, DescribedExtension};
use super::{Error, bundle, general_name, name, public_key, signature};
use crate::key::{PublicKey, SignatureScheme};
use crate::request::{GeneralName, Name, Oid};

/// A certificate with its DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    // CAs break RFC 5280 in small ways (long serial numbers); that is no reason to refuse their certificate.
    parsed: CertificateInner<Raw>,
    der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    spki: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::Der`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(Error::der("certificate"))?;
        let tbs = parsed.tbs_certificate();
        let parts = || -> der::Result<_> {
            let spki = tbs.subject_public_key_info().to_der()?;
            Ok((tbs.subject().to_der()?, tbs.issuer().to_der()?, tbs.serial_number().to_der()?, spki))
        };
        let (subject, issuer, serial, spki) = parts().map_err(Error::der("certificate"))?;
        Ok(Self { parsed, der: der.to_vec(), subject, issuer, serial, spki })
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM in lines of 64 characters.
    #[must_use]
    pub fn to_pem(&self) -> String {
        bundle::pem("CERTIFICATE", &self.der)
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> Name {
        name::decode(self.parsed.tbs_certificate().subject())
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> Name {
        name::decode(self.parsed.tbs_certificate().issuer())
    }

    /// The subject as a DER `Name`.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The issuer as a DER `Name`.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The serial number as a DER INTEGER.
    #[must_use]
    pub fn serial_der(&self) -> &[u8] {
        &self.serial
    }

    /// The DER of the `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The public key.
    ///
    /// # Errors
    /// [`Error::PublicKey`] for an algorithm that hsmcert does not know.
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        public_key::public_key_from_spki(&self.spki)
    }

    /// notBefore in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        seconds(self.parsed.tbs_certificate().validity().not_before)
    }

    /// notAfter in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        seconds(self.parsed.tbs_certificate().validity().not_after)
    }

    /// Whether it may sign certificates.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        let constraints = self.extension(Oid::new_unwrap("2.5.29.19"));
        constraints.and_then(|der| BasicConstraints::from_der(der).ok()).is_some_and(|constraints| constraints.ca)
    }

    /// Subject and issuer are the same: a root.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// The subject alternative names.
    #[must_use]
    pub fn subject_alt_names(&self) -> Vec<GeneralName> {
        let names = self.extension(Oid::new_unwrap("2.5.29.17")).and_then(|der| SubjectAltName::from_der(der).ok());
        names.map(|names| names.0.iter().filter_map(general_name::decode).collect()).unwrap_or_default()
    }

    /// Its extensions in words, in order.
    #[must_use]
    pub fn describe_extensions(&self) -> Vec<DescribedExtension> {
        let extensions = self.parsed.tbs_certificate().extensions();
        extensions.map(|all| all.iter().map(description::extension).collect()).unwrap_or_default()
    }

    /// How its issuer signed it; `None` for a scheme that hsmcert does not know.
    #[must_use]
    pub fn scheme(&self) -> Option<SignatureScheme> {
        signature::scheme(self.parsed.signature_algorithm())
    }

    /// The serial number in lower hex, as OpenSSL prints it.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        let bytes = self.parsed.tbs_certificate().serial_number().as_bytes();
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
        base16ct::lower::encode_string(&bytes[start..])
    }

    /// The extended key usages; `None` without the extension: then no use is excluded (RFC 5280, 4.2.1.12).
    #[must_use]
    pub fn extended_key_usages(&self) -> Option<Vec<Oid>> {
        let der = self.extension(Oid::new_unwrap("2.5.29.37"))?;
        Some(ExtendedKeyUsage::from_der(der).map(|usages| usages.0).unwrap_or_default())
    }

    /// SHA-256 of the DER in lower hex.
    #[must_use]
    pub fn fingerprint_sha256(&self) -> String {
        Sha256::digest(&self.der).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether `issuer` signed it. A signature algorithm that hsmcert cannot check is judged by the names.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        if self.issuer != issuer.subject {
            return false;
        }
        let Some(scheme) = self.scheme() else { return true };
        let (Ok(signed), Ok(key)) = (self.parsed.tbs_certificate().to_der(), issuer.public_key()) else { return false };
        signature::verify(&key, scheme, &signed, self.parsed.signature().raw_bytes()).is_ok()
    }

    pub(super) fn parsed_subject(&self) -> &x509_cert::name::Name {
        self.parsed.tbs_certificate().subject()
    }

    fn extension(&self, oid: Oid) -> Option<&[u8]> {
        let extensions = self.parsed.tbs_certificate().extensions()?;
        extensions.iter().find(|one| one.extn_id == oid).map(|one| one.extn_value.as_bytes())
    }
}

fn seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}
