//! `dev-ca`: a throw-away CA, so that new -> issue -> accept runs on one laptop. Not for production: its key is
//! in a file.

use std::path::{Path, PathBuf};

use fs_err as fs;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use signature::{SignatureEncoding as _, Signer as _};

use crate::error::Error;
use crate::file::{self, Access, OutputFile};
use crate::key::{Hash, SignatureScheme};
use crate::x509::{self, Certificate, Csr, UnsignedCertificate};

/// Common name of its certificate: nobody shall take it for a real one.
pub const NAME: &str = "hsmcert throw-away CA, NOT FOR PRODUCTION";
const SCHEME: SignatureScheme = SignatureScheme::Ecdsa(Hash::Sha256);
const DAY: i64 = 86_400;
/// How long the CA lives.
const CA_DAYS: i64 = 3650;

/// The CA: a key in a 0600 file and a self-signed certificate.
#[derive(Debug)]
pub struct DevCa {
    key: SigningKey,
    certificate: Certificate,
    folder: PathBuf,
}

impl DevCa {
    /// Opens the CA in a folder, or makes it.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::DevCa`].
    pub fn open(folder: &Path, now: i64) -> Result<Self, Error> {
        let (key_file, certificate_file) = (folder.join("ca.key.pem"), folder.join("ca.pem"));
        if !key_file.exists() {
            fs::create_dir_all(folder).map_err(file::Error::Io)?;
            let key = new_key(folder)?;
            let certificate = certificate_of(&key, folder, now)?;
            let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| failed(folder, &error))?;
            OutputFile::new(&certificate_file, Access::Public, true)?.write(certificate.to_pem().as_bytes())?;
            OutputFile::new(&key_file, Access::Owner, false)?.write_for_good(pem.as_bytes())?;
        }
        let pem = zeroize::Zeroizing::new(file::read(&key_file)?);
        let text = std::str::from_utf8(&pem).map_err(|error| failed(folder, &error))?;
        let key = SigningKey::from_pkcs8_pem(text).map_err(|error| failed(folder, &error))?;
        let certificates = x509::read_certificates(&file::read(&certificate_file)?)?;
        let certificate = certificates.into_iter().next().ok_or_else(|| failed(folder, &"ca.pem is empty"))?;
        Ok(Self { key, certificate, folder: folder.to_owned() })
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The file of its certificate, for `curl --cacert` and browsers.
    #[must_use]
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Issues a certificate for whatever the request asks for, after checking its signature.
    ///
    /// # Errors
    /// [`Error::X509`].
    pub fn issue(&self, csr: &Csr, now: i64, days: u32) -> Result<Certificate, Error> {
        csr.verify()?;
        let serial = serial(&self.folder)?;
        let not_after = now + i64::from(days) * DAY;
        let unsigned = UnsignedCertificate::from_csr(csr, &self.certificate, SCHEME, &serial, now - 600, not_after)?;
        let signature: Signature = self.key.sign(unsigned.to_be_signed());
        Ok(unsigned.finish(signature.to_der().as_bytes())?)
    }
}

fn new_key(folder: &Path) -> Result<SigningKey, Error> {
    // One in 2^32 random strings is no scalar of the curve.
    for _ in 0..4 {
        let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|error| failed(folder, &error))?;
        if let Ok(key) = SigningKey::from_slice(bytes.as_ref()) {
            return Ok(key);
        }
    }
    Err(failed(folder, &"the system's random numbers are not random"))
}

fn serial(folder: &Path) -> Result<[u8; 16], Error> {
    let mut serial = [0u8; 16];
    getrandom::fill(&mut serial).map_err(|error| failed(folder, &error))?;
    // Positive, and never with a leading zero.
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

/// rcgen makes the CA's own certificate; the key signs through its trait for foreign keys.
fn certificate_of(key: &SigningKey, folder: &Path, now: i64) -> Result<Certificate, Error> {
    let public = RcgenKey { key, point: key.verifying_key().to_sec1_point(false).as_bytes().to_vec() };
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, NAME);
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    parameters.serial_number = Some(rcgen::SerialNumber::from_slice(&serial(folder)?));
    let identifier = <sha1::Sha1 as sha1::Digest>::digest(&public.point).to_vec();
    parameters.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(identifier);
    let day = |seconds: i64| -> Result<_, Error> {
        time::OffsetDateTime::from_unix_timestamp(seconds).map_err(|error| failed(folder, &error))
    };
    parameters.not_before = day(now - DAY)?;
    parameters.not_after = day(now + CA_DAYS * DAY)?;
    let certificate = parameters.self_signed(&public).map_err(|error| failed(folder, &error))?;
    Ok(Certificate::from_der(certificate.der())?)
}

struct RcgenKey<'a> {
    key: &'a SigningKey,
    point: Vec<u8>,
}

impl rcgen::PublicKeyData for RcgenKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.point
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for RcgenKey<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = self.key.sign(message);
        Ok(signature.to_der().to_vec())
    }
}

fn failed(folder: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::DevCa { folder: folder.display().to_string(), reason: reason.to_string() }
}
