//! What a live server serves, beside what it should.

use super::{Link, Options, validity};
use crate::error::Error;
use crate::proof::{Check, Outcome, Step};
use crate::tls::{self, Connect, Served};
use crate::token::Session;
use crate::x509::{self, Certificate};

/// A live server, and what was found out about it.
#[derive(Debug, Clone)]
pub struct Live {
    /// `HOST:PORT` as the user wrote it.
    pub server: String,
    /// The certificates that it sent, the leaf first.
    pub served: Vec<Certificate>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Whether the same question may be answered differently later: there was no answer.
    pub is_retryable: bool,
}

/// Asks a server and compares its answer with the links.
///
/// # Errors
/// Token errors.
pub fn live(session: &Session<'_>, links: &[Link], to: &Connect<'_>, options: &Options<'_>) -> Result<Live, Error> {
    let server = format!("{}:{}", to.host, to.port);
    let Served { address, chain, version, cipher_suite } = match tls::connect(to) {
        Ok(served) => served,
        Err(error) => {
            let steps = vec![Step::new(Check::Connect, Outcome::Failed(error.to_string()))];
            return Ok(Live { server, served: vec![], steps, is_retryable: error.is_retryable() });
        }
    };
    let mut steps = vec![Step::new(Check::Connect, Outcome::Ok(format!("{version} with {address}, {cipher_suite}")))];
    let mut served = Vec::new();
    for der in &chain {
        match Certificate::from_der(der) {
            Ok(certificate) => served.push(certificate),
            Err(error) => steps.push(Step::new(Check::ServedChain, Outcome::Failed(error.to_string()))),
        }
    }
    if let Some(leaf) = served.first() {
        let named = match tls::check_name(leaf.der(), to.server_name) {
            Ok(()) => Outcome::Ok(format!("the certificate is for {}", to.server_name)),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        steps.extend([
            Step::new(Check::ServedCertificate, certificate(leaf, links)),
            Step::new(Check::ServedKey, key(session, leaf)?),
            Step::new(Check::ServedName, named),
            Step::new(Check::ServedChain, sent_chain(&served, links, options)),
            Step::new(Check::ServedValidity, validity(leaf, options.now)),
        ]);
    }
    Ok(Live { server, served, steps, is_retryable: false })
}

fn certificate(leaf: &Certificate, links: &[Link]) -> Outcome {
    let leaves = || links.iter().filter_map(|link| Some((link, link.leaf.as_ref()?)));
    if let Some((link, _)) = leaves().find(|(_, one)| one.der() == leaf.der()) {
        return Outcome::Ok(format!("\"{}\", SHA-256 {}", link.label, leaf.fingerprint_sha256()));
    }
    if let Some((link, _)) = leaves().find(|(_, one)| one.spki_der() == leaf.spki_der()) {
        let (serial, label) = (leaf.fingerprint_sha256(), &link.label);
        return Outcome::Failed(format!(
            "another certificate of the key \"{label}\", SHA-256 {serial}: was the server reloaded after the last renewal?"
        ));
    }
    let expected: Vec<String> = links.iter().map(|link| format!("\"{}\"", link.label)).collect();
    let (subject, issuer) = (leaf.subject(), leaf.issuer());
    Outcome::Failed(format!("{subject}, issued by {issuer}; expected the certificate of {}", expected.join(" or ")))
}

fn key(session: &Session<'_>, leaf: &Certificate) -> Result<Outcome, Error> {
    let Ok(key) = leaf.public_key() else {
        return Ok(Outcome::Failed("a key of an unknown kind, which is not on the token".to_owned()));
    };
    Ok(match session.find_key(&key) {
        Ok(Some(pair)) => Outcome::Ok(format!("\"{}\" on the token, id {}", pair.label(), pair.id())),
        Ok(None) => Outcome::Failed(format!(
            "not on the token: {}, SPKI SHA-256 {}",
            key.algorithm(),
            x509::spki_fingerprint(&key)
        )),
        Err(crate::token::Error::Call { doing, source }) => {
            return Err(crate::token::Error::Call { doing, source }.into());
        }
        Err(error) => Outcome::Failed(error.to_string()),
    })
}

/// The order as sent, what is missing beside what is known here, and with roots the way to one of them by nothing but
/// what was sent.
fn sent_chain(served: &[Certificate], links: &[Link], options: &Options<'_>) -> Outcome {
    let count = format!("{} certificate{} sent", served.len(), if served.len() == 1 { "" } else { "s" });
    if let Some(wrong) = served.windows(2).find(|pair| !pair[0].is_issued_by(&pair[1])) {
        let (first, second) = (wrong[0].subject(), wrong[1].subject());
        return Outcome::Failed(format!("{count} in a wrong order: {second} did not issue {first}"));
    }
    let link = links.iter().find(|link| link.leaf.as_ref() == served.first());
    let missing = link.and_then(|link| link.chain.iter().find(|one| !served.contains(one)));
    if let Some(missing) = missing {
        return Outcome::Failed(format!("{count}, without the intermediate {}", missing.subject()));
    }
    let Some(roots) = options.roots else {
        return Outcome::Ok(format!("{count}; not checked against roots, as none are given"));
    };
    let der: Vec<&[u8]> = served.iter().map(Certificate::der).collect();
    match tls::check_chain(&der, roots, options.now) {
        Ok(()) => Outcome::Ok(format!("{count}, leads to a root")),
        Err(error) => Outcome::Failed(format!("{count}: {error}")),
    }
}
