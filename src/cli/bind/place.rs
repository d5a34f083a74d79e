//! Where things are: certificate, chain, PIN file, module, and the module's environment.

use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

use hsmcert::ErrorKind;
use hsmcert::bind::Bound;
use hsmcert::deploy::Method;
use hsmcert::file;
use hsmcert::pin::PinSource;
use hsmcert::x509::{self, Certificate};

use super::super::environment;
use super::super::failure::Failure;
use super::super::which::Which;
use super::super::{Global, target};

/// Variables by which modules find their configuration: the programs that load them must have the same.
/// SoftHSM; Yubico; Thales Luna; Google Cloud KMS; tpm2-pkcs11; Nitrokey `NetHSM`.
const MODULE_VARIABLES: [&str; 6] = [
    "SOFTHSM2_CONF",
    "YUBIHSM_PKCS11_CONF",
    "ChrystokiConfigurationPath",
    "KMS_PKCS11_CONFIG",
    "TPM2_PKCS11_STORE",
    "P11NETHSM_CONFIG_FILE",
];

/// Where the PIN file is, when nothing says so.
const PIN_FILE: &str = "/etc/hsmcert/pin";

/// libp11 0.4.12 reads so many bytes of a `pin-source` and no more, then says that the PIN is wrong.
const ENGINE_PIN_LIMIT: u64 = 31;

/// The certificate as it was named.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) which: Which,
    file: Option<PathBuf>,
    chain: Option<PathBuf>,
}

impl Source {
    pub(super) fn read(named: Option<&str>, chain: Option<&Path>, global: &Global) -> Result<Self, Failure> {
        let chain = chain.map(absolute).transpose()?;
        let which = Which::read(named, global)?;
        let named = named.filter(|named| matches!(which, Which::File(_)) && *named != "-");
        let file = named.map(|named| absolute(Path::new(named))).transpose()?;
        Ok(Self { which, file, chain })
    }

    /// The chain file, and its content when it is still to be written.
    pub(super) fn chain(&self, bound: &Bound) -> Result<(PathBuf, Option<String>), Failure> {
        let path = match (&self.chain, &self.file) {
            (Some(chain), _) => chain.clone(),
            (None, Some(file)) => beside(file, bound),
            (None, None) => absolute(Path::new(&format!("{}.fullchain.pem", file_name(bound))))?,
        };
        if path.symlink_metadata().is_err() {
            return Ok((path, Some(bound.chain.iter().map(Certificate::to_pem).collect())));
        }
        let first = x509::read_certificates(&file::read(&path)?)?.into_iter().next();
        if first.as_ref().is_some_and(|first| first.der() == bound.leaf.der()) {
            return Ok((path, None));
        }
        let message = format!("{} does not begin with the certificate of {}", path.display(), bound.leaf.subject());
        Err(Failure::new(ErrorKind::CertificateRejected, message)
            .hint("name another file with --chain FILE; one that is not there is written with --write"))
    }
}

/// The file that `accept` wrote beside this one; the file itself when it can be served as it is.
fn beside(file: &Path, bound: &Bound) -> PathBuf {
    let stem = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy();
    let accepted = file.with_file_name(format!("{stem}.fullchain.pem"));
    let serves = file::read(file).is_ok_and(|bytes| {
        let first = x509::read_certificates(&bytes).ok().and_then(|all| all.into_iter().next());
        bytes.starts_with(b"-----BEGIN") && first.is_some_and(|first| first.der() == bound.leaf.der())
    });
    let is_chain = file.to_string_lossy().ends_with(".fullchain.pem") || bound.chain.len() == 1;
    if !accepted.exists() && serves && is_chain { file.to_owned() } else { accepted }
}

/// The label as the name of a file.
fn file_name(bound: &Bound) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let label = bound.key.label.trim_start_matches('.');
    let name: String = label.chars().map(|one| if plain(one) { one } else { '_' }).collect();
    if name.is_empty() { bound.key.id.to_string() } else { name }
}

/// The PIN file.
pub(in crate::cli) fn pin_file(named: Option<&Path>, hsm: &target::Target) -> Result<PathBuf, Failure> {
    let source = [&hsm.pin_source, &hsm.profile_pin_source].into_iter().find_map(|source| match source {
        Some(PinSource::File(path)) => Some(path.as_path()),
        Some(PinSource::Stdin | PinSource::Env(_) | PinSource::Exec(_)) | None => None,
    });
    absolute(named.or(source).unwrap_or(Path::new(PIN_FILE)))
}

/// What would keep a server from using a PIN file.
pub(super) fn pin_file_flaw(path: &Path, method: Option<Method>) -> Option<String> {
    let shown = path.display();
    match length_and_last_byte(path) {
        Ok((_, Some(b'\n' | b'\r'))) => Some(format!(
            "{shown} ends with a line break, which libp11 and GnuTLS take for a part of the PIN; remove it with: \
             perl -pi -e 'chomp' {shown}"
        )),
        Ok((length, _)) if length > ENGINE_PIN_LIMIT && method == Some(Method::Engine) => Some(format!(
            "the PIN in {shown} has {length} bytes, and OpenSSL's engine (libp11) reads {ENGINE_PIN_LIMIT} of a file: \
             use a shorter PIN or --method provider"
        )),
        Ok(_) => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(format!(
            "the PIN file {shown} is not there; write it with: (umask 077; read -rs PIN; printf %s \"$PIN\" > {shown})"
        )),
        // The server may be able to read what this user is not.
        Err(_) => None,
    }
}

/// Nothing but this is read of a PIN.
fn length_and_last_byte(path: &Path) -> std::io::Result<(u64, Option<u8>)> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok((0, None));
    }
    file.seek(std::io::SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok((length, Some(last[0])))
}

/// A name without a folder is searched by the system's loader, and stays as it is.
pub(in crate::cli) fn module(path: &Path) -> PathBuf {
    if path.exists() { std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() }
}

/// What the module needs, as it is set here.
pub(in crate::cli) fn environment() -> Vec<(String, String)> {
    MODULE_VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), environment::text(name)?))).collect()
}

/// Servers are started in other folders.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if path.to_str().is_none() {
        return Err(Failure::usage(format!("{} cannot stand in a configuration: it is not UTF-8", path.display())));
    }
    Ok(std::path::absolute(path).map_err(file::Error::Io)?)
}
