//! Objects on the token as they are listed: everything worth showing, read with as few calls as possible.

use std::fmt;
use std::num::NonZeroUsize;

use cryptoki::error::Error as Cryptoki;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session as Raw;

use super::error::{Doing as _, Error};
use super::get_attribute_value::Slot;
use super::lists::Search;
use super::session::Session;
use super::{attributes, public_key};
use crate::key::{KeyAlgorithm, KeyId, PublicKey};

/// So many handles are asked for in one `C_FindObjects`.
const BATCH: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// The classes of objects that matter here (PKCS#11 3.1, 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectClass {
    /// `CKO_PRIVATE_KEY`.
    PrivateKey,
    /// `CKO_PUBLIC_KEY`.
    PublicKey,
    /// `CKO_CERTIFICATE`.
    Certificate,
    /// `CKO_SECRET_KEY`.
    SecretKey,
}

impl ObjectClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PrivateKey, Self::PublicKey, Self::Certificate, Self::SecretKey];

    pub(super) fn attribute(self) -> Attribute {
        Attribute::Class(match self {
            Self::PrivateKey => cryptoki::object::ObjectClass::PRIVATE_KEY,
            Self::PublicKey => cryptoki::object::ObjectClass::PUBLIC_KEY,
            Self::Certificate => cryptoki::object::ObjectClass::CERTIFICATE,
            Self::SecretKey => cryptoki::object::ObjectClass::SECRET_KEY,
        })
    }

    pub(super) fn attribute_types(self) -> Vec<AttributeType> {
        let mut types = vec![AttributeType::Id, AttributeType::Label];
        match self {
            Self::PublicKey => types.extend(public_key::ATTRIBUTES),
            // CKA_VALUE of a private key is its secret: it is never even asked for.
            Self::PrivateKey => {
                types.extend(public_key::ATTRIBUTES.into_iter().filter(|kind| *kind != AttributeType::Value));
            }
            Self::Certificate => types.push(AttributeType::Value),
            Self::SecretKey => types.extend([AttributeType::KeyType, AttributeType::ValueLen]),
        }
        types
    }
}

impl fmt::Display for ObjectClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateKey => "private key",
            Self::PublicKey => "public key",
            Self::Certificate => "certificate",
            Self::SecretKey => "secret key",
        })
    }
}

/// One object. What a module refuses to show is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub(super) raw: Handle,
    /// Its class.
    pub class: ObjectClass,
    /// `CKA_ID`; empty when there is none.
    pub id: KeyId,
    /// `CKA_LABEL`, with U+FFFD for what is not UTF-8.
    pub label: String,
    /// The public key, of a public or private key of a known type.
    pub public_key: Option<PublicKey>,
    /// What the object tells of its algorithm.
    pub key_type: Option<KeyType>,
    /// `CKA_VALUE` of a certificate: its DER.
    pub value: Option<Vec<u8>>,
}

/// What an object tells of its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyType {
    /// One that hsmcert knows, with its size.
    Known(KeyAlgorithm),
    /// The word of `CKA_KEY_TYPE`: `AES`.
    Word(String),
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(algorithm) => algorithm.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// A handle, and the time of the session that it is of: another object may have it in a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) object: ObjectHandle,
    pub(super) epoch: u32,
}

impl Object {
    pub(super) fn new(class: ObjectClass, raw: Handle, attributes: Vec<Attribute>) -> Self {
        let mut object = Self {
            raw,
            class,
            id: KeyId::new(Vec::new()),
            label: String::new(),
            public_key: public_key::read(&attributes),
            key_type: None,
            value: None,
        };
        let algorithm = public_key::algorithm(&attributes);
        for attribute in attributes {
            match attribute {
                Attribute::Id(id) => object.id = KeyId::new(id),
                Attribute::Label(label) => object.label = text(label),
                Attribute::KeyType(kind) => {
                    let word = || KeyType::Word(kind.to_string().trim_start_matches("CKK_").to_owned());
                    object.key_type = Some(algorithm.map_or_else(word, KeyType::Known));
                }
                Attribute::Value(value) if class == ObjectClass::Certificate => object.value = Some(value),
                _ => {}
            }
        }
        object
    }

    /// The session's number of the object: to be shown, never to be stored.
    #[must_use]
    pub fn handle(&self) -> u64 {
        // CK_ULONG has 32 bits on Windows.
        #[allow(clippy::useless_conversion)]
        u64::from(self.raw.object.handle())
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|odd| String::from_utf8_lossy(odd.as_bytes()).into_owned())
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\", id {}", self.class, self.label, self.id)
    }
}

impl Session<'_> {
    /// All objects of a class that are on the token.
    ///
    /// # Errors
    /// [`Error::Call`]. An object that vanishes while it is read is left out.
    pub fn objects(&self, class: ObjectClass) -> Result<Vec<Object>, Error> {
        self.search(class, &[])
    }

    /// Objects of a class with this `CKA_ID`.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn objects_with_id(&self, class: ObjectClass, id: &KeyId) -> Result<Vec<Object>, Error> {
        self.search(class, &[Attribute::Id(id.as_bytes().to_vec())])
    }

    /// Objects of a class with this `CKA_LABEL`.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn objects_with_label(&self, class: ObjectClass, label: &str) -> Result<Vec<Object>, Error> {
        self.search(class, &[Attribute::Label(label.as_bytes().to_vec())])
    }

    /// Whether any object of the token, of whatever class, has this attribute.
    pub(super) fn has_objects_with(&self, attribute: Attribute) -> Result<bool, Error> {
        let template = [Attribute::Token(true), attribute];
        let find = |session: &Raw| {
            let found = self.start_search(session, &template, NonZeroUsize::MIN)?;
            self.module.observe("C_FindObjects", move || found.finds_any())
        };
        self.surviving(|| self.unthrottled(|| self.on_session(find)).doing("list its objects"))
    }

    /// The keys and certificates with this `CKA_LABEL`.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn objects_labelled(&self, label: &str) -> Result<Vec<Object>, Error> {
        // One search over all classes tells that a label is free, which is the usual case; SoftHSM reads every
        // object file again in each search.
        if !self.has_objects_with(Attribute::Label(label.as_bytes().to_vec()))? {
            return Ok(vec![]);
        }
        let mut found = Vec::new();
        for class in [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate] {
            found.extend(self.objects_with_label(class, label)?);
        }
        Ok(found)
    }

    pub(super) fn search(&self, class: ObjectClass, with: &[Attribute]) -> Result<Vec<Object>, Error> {
        self.surviving(|| self.search_once(class, with))
    }

    /// [`Session::search`] in this session only.
    pub(super) fn search_once(&self, class: ObjectClass, with: &[Attribute]) -> Result<Vec<Object>, Error> {
        let types = class.attribute_types();
        let mut objects = Vec::new();
        for handle in self.handles(Some(class), with)? {
            let call = |slots: &mut [Slot]| self.get_attribute_value(class, handle.object, slots);
            let read = attributes::read(class, &types, call).doing("show the attributes of an object")?;
            objects.extend(read.map(|attributes| Object::new(class, handle, attributes)));
        }
        Ok(objects)
    }

    /// The handles of the objects of a class, or of any, that fit.
    pub(super) fn handles(&self, class: Option<ObjectClass>, with: &[Attribute]) -> Result<Vec<Handle>, Error> {
        let mut template: Vec<Attribute> = class.map(ObjectClass::attribute).into_iter().collect();
        template.push(Attribute::Token(true));
        template.extend_from_slice(with);
        let find = |session: &Raw| {
            let found = self.start_search(session, &template, BATCH)?;
            self.module.observe("C_FindObjects", move || found.all())
        };
        let found = self.unthrottled(|| self.on_session(find)).doing("list its objects")?;
        Ok(found.into_iter().map(|object| Handle { object, epoch: self.epoch() }).collect())
    }

    fn start_search<'r>(
        &self,
        session: &'r Raw,
        template: &[Attribute],
        batch: NonZeroUsize,
    ) -> Result<Search<'r>, Cryptoki> {
        self.module.observe("C_FindObjectsInit", || self.functions().search(session, template, batch))
    }

    pub(super) fn destroy(&self, class: ObjectClass, handle: ObjectHandle) -> Result<(), Error> {
        let destroyed = self.call_about(class, "C_DestroyObject", |session| session.destroy_object(handle));
        destroyed.doing("destroy the object")
    }
}
