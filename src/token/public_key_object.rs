//! Public key objects for private keys that have lost theirs: written, and read back.

use cryptoki::object::Attribute;

use super::attribute_template::{self as template, Ed25519Name};
use super::error::{Doing as _, Error};
use super::object::{Object, ObjectClass};
use super::public_key;
use super::session::Session;
use crate::key::PublicKey;

const CREATE: &str = "store the public key";

impl Session<'_> {
    /// Writes the public half of a private key, with its id and label. That the two are a pair is for the caller to prove.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::ReadBack`], and then nothing is left on the token.
    pub fn store_public_key(&self, key: &PublicKey, private: &Object) -> Result<(), Error> {
        let names = match key {
            // Modules take the one or the other.
            PublicKey::Ed25519(_) => &[Ed25519Name::Word, Ed25519Name::Oid][..],
            PublicKey::Rsa { .. } | PublicKey::Ec { .. } | PublicKey::MlDsa { .. } => &[Ed25519Name::Word],
        };
        let mut refusal = None;
        for name in names {
            let attributes = self.public_half(key, private, *name);
            let create = |session: &cryptoki::session::Session| session.create_object(&attributes);
            match self.call_about(ObjectClass::PublicKey, "C_CreateObject", create) {
                Ok(handle) => {
                    let found = self.objects_with_id(ObjectClass::PublicKey, &private.id)?;
                    let made = found.iter().find(|one| one.raw.object == handle);
                    if made.is_some_and(|one| one.public_key.as_ref() == Some(key)) {
                        return Ok(());
                    }
                    self.destroy(ObjectClass::PublicKey, handle)?;
                    return Err(Error::ReadBack("its public key is another one".to_owned()));
                }
                Err(error) => refusal = Some(error),
            }
        }
        refusal.map_or(Ok(()), |error| Err(error).doing(CREATE))
    }

    fn public_half(&self, key: &PublicKey, private: &Object, ed25519: Ed25519Name) -> Vec<Attribute> {
        let mut attributes = template::public_half(key, ed25519);
        attributes.extend(public_key::searches(key).swap_remove(0));
        attributes.extend([
            Attribute::Private(self.quirks().public_key_private),
            Attribute::Id(private.id.as_bytes().to_vec()),
            Attribute::Label(private.label.as_bytes().to_vec()),
        ]);
        attributes
    }
}
