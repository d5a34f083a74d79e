//! The calls to `crypt32.dll`. Each handle is owned by a type that closes it.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::ptr;

use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_FIND_EXISTING, CERT_FRIENDLY_NAME_PROP_ID, CERT_KEY_PROV_INFO_PROP_ID, CERT_STORE_ADD_NEW,
    CERT_STORE_CTRL_COMMIT, CERT_STORE_CTRL_COMMIT_FORCE_FLAG, CERT_STORE_PROV_SYSTEM_W,
    CERT_SYSTEM_STORE_CURRENT_USER, CERT_SYSTEM_STORE_LOCAL_MACHINE, CRYPT_INTEGER_BLOB, CRYPT_KEY_PROV_INFO,
    CRYPT_MACHINE_KEYSET, CertAddCertificateContextToStore, CertCloseStore, CertControlStore,
    CertCreateCertificateContext, CertFindCertificateInStore, CertFreeCertificateContext,
    CertGetCertificateContextProperty, CertOpenStore, CertSetCertificateContextProperty, HCERTSTORE, X509_ASN_ENCODING,
};

use super::{KeyLink, StoreChange, StoreEntry, StoreError, StoreLocation, Stored};

pub(super) fn store(entry: StoreEntry<'_>) -> Result<Stored, StoreError> {
    let StoreEntry { location, certificate, friendly_name, link } = entry;
    let wanted = Properties {
        friendly_name: friendly_name.map(str::to_owned),
        link: link.map(|link| Link { key: link.clone(), machine: location == StoreLocation::LocalMachine, kind: 0 }),
    };
    let certificate = Context::new(certificate)?;
    let store = Store::open(location)?;
    let change = match store.find(&certificate) {
        Some(there) if wanted.are_met_by(&there.properties()) => StoreChange::Unchanged,
        Some(there) => {
            there.set(&wanted)?;
            StoreChange::Updated
        }
        None => {
            // Before it is added, so that no program sees the certificate without its key.
            certificate.set(&wanted)?;
            store.add(&certificate)?;
            StoreChange::Added
        }
    };
    if change != StoreChange::Unchanged {
        store.commit()?;
    }
    drop(store);

    let found = Store::open(location)?.find(&certificate).ok_or(StoreError::ReadBack("certificate"))?;
    let found = found.properties();
    if wanted.friendly_name.is_some() && wanted.friendly_name != found.friendly_name {
        return Err(StoreError::ReadBack("friendly name"));
    }
    if !wanted.are_met_by(&found) {
        return Err(StoreError::ReadBack("link to the key"));
    }
    Ok(Stored { change, link: found.link.map(|link| link.key) })
}

/// The properties that are set here.
#[derive(Debug, PartialEq, Eq)]
struct Properties {
    friendly_name: Option<String>,
    link: Option<Link>,
}

#[derive(Debug, PartialEq, Eq)]
struct Link {
    key: KeyLink,
    /// `CRYPT_MACHINE_KEYSET`.
    machine: bool,
    /// `dwProvType`: 0 for a key storage provider.
    kind: u32,
}

impl Properties {
    /// Whether nothing is left to be set.
    fn are_met_by(&self, there: &Self) -> bool {
        (self.friendly_name.is_none() || self.friendly_name == there.friendly_name)
            && (self.link.is_none() || self.link == there.link)
    }
}

/// An open store.
struct Store(HCERTSTORE);

impl Store {
    fn open(location: StoreLocation) -> Result<Self, StoreError> {
        let flags = match location {
            StoreLocation::LocalMachine => CERT_SYSTEM_STORE_LOCAL_MACHINE,
            StoreLocation::CurrentUser => CERT_SYSTEM_STORE_CURRENT_USER,
        };
        let name = wide("MY")?;
        // SAFETY: CERT_STORE_PROV_SYSTEM_W takes a UTF-16 name that ends in NUL, which lives until the call is over.
        let store = unsafe { CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, name.as_ptr().cast()) };
        if store.is_null() { Err(failed("CertOpenStore")) } else { Ok(Self(store)) }
    }

    /// The same certificate, byte for byte.
    fn find(&self, certificate: &Context) -> Option<Context> {
        // SAFETY: store and certificate are open; without a previous context nothing is freed by the call.
        let found = unsafe {
            CertFindCertificateInStore(
                self.0,
                X509_ASN_ENCODING,
                0,
                CERT_FIND_EXISTING,
                certificate.0.cast(),
                ptr::null(),
            )
        };
        // wine compares issuer and serial number only.
        (!found.is_null()).then(|| Context(found)).filter(|found| found.encoded() == certificate.encoded())
    }

    fn add(&self, certificate: &Context) -> Result<(), StoreError> {
        // SAFETY: store and certificate are open; the store makes its own copy, and no pointer to it is asked for.
        let added =
            unsafe { CertAddCertificateContextToStore(self.0, certificate.0, CERT_STORE_ADD_NEW, ptr::null_mut()) };
        check("CertAddCertificateContextToStore", added)
    }

    /// Writes what is in memory; a changed property alone does not count as a change everywhere.
    fn commit(&self) -> Result<(), StoreError> {
        // SAFETY: the store is open; CERT_STORE_CTRL_COMMIT takes no parameter.
        let committed =
            unsafe { CertControlStore(self.0, CERT_STORE_CTRL_COMMIT_FORCE_FLAG, CERT_STORE_CTRL_COMMIT, ptr::null()) };
        check("CertControlStore", committed)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the handle is open, is closed nowhere else and not used afterwards.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

/// A certificate: one in memory, or one of a store, which lives on when the store is closed.
struct Context(*const CERT_CONTEXT);

impl Context {
    fn new(der: &[u8]) -> Result<Self, StoreError> {
        let length = u32::try_from(der.len()).unwrap_or(u32::MAX);
        // SAFETY: the pointer is to `length` bytes (a longer certificate would have to be of 4 GiB), which are copied.
        let context = unsafe { CertCreateCertificateContext(X509_ASN_ENCODING, der.as_ptr(), length) };
        if context.is_null() { Err(failed("CertCreateCertificateContext")) } else { Ok(Self(context)) }
    }

    fn encoded(&self) -> &[u8] {
        // SAFETY: the context is open, so it points to so many bytes that live and stay the same as long as it does.
        unsafe { std::slice::from_raw_parts((*self.0).pbCertEncoded, (*self.0).cbCertEncoded as usize) }
    }

    fn set(&self, properties: &Properties) -> Result<(), StoreError> {
        let Properties { friendly_name, link } = properties;
        if let Some(name) = friendly_name {
            let mut name = wide(name)?;
            let length = u32::try_from(name.len() * 2).unwrap_or(u32::MAX);
            let blob = CRYPT_INTEGER_BLOB { cbData: length, pbData: name.as_mut_ptr().cast() };
            self.set_property(CERT_FRIENDLY_NAME_PROP_ID, (&raw const blob).cast())?;
        }
        if let Some(Link { key: KeyLink { provider, container, key_spec }, machine, kind }) = link {
            let (mut provider, mut container) = (wide(provider)?, wide(container)?);
            let info = CRYPT_KEY_PROV_INFO {
                pwszContainerName: container.as_mut_ptr(),
                pwszProvName: provider.as_mut_ptr(),
                dwProvType: *kind,
                dwFlags: if *machine { CRYPT_MACHINE_KEYSET } else { 0 },
                cProvParam: 0,
                rgProvParam: ptr::null_mut(),
                dwKeySpec: *key_spec,
            };
            self.set_property(CERT_KEY_PROV_INFO_PROP_ID, (&raw const info).cast())?;
        }
        Ok(())
    }

    fn set_property(&self, property: u32, value: *const c_void) -> Result<(), StoreError> {
        // SAFETY: the context is open, and both callers pass the structure that the property is made of (Microsoft,
        // CertSetCertificateContextProperty), whose buffers live until the call is over. The value is copied.
        let set = unsafe { CertSetCertificateContextProperty(self.0, property, 0, value) };
        check("CertSetCertificateContextProperty", set)
    }

    fn properties(&self) -> Properties {
        Properties { friendly_name: self.friendly_name(), link: self.link() }
    }

    fn friendly_name(&self) -> Option<String> {
        let (words, length) = self.property(CERT_FRIENDLY_NAME_PROP_ID)?;
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes()).take(length);
        let bytes: Vec<u8> = bytes.collect();
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
        Some(String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned())
    }

    fn link(&self) -> Option<Link> {
        let (words, length) = self.property(CERT_KEY_PROV_INFO_PROP_ID)?;
        if length < size_of::<CRYPT_KEY_PROV_INFO>() {
            return None;
        }
        // SAFETY: the buffer is aligned to 8 bytes and holds the structure at its start, as was checked.
        let info = unsafe { &*words.as_ptr().cast::<CRYPT_KEY_PROV_INFO>() };
        let key = KeyLink {
            provider: text(info.pwszProvName),
            container: text(info.pwszContainerName),
            key_spec: info.dwKeySpec,
        };
        Some(Link { key, machine: info.dwFlags & CRYPT_MACHINE_KEYSET != 0, kind: info.dwProvType })
    }

    /// A property and its length in bytes; the buffer is aligned for any structure.
    fn property(&self, property: u32) -> Option<(Vec<u64>, usize)> {
        let mut length = 0;
        // SAFETY: the context is open; without a buffer only the length is written.
        let asked = unsafe { CertGetCertificateContextProperty(self.0, property, ptr::null_mut(), &mut length) };
        if asked == 0 {
            return None;
        }
        let mut buffer = vec![0_u64; (length as usize).div_ceil(8)];
        // SAFETY: the buffer has at least `length` bytes.
        let got =
            unsafe { CertGetCertificateContextProperty(self.0, property, buffer.as_mut_ptr().cast(), &mut length) };
        (got != 0).then_some((buffer, length as usize))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is open, is freed nowhere else and not used afterwards.
        unsafe { CertFreeCertificateContext(self.0) };
    }
}

/// UTF-16 with a NUL at its end.
fn wide(text: &str) -> Result<Vec<u16>, StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Name(text.to_owned()));
    }
    Ok(text.encode_utf16().chain([0]).collect())
}

/// Text of a property that was read: UTF-16 up to its NUL, in the buffer of the property.
fn text(start: *const u16) -> String {
    if start.is_null() {
        return String::new();
    }
    let mut units = Vec::new();
    loop {
        // SAFETY: crypt32 ends the text with a NUL, where this loop ends, and all of it lies in the caller's buffer.
        match unsafe { start.add(units.len()).read() } {
            0 => return String::from_utf16_lossy(&units),
            unit => units.push(unit),
        }
    }
}

fn check(function: &'static str, succeeded: i32) -> Result<(), StoreError> {
    if succeeded == 0 { Err(failed(function)) } else { Ok(()) }
}

fn failed(function: &'static str) -> StoreError {
    // The error codes of crypt32 are HRESULTs, which std gives back as the signed number of the same bits.
    let code = io::Error::last_os_error().raw_os_error().unwrap_or_default();
    StoreError::Call { function, code: code.cast_unsigned() }
}
