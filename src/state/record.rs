//! What is remembered of a key, as it stands in its file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::due::Advice;
use crate::key::{KeyId, PublicKey};
use crate::x509::{self, Csr};

/// The version of the files that are written; older ones are read, newer ones are left alone.
pub(super) const VERSION: u32 = 1;

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(super) version: u32,
    /// SHA-256 of the `SubjectPublicKeyInfo` in lower hex.
    pub spki_sha256: String,
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID` in lower hex.
    pub id: String,
    /// Label of the token.
    pub token: String,
    /// Serial number of the token.
    pub token_serial: String,
    /// The PKCS#11 module by which the token was reached; records of older versions have none.
    #[serde(default)]
    pub module: Option<PathBuf>,
    /// The last request that was made with the key.
    #[serde(default)]
    pub request: Option<PendingRequest>,
    /// The last certificate that was accepted for it.
    #[serde(default)]
    pub accepted: Option<AcceptedCertificate>,
    /// When the key was made here, as RFC 3339 in UTC; records of older versions have none.
    #[serde(default)]
    pub key_made: Option<String>,
    /// How many certificates were accepted for the key.
    #[serde(default)]
    pub uses: u32,
    /// A renewal that is not through.
    #[serde(default)]
    pub renewal: Option<OpenRenewal>,
    /// What the CA said of when the certificate is to be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
    /// A renewal put another key in the place of this one.
    #[serde(default)]
    pub superseded: Option<Superseded>,
    /// Configurations of servers that were written for the key, each with the SHA-256 of its content in lower hex: what
    /// was changed since is not hsmcert's to replace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub written: BTreeMap<PathBuf, String>,
}

/// Which key took the place of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
    /// SHA-256 of the public key that is in use now, in lower hex.
    pub by: String,
}

/// A renewal that is not through: what a later run needs to go on. All its steps can be done again without harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRenewal {
    /// Why it was due.
    pub why: String,
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
    /// SHA-256 of the certificate that it replaces, in lower hex.
    pub replaces: Option<String>,
    /// The last step that is done.
    pub done: RenewalStep,
    /// While the certificate is brought to servers: what was there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<FileBefore>,
}

/// A file as it was before a renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBefore {
    /// Where it is.
    pub path: PathBuf,
    /// Its content; `None`: it was not there.
    pub content: Option<String>,
}

impl OpenRenewal {
    /// One that begins now, seconds since 1970.
    #[must_use]
    pub fn new(why: &str, replaces: Option<String>, done: RenewalStep, now: i64) -> Self {
        Self { why: why.to_owned(), since: time(now), replaces, done, before: vec![] }
    }
}

/// The steps of a renewal that are remembered, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RenewalStep {
    /// The CSR is made.
    Requested,
    /// The certificate is linked to its key.
    Accepted,
    /// Key and certificate have the label that they are to have.
    Named,
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRequest {
    /// The CSR, DER in base64.
    pub csr: String,
    /// Where the CSR was written; `None` for stdout.
    pub csr_file: Option<PathBuf>,
    /// The request file; `None` for stdin.
    pub spec_file: Option<PathBuf>,
    /// When, as RFC 3339 in UTC.
    pub created: String,
    /// What it says about the certificate store of Windows; records of older versions have nothing of it.
    #[serde(default)]
    pub windows: WindowsRequest,
    /// The order that is open at a CA.
    #[serde(default)]
    pub order: Option<OpenOrder>,
}

/// An order that a CA has not decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Name of the CA in the configuration.
    pub ca: String,
    /// By what the CA knows it.
    pub reference: Option<String>,
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
    /// Until when the CA wants to be left alone, as RFC 3339 in UTC.
    pub not_before: Option<String>,
}

/// A CA that wants to be left alone for longer is asked all the same: a certificate may end meanwhile.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

impl OpenOrder {
    /// What a CA said at `now` (seconds since 1970) of an order. One that was open before keeps its beginning.
    #[must_use]
    pub fn new(ca: &str, reference: Option<String>, pause: Option<Duration>, before: Option<&Self>, now: i64) -> Self {
        let pause = pause.map(|pause| pause.min(LONGEST_PAUSE));
        let until = pause.and_then(|pause| now.checked_add(i64::try_from(pause.as_secs()).ok()?));
        Self {
            ca: ca.to_owned(),
            reference,
            since: before.map_or_else(|| time(now), |before| before.since.clone()),
            not_before: until.map(time),
        }
    }
}

/// What a request says about the certificate store of Windows, for `accept`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowsRequest {
    /// The store of the machine instead of the user's (`MachineKeySet`).
    pub machine_store: bool,
    /// The name that the certificate has there (`FriendlyName`).
    pub friendly_name: Option<String>,
    /// `ProviderName`.
    pub provider: Option<String>,
    /// `KeyContainer` of an INF, where it is the name of a key.
    pub key_container: Option<String>,
}

/// A certificate that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedCertificate {
    /// SHA-256 of the certificate in lower hex.
    pub fingerprint_sha256: String,
    /// notBefore as RFC 3339 in UTC; records of older versions have none.
    #[serde(default)]
    pub not_before: Option<String>,
    /// notAfter as RFC 3339 in UTC.
    pub not_after: String,
    /// The chain file.
    pub chain_file: PathBuf,
    /// SHA-256 of its content in lower hex: what was changed since is not hsmcert's to replace.
    pub chain_sha256: String,
    /// Whether the token holds the certificate; without it the file is all there is.
    pub on_token: bool,
}

impl Record {
    /// A record of a key for which nothing was done yet.
    #[must_use]
    pub fn new(key: &PublicKey, label: &str, id: &KeyId, token: &crate::token::TokenInfo) -> Self {
        Self {
            version: VERSION,
            spki_sha256: x509::spki_fingerprint(key),
            label: label.to_owned(),
            id: id.to_string(),
            token: token.label.clone(),
            token_serial: token.serial.clone(),
            module: None,
            request: None,
            accepted: None,
            key_made: None,
            uses: 0,
            renewal: None,
            advice: None,
            superseded: None,
            written: BTreeMap::new(),
        }
    }

    /// `CKA_ID`; empty where it cannot be read.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId::new(base16ct::mixed::decode_vec(&self.id).unwrap_or_default())
    }

    /// Where the chain of its certificate is, or where `accept` puts it when the certificate is named after the CSR;
    /// `None` where nobody knows, the folder is not there, or another key has taken its place.
    #[must_use]
    pub fn chain_place(&self) -> Option<PathBuf> {
        let accepted = self.accepted.as_ref().map(|accepted| accepted.chain_file.clone());
        let beside_csr = || {
            let csr = self.request.as_ref()?.csr_file.as_ref()?;
            let name = csr.file_name()?.to_string_lossy();
            let stem = [".csr.pem", ".csr.der", ".csr", ".pem", ".req"].iter().find_map(|end| name.strip_suffix(end));
            Some(csr.with_file_name(format!("{}.crt.fullchain.pem", stem.unwrap_or(&name))))
        };
        let place = if self.superseded.is_some() { None } else { accepted.or_else(beside_csr) };
        place.filter(|path| path.parent().is_some_and(Path::is_dir))
    }

    /// The CSR of the request, if it can be read.
    #[must_use]
    pub fn csr(&self) -> Option<Csr> {
        let der = STANDARD.decode(&self.request.as_ref()?.csr).ok()?;
        Csr::from_bytes(&der).ok()
    }
}

impl PendingRequest {
    /// A request made at `now` (seconds since 1970).
    #[must_use]
    pub fn new(
        csr: &Csr,
        csr_file: Option<&Path>,
        spec_file: Option<&Path>,
        windows: WindowsRequest,
        now: i64,
    ) -> Self {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self {
            csr: STANDARD.encode(csr.der()),
            csr_file: csr_file.map(absolute),
            spec_file: spec_file.map(absolute),
            created: time(now),
            windows,
            order: None,
        }
    }
}

/// RFC 3339 in UTC.
#[must_use]
pub fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "an impossible time".to_owned(), |time| time.to_string())
}
