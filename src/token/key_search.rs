//! A key pair is found by its public key, or as a user names it.

use cryptoki::object::Attribute;

use super::error::{Error, Reach};
use super::key_pair::KeyPair;
use super::object::{Object, ObjectClass};
use super::public_key;
use super::session::Session;
use crate::key::PublicKey;
use crate::key_reference::KeyReference;

impl<'s> Session<'s> {
    /// Finds the private key that belongs to a public key: by value, never by what somebody typed. The
    /// public key object is asked first, since it is searchable everywhere, then the private key itself.
    ///
    /// # Errors
    /// [`Error::PrivateKeyMissing`] when only the public half is there, [`Error::KeyAmbiguous`], [`Error::Call`].
    pub fn find_key(&'s self, key: &PublicKey) -> Result<Option<KeyPair<'s>>, Error> {
        self.in_one_session(|| self.find_key_once(key))
    }

    /// [`Session::find_key`] for those to whom two keys, or half a key, are as good as none.
    ///
    /// # Errors
    /// [`Error::Call`]: a token that does not answer says nothing of the key.
    pub fn find_whole_key(&'s self, key: &PublicKey) -> Result<Option<KeyPair<'s>>, Error> {
        only_whole(self.find_key(key))
    }

    fn find_key_once(&'s self, key: &PublicKey) -> Result<Option<KeyPair<'s>>, Error> {
        let publics = self.objects_with_key(ObjectClass::PublicKey, key)?;
        let mut privates = self.objects_with_key(ObjectClass::PrivateKey, key)?;
        for public in &publics {
            // Modules that do not search private keys by value: through the id, which both halves share.
            for private in self.objects_with_id(ObjectClass::PrivateKey, &public.id)? {
                let unlike = private.public_key.as_ref().is_some_and(|found| found != key);
                if !unlike && !privates.iter().any(|known| known.raw == private.raw) {
                    privates.push(private);
                }
            }
        }
        match (privates.pop(), privates.len(), publics.first()) {
            (None, _, None) => Ok(None),
            (None, _, Some(public)) => Err(Error::PrivateKeyMissing(public.id.clone())),
            (Some(private), 0, _) => {
                let public = publics.iter().find(|public| public.id == private.id);
                let is_apart = public.is_some_and(|public| public.label != private.label);
                let Object { raw, id, label, .. } = private;
                let pair = KeyPair::new(self, (raw, public.map(|public| public.raw)), id, label, key.clone());
                Ok(Some(pair.labelled_apart(is_apart)))
            }
            (Some(last), count, _) => {
                privates.push(last);
                let found = privates.iter().map(|key| format!("\"{}\" (id {})", key.label, key.id)).collect();
                Err(Error::KeyAmbiguous { wanted: "the public key".to_owned(), count: count + 1, found })
            }
        }
    }

    /// The key pair that a user names, which must be the only one.
    ///
    /// # Errors
    /// [`Error::KeyAmbiguous`], [`Error::Call`].
    pub fn find_key_by_reference(&'s self, reference: &KeyReference) -> Result<Option<KeyPair<'s>>, Error> {
        self.in_one_session(|| self.find_by_reference_once(reference))
    }

    /// [`Session::find_key_by_reference`] for those to whom several keys are as good as none.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn find_whole_key_by_reference(&'s self, reference: &KeyReference) -> Result<Option<KeyPair<'s>>, Error> {
        only_whole(self.find_key_by_reference(reference))
    }

    fn find_by_reference_once(&'s self, reference: &KeyReference) -> Result<Option<KeyPair<'s>>, Error> {
        let template = reference.id().map(|id| Attribute::Id(id.as_bytes().to_vec())).into_iter();
        let template = template.chain(reference.label().map(|label| Attribute::Label(label.as_bytes().to_vec())));
        let mut privates = self.search(ObjectClass::PrivateKey, &template.collect::<Vec<_>>())?;
        if privates.len() > 1 {
            let found = privates.iter().map(|key| format!("\"{}\" (id {})", key.label, key.id)).collect();
            return Err(Error::KeyAmbiguous { wanted: reference.to_string(), count: privates.len(), found });
        }
        let Some(private) = privates.pop() else { return Ok(None) };
        let publics = self.objects_with_id(ObjectClass::PublicKey, &private.id)?;
        let public_key =
            private.public_key.clone().or_else(|| publics.iter().find_map(|public| public.public_key.clone()));
        let Some(public_key) = public_key else { return Ok(None) };
        let public = publics.into_iter().find(|public| public.public_key.as_ref() == Some(&public_key));
        let Object { raw, id, label, .. } = private;
        Ok(Some(KeyPair::new(self, (raw, public.map(|public| public.raw)), id, label, public_key)))
    }

    fn objects_with_key(&self, class: ObjectClass, key: &PublicKey) -> Result<Vec<Object>, Error> {
        let has_it = |object: &Object| object.public_key.as_ref() == Some(key);
        if !self.quirks().finds_by_public_key {
            return Ok(self.objects(class)?.into_iter().filter(has_it).collect());
        }
        let mut found = Vec::new();
        for search in public_key::searches(key) {
            match self.search(class, &search) {
                Ok(objects) => {
                    found.extend(objects.into_iter().filter(has_it));
                }
                // A private key may not carry the value of the public one: the search is then empty or refused. What is
                // no refusal (the session is lost, its second login fails) says nothing of the key.
                Err(Error::Call { source, .. })
                    if class == ObjectClass::PrivateKey && source.reach() == Reach::Refused => {}
                Err(error) => return Err(error),
            }
            if !found.is_empty() {
                break;
            }
        }
        Ok(found)
    }
}

fn only_whole<T>(found: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(Error::KeyAmbiguous { .. } | Error::PrivateKeyMissing(_)) => Ok(None),
        found => found,
    }
}
