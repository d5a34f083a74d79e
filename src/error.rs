//! The sum of all errors. Which kinds a script can tell apart is in `kind`.

mod key_fate;
mod kind;

pub use key_fate::KeyFate;
pub use kind::ErrorKind;

use crate::key::KeyId;
use crate::proof::Step;
use crate::prune::PruneError;
use crate::repair::RepairError;
use crate::rollout::RolloutError;
use crate::{ca, deploy, file, platform, spec, state, tls, token, trial, uri, x509};

/// Any error of the library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request file.
    #[error(transparent)]
    Spec(#[from] Box<spec::Invalid>),
    /// A file.
    #[error(transparent)]
    File(#[from] file::Error),
    /// A `pkcs11:` URI.
    #[error("not a usable pkcs11: URI: {0}")]
    Uri(#[from] uri::Error),
    /// The token.
    #[error(transparent)]
    Token(#[from] token::Error),
    /// The file that should be a PKCS#11 module is something else, or for another system or processor.
    #[error("{} is no PKCS#11 module that can be used here: it is {flaw}", .path.display())]
    ModuleFile {
        /// The file.
        path: std::path::PathBuf,
        /// What it is instead.
        flaw: String,
    },
    /// The trial token.
    #[error(transparent)]
    Trial(#[from] trial::Error),
    /// What is remembered of a key.
    #[error(transparent)]
    State(#[from] state::Error),
    /// A request or certificate.
    #[error(transparent)]
    X509(#[from] x509::Error),
    /// The request gives nothing to name the key by.
    #[error("the request names neither a label nor a common name nor an alternative name")]
    NoLabel,
    /// The request names a key by a URI that cannot be read.
    #[error("the request reuses the key \"{text}\", which is not a usable pkcs11: URI")]
    KeyReference {
        /// What the request says.
        text: String,
        /// What is wrong with it.
        source: uri::Error,
    },
    /// The request wants a key that is not there.
    #[error("the request reuses a key, and none on the token has {0}")]
    KeyMissing(String),
    /// A user names a key that is not there.
    #[error("no key on the token has {0}")]
    KeyNotFound(String),
    /// A user names several keys where one is meant.
    #[error("{} keys on the token have {wanted}: {}", .found.len(), .found.join("; "))]
    SeveralKeys {
        /// What was named.
        wanted: String,
        /// Each of them with its URI.
        found: Vec<String>,
    },
    /// A URI names a key on another token.
    #[error("{uri} is not on the {token}")]
    OtherToken {
        /// The URI.
        uri: String,
        /// The token that is open.
        token: String,
    },
    /// A URI names the public half of a pair, and keys are deleted as a whole.
    #[error("the URI names a public key (type=public) that is the half of a pair: its {private} would go too")]
    HalfOfPair {
        /// The other half.
        private: String,
    },
    /// A URI names a certificate, and its key would be deleted.
    #[error("the URI names a certificate (type=cert) that has a key on the token: the {key} would go too")]
    CertificateOfKey {
        /// The key.
        key: String,
    },
    /// Two halves have one id, only one of them is named, and nothing shows that they are a pair.
    #[error("the {private} and the {public} share the id, and neither label nor signature shows that they are a pair")]
    UnclearPair {
        /// The private key.
        private: String,
        /// The public key.
        public: String,
    },
    /// A key that certificates need.
    #[error("the key \"{label}\" is needed by {}: {}", if .needed_by.len() == 1 { "a certificate" } else { "certificates" }, .needed_by.join("; "))]
    KeyInUse {
        /// Its label.
        label: String,
        /// The certificates.
        needed_by: Vec<String>,
    },
    /// The token keeps certificates as parts of their keys, and nobody said that they may go.
    #[error("the token destroys with the key \"{label}\" what belongs to it: {}", .certificates.join("; "))]
    CertificateGoesToo {
        /// The label of the key.
        label: String,
        /// The certificates.
        certificates: Vec<String>,
    },
    /// An object was not destroyed.
    #[error("{}; still on the token: {}", if .gone.is_empty() { "nothing was deleted".to_owned() } else { format!("the key is deleted in part; gone: {}", .gone.join("; ")) }, .left.join("; "))]
    NotDeleted {
        /// What is gone.
        gone: Vec<String>,
        /// What is not.
        left: Vec<String>,
        /// What failed.
        source: Box<Error>,
    },
    /// No label for a key.
    #[error("\"{label}\" cannot be the label of a key: {reason}")]
    UnusableLabel {
        /// The label.
        label: String,
        /// Why not.
        reason: &'static str,
    },
    /// Something else has the label that a key is to get.
    #[error("the label \"{label}\" is in use on the token: {}", .by.join(", "))]
    LabelInUse {
        /// The label.
        label: String,
        /// What has it.
        by: Vec<String>,
    },
    /// The product does not change labels.
    #[error("{product} does not change the label of a {object}: nothing was changed")]
    LabelFixed {
        /// The product.
        product: &'static str,
        /// What keeps its label.
        object: String,
    },
    /// A label was not changed.
    #[error("the {refused} keeps its label{}", not_renamed(.kept, .astray))]
    NotRenamed {
        /// What cannot be renamed.
        refused: String,
        /// Everything that was to be renamed, with the labels from before.
        kept: Vec<String>,
        /// What could not be put back.
        astray: Vec<String>,
        /// What failed.
        source: Box<Error>,
    },
    /// Nothing on the token tells the public key of a private one.
    #[error(
        "the token does not show the public key of the {key}: there is no public key object and no certificate that belongs to it"
    )]
    PublicKeyNotShown {
        /// The private key.
        key: String,
    },
    /// A request that the other language cannot say, not even in part.
    #[error("no {language} can ask for this: {}", .lost.join("; "))]
    Inexpressible {
        /// The language.
        language: &'static str,
        /// What it cannot say.
        lost: Vec<String>,
    },
    /// The writer of request files made a file that asks for something else: a bug.
    #[error("the request was not converted: the new file would {0}")]
    NotConverted(String),
    /// Something failed when the key pair had been made.
    #[error("no CSR was made, and the new key pair \"{label}\" (id {id}) {fate}")]
    AfterKeyMade {
        /// Its label.
        label: String,
        /// Its id.
        id: KeyId,
        /// What became of it.
        fate: KeyFate,
        /// What failed.
        source: Box<Error>,
    },
    /// No certificate of the file belongs to a key on the token.
    #[error("no key on the token belongs to the certificate of {subject}")]
    ForeignKey {
        /// Subject of the certificate.
        subject: String,
        /// Its key, for people.
        key: String,
        /// The keys that were compared.
        compared: Vec<String>,
    },
    /// Several certificates of the file belong to keys on the token.
    #[error("{} certificates of the file belong to keys on the token: {}", .0.len(), .0.join("; "))]
    SeveralLeaves(Vec<String>),
    /// The certificate has expired.
    #[error("the certificate of {subject} expired on {not_after}")]
    Expired {
        /// Subject.
        subject: String,
        /// The date.
        not_after: String,
    },
    /// A CA certificate where none was asked for.
    #[error("the certificate of {subject} is a CA certificate, and {}", if *.request_known { "the request did not ask for one" } else { "no request is known that asked for one" })]
    CaCertificate {
        /// Subject.
        subject: String,
        /// Whether the request could be looked at.
        request_known: bool,
    },
    /// `--strict`, and something was found.
    #[error("the certificate of {subject} is refused because of --strict: {}", .findings.join("; "))]
    Strict {
        /// Subject.
        subject: String,
        /// What was found.
        findings: Vec<String>,
    },
    /// An intermediate could not be stored.
    #[error("the CA certificate {subject} of the chain cannot be stored")]
    Intermediate {
        /// Its subject.
        subject: String,
        /// Why not.
        source: Box<Error>,
    },
    /// Something failed, and what was changed by then could not all be undone.
    #[error("the certificate was not linked, and not everything could be undone: {}", .left.join("; "))]
    NotUndone {
        /// What is left, in words.
        left: Vec<String>,
        /// What failed.
        source: Box<Error>,
    },
    /// The new certificate is linked and the old one could not be removed.
    #[error(
        "the new certificate is linked with \"{label}\" and proved, but the one that it replaces is still on the token"
    )]
    OldStays {
        /// Label of both.
        label: String,
        /// What failed.
        source: Box<Error>,
    },
    /// The certificate is accepted, and Windows' store does not have it.
    #[error("the token and the chain file are complete, but the certificate is not in {location} of Windows")]
    WindowsStore {
        /// The store.
        location: platform::StoreLocation,
        /// What failed.
        source: platform::StoreError,
    },
    /// The key has no id, so nothing can be linked to it.
    #[error("the key \"{0}\" has no CKA_ID, so that no certificate can be linked to it")]
    NoKeyId(String),
    /// Another key's certificate has the label.
    #[error("the label \"{label}\" is on a certificate of another key: {subject}")]
    LabelOfOther {
        /// The label.
        label: String,
        /// Subject of that certificate.
        subject: String,
    },
    /// The signature made with the linked key does not verify with the certificate.
    #[error("the link is not proved: a signature by the key with id {id} does not verify with the certificate")]
    LinkNotProved {
        /// The id through which the key was found.
        id: KeyId,
    },
    /// The certificate would not serve TLS with its key.
    #[error("a TLS handshake with the key in the token fails")]
    HandshakeFailed {
        /// The handshakes that failed.
        failed: Vec<Step>,
    },
    /// A certificate that is meant is not there.
    #[error("{wanted}")]
    CertificateMissing {
        /// What was looked for.
        wanted: String,
        /// Ids of keys that fit and have no certificate.
        keys: Vec<KeyId>,
    },
    /// A command is for one certificate.
    #[error("{} certificates on the token fit: {}", .0.len(), .0.join("; "))]
    SeveralCertificates(Vec<String>),
    /// `verify` found something wrong on the token.
    #[error("{}", broken_links(*.broken, *.of))]
    LinkBroken {
        /// So many links are broken.
        broken: usize,
        /// Of so many.
        of: usize,
        /// The steps that failed, each with the label of its link.
        failed: Vec<(String, Step)>,
    },
    /// A live server does not serve what it should.
    #[error("{server} {}", if *retryable { "does not answer as a TLS server" } else { "does not serve what it should" })]
    ServedDiffers {
        /// `HOST:PORT`.
        server: String,
        /// The steps that failed.
        failed: Vec<Step>,
        /// It did not answer, which may be otherwise later.
        retryable: bool,
    },
    /// TLS outside of a handshake that is judged step by step.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// A certificate on the token has no key there.
    #[error("the certificate \"{0}\" on the token is not linked: no private key has both its public key and its id")]
    NotLinked(String),
    /// The token holds another certificate for the key, an older or a newer one.
    #[error("the token holds another certificate for the key with id {id} than this one of {subject}")]
    OtherLinked {
        /// Subject of the certificate in the file.
        subject: String,
        /// The key's id.
        id: KeyId,
    },
    /// No configuration can be written.
    #[error(transparent)]
    Deploy(#[from] deploy::Error),
    /// A certificate was not brought to those who use it.
    #[error(transparent)]
    Rollout(#[from] RolloutError),
    /// A superseded pair must stay.
    #[error(transparent)]
    Prune(#[from] PruneError),
    /// What a run has left is not mended.
    #[error(transparent)]
    Repair(#[from] RepairError),
    /// A CA gave no certificate.
    #[error(transparent)]
    Ca(#[from] ca::Error),
    /// A CA answered with certificates, and none of them is for the key of the CSR.
    #[error("the CA issued no certificate for the key of the CSR, but for: {}", .subjects.join("; "))]
    OtherKeyIssued {
        /// Subjects of the certificates.
        subjects: Vec<String>,
    },
    /// A certificate that no CA issued is not renewed by one.
    #[error("{} asks for a self-signed certificate, which no CA renews", .spec.display())]
    SelfSigned {
        /// The request file.
        spec: std::path::PathBuf,
    },
    /// The throw-away CA could not make its own certificate.
    #[error("the throw-away CA in {folder} cannot be used: {reason}")]
    DevCa {
        /// Its folder.
        folder: String,
        /// Why.
        reason: String,
    },
}

fn broken_links(broken: usize, of: usize) -> String {
    match (broken, of) {
        (1, 1) => "certificate and key are not linked as they should be".to_owned(),
        _ => format!("{broken} of {of} certificates are not linked with their key as they should be"),
    }
}

fn not_renamed(kept: &[String], astray: &[String]) -> String {
    match (kept, astray) {
        ([_], []) => String::new(),
        (_, []) => format!(", and so does all that belongs to it: {}", kept.join("; ")),
        (_, _) => format!("; this has another one now and could not be put back: {}", astray.join("; ")),
    }
}
