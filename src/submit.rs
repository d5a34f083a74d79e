//! `submit`: a CSR goes to a CA, and its answer comes back as certificates.

use std::path::Path;

use crate::authority::{Authority, Dev};
use crate::ca::{self, Answer, Order, Pending, Surroundings};
use crate::dev_ca::DevCa;
use crate::error::Error;
use crate::x509::{self, Certificate, Csr, PemHeader};

/// What became of a CSR.
#[derive(Debug)]
pub enum Submitted {
    /// The certificates of the CA's answer, the one with the CSR's key first.
    Issued(Vec<Certificate>),
    /// The CA has not decided.
    Pending(Pending),
}

/// Hands a CSR to a CA. `reference` is what an earlier run was told of the same CSR.
///
/// # Errors
/// [`Error::Ca`]; [`Error::X509`] for an answer that is no certificate; [`Error::OtherKeyIssued`].
pub fn submit(
    authority: &Authority,
    csr: &Csr,
    reference: Option<&str>,
    replaces: Option<&Certificate>,
    usual_dev_folder: Option<&Path>,
    around: &dyn Surroundings,
) -> Result<Submitted, Error> {
    csr.verify()?;
    let names = csr.subject_alt_names();
    let pem = csr.to_pem(PemHeader::Standard);
    let order = Order { csr: csr.der(), pem: &pem, names: &names, reference, replaces: replaces.map(Certificate::der) };
    let answer = match authority {
        Authority::Exec(exec) => ca::exec::submit(exec, &order, around)?,
        Authority::Dev(dev) => issue(dev, csr, usual_dev_folder, around.now())?,
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
        None => Err(Error::OtherKeyIssued {
            subjects: certificates.iter().map(|certificate| certificate.subject().to_string()).collect(),
        }),
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
