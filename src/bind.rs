//! `bind`: a certificate that is linked to its key -> what a server's configuration is made of.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sha1::{Digest as _, Sha1};

use crate::accept::{self, Choice};
use crate::deploy::{KeyName, KeyStorage, LeafName, Listen, Site, TokenName};
use crate::error::Error;
use crate::key::{KeyId, PublicKey};
use crate::proof::prove;
use crate::request::GeneralName;
use crate::state::State;
use crate::token::{CertificateObject, Session};
use crate::x509::{self, Certificate};

/// Which certificate is meant.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// The one of these that belongs to a key on the token, as `accept` would choose it.
    OneOf(Vec<Certificate>),
    /// The linked certificate on the token with this id and label; without both, the only one.
    OnToken {
        /// `CKA_ID`.
        id: Option<KeyId>,
        /// `CKA_LABEL`.
        label: Option<String>,
    },
}

/// A certificate whose link to its key is proved.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The certificate.
    pub leaf: Certificate,
    /// Leaf and intermediates in order, without the root.
    pub chain: Vec<Certificate>,
    /// Key and certificate on the token.
    pub key: KeyName,
    /// The token.
    pub token: TokenName,
}

/// Where things are, which the token cannot tell.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where the server listens.
    pub listen: Listen,
    /// Where decrypted traffic goes.
    pub backend: Option<SocketAddr>,
    /// The chain file.
    pub chain: PathBuf,
    /// The main file of the configuration, when it is written.
    pub main: Option<PathBuf>,
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// The PIN file.
    pub pin_file: PathBuf,
    /// What the module needs in its environment.
    pub environment: Vec<(String, String)>,
    /// Windows' names.
    pub key_storage: KeyStorage,
}

/// Finds the certificate and proves its link.
///
/// # Errors
/// [`Error::NothingLinked`], [`Error::NotLinked`], [`Error::SeveralLinked`], [`Error::OtherLinked`], and those of
/// [`accept::choose`] and [`prove`].
pub fn find(session: &Session<'_>, wanted: &Wanted, state: Option<&State>, now: i64) -> Result<Bound, Error> {
    let stored = session.certificates()?;
    let (leaf, mut others, id, label) = match wanted {
        Wanted::OneOf(certificates) => {
            let Choice { leaf, others, pair } = accept::choose(session, certificates, now)?;
            let (id, label) = (pair.id().clone(), pair.label().to_owned());
            if !state.is_some_and(|state| state.is_in_file_only(&leaf, pair.public_key())) {
                check_stored(&stored, &leaf, &id)?;
            }
            (leaf, others, id, label)
        }
        Wanted::OnToken { id, label } => {
            let (leaf, object) = linked(session, &stored, id.as_ref(), label.as_deref())?;
            if leaf.not_after() < now {
                let not_after = accept::date(leaf.not_after());
                return Err(Error::Expired { subject: leaf.subject().to_string(), not_after });
            }
            (leaf, vec![], object.id, object.label)
        }
    };
    prove(session, &leaf, &id)?;
    others.extend(stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok()));
    let chain = accept::served(&leaf, x509::sort_chain(&leaf, &others), now);
    let algorithm = leaf.public_key()?.algorithm();
    let token = session.token();
    let token = TokenName {
        on_disk: token.manufacturer.starts_with("SoftHSM"),
        label: token.label.clone(),
        serial: token.serial.clone(),
        slot: token.slot_number(),
    };
    Ok(Bound { leaf, chain, key: KeyName { id, label, algorithm }, token })
}

/// The token must hold this certificate under the key's id, as Java, strongSwan and others look for it.
fn check_stored(stored: &[CertificateObject], leaf: &Certificate, id: &KeyId) -> Result<(), Error> {
    let mut of_key = stored.iter().filter(|one| one.id == *id).peekable();
    if of_key.peek().is_none() {
        return Err(Error::NothingLinked(format!("the certificate of {}", leaf.subject())));
    }
    if of_key.any(|one| one.value == leaf.der()) {
        return Ok(());
    }
    Err(Error::OtherLinked { subject: leaf.subject().to_string(), id: id.clone() })
}

/// The one certificate on the token that fits and has its private key under the same id.
fn linked(
    session: &Session<'_>,
    stored: &[CertificateObject],
    id: Option<&KeyId>,
    label: Option<&str>,
) -> Result<(Certificate, CertificateObject), Error> {
    let fits =
        |one: &&CertificateObject| id.is_none_or(|id| one.id == *id) && label.is_none_or(|label| one.label == label);
    let mut found = Vec::new();
    let mut unlinked = None;
    for object in stored.iter().filter(fits) {
        let Ok(certificate) = Certificate::from_der(&object.value) else { continue };
        let Ok(key) = certificate.public_key() else { continue };
        match session.find_key(&key)? {
            Some(pair) if *pair.id() == object.id => found.push((certificate, object.clone())),
            _ => unlinked = Some(object.label.clone()),
        }
    }
    if found.len() > 1 {
        let names = |(one, object): &(Certificate, CertificateObject)| {
            format!("\"{}\" (id {}, {})", object.label, object.id, one.subject())
        };
        return Err(Error::SeveralLinked(found.iter().map(names).collect()));
    }
    found.pop().ok_or_else(|| match (unlinked, id, label) {
        // What was named is there, without its key; otherwise it is some intermediate.
        (Some(label), Some(_), _) | (Some(label), _, Some(_)) => Error::NotLinked(label),
        (_, _, Some(label)) => Error::NothingLinked(format!("a certificate with the label \"{label}\"")),
        (_, Some(id), None) => Error::NothingLinked(format!("a certificate with the id {id}")),
        (_, None, None) => Error::NothingLinked("a certificate that is linked to a key".to_owned()),
    })
}

/// Puts both together.
#[must_use]
pub fn site(bound: &Bound, place: Place) -> Site {
    let Place { listen, backend, chain, main, module, pin_file, environment, key_storage } = place;
    let names = bound.leaf.subject_alt_names().into_iter().filter_map(|name| match name {
        GeneralName::Dns(name) => Some(name),
        GeneralName::Ip(address) => Some(address.to_string()),
        GeneralName::Email(_)
        | GeneralName::Uri(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::RegisteredId(_)
        | GeneralName::OtherName { .. } => None,
    });
    Site {
        names: names.collect(),
        listen,
        backend,
        main,
        stem: stem(&chain),
        chain,
        module,
        token: bound.token.clone(),
        key: bound.key.clone(),
        pin_file,
        environment,
        leaf: leaf_name(&bound.leaf),
        key_storage,
    }
}

/// `/etc/ssl/www.fullchain.pem` gives `/etc/ssl/www`.
fn stem(chain: &Path) -> PathBuf {
    let name = chain.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = [".fullchain.pem", ".pem", ".crt", ".cer"].iter().find_map(|ending| name.strip_suffix(ending));
    chain.with_file_name(stem.filter(|stem| !stem.is_empty()).unwrap_or(&name))
}

fn leaf_name(leaf: &Certificate) -> LeafName {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let modulus = match leaf.public_key() {
        Ok(PublicKey::Rsa { modulus, .. }) => Some(hex(&modulus)),
        Ok(PublicKey::Ec { .. } | PublicKey::Ed25519(_) | PublicKey::MlDsa { .. }) | Err(_) => None,
    };
    // An INTEGER of a serial number is short: one byte of tag, one of length.
    let serial = hex(leaf.serial_der().get(2..).unwrap_or_default());
    LeafName { thumbprint: hex(&Sha1::digest(leaf.der())), serial, modulus }
}
