//! Whether a certificate is fit to be linked, judged before the token is changed.

use super::{Terms, date};
use crate::error::Error;
use crate::x509::{self, Certificate, Chain, Csr, Difference};

/// What is to be said of a certificate that is not refused.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) warnings: Vec<String>,
    pub(super) notes: Vec<String>,
    /// `None`: there is no request to compare with.
    pub(super) differences: Option<Vec<Difference>>,
}

/// Dates, kind, chain, path to the roots, and what the CA made of the request.
///
/// # Errors
/// [`Error::Expired`], [`Error::CaCertificate`], [`Error::X509`] for the chain and the path, [`Error::Strict`].
pub(super) fn examine(
    leaf: &Certificate,
    chain: &Chain,
    request: Option<&Csr>,
    terms: &Terms,
    now: i64,
) -> Result<Findings, Error> {
    if leaf.not_after() < now {
        return Err(Error::Expired { subject: leaf.name(), not_after: date(leaf.not_after()) });
    }
    if leaf.is_ca() && !terms.allow_ca && !request.is_some_and(Csr::asks_for_ca) {
        return Err(Error::CaCertificate { subject: leaf.name(), request_known: request.is_some() });
    }
    chain.check(leaf)?;
    if !terms.roots.is_empty() {
        x509::validate_path(leaf, &chain.issuers, &terms.roots, now)?;
    }

    let mut findings = Findings { differences: request.map(|csr| x509::differences(csr, leaf)), ..Findings::default() };
    let warnings = &mut findings.warnings;
    if leaf.not_before() > now {
        warnings.push(format!("the certificate is not valid before {}", date(leaf.not_before())));
    }
    for issuer in &chain.issuers {
        if issuer.not_after() < now {
            let (subject, when) = (issuer.subject(), date(issuer.not_after()));
            warnings.push(format!("the CA certificate {subject} expired on {when}: left out, with what is above it"));
        }
    }
    for (child, oid) in chain.unchecked(leaf) {
        warnings.push(format!("the signature of {} is by {oid}, which is not checked", child.subject()));
    }
    warnings.extend(chain.unrelated.iter().map(|one| format!("not part of the chain, left out: {}", one.subject())));
    let (lost, other): (Vec<_>, Vec<_>) = findings.differences.iter().flatten().partition(|one| one.is_lost_name());
    warnings.extend(lost.into_iter().map(|one| format!("{one}: clients that use this name will refuse it")));
    findings.notes.extend(other.into_iter().map(ToString::to_string));

    let found = || findings.warnings.iter().chain(&findings.notes);
    if terms.strict && found().next().is_some() {
        return Err(Error::Strict { subject: leaf.name(), findings: found().cloned().collect() });
    }
    Ok(findings)
}
