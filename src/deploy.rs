//! Certificate chain + key URI -> the configuration of a server. Pure text: no file is read, no token is asked.
//!
//! One file per [`Target`], each with its own dialect of `pkcs11:` URIs and its own quoting. No text holds a PIN:
//! a server is told the file that holds it (`pin-source`, RFC 7512, 2.4).

mod apache;
mod daemon;
mod gnutls;
mod haproxy;
mod iis;
mod java;
mod key_storage;
mod key_uri;
mod nginx;
mod notes;
mod openssl;
mod pem_uri;
mod service;
mod shell;
mod site;
mod strongswan;
mod stunnel;

use std::fmt;
use std::path::PathBuf;

pub use daemon::Daemon;
pub use key_storage::{KEY_REFERENCES, find_container, is_cloudhsm, key_spec};
pub use site::{KeyName, KeyStorage, LeafName, Listen, Site, TokenName};

/// What a configuration is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// nginx.
    Nginx,
    /// Apache httpd with `mod_ssl`.
    Apache,
    /// `HAProxy`.
    HaProxy,
    /// stunnel.
    Stunnel,
    /// Programs that use GnuTLS, with `gnutls-serv` as the example.
    GnuTls,
    /// Java with the provider `SunPKCS11`.
    Java,
    /// OpenSSL itself: the configuration that loads its PKCS#11 engine or provider.
    OpenSsl,
    /// The `IKEv2` daemon strongSwan.
    StrongSwan,
    /// Microsoft Internet Information Services.
    Iis,
    /// The URI in a PEM file, which OpenSSL's provider reads wherever a key file is expected.
    PemUri,
}

/// How a server reaches the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// OpenSSL's PKCS#11 engine (libp11).
    Engine,
    /// OpenSSL's PKCS#11 provider (pkcs11-provider), by a PEM file that holds the URI.
    Provider,
    /// OpenSSL's PKCS#11 provider, by a `store:` URI (nginx 1.29 and newer).
    Store,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// What it is, for a message: `OpenSSL configuration`.
    pub purpose: &'static str,
    /// Its content.
    pub text: String,
}

/// What a server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The file that the target is named after.
    pub main: ConfigFile,
    /// Files that the main one refers to, with the paths that it refers to.
    pub companions: Vec<(PathBuf, ConfigFile)>,
    /// Commands to type next, in order: each with what it is for.
    pub next: Vec<(&'static str, String)>,
}

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The format has no way to write the character.
    #[error("{value:?} cannot stand in a file for {format}: it holds {character:?}")]
    Unwritable {
        /// Whose format.
        format: &'static str,
        /// The value, a path or a URI.
        value: String,
        /// The character.
        character: char,
    },
}

impl Target {
    /// All targets with the names that users type.
    pub const NAMES: [(Self, &'static str); 10] = [
        (Self::Nginx, "nginx"),
        (Self::Apache, "apache"),
        (Self::HaProxy, "haproxy"),
        (Self::Stunnel, "stunnel"),
        (Self::GnuTls, "gnutls"),
        (Self::Java, "java"),
        (Self::OpenSsl, "openssl"),
        (Self::StrongSwan, "strongswan"),
        (Self::Iis, "iis"),
        (Self::PemUri, "pem-uri"),
    ];

    /// The ways it can reach the key, the usual one first; none where there is only one way.
    #[must_use]
    pub fn methods(self) -> &'static [Method] {
        match self {
            Self::Nginx => &[Method::Engine, Method::Provider, Method::Store],
            Self::Apache | Self::Stunnel | Self::OpenSsl => &[Method::Engine, Method::Provider],
            // Debian's HAProxy is built without engines, and no version reads `pkcs11:` URIs (haproxy/haproxy#71).
            Self::HaProxy => &[Method::Provider],
            Self::GnuTls | Self::Java | Self::StrongSwan | Self::Iis | Self::PemUri => &[],
        }
    }

    /// Whether it can pass decrypted traffic on to a program behind it.
    #[must_use]
    pub fn passes_on(self) -> bool {
        match self {
            Self::Nginx | Self::Apache | Self::HaProxy | Self::Stunnel => true,
            Self::GnuTls | Self::Java | Self::OpenSsl | Self::StrongSwan | Self::Iis | Self::PemUri => false,
        }
    }

    /// Writes the configuration. `method` must be one of [`Target::methods`]; `None` is the usual one.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn configure(self, site: &Site, method: Option<Method>) -> Result<Configuration, Error> {
        let method = method.or(self.methods().first().copied()).unwrap_or(Method::Provider);
        match self {
            Self::Nginx => nginx::configure(site, method),
            Self::Apache => apache::configure(site, method),
            Self::HaProxy => haproxy::configure(site),
            Self::Stunnel => stunnel::configure(site, method),
            Self::GnuTls => gnutls::configure(site),
            Self::Java => java::configure(site),
            Self::OpenSsl => openssl::configure(site, method),
            Self::StrongSwan => strongswan::configure(site),
            Self::Iis => iis::configure(site),
            Self::PemUri => pem_uri::configure(site),
        }
    }
}

impl Method {
    /// All methods with the names that users type.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Engine, "engine"), (Self::Provider, "provider"), (Self::Store, "store")];

    /// The package that brings it, as Debian and Red Hat name it.
    fn package(self) -> &'static str {
        match self {
            Self::Engine => "libengine-pkcs11-openssl (Red Hat: openssl-pkcs11)",
            Self::Provider | Self::Store => {
                "pkcs11-provider (Debian 13 and Red Hat 9.4, or newer; Debian 12: bookworm-backports)"
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&Self::NAMES, *self))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&Self::NAMES, *self))
    }
}

fn name<T: PartialEq + Copy>(names: &[(T, &'static str)], wanted: T) -> &'static str {
    names.iter().find(|(one, _)| *one == wanted).map_or("", |(_, name)| name)
}

/// Refuses characters that a format has no way to write. Line breaks and other control characters end a line or
/// worse in each of them.
fn writable<'v>(format: &'static str, value: &'v str, forbidden: &[char]) -> Result<&'v str, Error> {
    match value.chars().find(|one| one.is_control() || forbidden.contains(one)) {
        Some(character) => Err(Error::Unwritable { format, value: value.to_owned(), character }),
        None => Ok(value),
    }
}
