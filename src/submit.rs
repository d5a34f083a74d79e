//! `submit`: a CSR goes to a CA, and its answer comes back as certificates.

use std::path::Path;

use crate::authority::{Authority, Dev};
use crate::ca::{self, Answer, Order, Pending, Surroundings};
use crate::dev_ca::DevCa;
use crate::error::Error;
use crate::request::GeneralName;
use crate::x509::{self, Certificate, Csr, PemHeader};

/// What became of a CSR.
#[derive(Debug)]
pub enum Submitted {
    /// The certificates of the CA's answer, the one with the CSR's key first.
    Issued(Vec<Certificate>),
    /// The CA has not decided.
    Pending(Pending),
}

/// What a CA is handed.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// The request.
    pub csr: &'a Csr,
    /// What an earlier run was told of the same CSR.
    pub reference: Option<&'a str>,
    /// The certificate that the new one replaces.
    pub replaces: Option<&'a Certificate>,
    /// See [`Order::opened`].
    pub opened: &'a dyn Fn(&str) -> Result<(), ca::Error>,
}

/// Refuses what the CA cannot be asked for as it is configured, before anything is made or asked.
///
/// # Errors
/// [`Error::Ca`].
pub fn check(authority: &Authority, names: &[GeneralName]) -> Result<(), Error> {
    match authority {
        Authority::Acme(acme) => Ok(ca::acme::check(acme, names)?),
        Authority::Est(est) => Ok(ca::est::check(est)?),
        Authority::Exec(_)
        | Authority::Dev(_)
        | Authority::Vault(_)
        | Authority::AwsPca(_)
        | Authority::Cfssl(_)
        | Authority::Adcs(_) => Ok(()),
    }
}

/// Hands a CSR to a CA.
///
/// # Errors
/// [`Error::Ca`]; [`Error::X509`] for an answer that is no certificate; [`Error::OtherKeyIssued`].
pub fn submit(
    authority: &Authority,
    submission: &Submission<'_>,
    usual_dev_folder: Option<&Path>,
    around: &dyn Surroundings,
) -> Result<Submitted, Error> {
    let Submission { csr, reference, replaces, opened } = *submission;
    csr.verify()?;
    let names = csr.subject_alt_names();
    let pem = csr.to_pem(PemHeader::Standard);
    let subject = csr.subject();
    let order = Order {
        csr: csr.der(),
        pem: &pem,
        common_name: subject.common_name(),
        names: &names,
        reference,
        replaces: replaces.map(Certificate::der),
        is_unchanged: replaces.is_some_and(|old| old.subject() == subject && old.subject_alt_names() == names),
        opened,
    };
    let answer = match authority {
        Authority::Exec(exec) => ca::exec::submit(exec, &order, around)?,
        Authority::Dev(dev) => issue(dev, csr, usual_dev_folder, around.now())?,
        Authority::Acme(acme) => ca::acme::submit(acme, &order, around)?,
        Authority::Vault(vault) => ca::vault::submit(vault, &order, around)?,
        Authority::AwsPca(pca) => ca::aws_pca::submit(pca, &order, around)?,
        Authority::Cfssl(cfssl) => ca::cfssl::submit(cfssl, &order, around)?,
        Authority::Est(est) => ca::est::submit(est, &order, around)?,
        Authority::Adcs(adcs) => ca::adcs::submit(adcs, &order, around)?,
    };
    match answer {
        Answer::Pending(pending) => Ok(Submitted::Pending(pending)),
        Answer::Issued(bytes) => sorted(x509::read_certificates(&bytes)?, csr).map(Submitted::Issued),
    }
}

/// Leaf first. A CA that answers with somebody else's certificate is found here and not at the server.
fn sorted(mut certificates: Vec<Certificate>, csr: &Csr) -> Result<Vec<Certificate>, Error> {
    let key = csr.public_key()?;
    let is_its = |certificate: &Certificate| certificate.public_key().is_ok_and(|of| of == key);
    match certificates.iter().position(is_its) {
        Some(place) => {
            let leaf = certificates.remove(place);
            certificates.insert(0, leaf);
            Ok(certificates)
        }
        None => Err(Error::OtherKeyIssued { subjects: certificates.iter().map(Certificate::name).collect() }),
    }
}

fn issue(dev: &Dev, csr: &Csr, usual: Option<&Path>, now: i64) -> Result<Answer, Error> {
    let folder = dev.folder.as_deref().or(usual).ok_or_else(|| {
        Error::Ca(ca::Error::Configuration { protocol: "dev", reason: "there is no home folder; name a folder".into() })
    })?;
    let ca = DevCa::open(folder, now)?;
    let leaf = ca.issue(csr, now, dev.days)?;
    Ok(Answer::Issued(format!("{}{}", leaf.to_pem(), ca.certificate().to_pem()).into_bytes()))
}
