//! The certificate: at hand, or from the CA.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use super::known::{Known, leaf_of_file};
use super::request::Requested;
use super::verdict::{Waits, changed_names};
use super::{Site, World};
use crate::ca;
use crate::error::Error;
use crate::file::{self, Access, OutputFile};
use crate::state::{OpenOrder, Record};
use crate::submit::{self, Submission, Submitted};
use crate::x509::{self, Certificate, Csr, PemHeader};

/// What there is.
#[derive(Debug)]
pub(super) enum Answered {
    /// The certificates, the leaf among them.
    Issued(Vec<Certificate>),
    /// Nothing yet.
    Waits(Waits),
}

/// The certificate file of a pending request, if it has come: it is for the same key, and not the one that is replaced.
pub(super) fn at_hand(site: &Site, pending: &Record) -> Option<Vec<Certificate>> {
    let replaced = pending.renewal.as_ref().and_then(|open| open.replaces.as_deref());
    let accepted = pending.accepted.as_ref().filter(|one| replaced != Some(&one.fingerprint_sha256));
    let files = accepted.map(|accepted| accepted.chain_file.clone()).into_iter().chain([site.certificate_file()]);
    files.into_iter().find_map(|path| certificates_for(&path, &pending.spki_sha256, replaced))
}

/// Those of a file that has one for the key, which comes first.
fn certificates_for(path: &Path, spki: &str, replaced: Option<&str>) -> Option<Vec<Certificate>> {
    let mut all = x509::read_certificates(&file::read(path).ok()?).ok()?;
    let is_it = |one: &Certificate| {
        one.public_key().is_ok_and(|key| x509::spki_fingerprint(&key) == spki)
            && replaced.is_none_or(|replaced| one.fingerprint_sha256() != replaced)
    };
    let place = all.iter().position(is_it)?;
    all.swap(0, place);
    Some(all)
}

/// Takes the certificate that is at hand, else asks the CA.
pub(super) fn certificates(
    site: &Site,
    known: &Known,
    requested: &Requested,
    world: World<'_>,
    now: i64,
) -> Result<Answered, Error> {
    let (path, replaced) = (site.certificate_file(), requested.replaces.as_deref());
    let (files, spki) = (requested.chain_file.iter().chain([&path]), x509::spki_fingerprint(&requested.key));
    let at_hand = files.into_iter().find_map(|path| certificates_for(path, &spki, replaced));
    // What was left for so long that it is over is ordered anew.
    let is_over = at_hand.as_deref().and_then(<[_]>::first).is_some_and(|leaf| leaf.not_after() < now);
    if let Some(all) = at_hand.filter(|_| !is_over) {
        return Ok(Answered::Issued(all));
    }
    let Some((name, authority)) = &site.ca else {
        return Ok(Answered::Waits(Waits::Certificate { csr: site.csr_file(), certificate: path }));
    };
    let record = world.state.record(&requested.key);
    let open = record.and_then(|record| record.request?.order).filter(|order| order.ca == *name && !is_over);
    let reference = open.as_ref().and_then(|order| order.reference.clone());
    let remember = |reference: Option<String>, pause: Option<Duration>| {
        let order = OpenOrder::new(name, reference, pause, open.as_ref(), now);
        world.state.remember_order(&requested.csr, Some(order.clone())).map(|_| order)
    };
    let newest = RefCell::new(reference.clone());
    let opened = |reference: &str| {
        newest.replace(Some(reference.to_owned()));
        remember(Some(reference.to_owned()), None).map(|_| ()).map_err(|error| ca::Error::Kept(error.to_string()))
    };
    let replaces = known.current.as_ref().and_then(|_| leaf_of_file(&site.chain_file()));
    let (reference, replaces) = (reference.as_deref(), replaces.as_ref());
    let submission = Submission { csr: &requested.csr, reference, replaces, opened: &opened };
    match submit::submit(authority, &submission, world.dev_folder, world.around) {
        Ok(Submitted::Issued(all)) => {
            let pem: String = all.iter().map(Certificate::to_pem).collect();
            replace(&path, pem.as_bytes())?;
            Ok(Answered::Issued(all))
        }
        Ok(Submitted::Pending(pending)) => {
            let OpenOrder { ca, since, not_before: until, .. } = remember(pending.reference, pending.retry_after)?;
            Ok(Answered::Waits(Waits::Ca { ca, message: pending.message, since, until }))
        }
        Err(Error::Ca(ca::Error::Unavailable { message, retry_after })) => {
            remember(newest.take(), retry_after)?;
            Err(ca::Error::Unavailable { message, retry_after }.into())
        }
        Err(error) => {
            // The order has come to its end: the next run begins with a new one, for the same CSR.
            if newest.borrow().is_some()
                && matches!(
                    error,
                    Error::Ca(ca::Error::Refused { .. } | ca::Error::Unproved { .. }) | Error::OtherKeyIssued { .. }
                )
            {
                remember(None, None)?;
            }
            Err(error)
        }
    }
}

/// Refuses to write over a CSR that is not of this site.
pub(super) fn check_csr_file(site: &Site, known: &Known) -> Result<(), Error> {
    let path = site.csr_file();
    OutputFile::new(&path, Access::Public, true)?;
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let is_own = Csr::from_bytes(&file::read(&path)?).is_ok_and(|csr| {
        known.csrs.iter().any(|own| own.der() == csr.der()) || changed_names(&site.spec, &csr).is_none()
    });
    if is_own { Ok(()) } else { Err(file::Error::Exists(path).into()) }
}

/// Writes the CSR to its file, if it is not there.
pub(super) fn write_csr(site: &Site, csr: &Csr) -> Result<(), Error> {
    let path = site.csr_file();
    let is_there = file::read(&path).is_ok_and(|bytes| Csr::from_bytes(&bytes).is_ok_and(|own| own.der() == csr.der()));
    if !is_there {
        OutputFile::new(&path, Access::Public, true)?.write(csr.to_pem(PemHeader::Standard).as_bytes())?;
    }
    Ok(())
}

/// Writes a file; what was there is kept as `.prev`.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path.is_file() {
        let mut previous = path.as_os_str().to_owned();
        previous.push(".prev");
        OutputFile::new(Path::new(&previous), Access::Public, true)?.write(&file::read(path)?)?;
    }
    Ok(OutputFile::new(path, Access::Public, true)?.write(bytes)?)
}
