//! `[LABEL|URI|CERT]`: which certificate a command is about.

use std::io::Read as _;
use std::path::Path;

use hsmcert::pin::PinSource;
use hsmcert::tls::Roots;
use hsmcert::uri::Pkcs11Uri;
use hsmcert::verify::Select;
use hsmcert::x509::{self, Certificate};
use hsmcert::{Error, file, trial};

use super::Global;
use super::failure::Failure;

/// What was named, read and parsed.
#[derive(Debug)]
pub(super) enum Which {
    All,
    Label(String),
    Uri { text: String, uri: Box<Pkcs11Uri> },
    File(Vec<Certificate>),
}

impl Which {
    /// A URI is told by its scheme, a file by being there; everything else is a label.
    pub(super) fn read(what: Option<&str>, global: &Global) -> Result<Self, Failure> {
        let Some(what) = what else { return Ok(Self::All) };
        if what.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:")) {
            let uri = Box::new(Pkcs11Uri::parse(what).map_err(Error::from)?);
            return Ok(Self::Uri { text: what.to_owned(), uri });
        }
        if what == "-" {
            if global.pin_source == Some(PinSource::Stdin) {
                return Err(Failure::usage("the certificate and the PIN cannot both come from stdin"));
            }
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map_err(file::Error::Io)?;
            return Ok(Self::File(x509::read_certificates(&bytes)?));
        }
        let path = Path::new(what);
        let endings = ["pem", "crt", "cer", "der", "p7b"];
        let like_a_file = path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known));
        if path.is_file() || like_a_file || path.components().count() > 1 {
            return Ok(Self::File(x509::read_certificates(&file::read(path)?)?));
        }
        Ok(Self::Label(what.to_owned()))
    }

    /// A URI that names a token chooses it.
    pub(super) fn token(&self, global: &Global) -> Global {
        match self {
            Self::Uri { text, uri } => token_of(text, uri, global),
            Self::All | Self::Label(_) | Self::File(_) => global.clone(),
        }
    }

    /// Those of a file.
    pub(super) fn certificates(&self) -> &[Certificate] {
        match self {
            Self::File(certificates) => certificates,
            Self::All | Self::Label(_) | Self::Uri { .. } => &[],
        }
    }

    pub(super) fn select(&self) -> Select<'_> {
        match self {
            Self::All => Select::All,
            Self::Label(label) => Select::Label(label),
            Self::Uri { uri, .. } => Select::Uri(uri),
            Self::File(certificates) => Select::File(certificates),
        }
    }
}

/// The objects that `--uri` names: it both chooses the token and names objects; what is wrong with it is told when the
/// token is chosen.
pub(super) fn objects(global: &Global) -> Pkcs11Uri {
    global.uri.as_deref().and_then(|uri| Pkcs11Uri::parse(uri).ok()).unwrap_or_default()
}

/// The options that choose the token of such objects: a URI of the trial token, as it is listed, names no module.
pub(super) fn token_of_objects(global: &Global) -> Global {
    let mut global = global.clone();
    let Pkcs11Uri { token, module_path, .. } = objects(&global);
    if token.as_deref() == Some(trial::LABEL) && module_path.is_none() && global.module.is_none() {
        global.uri = None;
    }
    global
}

/// The options with what a URI says of module, token and PIN, as by `--uri`. An option comes before what the URI says of
/// the same, and the PIN of a URI is for no other token than its own.
pub(super) fn token_of(text: &str, uri: &Pkcs11Uri, global: &Global) -> Global {
    let mut global = global.clone();
    let Pkcs11Uri { token, serial, slot_id, module_path, .. } = uri;
    let says_where = token.is_some() || serial.is_some() || slot_id.is_some() || module_path.is_some();
    // The trial token is found without a module's name; a URI that find-key printed for it has none.
    if global.trial || global.uri.is_some() || token.as_deref() == Some(trial::LABEL) || !says_where {
        return global;
    }
    let is_other = differ(&global.token, token) || differ(&global.serial, serial) || differ(&global.slot, slot_id);
    global.uri = Some(match is_other {
        true => Pkcs11Uri { pin_source: None, ..uri.clone() }.to_string(),
        false => text.to_owned(),
    });
    global
}

fn differ<T: PartialEq>(option: &Option<T>, of_uri: &Option<T>) -> bool {
    option.as_ref().zip(of_uri.as_ref()).is_some_and(|(option, of_uri)| option != of_uri)
}

/// The roots of `--ca-file`.
pub(super) fn roots(path: Option<&Path>) -> Result<Option<Roots>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let certificates = x509::read_certificates(&file::read(path)?)?;
    Ok(Some(Roots::new(certificates.iter().map(Certificate::der))?))
}
