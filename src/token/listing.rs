//! Many objects at once: found by one search for each class, read with as few calls as possible, and through several
//! sessions where each call takes long.

use std::time::{Duration, Instant};

use cryptoki::error::Error as Cryptoki;
use cryptoki::object::{Attribute, AttributeType};

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
        let keep = |one: Listed| is_meant(&one).then(|| keep(one));
        self.surviving(|| self.list_once(classes, wanted, detail, &keep, progress))
    }

    fn list_once<T>(
        &self,
        classes: &[ObjectClass],
        wanted: Wanted<'_>,
        detail: Detail,
        keep: &dyn Fn(Listed) -> Option<T>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        for class in classes {
            found.extend(self.find_handles(*class, wanted)?.into_iter().map(|handle| (*class, handle)));
        }
        let (total, mut listed) = (found.len(), Vec::with_capacity(found.len()));
        let (first, rest) = found.split_at(total.min(FIRST));
        let start = Instant::now();
        let mut read = |objects: &[(ObjectClass, Handle)], done: usize| -> Result<(), Error> {
            for (index, (class, handle)) in objects.iter().enumerate() {
                listed.extend(self.read_listed(*class, *handle, detail)?.and_then(keep));
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
        self.surviving(|| Ok(self.handles(class, &[])?.len()))
    }

    fn find_handles(&self, class: ObjectClass, wanted: Wanted<'_>) -> Result<Vec<Handle>, Error> {
        match wanted {
            Wanted::All => self.handles(class, &[]),
            Wanted::Id(id) => self.handles(class, &[Attribute::Id(id.as_bytes().to_vec())]),
            Wanted::Label(label) => self.handles(class, &[Attribute::Label(label.as_bytes().to_vec())]),
            Wanted::Key(_) if matches!(class, ObjectClass::Certificate | ObjectClass::SecretKey) => Ok(vec![]),
            // They are all read, and compared then.
            Wanted::Key(_) if !self.quirks().finds_by_public_key => self.handles(class, &[]),
            Wanted::Key(key) => {
                for search in public_key::searches(key) {
                    match self.handles(class, &search) {
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

    fn read_listed(&self, class: ObjectClass, handle: Handle, detail: Detail) -> Result<Option<Listed>, Error> {
        let call = |slots: &mut [Slot]| self.get_attribute_value(class, handle.object, slots);
        Listed::read(class, handle, detail, call).doing("show the attributes of an object")
    }
}

impl Listed {
    /// Reads one object; `call` makes the call.
    pub(super) fn read(
        class: ObjectClass,
        handle: Handle,
        detail: Detail,
        call: impl FnMut(&mut [Slot]) -> Result<bool, Cryptoki>,
    ) -> Result<Option<Self>, Cryptoki> {
        let mut types = class.attribute_types();
        match class {
            ObjectClass::PrivateKey | ObjectClass::SecretKey => types.extend(ORIGIN),
            ObjectClass::PublicKey | ObjectClass::Certificate => {}
        }
        if detail == Detail::Everything {
            types.extend(attribute_value::further(class));
        }
        let Some(attributes) = attributes::read(class, &types, call)? else { return Ok(None) };
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
        Ok(Some(Self { object: Object::new(class, handle, attributes), origin, attributes: shown }))
    }
}
