//! `REF`: which key a command is about, and how its objects are shown.

use hsmcert::Error;
use hsmcert::find::{self, StoredCertificate};
use hsmcert::key_reference::KeyReference;
use hsmcert::token::{Object, TokenInfo};
use hsmcert::uri::ObjectType;
use serde::Serialize;

use super::failure::Failure;
use super::find_key::class_name;
use super::{Global, clock, which};

/// A key as it was named.
#[derive(Debug)]
pub(super) struct WhichKey {
    text: String,
    pub(super) reference: KeyReference,
}

impl WhichKey {
    /// A label, `id:` and hex, or a `pkcs11:` URI of a private or public key, or of a certificate where that can be meant.
    pub(super) fn read(text: &str, with_certificates: bool) -> Result<Self, Failure> {
        let reference = KeyReference::parse(text).map_err(Error::from)?;
        if let KeyReference::Uri(uri) = &reference {
            match uri.object_type {
                None | Some(ObjectType::Private | ObjectType::Public) => {}
                Some(ObjectType::Certificate) if with_certificates => {}
                Some(ObjectType::Certificate) => {
                    return Err(Failure::usage("the URI names a certificate (type=cert), and a key is meant")
                        .hint("with --certificate the certificates of a key can be deleted too"));
                }
                Some(ObjectType::SecretKey | ObjectType::Data) => {
                    return Err(Failure::usage("the URI names neither a key pair nor a certificate")
                        .hint("URIs of type=private, public or cert are listed by: hsmcert find-key --objects"));
                }
            }
        }
        Ok(Self { text: text.to_owned(), reference })
    }

    /// A URI that names a token chooses it.
    pub(super) fn token(&self, global: &Global) -> Global {
        match &self.reference {
            KeyReference::Uri(uri) => which::token_of(&self.text, uri, global),
            KeyReference::Label(_) | KeyReference::Id(_) => global.clone(),
        }
    }
}

/// An object as JSON.
#[derive(Debug, Serialize)]
pub(super) struct JsonObject {
    pub(super) class: &'static str,
    pub(super) handle: u64,
    pub(super) label: String,
    pub(super) id: String,
    pub(super) uri: String,
}

impl JsonObject {
    pub(super) fn new(object: &Object, token: &TokenInfo) -> Self {
        Self {
            class: class_name(object.class),
            handle: object.handle(),
            label: object.label.clone(),
            id: object.id.to_string(),
            uri: find::uri(object, token).to_string(),
        }
    }
}

/// An object in a line of its own: name and value.
pub(super) fn line(object: &Object) -> (String, String) {
    let id = if object.id.is_empty() { "no id".to_owned() } else { format!("id {}", object.id) };
    let text = format!("\"{}\", {id}, handle {}", object.label, object.handle());
    (object.class.to_string(), text)
}

/// [`line`], and what a certificate is for.
pub(super) fn line_with_subject(object: &Object) -> (String, String) {
    let (name, mut text) = line(object);
    if let StoredCertificate { certificate: Some(one), .. } = StoredCertificate::read(object.clone()) {
        text.push_str(&format!(", {}, valid to {}", one.subject(), clock::date(one.not_after())));
    }
    (name, text)
}
