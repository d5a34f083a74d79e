//! What was changed on the token, so that it can be undone when a later step fails.

use std::path::PathBuf;

use fs_err as fs;

use super::ChainFile;
use crate::error::Error;
use crate::key::KeyId;
use crate::token::{CertificateObject, NewCertificate, Session};
use crate::x509::Certificate;

/// The certificate objects that were made and removed, in order.
#[derive(Debug)]
pub(super) struct Changes<'s> {
    pub(super) session: &'s Session<'s>,
    /// Beside it the certificates go that are replaced.
    chain_file: Option<&'s ChainFile>,
    created: Vec<CertificateObject>,
    removed: Vec<CertificateObject>,
    kept: Vec<PathBuf>,
    /// Those of `kept` that were not there before.
    copies: Vec<PathBuf>,
}

impl<'s> Changes<'s> {
    pub(super) fn new(session: &'s Session<'s>, chain_file: Option<&'s ChainFile>) -> Self {
        Self { session, chain_file, created: Vec::new(), removed: Vec::new(), kept: Vec::new(), copies: Vec::new() }
    }

    /// Makes an object and reads it back.
    pub(super) fn create(&mut self, certificate: &Certificate, id: &KeyId, label: &str) -> Result<(), Error> {
        let object = self.session.store_certificate(&object(certificate, id, label))?;
        self.created.push(object);
        Ok(())
    }

    /// Takes the last object that was made away again.
    pub(super) fn take_back(&mut self) -> Result<(), Error> {
        if let Some(object) = self.created.last() {
            self.session.destroy_certificate(object)?;
            self.created.pop();
        }
        Ok(())
    }

    /// Destroys an object that was there before.
    pub(super) fn remove(&mut self, object: &CertificateObject) -> Result<(), Error> {
        self.session.destroy_certificate(object)?;
        self.removed.push(object.clone());
        Ok(())
    }

    /// Whether there is a place for [`Changes::keep`].
    pub(super) fn can_keep(&self) -> bool {
        self.chain_file.is_some()
    }

    /// Writes a certificate that is going to be removed to a file beside the chain.
    pub(super) fn keep(&mut self, object: &CertificateObject) -> Result<(), Error> {
        let Some(file) = self.chain_file else { return Ok(()) };
        let (path, is_new) = file.keep(&object.value)?;
        self.copies.extend(is_new.then(|| path.clone()));
        self.kept.push(path);
        Ok(())
    }

    /// The files of the certificates that were removed.
    pub(super) fn kept(&self) -> Vec<PathBuf> {
        self.kept.clone()
    }

    /// Puts everything back, the last change first. What cannot be put back is told with the error that led here.
    pub(super) fn undo(self, error: Error) -> Error {
        let mut left = Vec::new();
        for object in self.created.iter().rev() {
            if self.session.destroy_certificate(object).is_err() {
                left.push(format!("the new certificate \"{}\" (id {}) is still on the token", object.label, object.id));
            }
        }
        for old in &self.removed {
            let restored = Certificate::from_der(&old.value).is_ok_and(|certificate| {
                self.session.restore_certificate(&object(&certificate, &old.id, &old.label)).is_ok()
            });
            if !restored {
                let file = self.chain_file.map(|file| file.old_certificate(&old.value)).unwrap_or_default();
                left.push(format!("the old certificate \"{}\" is only in {}", old.label, file.display()));
            }
        }
        if left.is_empty() {
            for file in &self.copies {
                // The certificate is on the token again.
                let _ = fs::remove_file(file);
            }
            return error;
        }
        Error::NotUndone { left, source: Box::new(error) }
    }
}

fn object<'a>(certificate: &'a Certificate, id: &'a KeyId, label: &'a str) -> NewCertificate<'a> {
    NewCertificate {
        id,
        label,
        subject: certificate.subject_der(),
        issuer: certificate.issuer_der(),
        serial: certificate.serial_der(),
        value: certificate.der(),
    }
}
