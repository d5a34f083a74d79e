//! `pkcs11:` URIs (RFC 7512): the one way to name a module, a token and an object that all tools share.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::key::KeyId;
use crate::pin::PinSource;

/// Everything but RFC 3986's unreserved characters is encoded: GnuTLS refuses raw blanks, nginx ends a
/// directive at `;`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parts of a URI that hsmcert understands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pkcs11Uri {
    /// `token`: the token's label.
    pub token: Option<String>,
    /// `serial`: the token's serial number.
    pub serial: Option<String>,
    /// `manufacturer` of the token.
    pub manufacturer: Option<String>,
    /// `model` of the token.
    pub model: Option<String>,
    /// `slot-id`.
    pub slot_id: Option<u64>,
    /// `id`: `CKA_ID`.
    pub id: Option<KeyId>,
    /// `object`: `CKA_LABEL`.
    pub object: Option<String>,
    /// `type`.
    pub object_type: Option<ObjectType>,
    /// `module-path`.
    pub module_path: Option<PathBuf>,
    /// `pin-source`.
    pub pin_source: Option<PinSource>,
}

/// `type` of a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectType {
    /// A private key.
    Private,
    /// A public key.
    Public,
    /// A certificate.
    Certificate,
    /// A secret key.
    SecretKey,
    /// A data object.
    Data,
}

impl ObjectType {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::Private, "private"),
        (Self::Public, "public"),
        (Self::Certificate, "cert"),
        (Self::SecretKey, "secret-key"),
        (Self::Data, "data"),
    ];
}

/// Why a text is not a usable `pkcs11:` URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another scheme, or none.
    #[error("a PKCS#11 URI begins with \"pkcs11:\"")]
    Scheme,
    /// A part without `=`.
    #[error("\"{0}\" is not of the form name=value")]
    NoValue(String),
    /// An attribute that stands twice (RFC 7512, 2.3).
    #[error("the attribute \"{0}\" stands twice")]
    Duplicate(String),
    /// An attribute that would select something, but which is unknown.
    #[error("the attribute \"{0}\" is unknown")]
    Unknown(String),
    /// A value that does not fit its attribute.
    #[error("the value of \"{name}\" is not {expected}")]
    Value {
        /// The attribute.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// Neither `id` nor `object`, where an object is meant.
    #[error("the URI has neither id= nor object=, so it names no key")]
    NoObject,
    /// `pin-value`: everybody on the machine could read it in the process list.
    #[error("the URI holds a pin-value")]
    PinValue,
}

impl Pkcs11Uri {
    /// Reads a URI. `pin-value` is refused; vendor attributes (`x-...`) are passed over, as are `library-*`.
    ///
    /// # Errors
    /// [`Error`] says which part is wrong, never with a secret in it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let scheme = text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"));
        let rest = scheme.and_then(|_| text.get(7..)).ok_or(Error::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        let mut seen = Vec::new();
        // p11-kit and libp11 also take `pin-value` and `pin-source` in the path, and users write them there.
        for part in path.split(';').chain(query.split('&')).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| Error::NoValue(part.to_owned()))?;
            if seen.contains(&name) {
                return Err(Error::Duplicate(name.to_owned()));
            }
            seen.push(name);
            uri.set(name, value)?;
        }
        Ok(uri)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "token" => self.token = Some(text("token", value)?),
            "serial" => self.serial = Some(text("serial", value)?),
            "manufacturer" => self.manufacturer = Some(text("manufacturer", value)?),
            "model" => self.model = Some(text("model", value)?),
            "object" => self.object = Some(text("object", value)?),
            "id" => self.id = Some(KeyId::new(percent_decode_str(value).collect())),
            "slot-id" => {
                let number = value.parse().map_err(|_| Error::Value { name: "slot-id", expected: "a number" })?;
                self.slot_id = Some(number);
            }
            "type" => {
                let expected = "private, public, cert, secret-key or data";
                let known = ObjectType::NAMES.iter().find(|(_, known)| *known == value);
                self.object_type = Some(known.ok_or(Error::Value { name: "type", expected })?.0);
            }
            "module-path" => self.module_path = Some(PathBuf::from(text("module-path", value)?)),
            "pin-source" => self.pin_source = Some(PinSource::parse(&text("pin-source", value)?)),
            "pin-value" => return Err(Error::PinValue),
            // These describe a library or slot that `module-path` and `token` name already.
            "library-manufacturer"
            | "library-description"
            | "library-version"
            | "slot-manufacturer"
            | "slot-description"
            | "module-name" => {}
            vendor if vendor.starts_with("x-") => {}
            unknown => return Err(Error::Unknown(unknown.to_owned())),
        }
        Ok(())
    }
}

fn text(name: &'static str, value: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(value).decode_utf8().map_err(|_| Error::Value { name, expected: "UTF-8" })?;
    Ok(decoded.into_owned())
}

/// The canonical form: path attributes in RFC 7512's usual order, the id as `%xx` of every byte.
impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        let Self { token, serial, manufacturer, model, slot_id, id, object, object_type, module_path, pin_source } =
            self;
        let mut path = Vec::new();
        let mut add = |name: &str, value: Option<String>| path.extend(value.map(|value| format!("{name}={value}")));
        add("model", model.as_deref().map(encode));
        add("manufacturer", manufacturer.as_deref().map(encode));
        add("serial", serial.as_deref().map(encode));
        add("token", token.as_deref().map(encode));
        add("slot-id", slot_id.map(|slot| slot.to_string()));
        add("id", id.as_ref().map(|id| id.as_bytes().iter().map(|byte| format!("%{byte:02x}")).collect()));
        add("object", object.as_deref().map(encode));
        let name_of = |wanted| ObjectType::NAMES.iter().find(|(known, _)| *known == wanted).map(|(_, name)| *name);
        add("type", object_type.and_then(name_of).map(str::to_owned));
        let mut query = Vec::new();
        query.extend(module_path.as_ref().map(|module| format!("module-path={}", encode(&module.to_string_lossy()))));
        if let Some(source @ PinSource::File(file)) = pin_source {
            let file = file.to_string_lossy();
            // Without its scheme the name of a file may read as a command.
            let scheme = if PinSource::parse(&file) == *source { "" } else { "file://" };
            query.push(format!("pin-source={scheme}{}", encode(&file)));
        }
        write!(f, "pkcs11:{}", path.join(";"))?;
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        let uri = Pkcs11Uri {
            token: Some("a b;=/é%".into()),
            id: Some(KeyId::new(vec![1, 0xff])),
            object: Some("www.example.com".into()),
            object_type: Some(ObjectType::Private),
            module_path: Some("/usr/lib/m.so".into()),
            ..Pkcs11Uri::default()
        };
        let text = uri.to_string();
        assert_eq!(
            text,
            "pkcs11:token=a%20b%3B%3D%2F%C3%A9%25;id=%01%ff;object=www.example.com;type=private\
             ?module-path=%2Fusr%2Flib%2Fm.so"
        );
        assert_eq!(Pkcs11Uri::parse(&text), Ok(uri));
    }

    #[test]
    fn the_file_of_a_pin_stays_a_file() {
        for name in ["/run/pin", "|/run/pin", "exec:/run/pin", "env:PIN", "-", "file:pin", "//pin"] {
            let uri = Pkcs11Uri { pin_source: Some(PinSource::File(name.into())), ..Pkcs11Uri::default() };
            assert_eq!(Pkcs11Uri::parse(&uri.to_string()), Ok(uri));
        }
    }

    #[test]
    fn a_pin_in_the_uri_is_refused_wherever_it_stands() {
        assert_eq!(Pkcs11Uri::parse("pkcs11:token=a?pin-value=1"), Err(Error::PinValue));
        assert_eq!(Pkcs11Uri::parse("pkcs11:token=a;pin-value=1"), Err(Error::PinValue));
    }

    #[test]
    fn mistakes_are_told_apart() {
        assert_eq!(Pkcs11Uri::parse("token=a"), Err(Error::Scheme));
        assert_eq!(Pkcs11Uri::parse("é"), Err(Error::Scheme));
        assert_eq!(Pkcs11Uri::parse("pkcs11:token"), Err(Error::NoValue("token".into())));
        assert_eq!(Pkcs11Uri::parse("pkcs11:token=a;token=b"), Err(Error::Duplicate("token".into())));
        assert_eq!(Pkcs11Uri::parse("pkcs11:tokn=a"), Err(Error::Unknown("tokn".into())));
        assert!(matches!(Pkcs11Uri::parse("pkcs11:type=key"), Err(Error::Value { name: "type", .. })));
        assert!(Pkcs11Uri::parse("pkcs11:x-vendor=1?pin-source=/run/pin").is_ok());
    }
}
