//! What runs that were ended have left behind: what it is, which run leaves it, and what would mend it. Looking changes
//! nothing; [`crate::repair`] acts.

mod look;
mod under_way;
mod view;

pub(super) use look::{Known, look};

use std::fmt;
use std::path::PathBuf;

use crate::accept::date;
use crate::key::{KeyId, PublicKey};
use crate::state::Record;
use crate::token::Object;

/// What a run that was ended has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What it is.
    pub left: Left,
    /// `CKA_LABEL` of the key that it is about.
    pub label: String,
    /// `CKA_ID` of that key.
    pub id: KeyId,
    /// The public key, where the token shows it.
    pub key: Option<PublicKey>,
    /// What is remembered of the key.
    pub record: Option<Box<Record>>,
    /// The objects that it is about, first those that are changed.
    pub objects: Vec<Object>,
    /// Set where something could be lost, or another command knows better: then nothing is done.
    pub by_hand: Option<ByHand>,
}

/// What somebody must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// Why.
    pub why: String,
    /// What can be typed.
    pub commands: Vec<String>,
}

/// The kinds of traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// A pair without certificate, of which no request is remembered.
    Unrequested,
    /// A public key alone.
    NoPrivateKey,
    /// A private key without its public key.
    NoPublicKey,
    /// The parts of one key have different labels.
    Labels {
        /// The one of the private key.
        to: String,
    },
    /// The halves of a pair have different ids.
    Ids,
    /// Several certificates of one key have its id.
    SeveralCertificates {
        /// The one that stays.
        stays: Box<Object>,
        /// Its notAfter, seconds since 1970.
        not_after: i64,
    },
    /// A certificate has another id than its key.
    Astray {
        /// Whether the key has a certificate with its own id already.
        is_linked: bool,
    },
    /// A certificate is beside its key, and what is remembered knows nothing of it.
    Unaccepted,
    /// A certificate that was accepted is not on the token.
    CertificateGone {
        /// The chain file that has it.
        chain_file: PathBuf,
    },
    /// A key is remembered that is not on the token.
    KeyGone,
    /// A file that never got its name.
    TemporaryFile(PathBuf),
}

impl Left {
    /// A word for scripts and remarks.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unrequested => "no-request",
            Self::NoPrivateKey => "no-private-key",
            Self::NoPublicKey => "no-public-key",
            Self::Labels { .. } => "labels-differ",
            Self::Ids => "ids-differ",
            Self::SeveralCertificates { .. } => "several-certificates",
            Self::Astray { .. } => "certificate-astray",
            Self::Unaccepted => "not-accepted",
            Self::CertificateGone { .. } => "certificate-gone",
            Self::KeyGone => "key-gone",
            Self::TemporaryFile(_) => "temporary-file",
        }
    }

    /// Which run leaves it, as the rest of a sentence.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        match self {
            Self::Unrequested => "new or renew was ended before the request was remembered",
            Self::NoPrivateKey => "delete-key or prune was ended behind the private key",
            Self::NoPublicKey => "its public key was deleted alone",
            Self::Labels { .. } => "rename was ended before all parts had the new label",
            Self::Ids => "another tool has changed one of them",
            Self::SeveralCertificates { .. } => "accept was ended before it removed the older one",
            Self::Astray { .. } => "accept was ended while it stored it, or another tool has stored it",
            Self::Unaccepted => "accept was ended before it was through",
            Self::CertificateGone { .. } => "accept was ended while it put another one in its place",
            Self::KeyGone => "delete-key or prune was ended before it forgot it",
            Self::TemporaryFile(_) => "a run was ended before the file was whole",
        }
    }
}

/// What is wrong, in one line.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, label, objects, .. } = self;
        match left {
            Left::Unrequested => {
                write!(f, "the pair \"{label}\" has no certificate, and no request for it is remembered")
            }
            Left::NoPrivateKey => write!(f, "the public key \"{label}\" has no private key"),
            Left::NoPublicKey => write!(f, "the private key \"{label}\" has no public key"),
            Left::Labels { .. } => {
                let parts = objects.iter().map(|one| format!("{} \"{}\"", one.class, one.label));
                write!(f, "the parts of one key have different labels: {}", parts.collect::<Vec<_>>().join(", "))
            }
            Left::Ids => {
                let ids = objects.iter().map(|one| format!("{} {}", one.class, one.id));
                write!(
                    f,
                    "the halves of the pair \"{label}\" have different ids: {}",
                    ids.collect::<Vec<_>>().join(", ")
                )
            }
            Left::SeveralCertificates { .. } => {
                write!(
                    f,
                    "the key \"{label}\" has {} certificates with its id: which one is served is chance",
                    objects.len() + 1
                )
            }
            Left::Astray { is_linked: true } => {
                write!(f, "the key \"{label}\" has one more certificate, with another id than its own")
            }
            Left::Astray { is_linked: false } => {
                write!(
                    f,
                    "the certificate of the key \"{label}\" has another id than its key, so programs do not find them together"
                )
            }
            Left::Unaccepted => {
                write!(f, "the certificate beside the key \"{label}\" is not the one that is remembered as accepted")
            }
            Left::CertificateGone { .. } => {
                write!(f, "the certificate that was accepted for the key \"{label}\" is not on the token")
            }
            Left::KeyGone => write!(f, "the key \"{label}\" is remembered, and is not on the token"),
            Left::TemporaryFile(path) => {
                write!(f, "the file {} is a part of one that was never finished", path.display())
            }
        }
    }
}

impl Trace {
    /// What mends it, as the rest of a sentence; meaningless where it is left to be done by hand.
    #[must_use]
    pub fn step(&self) -> String {
        let Self { left, record, objects, .. } = self;
        match left {
            Left::NoPrivateKey if record.is_some() => {
                "delete the public key, and forget what is remembered of it".to_owned()
            }
            Left::NoPrivateKey => "delete the public key".to_owned(),
            Left::Labels { to } => format!("give all of them the label \"{to}\""),
            Left::Ids => {
                "give the public key the id of the private one, if a signature proves that they are a pair".to_owned()
            }
            Left::SeveralCertificates { not_after, .. } => {
                let (others, them) = if objects.len() == 1 { ("the other", "it") } else { ("the others", "them") };
                let until = date(*not_after);
                format!(
                    "prove that the newest, valid to {until}, is the key's; write {others} to a file, and take {them} off the token"
                )
            }
            Left::Astray { is_linked: true } => "write it to a file, and take it off the token".to_owned(),
            Left::Astray { is_linked: false } => {
                "store it under the id of its key, prove the link, and take this one off the token".to_owned()
            }
            Left::Unaccepted => {
                let place = record.as_ref().and_then(|record| record.chain_place()).unwrap_or_default();
                format!("prove the link, write the chain to {}, and remember it", place.display())
            }
            Left::CertificateGone { chain_file } => {
                format!("store it again from {}, and prove the link", chain_file.display())
            }
            Left::KeyGone => "forget it".to_owned(),
            Left::TemporaryFile(_) => "remove it".to_owned(),
            Left::NoPublicKey => "make it again, if a signature by the private key proves it".to_owned(),
            Left::Unrequested => "nothing".to_owned(),
        }
    }

    /// Whether another look has found the same; handles tell nothing of that.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let alike = |one: &Object, other: &Object| {
            (one.class, &one.label, &one.id, &one.value) == (other.class, &other.label, &other.id, &other.value)
        };
        (self.left.word(), &self.label, &self.id) == (other.left.word(), &other.label, &other.id)
            && self.objects.len() == other.objects.len()
            && self.objects.iter().zip(&other.objects).all(|(one, other)| alike(one, other))
    }

    /// A line for whoever meets it while doing something else.
    #[must_use]
    pub fn remark(&self) -> String {
        format!("{self} ({}): see hsmcert repair", self.left.origin())
    }
}
