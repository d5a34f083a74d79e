//! Certificate objects: written, read back, destroyed. What is in them is for `x509/` to know.

use std::cell::Cell;

use cryptoki::object::{Attribute, ObjectHandle};

use super::attribute_template as template;
use super::error::{Error, certificate_refusal};
use super::object::{Handle, Object, ObjectClass};
use super::session::Session;
use super::vendor::Certificates;
use crate::key::KeyId;

/// A certificate that is to be stored; everything as DER.
#[derive(Debug, Clone, Copy)]
pub struct NewCertificate<'a> {
    /// `CKA_ID`: the key's.
    pub id: &'a KeyId,
    /// `CKA_LABEL`: the key's.
    pub label: &'a str,
    /// The subject as a DER `Name`.
    pub subject: &'a [u8],
    /// The issuer as a DER `Name`.
    pub issuer: &'a [u8],
    /// The serial number as a DER INTEGER.
    pub serial: &'a [u8],
    /// The certificate.
    pub value: &'a [u8],
}

/// A certificate on the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateObject {
    raw: Handle,
    /// `CKA_ID`.
    pub id: KeyId,
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_VALUE`: the DER; empty when the module does not show it.
    pub value: Vec<u8>,
}

impl CertificateObject {
    fn new(object: Object) -> Self {
        let Object { raw, id, label, value, .. } = object;
        Self { raw, id, label, value: value.unwrap_or_default() }
    }
}

impl Session<'_> {
    /// All certificates on the token.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn certificates(&self) -> Result<Vec<CertificateObject>, Error> {
        Ok(self.objects(ObjectClass::Certificate)?.into_iter().map(CertificateObject::new).collect())
    }

    /// The certificates with this `CKA_ID`.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn certificates_with_id(&self, id: &KeyId) -> Result<Vec<CertificateObject>, Error> {
        Ok(self.objects_with_id(ObjectClass::Certificate, id)?.into_iter().map(CertificateObject::new).collect())
    }

    /// The certificates with this `CKA_LABEL`.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn certificates_with_label(&self, label: &str) -> Result<Vec<CertificateObject>, Error> {
        Ok(self.objects_with_label(ObjectClass::Certificate, label)?.into_iter().map(CertificateObject::new).collect())
    }

    /// Writes a certificate and reads it back; one that does not read back is destroyed again.
    ///
    /// # Errors
    /// [`Error::CertificateRefused`], [`Error::Call`], [`Error::ReadBack`], and nothing is left on the token;
    /// [`Error::CertificateStays`] otherwise.
    pub fn store_certificate(&self, certificate: &NewCertificate<'_>) -> Result<CertificateObject, Error> {
        let stays = Cell::new(false);
        let stored = self.surviving(|| {
            // Nobody knows how far the token got before the session was lost.
            let stored = if self.epoch() > 0 { self.stored(certificate)? } else { None };
            stored.map_or_else(|| self.store_once(certificate, &stays), Ok)
        });
        stored.map_err(|error| match stays.get() {
            false => error,
            true => Error::CertificateStays {
                label: certificate.label.to_owned(),
                id: certificate.id.clone(),
                source: Box::new(error),
            },
        })
    }

    /// The same certificate, if it is there already.
    fn stored(&self, certificate: &NewCertificate<'_>) -> Result<Option<CertificateObject>, Error> {
        let is_it = |one: &CertificateObject| one.value == certificate.value && one.label == certificate.label;
        Ok(self.certificates_with_id(certificate.id)?.into_iter().find(is_it))
    }

    /// `stays` tells of one that was made and is no good.
    fn store_once(&self, certificate: &NewCertificate<'_>, stays: &Cell<bool>) -> Result<CertificateObject, Error> {
        let attributes = template::certificate(certificate);
        stays.set(false);
        let created = self.create(&attributes);
        let handle = created.map_err(|error| self.certificate_refusal(&error))?;
        // In this session: in another one the handle could be another object's.
        let with_id = self.search_once(ObjectClass::Certificate, &[Attribute::Id(certificate.id.as_bytes().to_vec())]);
        let stored =
            with_id.map(|all| all.into_iter().find(|one| one.raw.object == handle).map(CertificateObject::new));
        let flaw = match stored {
            Ok(Some(stored)) if stored.value == certificate.value && stored.label == certificate.label => {
                return Ok(stored);
            }
            Ok(Some(stored)) if stored.value == certificate.value => {
                Error::ReadBack(format!("its label is \"{}\"", stored.label))
            }
            Ok(Some(stored)) => Error::ReadBack(format!(
                "its value has {} bytes instead of {}",
                stored.value.len(),
                certificate.value.len()
            )),
            Ok(None) => Error::ReadBack(format!("it is not found by its id {}", certificate.id)),
            Err(error) => error,
        };
        // The error that is told is the first one.
        stays.set(self.destroy(ObjectClass::Certificate, handle).is_err());
        Err(flaw)
    }

    /// Writes a certificate that was there before. It is not read back: this is for when something is wrong already,
    /// and an object that cannot be listed is better than none.
    ///
    /// # Errors
    /// [`Error::CertificateRefused`], [`Error::Call`].
    pub fn restore_certificate(&self, certificate: &NewCertificate<'_>) -> Result<(), Error> {
        let attributes = template::certificate(certificate);
        let created = self.create(&attributes);
        created.map(|_| ()).map_err(|error| self.certificate_refusal(&error))
    }

    fn create(&self, attributes: &[Attribute]) -> Result<ObjectHandle, cryptoki::error::Error> {
        self.call_about(ObjectClass::Certificate, "C_CreateObject", |session| session.create_object(attributes))
    }

    /// Where it is known that the token holds none, whatever it says means that.
    fn certificate_refusal(&self, error: &cryptoki::error::Error) -> Error {
        match certificate_refusal(error) {
            Error::Call { source, .. } if self.quirks().certificates == Certificates::Never => {
                Error::CertificateRefused { source }
            }
            refusal => refusal,
        }
    }

    /// Destroys a certificate object.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn destroy_certificate(&self, certificate: &CertificateObject) -> Result<(), Error> {
        self.surviving(|| {
            let handle = self.certificate_handle(certificate)?;
            handle.map_or(Ok(()), |handle| self.destroy(ObjectClass::Certificate, handle))
        })
    }

    /// Its handle, found anew if the session is a new one; `None` when it is gone.
    pub(super) fn certificate_handle(&self, certificate: &CertificateObject) -> Result<Option<ObjectHandle>, Error> {
        if let Ok(handle) = self.current(certificate.raw) {
            return Ok(Some(handle));
        }
        let same = |one: &CertificateObject| one.value == certificate.value && one.label == certificate.label;
        Ok(self.certificates_with_id(&certificate.id)?.into_iter().find(same).map(|found| found.raw.object))
    }
}
