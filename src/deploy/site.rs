//! Everything that a configuration is made of.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::key::{KeyAlgorithm, KeyId};

/// A certificate that is linked to its key, and where things are. All paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// DNS and IP names of the certificate. Names that are no host names are left out where a host name is needed.
    pub names: Vec<String>,
    /// Where the server listens.
    pub listen: Listen,
    /// Where decrypted traffic goes; without it the server has its own pages.
    pub backend: Option<SocketAddr>,
    /// PEM file with leaf and intermediates.
    pub chain: PathBuf,
    /// Where the main file will be, when that is known.
    pub main: Option<PathBuf>,
    /// What the paths of companion files begin with: `/etc/ssl/www` gives `/etc/ssl/www.openssl.cnf`.
    pub stem: PathBuf,
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// The token.
    pub token: TokenName,
    /// The key.
    pub key: KeyName,
    /// The file that holds the PIN.
    pub pin_file: PathBuf,
    /// Environment variables that the module needs, such as `SOFTHSM2_CONF`.
    pub environment: Vec<(String, String)>,
    /// The certificate, as Windows names it.
    pub leaf: LeafName,
    /// The key, as Windows names it.
    pub key_storage: KeyStorage,
}

/// How a token is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName {
    /// Its label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
    /// It is `SoftHSM`'s: files, which the server's own user must be able to read.
    pub on_disk: bool,
    /// The number of its slot, for those that know no other name.
    pub slot: u64,
}

/// How a key is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// `CKA_ID` of key and certificate.
    pub id: KeyId,
    /// `CKA_LABEL` of key and certificate.
    pub label: String,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
}

/// How Windows names a certificate. All in lower hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafName {
    /// SHA-1 of the DER: the thumbprint.
    pub thumbprint: String,
    /// The serial number.
    pub serial: String,
    /// Modulus of an RSA key, by which CloudHSM's tools find it.
    pub modulus: Option<String>,
}

/// The key storage provider that holds the key on Windows, and the name that it gives the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStorage {
    /// The provider.
    pub provider: String,
    /// The container; it cannot be known from the token.
    pub container: Option<String>,
}

/// Address and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// One address; all of them without.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: None, port: 443 }
    }
}

impl std::str::FromStr for Listen {
    type Err = String;

    /// `443`, `127.0.0.1:443` or `[::1]:443`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(port) = text.parse() {
            return Ok(Self { address: None, port });
        }
        let address: SocketAddr =
            text.parse().map_err(|_| "expected PORT or ADDRESS:PORT, for example 443 or 127.0.0.1:8443".to_owned())?;
        Ok(Self { address: Some(address.ip()), port: address.port() })
    }
}

impl Listen {
    /// The address as it stands before a port, `all` standing for every address.
    pub(super) fn host(self, all: &str) -> String {
        match self.address {
            None => all.to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => format!("[{address}]"),
        }
    }
}

/// As it is typed.
impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            None => write!(f, "{}", self.port),
            Some(_) => write!(f, "{}:{}", self.host(""), self.port),
        }
    }
}

impl Site {
    /// The names that can stand in a configuration: a certificate can hold any text.
    pub(super) fn host_names(&self) -> Vec<&str> {
        let plain = |character: char| character.is_ascii_alphanumeric() || ".-_*:".contains(character);
        let usable = |name: &&str| !name.is_empty() && name.chars().all(plain);
        self.names.iter().map(String::as_str).filter(usable).collect()
    }

    /// The name that a browser is given: the first that is no wildcard.
    pub(super) fn host_name(&self) -> Option<&str> {
        self.host_names().into_iter().find(|name| !name.contains('*'))
    }

    /// A companion file.
    pub(super) fn companion(&self, ending: &str) -> PathBuf {
        with_suffix(&self.stem, ending)
    }

    /// The configuration that `OPENSSL_CONF` names.
    pub(super) fn openssl_configuration(&self) -> PathBuf {
        self.companion(".openssl.cnf")
    }

    /// The PEM file with the URI. `HAProxy` looks for this name beside the chain by itself.
    pub(super) fn key_file(&self) -> PathBuf {
        with_suffix(&self.chain, ".key")
    }

    /// The environment of a program that reaches the key through OpenSSL.
    #[must_use]
    pub fn openssl_environment(&self) -> Vec<(String, String)> {
        self.with_openssl(&self.openssl_configuration())
    }

    /// The same with this OpenSSL configuration.
    pub(super) fn with_openssl(&self, configuration: &Path) -> Vec<(String, String)> {
        let first = ("OPENSSL_CONF".to_owned(), text(configuration));
        std::iter::once(first).chain(self.environment.iter().cloned()).collect()
    }

    /// The path of the main file, or its place in a command to type.
    pub(super) fn main_file(&self, otherwise: &str) -> String {
        self.main.as_deref().map_or_else(|| otherwise.to_owned(), super::shell::path)
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
