//! Certificates (RFC 5280) as far as the link and the reports need them.

use der::asn1::AnyRef;
use der::{Decode as _, Encode as _, Reader as _, SliceReader};
use sha2::{Digest as _, Sha256};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, ExtendedKeyUsage, KeyUsage as X509KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};

use super::description::{self, DescribedExtension};
use super::{Error, armour, general_name, name, public_key, signature};
use crate::key::{PublicKey, SignatureScheme};
use crate::request::{BasicConstraints, GeneralName, KeyUsage, Name, Oid};

const SUBJECT_KEY_IDENTIFIER: Oid = Oid::new_unwrap("2.5.29.14");
const KEY_USAGE: Oid = Oid::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: Oid = Oid::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: Oid = Oid::new_unwrap("2.5.29.19");
const AUTHORITY_KEY_IDENTIFIER: Oid = Oid::new_unwrap("2.5.29.35");
const EXTENDED_KEY_USAGE: Oid = Oid::new_unwrap("2.5.29.37");

/// Whether one certificate signed another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Issued {
    /// Name and signature fit.
    Yes,
    /// The name fits; the signature is by an algorithm that hsmcert cannot check.
    Unchecked,
    /// It did not.
    No,
}

/// A certificate with its DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    // CAs break RFC 5280 in small ways (long serial numbers); that is no reason to refuse their certificate.
    parsed: CertificateInner<Raw>,
    der: Vec<u8>,
    to_be_signed: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    spki: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::Der`]; also when it names two signature algorithms (RFC 5280, 4.1.1.2), or when its signature is
    /// not a whole number of bytes.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let parsed = CertificateInner::<Raw>::from_der(der).map_err(Error::der("certificate"))?;
        let tbs = parsed.tbs_certificate();
        let odd = |reason: &str| Error::Der { what: "certificate", reason: reason.to_owned() };
        if tbs.signature() != parsed.signature_algorithm() {
            return Err(odd("it names two different signature algorithms"));
        }
        if parsed.signature().has_unused_bits() {
            return Err(odd("its signature is not a whole number of bytes"));
        }
        let parts = || -> der::Result<_> {
            let spki = tbs.subject_public_key_info().to_der()?;
            Ok((tbs.subject().to_der()?, tbs.issuer().to_der()?, tbs.serial_number().to_der()?, spki))
        };
        let (subject, issuer, serial, spki) = parts().map_err(Error::der("certificate"))?;
        let to_be_signed = first_element(der).map_err(Error::der("certificate"))?.to_vec();
        Ok(Self { parsed, der: der.to_vec(), to_be_signed, subject, issuer, serial, spki })
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM in lines of 64 characters.
    #[must_use]
    pub fn to_pem(&self) -> String {
        certificate_pem(&self.der)
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> Name {
        name::decode(self.parsed.tbs_certificate().subject())
    }

    /// What messages call it: its subject or, where that is empty (RFC 5280, 4.2.1.6), its first alternative name.
    #[must_use]
    pub fn name(&self) -> String {
        let (subject, first) = (self.subject(), self.subject_alt_names().into_iter().next());
        first.filter(|_| subject.is_empty()).map_or_else(|| subject.to_string(), |name| name.to_string())
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
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// basicConstraints; `None` when there are none that can be read.
    #[must_use]
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        let read = x509_cert::ext::pkix::BasicConstraints::from_der(self.extension(BASIC_CONSTRAINTS)?).ok()?;
        Some(BasicConstraints { ca: read.ca, path_length: read.path_len_constraint.map(u32::from) })
    }

    /// keyUsage; `None` when there is none that can be read.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        X509KeyUsage::from_der(self.extension(KEY_USAGE)?).ok().map(|usage| KeyUsage::from_bits(usage.0.bits()))
    }

    /// extendedKeyUsage; `None` when there is none that can be read: any use is allowed then.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<Vec<Oid>> {
        Some(ExtendedKeyUsage::from_der(self.extension(EXTENDED_KEY_USAGE)?).ok()?.0)
    }

    /// Whether it has any extension: certificates of X.509 version 1 have none.
    #[must_use]
    pub fn has_extensions(&self) -> bool {
        self.parsed.tbs_certificate().extensions().is_some_and(|extensions| !extensions.is_empty())
    }

    /// Whether it has this extension.
    pub(super) fn has_extension(&self, oid: Oid) -> bool {
        self.extension(oid).is_some()
    }

    /// Subject and issuer are the same: a root.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// The subject alternative names.
    #[must_use]
    pub fn subject_alt_names(&self) -> Vec<GeneralName> {
        let names = self.extension(SUBJECT_ALT_NAME).and_then(|der| SubjectAltName::from_der(der).ok());
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
        base16ct::lower::encode_string(&Sha256::digest(&self.der))
    }

    /// Whether `issuer` signed it. A signature algorithm that hsmcert cannot check is judged by the names.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        match self.issued_by(issuer) {
            Issued::Yes | Issued::Unchecked => true,
            Issued::No => false,
        }
    }

    /// Whether `issuer` signed it, as far as that can be told.
    pub(super) fn issued_by(&self, issuer: &Self) -> Issued {
        if self.issuer != issuer.subject {
            return Issued::No;
        }
        let Some(scheme) = self.scheme() else { return Issued::Unchecked };
        let Ok(key) = issuer.public_key() else { return Issued::No };
        match signature::verify(&key, scheme, &self.to_be_signed, self.parsed.signature().raw_bytes()) {
            Ok(()) => Issued::Yes,
            Err(_) => Issued::No,
        }
    }

    /// Whether the key identifiers leave it possible that `issuer` signed it (RFC 5280, 4.2.1.1): a cheap question
    /// before the signature is checked.
    pub(super) fn may_be_issued_by(&self, issuer: &Self) -> bool {
        let asked = self.extension(AUTHORITY_KEY_IDENTIFIER).and_then(|der| AuthorityKeyIdentifier::from_der(der).ok());
        let own = issuer.extension(SUBJECT_KEY_IDENTIFIER).and_then(|der| SubjectKeyIdentifier::from_der(der).ok());
        match (asked.and_then(|asked| asked.key_identifier), own) {
            (Some(asked), Some(own)) => asked == own.0,
            _ => true,
        }
    }

    /// The OID of the algorithm by which it is signed.
    #[must_use]
    pub fn signature_oid(&self) -> String {
        self.parsed.signature_algorithm().oid.to_string()
    }

    pub(super) fn parsed_subject(&self) -> &x509_cert::name::Name {
        self.parsed.tbs_certificate().subject()
    }

    fn extension(&self, oid: Oid) -> Option<&[u8]> {
        let extensions = self.parsed.tbs_certificate().extensions()?;
        extensions.iter().find(|one| one.extn_id == oid).map(|one| one.extn_value.as_bytes())
    }
}

/// The `TBSCertificate` as it was signed: written anew it might differ.
fn first_element(der: &[u8]) -> der::Result<&[u8]> {
    SliceReader::new(AnyRef::from_der(der)?.value())?.tlv_bytes()
}

/// A certificate as PEM, whether it can be read or not.
#[must_use]
pub fn certificate_pem(der: &[u8]) -> String {
    armour::pem("CERTIFICATE", der)
}

fn seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}
