//! `verify`: is the link of a certificate and its key real, would a server with them work, and does a live server
//! serve them? Reads only; each step says what was seen.

mod live;
mod select;

pub use live::{Live, live};
pub use select::{Select, select};

use crate::accept::date;
use crate::error::Error;
use crate::key::{KeyId, PublicKey, SignatureScheme};
use crate::proof::{self, Check, Outcome, Step};
use crate::tls;
use crate::token::{self, CertificateObject, KeyPair, Object, ObjectClass, Session};
use crate::x509::{self, Certificate};

/// What `verify` needs to know beside the token.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// What chains must lead to; without roots they are not checked.
    pub roots: Option<&'a tls::Roots>,
    /// The user says that the token holds no certificates: the file is the certificate.
    pub file_only: bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// A `CKA_ID` with its certificates, before anything is checked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The id.
    pub id: KeyId,
    /// All certificates on the token that have it.
    pub stored: Vec<CertificateObject>,
    /// The certificate of the user's file, which must be the one on the token.
    pub file: Option<Certificate>,
    /// `accept` kept it in the file alone, because the token takes no certificates.
    pub kept_in_file: bool,
    /// Where intermediates may be found.
    pub others: Vec<Certificate>,
}

/// A certificate with its key, and what was found out about them.
#[derive(Debug, Clone)]
pub struct Link {
    /// `CKA_ID`.
    pub id: KeyId,
    /// Label of the key, else of the certificate.
    pub label: String,
    /// The certificate, if one can be read.
    pub leaf: Option<Certificate>,
    /// Leaf and intermediates without the root: what a server sends.
    pub chain: Vec<Certificate>,
    /// The schemes by which the token signs with the key.
    pub signs: Vec<SignatureScheme>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// What is not wrong, but will surprise some program.
    pub warnings: Vec<String>,
}

impl Link {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        !self.steps.iter().any(Step::has_failed)
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The links.
    pub links: Vec<Link>,
    /// The live server, if one was asked.
    pub live: Option<Live>,
}

impl Verification {
    /// What is wrong, the cause before its effect: a broken link, then a server that serves something else.
    ///
    /// # Errors
    /// [`Error::LinkBroken`], [`Error::ServedDiffers`].
    pub fn verdict(&self) -> Result<(), Error> {
        let broken: Vec<&Link> = self.links.iter().filter(|link| !link.is_proved()).collect();
        if !broken.is_empty() {
            let of_link = |link: &&Link| failed(&link.steps).map(|step| (link.label.clone(), step)).collect::<Vec<_>>();
            let failed = broken.iter().flat_map(of_link).collect();
            return Err(Error::LinkBroken { broken: broken.len(), of: self.links.len(), failed });
        }
        match &self.live {
            Some(live) if live.steps.iter().any(Step::has_failed) => Err(Error::ServedDiffers {
                server: live.server.clone(),
                failed: failed(&live.steps).collect(),
                retryable: live.is_retryable,
            }),
            _ => Ok(()),
        }
    }
}

fn failed(steps: &[Step]) -> impl Iterator<Item = Step> {
    steps.iter().filter(|step| step.has_failed()).cloned()
}

/// Goes through the proof for one id.
///
/// # Errors
/// Token errors that are no answer to the question: device away, login lost.
pub fn verify(session: &Session<'_>, candidate: &Candidate, options: &Options<'_>) -> Result<Link, Error> {
    let Candidate { id, stored, file, kept_in_file, others } = candidate;
    let file_only = match (options.file_only, kept_in_file) {
        (true, _) => Some("the file is the certificate (--file-only)"),
        (false, true) => Some("the file is the certificate: the token took none when it was accepted"),
        (false, false) => None,
    };
    let readable: Vec<Certificate> = stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok()).collect();
    let newest = readable.iter().max_by_key(|one| one.not_after());
    let leaf = file.clone().or_else(|| newest.cloned());
    let mut steps = vec![
        Step::new(Check::Certificate, certificate(stored, leaf.as_ref(), file.is_some(), file_only)),
        Step::new(Check::OneCertificate, one_certificate(id, stored, file_only)),
    ];
    let of_leaf = stored.iter().find(|one| leaf.as_ref().is_some_and(|leaf| one.value == leaf.der()));
    let of_certificate = of_leaf.or(stored.first()).map(|one| one.label.clone());
    let (mut label, mut warnings) = (of_certificate.unwrap_or_default(), Vec::new());
    let (mut chain, mut signs) = (Vec::new(), Vec::new());
    if let Some(leaf) = &leaf {
        let keys = with_id(session, ObjectClass::PrivateKey, id)?;
        if let [key] = keys.as_slice() {
            if !stored.is_empty() && key.label != label {
                warnings.push(format!(
                    "the label of the certificate, \"{label}\", is not that of the key, \"{}\": programs that look by \
                     label find only one of them",
                    key.label
                ));
            }
            label.clone_from(&key.label);
        }
        let key = leaf.public_key();
        let (pair, missing) = match &key {
            Ok(key) => find(session, key, id)?,
            Err(error) => (None, Some(error.to_string())),
        };
        steps.push(Step::new(Check::OneKey, one_key(id, &keys, missing)));
        steps.push(Step::new(Check::PublicKey, public_key(session, leaf, &keys, id)?));
        match (&pair, &key) {
            (Some(pair), Ok(key)) => {
                let (signatures, schemes) = proof::signatures(pair, key)?;
                steps.extend(signatures);
                signs = schemes;
            }
            _ => steps.push(Step::new(Check::Signature, Outcome::Skipped("there is no key for it".to_owned()))),
        }
        steps.push(Step::new(Check::Validity, validity(leaf, options.now)));
        chain = server_chain(leaf, others);
        let chain_outcome = check_chain(&chain, options);
        // A chain that is wrong is told once, not again by each handshake.
        let roots = options.roots.filter(|_| matches!(chain_outcome, Outcome::Ok(_)));
        steps.push(Step::new(Check::Chain, chain_outcome));
        if let Some(pair) = &pair {
            steps.extend(proof::handshakes(pair, &signs, &chain, roots, usize::MAX, options.now)?);
        }
    }
    Ok(Link { id: id.clone(), label, leaf, chain, signs, steps, warnings })
}

fn with_id(session: &Session<'_>, class: ObjectClass, id: &KeyId) -> Result<Vec<Object>, Error> {
    // An empty value in a search would match all objects that have none.
    if id.is_empty() { Ok(vec![]) } else { Ok(session.objects_with_id(class, id)?) }
}

/// The key pair of the certificate under this id; else what is there instead.
fn find<'s>(
    session: &'s Session<'s>,
    key: &PublicKey,
    id: &KeyId,
) -> Result<(Option<KeyPair<'s>>, Option<String>), Error> {
    match session.find_key(key) {
        Ok(Some(pair)) if pair.id() == id => Ok((Some(pair), None)),
        Ok(Some(pair)) => {
            let place = format!("the certificate's key is \"{}\" with another id, {}", pair.label(), pair.id());
            Ok((None, Some(place)))
        }
        Ok(None) => Ok((None, Some("the certificate's key is not on the token".to_owned()))),
        Err(error @ (token::Error::PrivateKeyMissing(_) | token::Error::KeyAmbiguous { .. })) => {
            Ok((None, Some(error.to_string())))
        }
        Err(error) => Err(error.into()),
    }
}

/// `file_only`: why the token need not hold it.
fn certificate(
    stored: &[CertificateObject],
    leaf: Option<&Certificate>,
    from_file: bool,
    file_only: Option<&str>,
) -> Outcome {
    let Some(leaf) = leaf else { return Outcome::Failed("the certificate on the token cannot be read".to_owned()) };
    if !from_file {
        let label = stored.first().map(|one| one.label.as_str()).unwrap_or_default();
        return Outcome::Ok(format!("\"{label}\" on the token"));
    }
    if stored.iter().any(|one| one.value == leaf.der()) {
        return Outcome::Ok("on the token, the same as in the file".to_owned());
    }
    match (stored.first(), file_only) {
        (None, Some(why)) => Outcome::Skipped(why.to_owned()),
        (None, None) => {
            Outcome::Failed("the certificate of the file is not on the token: accept was not run".to_owned())
        }
        (Some(other), _) => {
            let other = Certificate::from_der(&other.value);
            let until = other.map_or("unreadable".to_owned(), |one| format!("valid to {}", date(one.not_after())));
            Outcome::Failed(format!("the token holds another certificate ({until}) than the file"))
        }
    }
}

fn one_certificate(id: &KeyId, stored: &[CertificateObject], file_only: Option<&str>) -> Outcome {
    match (stored, file_only) {
        _ if id.is_empty() => Outcome::Failed("the certificate has no CKA_ID, so no key belongs to it".to_owned()),
        ([_], _) => Outcome::Ok(format!("the only one with the id {id}")),
        ([], Some(why)) => Outcome::Skipped(why.to_owned()),
        ([], None) => Outcome::Failed(format!("no certificate has the id {id}")),
        (several, _) => Outcome::Failed(format!(
            "{} certificates have the id {id}: it is chance which one is served",
            several.len()
        )),
    }
}

fn one_key(id: &KeyId, keys: &[Object], missing: Option<String>) -> Outcome {
    let missing = missing.map(|missing| format!("; {missing}")).unwrap_or_default();
    match keys {
        [key] => Outcome::Ok(format!("\"{}\", the only private key with the id", key.label)),
        [] => Outcome::Failed(format!("no private key has the id {id}{missing}")),
        several => Outcome::Failed(format!(
            "{} private keys have the id {id}: it is chance which one a server takes{missing}",
            several.len()
        )),
    }
}

/// Compares with what the private key shows, or, where it shows nothing, the public key object of the same id.
fn public_key(session: &Session<'_>, leaf: &Certificate, keys: &[Object], id: &KeyId) -> Result<Outcome, Error> {
    let wanted = match leaf.public_key() {
        Ok(wanted) => wanted,
        Err(error) => return Ok(Outcome::Failed(error.to_string())),
    };
    if keys.is_empty() {
        return Ok(Outcome::Skipped("there is no private key to compare with".to_owned()));
    }
    let publics = with_id(session, ObjectClass::PublicKey, id)?;
    let shown: Vec<_> = keys.iter().map(|key| key.public_key.as_ref()).collect();
    let compared: Vec<&PublicKey> = match shown.iter().all(Option::is_some) {
        true => shown.into_iter().flatten().collect(),
        false => publics.iter().filter_map(|public| public.public_key.as_ref()).collect(),
    };
    let fingerprint = |key: &PublicKey| format!("{}, SPKI SHA-256 {}", key.algorithm(), x509::spki_fingerprint(key));
    Ok(match compared.iter().find(|key| **key != &wanted) {
        None if compared.is_empty() => Outcome::Skipped("the token does not show the public key".to_owned()),
        None => Outcome::Ok(format!("the same in key and certificate: {}", fingerprint(&wanted))),
        Some(other) => Outcome::Failed(format!(
            "the key under this id is another one: {}; the certificate has {}",
            fingerprint(other),
            fingerprint(&wanted)
        )),
    })
}

fn validity(leaf: &Certificate, now: i64) -> Outcome {
    let dates = format!("{} to {}", date(leaf.not_before()), date(leaf.not_after()));
    let days = days_left(leaf, now);
    match () {
        () if leaf.not_after() < now => Outcome::Failed(format!("expired on {}", date(leaf.not_after()))),
        () if leaf.not_before() > now => Outcome::Failed(format!("not valid before {}", date(leaf.not_before()))),
        () => Outcome::Ok(format!("{dates}, {days} day{} left", if days == 1 { "" } else { "s" })),
    }
}

/// Whole days until a certificate expires; negative afterwards.
#[must_use]
pub fn days_left(leaf: &Certificate, now: i64) -> i64 {
    (leaf.not_after() - now).div_euclid(86_400)
}

/// Leaf and intermediates without the root (RFC 8446, 4.4.2).
fn server_chain(leaf: &Certificate, others: &[Certificate]) -> Vec<Certificate> {
    let issuers = x509::sort_chain(leaf, others).issuers.into_iter().filter(|one| !one.is_self_issued());
    std::iter::once(leaf.clone()).chain(issuers).collect()
}

fn check_chain(chain: &[Certificate], options: &Options<'_>) -> Outcome {
    let Some(roots) = options.roots else { return Outcome::Skipped("no roots are given".to_owned()) };
    if chain.first().is_some_and(|leaf| !proof::is_for_servers(leaf)) {
        return Outcome::Skipped("only chains of TLS servers can be checked".to_owned());
    }
    let der: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
    let with = match chain.len() - 1 {
        0 => "no intermediates".to_owned(),
        1 => "1 intermediate".to_owned(),
        count => format!("{count} intermediates"),
    };
    match tls::check_chain(&der, roots, options.now) {
        Ok(()) => Outcome::Ok(format!("leads to a root, with {with}")),
        Err(error) => Outcome::Failed(format!("{error}, with {with}")),
    }
}
