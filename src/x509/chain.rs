//! From a heap of certificates to the chain of a leaf: ordered by name, proved by signature.

use std::collections::{HashMap, HashSet};

use super::certificate::Issued;
use super::{Certificate, Error};

/// Longer than any chain that a client would follow (OpenSSL stops at 100, browsers long before).
const LONGEST: usize = 16;

/// A leaf's issuers in order, and what else there was.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Issuer of the leaf, its issuer, and so on; a root, if it is there, is the last.
    pub issuers: Vec<Certificate>,
    /// Certificates that lead nowhere.
    pub unrelated: Vec<Certificate>,
}

/// Orders certificates behind a leaf by issuer and signature; duplicates are dropped. Of several certificates of
/// one CA the one that lasts longest is taken. Each signature is checked at most once for each step.
#[must_use]
pub fn sort_chain(leaf: &Certificate, others: &[Certificate]) -> Chain {
    let mut seen = HashSet::from([leaf.der()]);
    let mut rest: Vec<Option<&Certificate>> = others.iter().map(|one| seen.insert(one.der()).then_some(one)).collect();
    let mut by_subject: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (index, one) in rest.iter().enumerate() {
        if let Some(one) = one {
            by_subject.entry(one.subject_der()).or_default().push(index);
        }
    }
    let mut issuers: Vec<Certificate> = Vec::new();
    while issuers.len() < LONGEST {
        let last = issuers.last().unwrap_or(leaf);
        if last.is_self_issued() {
            break;
        }
        let named = by_subject.get(last.issuer_der()).into_iter().flatten();
        let fitting = named.filter_map(|index| Some((*index, (*rest.get(*index)?)?)));
        let mut fitting: Vec<_> = fitting.filter(|(_, one)| last.may_be_issued_by(one)).collect();
        fitting.sort_by_key(|(_, one)| std::cmp::Reverse(one.not_after()));
        let next = fitting.into_iter().find(|(_, one)| last.is_issued_by(one));
        let Some((index, next)) = next else { break };
        rest[index] = None;
        issuers.push(next.clone());
    }
    Chain { issuers, unrelated: rest.into_iter().flatten().cloned().collect() }
}

impl Chain {
    /// Checks what RFC 5280, 6.1.4 asks of issuers: that they are CAs, may sign certificates, and have no more
    /// of them below than their path length allows.
    ///
    /// # Errors
    /// [`Error::NoIssuer`] when none of the others is the leaf's issuer, [`Error::NotSignedBy`] when the one with
    /// its name has another key, [`Error::Issuer`].
    pub fn check(&self, leaf: &Certificate) -> Result<(), Error> {
        if self.issuers.is_empty() && !leaf.is_self_issued() {
            self.check_lone(leaf)?;
        }
        let mut below = 0;
        for issuer in &self.issuers {
            let wrong = |reason: String| Error::Issuer { subject: leaf.subject(), issuer: issuer.subject(), reason };
            let constraints = issuer.basic_constraints();
            // Roots of the nineties have no extensions at all.
            let is_old_root = issuer.is_self_issued() && !issuer.has_extensions();
            if !is_old_root && !constraints.is_some_and(|constraints| constraints.ca) {
                return Err(wrong("it is no CA certificate (basicConstraints)".to_owned()));
            }
            if issuer.key_usage().is_some_and(|usage| !usage.names().any(|name| name == "keyCertSign")) {
                return Err(wrong("it may not sign certificates (keyUsage without keyCertSign)".to_owned()));
            }
            let allowed = constraints.and_then(|constraints| constraints.path_length);
            if let Some(allowed) = allowed.filter(|allowed| below > *allowed) {
                return Err(wrong(format!("its path length allows {allowed} CA certificates below it, not {below}")));
            }
            below += u32::from(!issuer.is_self_issued());
        }
        Ok(())
    }

    fn check_lone(&self, leaf: &Certificate) -> Result<(), Error> {
        if self.unrelated.iter().any(|one| one.subject_der() == leaf.issuer_der()) {
            return Err(Error::NotSignedBy { subject: leaf.subject(), issuer: leaf.issuer() });
        }
        let present: Vec<String> =
            self.unrelated.iter().filter(|one| one.is_ca()).map(|one| one.subject().to_string()).collect();
        if present.is_empty() {
            return Ok(());
        }
        Err(Error::NoIssuer { subject: leaf.subject(), issuer: leaf.issuer(), present })
    }

    /// The certificates whose signature is by an algorithm that hsmcert cannot check, with its OID.
    #[must_use]
    pub fn unchecked(&self, leaf: &Certificate) -> Vec<(Certificate, String)> {
        let links = std::iter::once(leaf).chain(&self.issuers).zip(&self.issuers);
        let unchecked = links.filter(|(child, issuer)| child.issued_by(issuer) == Issued::Unchecked);
        unchecked.map(|(child, _)| (child.clone(), child.signature_oid())).collect()
    }
}
