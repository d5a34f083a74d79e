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
use crate::verify::{self, Candidate, Select};
use crate::x509::{self, Certificate};

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

/// Finds the certificate and proves its link: of a file the one that belongs to a key on the token, as `accept` would
/// choose it; else the only linked one on the token that fits.
///
/// # Errors
/// [`Error::CertificateMissing`], [`Error::NotLinked`], [`Error::SeveralCertificates`], [`Error::OtherLinked`], and
/// those of [`accept::choose`] and [`prove`].
pub fn find(session: &Session<'_>, which: Select<'_>, state: Option<&State>, now: i64) -> Result<Bound, Error> {
    let (leaf, others, id, label) = match which {
        Select::File(certificates) => {
            let Choice { leaf, mut others, pair } = accept::choose(session, certificates, now)?;
            let (id, label) = (pair.id().clone(), pair.label().to_owned());
            let stored = session.certificates()?;
            if !state.is_some_and(|state| state.is_in_file_only(&leaf, pair.public_key())) {
                check_stored(&stored, &leaf, &id)?;
            }
            others.extend(stored.iter().filter_map(|one| Certificate::from_der(&one.value).ok()));
            (leaf, others, id, label)
        }
        Select::All | Select::Label(_) | Select::Uri(_) => {
            let Linked { leaf, others, object } = linked(session, which)?;
            if leaf.not_after() < now {
                let not_after = accept::date(leaf.not_after());
                return Err(Error::Expired { subject: leaf.name(), not_after });
            }
            (leaf, others, object.id, object.label)
        }
    };
    prove(session, &leaf, &id)?;
    let chain = accept::served(&leaf, x509::sort_chain(&leaf, &others), now);
    bound(session, leaf, chain, id, label)
}

/// A certificate that is linked to the key with this id and label. `chain`: as it is served.
///
/// # Errors
/// [`Error::X509`] for a key of an unknown kind.
pub fn bound(
    session: &Session<'_>,
    leaf: Certificate,
    chain: Vec<Certificate>,
    id: KeyId,
    label: String,
) -> Result<Bound, Error> {
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
        let wanted = format!("the token does not hold the certificate of {}", leaf.subject());
        return Err(Error::CertificateMissing { wanted, keys: vec![id.clone()] });
    }
    if of_key.any(|one| one.value == leaf.der()) {
        return Ok(());
    }
    Err(Error::OtherLinked { subject: leaf.name(), id: id.clone() })
}

/// A certificate on the token that has its private key under the same id.
struct Linked {
    leaf: Certificate,
    others: Vec<Certificate>,
    object: CertificateObject,
}

/// The only one that fits.
fn linked(session: &Session<'_>, which: Select<'_>) -> Result<Linked, Error> {
    let (mut found, mut unlinked) = (Vec::new(), String::new());
    for Candidate { stored, others, .. } in verify::select(session, which, None)? {
        for object in stored {
            let Ok(leaf) = Certificate::from_der(&object.value) else { continue };
            let Ok(key) = leaf.public_key() else { continue };
            match session.find_key(&key)? {
                Some(pair) if *pair.id() == object.id => found.push(Linked { leaf, others: others.clone(), object }),
                Some(_) | None => unlinked = object.label,
            }
        }
    }
    if found.len() > 1 {
        let name = |Linked { leaf, object, .. }: &Linked| {
            format!("\"{}\" (id {}, {})", object.label, object.id, leaf.subject())
        };
        return Err(Error::SeveralCertificates(found.iter().map(name).collect()));
    }
    found.pop().ok_or(Error::NotLinked(unlinked))
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
