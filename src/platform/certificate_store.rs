//! The certificate store of Windows: where IIS and every program of the system look for a certificate, and where
//! its properties name the key storage provider and the key that belong to it (Microsoft, "Certificate Stores" and
//! "`CRYPT_KEY_PROV_INFO` structure").

#[cfg(windows)]
mod windows;

use std::fmt;

/// Whose store "My" (in the consoles of Windows: Personal).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreLocation {
    /// The machine's; services such as IIS look there. Writing needs administrator rights.
    LocalMachine,
    /// That of the user who runs this program.
    CurrentUser,
}

/// As PowerShell writes it after `Cert:\`.
impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalMachine => "LocalMachine\\My",
            Self::CurrentUser => "CurrentUser\\My",
        })
    }
}

/// Where the key of a certificate is: the property `CERT_KEY_PROV_INFO_PROP_ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLink {
    /// Name of the key storage provider.
    pub provider: String,
    /// The name that the provider gives the key.
    pub container: String,
    /// `dwKeySpec`: 0 (`AT_NONE`) for most key storage providers.
    pub key_spec: u32,
}

/// What is to be in the store.
#[derive(Debug, Clone, Copy)]
pub struct StoreEntry<'a> {
    /// The store.
    pub location: StoreLocation,
    /// The certificate, DER.
    pub certificate: &'a [u8],
    /// `CERT_FRIENDLY_NAME_PROP_ID`; `None` leaves the one that is there.
    pub friendly_name: Option<&'a str>,
    /// The key; `None` leaves the link that is there.
    pub link: Option<&'a KeyLink>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What was changed.
    pub change: StoreChange,
    /// The link as it was read back; one that another program made is told too.
    pub link: Option<KeyLink>,
}

/// What was changed in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChange {
    /// The certificate was not there.
    Added,
    /// It was there, with another name or link.
    Updated,
    /// It was there as it should be.
    Unchanged,
}

/// Why a certificate is not in the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such store on this system.
    #[error("this system has no certificate store of Windows")]
    NotWindows,
    /// A function of Windows failed. The code alone, since not every Windows has a text for it.
    #[error("{function} failed with 0x{code:08x}")]
    Call {
        /// The function.
        function: &'static str,
        /// What `GetLastError` said.
        code: u32,
    },
    /// A name with a NUL character in it.
    #[error("{0:?} is no name that Windows can store")]
    Name(String),
    /// The store took it and does not have it.
    #[error("it was written, and the store does not give its {0} back")]
    ReadBack(&'static str),
}

/// Puts a certificate into the store, with its name and its link, and reads all of it back from a store that is opened
/// anew. No other certificate is touched, and none is replaced: what is there already keeps its other properties.
///
/// # Errors
/// [`StoreError`]; on systems other than Windows always [`StoreError::NotWindows`].
pub fn store_certificate(entry: StoreEntry<'_>) -> Result<Stored, StoreError> {
    #[cfg(windows)]
    return windows::store(entry);
    #[cfg(not(windows))]
    {
        let StoreEntry { location: _, certificate: _, friendly_name: _, link: _ } = entry;
        Err(StoreError::NotWindows)
    }
}
