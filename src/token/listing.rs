//! Many objects at once: found by one search for each class, read with as few calls as possible, and through several
//! sessions where each call takes long.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

use cryptoki::error::Error as Cryptoki;
use cryptoki::object::{Attribute, AttributeType, KeyType};

use super::error::{Doing as _, Error};
use super::get_attribute_value::Slot;
use super::object::{Handle, Object, ObjectClass};
use super::session::Session;
use super::{ShownAttributes, attribute_value, attributes, parallel, public_key};
use crate::key::{KeyId, PublicKey};

/// So many objects are read before it is clear how long a call takes.
const FIRST: usize = 8;
/// An object for which the token needs longer is read through several sessions.
const SLOW: Duration = Duration::from_millis(1);

/// Which objects are listed.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// All.
    All,
    /// Those with this `CKA_ID`.
    Id(&'a KeyId),
    /// Those with this `CKA_LABEL`.
    Label(&'a str),
    /// The objects that show this public key; certificates do not.
    Key(&'a PublicKey),
}

/// How much of an object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What [`Object`] and [`Origin`] hold.
    Summary,
    /// Also every other attribute of the standard that is no secret.
    Everything,
}

/// An object with what only listings need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The object.
    pub object: Object,
    /// Where a private or secret key comes from.
    pub origin: Origin,
    /// With [`Detail::Everything`] the attributes that the module shows.
    pub attributes: ShownAttributes,
}

/// What the token says about the past of a key (PKCS#11 3.1, 4.9 and 4.10); `None` when it does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// `CKA_LOCAL`: it was made in the token.
    pub local: Option<bool>,
    /// `CKA_ALWAYS_SENSITIVE`.
    pub always_sensitive: Option<bool>,
    /// `CKA_NEVER_EXTRACTABLE`.
    pub never_extractable: Option<bool>,
}

const ORIGIN: [AttributeType; 3] =
    [AttributeType::Local, AttributeType::AlwaysSensitive, AttributeType::NeverExtractable];

impl Session<'_> {
    /// The objects of these classes, as what the caller keeps of each. `progress` is told how many of how many are read.
    ///
    /// # Errors
    /// [`Error::Call`]. An object that vanishes while it is read is left out.
    pub fn list<T>(
        &self,
        classes: &[ObjectClass],
        wanted: Wanted<'_>,
        detail: Detail,
        keep: impl Fn(Listed) -> T,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Vec<T>, Error> {
        let compares = match wanted {
            Wanted::Key(key) if !self.quirks().finds_by_public_key => Some(key),
            Wanted::Key(_) | Wanted::All | Wanted::Id(_) | Wanted::Label(_) => None,
        };
        let is_meant = |one: &Listed| compares.is_none_or(|key| one.object.public_key.as_ref() == Some(key));
        let is_of_them = |one: &Listed| classes.contains(&one.object.class) && is_meant(one);
        let is_unclear = Cell::new(false);
        let keep = |read: Read| match read {
            Read::Object(one) => is_of_them(&one).then(|| keep(*one)),
            Read::Nothing => None,
            Read::Unclear => {
                is_unclear.set(true);
                None
            }
        };
        self.surviving(|| {
            let by_class = || self.handles_by_class(classes, wanted);
            if !matches!(wanted, Wanted::All) || classes.len() == 1 {
                return self.read_all(&by_class()?, detail, &keep, progress);
            }
            is_unclear.set(false);
            let listed = self.read_all(&self.all_handles()?, detail, &keep, progress)?;
            if is_unclear.get() { self.read_all(&by_class()?, detail, &keep, progress) } else { Ok(listed) }
        })
    }

    fn handles_by_class(&self, classes: &[ObjectClass], wanted: Wanted<'_>) -> Result<Vec<Candidate>, Error> {
        let mut found = Vec::new();
        for class in classes {
            found.extend(self.find_handles(*class, wanted)?.into_iter().map(|handle| (Some(*class), handle)));
        }
        Ok(found)
    }

    /// Every object, by two searches instead of one for each class: a module may look at each of its objects in every
    /// search (SoftHSM opens a file of each). Certificates are told apart, since only their `CKA_VALUE` is asked for.
    fn all_handles(&self) -> Result<Vec<Candidate>, Error> {
        let certificates = self.handles(Some(ObjectClass::Certificate), &[])?;
        let known: HashSet<_> = certificates.iter().map(|one| one.object.handle()).collect();
        let others = self.handles(None, &[])?.into_iter().filter(|one| !known.contains(&one.object.handle()));
        let others = others.map(|handle| (None, handle));
        Ok(certificates.into_iter().map(|handle| (Some(ObjectClass::Certificate), handle)).chain(others).collect())
    }

    fn read_all<T>(
        &self,
        found: &[Candidate],
        detail: Detail,
        keep: &dyn Fn(Read) -> Option<T>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Vec<T>, Error> {
        let (total, mut listed) = (found.len(), Vec::with_capacity(found.len()));
        let (first, rest) = found.split_at(total.min(FIRST));
        let start = Instant::now();
        let mut read = |objects: &[Candidate], done: usize| -> Result<(), Error> {
            for (index, (class, handle)) in objects.iter().enumerate() {
                listed.extend(keep(self.read_listed(*class, *handle, detail)?));
                progress(done + index + 1, total);
            }
            Ok(())
        };
        read(first, 0)?;
        // More requests at once are no help where their rate is limited.
        let is_slow = start.elapsed() > SLOW * FIRST as u32 && self.quirks().certificate_retry_seconds == 0;
        let helpers = if is_slow && !rest.is_empty() { parallel::open(self, rest.len()) } else { Vec::new() };
        if helpers.is_empty() {
            read(rest, first.len())?;
        } else {
            let done = |done| progress(first.len() + done, total);
            listed.extend(parallel::read(self, helpers, rest, detail, keep, &done)?);
        }
        Ok(listed)
    }

    /// How many objects of a class are on the token; none of them is read.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn count(&self, class: ObjectClass) -> Result<usize, Error> {
        self.surviving(|| Ok(self.handles(Some(class), &[])?.len()))
    }

    fn find_handles(&self, class: ObjectClass, wanted: Wanted<'_>) -> Result<Vec<Handle>, Error> {
        let handles = |with: &[Attribute]| self.handles(Some(class), with);
        match wanted {
            Wanted::All => handles(&[]),
            Wanted::Id(id) => handles(&[Attribute::Id(id.as_bytes().to_vec())]),
            Wanted::Label(label) => handles(&[Attribute::Label(label.as_bytes().to_vec())]),
            Wanted::Key(_) if matches!(class, ObjectClass::Certificate | ObjectClass::SecretKey) => Ok(vec![]),
            // They are all read, and compared then.
            Wanted::Key(_) if !self.quirks().finds_by_public_key => handles(&[]),
            Wanted::Key(key) => {
                for search in public_key::searches(key) {
                    match handles(&search) {
                        Ok(found) if found.is_empty() => {}
                        Ok(found) => return Ok(found),
                        // A private key may not have the value of its public one, and the search is then refused.
                        Err(_) if class == ObjectClass::PrivateKey => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(vec![])
            }
        }
    }

    fn read_listed(&self, class: Option<ObjectClass>, handle: Handle, detail: Detail) -> Result<Read, Error> {
        // What is no certificate is treated alike.
        let about = class.unwrap_or(ObjectClass::PrivateKey);
        let call = |slots: &mut [Slot]| self.get_attribute_value(about, handle.object, slots);
        let read = || Read::of(class, handle, detail, call).doing("show the attributes of an object");
        match read()? {
            // It was found a moment ago. Who renames or deletes a key must not pass over a half of it for one wrong answer.
            Read::Nothing if class.is_some() => read(),
            known => Ok(known),
        }
    }
}

/// An object that was found, and its class where the search was for it.
pub(super) type Candidate = (Option<ObjectClass>, Handle);

/// What became of a candidate.
pub(super) enum Read {
    Object(Box<Listed>),
    /// It has vanished, or is of a class that is not listed.
    Nothing,
    /// The module does not show its class.
    Unclear,
}

impl Read {
    /// Reads one object; `call` makes the call. An object of unknown class is asked for what keys show, but never for
    /// `CKA_VALUE`, which may be a secret.
    pub(super) fn of(
        class: Option<ObjectClass>,
        handle: Handle,
        detail: Detail,
        mut call: impl FnMut(&mut [Slot]) -> Result<bool, Cryptoki>,
    ) -> Result<Self, Cryptoki> {
        let object = |read: Option<Listed>| read.map_or(Self::Nothing, |listed| Self::Object(Box::new(listed)));
        if let Some(class) = class {
            return Ok(object(Listed::read(class, handle, detail, call)?));
        }
        let mut types = vec![AttributeType::Class];
        for kind in KEYS.into_iter().flat_map(|class| types_of(class, detail)) {
            if kind != AttributeType::Value && !types.contains(&kind) {
                types.push(kind);
            }
        }
        let Some(mut attributes) = attributes::read(ObjectClass::PrivateKey, &types, &mut call)? else {
            return Ok(Self::Nothing);
        };
        let told = attributes.iter().find(|attribute| attribute.attribute_type() == AttributeType::Class);
        let Some(told) = told else { return Ok(Self::Unclear) };
        let Some(class) = ObjectClass::ALL.into_iter().find(|class| class.attribute() == *told) else {
            return Ok(Self::Nothing);
        };
        let own = types_of(class, detail);
        let has_value = |attribute: &Attribute| matches!(attribute, Attribute::KeyType(KeyType::ML_DSA));
        if class == ObjectClass::Certificate || (class == ObjectClass::PublicKey && attributes.iter().any(has_value)) {
            return Ok(object(Listed::read(class, handle, detail, call)?));
        }
        attributes.retain(|attribute| own.contains(&attribute.attribute_type()));
        Ok(object(Some(Listed::new(class, handle, detail, attributes))))
    }
}

const KEYS: [ObjectClass; 3] = [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::SecretKey];

/// What is read of an object of this class.
fn types_of(class: ObjectClass, detail: Detail) -> Vec<AttributeType> {
    let mut types = class.attribute_types();
    match class {
        ObjectClass::PrivateKey | ObjectClass::SecretKey => types.extend(ORIGIN),
        ObjectClass::PublicKey | ObjectClass::Certificate => {}
    }
    if detail == Detail::Everything {
        types.extend(attribute_value::further(class));
    }
    types
}

impl Listed {
    /// Reads one object; `call` makes the call.
    pub(super) fn read(
        class: ObjectClass,
        handle: Handle,
        detail: Detail,
        call: impl FnMut(&mut [Slot]) -> Result<bool, Cryptoki>,
    ) -> Result<Option<Self>, Cryptoki> {
        let attributes = attributes::read(class, &types_of(class, detail), call)?;
        Ok(attributes.map(|attributes| Self::new(class, handle, detail, attributes)))
    }

    fn new(class: ObjectClass, handle: Handle, detail: Detail, attributes: Vec<Attribute>) -> Self {
        let mut origin = Origin::default();
        for attribute in &attributes {
            match attribute {
                Attribute::Local(local) => origin.local = Some(*local),
                Attribute::AlwaysSensitive(always) => origin.always_sensitive = Some(*always),
                Attribute::NeverExtractable(never) => origin.never_extractable = Some(*never),
                _ => {}
            }
        }
        let shown = match detail {
            Detail::Summary => ShownAttributes::default(),
            Detail::Everything => ShownAttributes::new(&attributes),
        };
        Self { object: Object::new(class, handle, attributes), origin, attributes: shown }
    }
}
