//! A certificate that some key is about to sign.

use std::time::Duration;

use der::asn1::{BitString, OctetString};
use der::{DateTime, Encode as _, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::certificate::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::{Certificate, Csr, Error, extension, name, public_key, signature};
use crate::key::{PublicKey, SignatureScheme};
use crate::request::{Oid, RequestSpec};

const SUBJECT_KEY_IDENTIFIER: Oid = Oid::new_unwrap("2.5.29.14");
const AUTHORITY_KEY_IDENTIFIER: Oid = Oid::new_unwrap("2.5.29.35");

/// `TBSCertificate` (RFC 5280, 4.1); x509-cert's own cannot be filled from outside.
#[derive(Sequence)]
struct TbsCertificate {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct SignedCertificate {
    tbs_certificate: der::asn1::Any,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A certificate without its signature.
#[derive(Debug)]
pub struct UnsignedCertificate {
    to_be_signed: Vec<u8>,
    scheme: SignatureScheme,
}

impl UnsignedCertificate {
    /// What a CA makes of a request: its subject, its key and all its extensions, so that nothing of the
    /// request is lost, and the two key identifiers.
    ///
    /// # Errors
    /// [`Error::Der`], [`Error::PublicKey`].
    pub fn from_csr(
        csr: &Csr,
        issuer: &Certificate,
        scheme: SignatureScheme,
        serial: &[u8],
        not_before: i64,
        not_after: i64,
    ) -> Result<Self, Error> {
        let mut extensions = csr.extensions()?;
        extensions.retain(|one| one.extn_id != AUTHORITY_KEY_IDENTIFIER);
        if !extensions.iter().any(|one| one.extn_id == SUBJECT_KEY_IDENTIFIER) {
            extensions.push(plain(SUBJECT_KEY_IDENTIFIER, extension::key_identifier(&csr.public_key()?)?.to_der())?);
        }
        let authority = AuthorityKeyIdentifier {
            key_identifier: Some(extension::key_identifier(&issuer.public_key()?)?.0),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push(plain(AUTHORITY_KEY_IDENTIFIER, authority.to_der())?);
        let info = csr.parts();
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(serial).map_err(Error::der("serial number"))?,
            signature: signature::algorithm(scheme)?,
            issuer: issuer.parsed_subject().clone(),
            validity: Validity::new(time(not_before)?, time(not_after)?),
            subject: info.subject.clone(),
            subject_public_key_info: info.public_key.clone(),
            extensions: Some(extensions),
        };
        Ok(Self { to_be_signed: tbs.to_der().map_err(Error::der("certificate"))?, scheme })
    }

    /// What a request asks for, issued by its own key: subject, extensions and nothing else.
    ///
    /// # Errors
    /// [`Error::Value`] for a value that its ASN.1 type cannot hold, [`Error::Der`].
    pub fn self_signed(
        spec: &RequestSpec,
        key: &PublicKey,
        serial: &[u8],
        not_before: i64,
        not_after: i64,
    ) -> Result<Self, Error> {
        let scheme = spec.signature.scheme(key.algorithm());
        let subject = name::encode(&spec.subject)?;
        let extensions =
            spec.extensions.iter().map(|one| extension::encode(one, key)).collect::<Result<Vec<_>, _>>()?;
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(serial).map_err(Error::der("serial number"))?,
            signature: signature::algorithm(scheme)?,
            issuer: subject.clone(),
            validity: Validity::new(time(not_before)?, time(not_after)?),
            subject,
            subject_public_key_info: public_key::encode(key)?,
            extensions: Some(extensions).filter(|extensions| !extensions.is_empty()),
        };
        Ok(Self { to_be_signed: tbs.to_der().map_err(Error::der("certificate"))?, scheme })
    }

    /// How it must be signed.
    #[must_use]
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// The `TBSCertificate`, which the issuer's key signs.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// Takes a signature in its X.509 form.
    ///
    /// # Errors
    /// [`Error::Der`].
    pub fn finish(self, signature: &[u8]) -> Result<Certificate, Error> {
        use der::Decode as _;
        let signed = || -> der::Result<Vec<u8>> {
            SignedCertificate {
                tbs_certificate: der::asn1::Any::from_der(&self.to_be_signed)?,
                signature_algorithm: signature::algorithm(self.scheme).map_err(|_| der::ErrorKind::Failed)?,
                signature: BitString::from_bytes(signature)?,
            }
            .to_der()
        };
        Certificate::from_der(&signed().map_err(Error::der("certificate"))?)
    }
}

fn plain(oid: Oid, value: der::Result<Vec<u8>>) -> Result<Extension, Error> {
    let extn_value = value.and_then(OctetString::new).map_err(Error::der("extension"))?;
    Ok(Extension { extn_id: oid, critical: false, extn_value })
}

/// `UTCTime` until 2049, `GeneralizedTime` from 2050 (RFC 5280, 4.1.2.5).
fn time(seconds: i64) -> Result<Time, Error> {
    let since_1970 = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let make = || -> der::Result<Time> {
        let date = DateTime::from_unix_duration(since_1970)?;
        Ok(match date.year() {
            ..2050 => Time::UtcTime(der::asn1::UtcTime::from_date_time(date)?),
            _ => Time::GeneralTime(der::asn1::GeneralizedTime::from_date_time(date)),
        })
    };
    make().map_err(Error::der("date"))
}
