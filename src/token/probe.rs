//! What a token can do, asked by doing it: pieces for a compatibility report that no other command needs.

use std::time::{Duration, Instant};

use cryptoki::session::Session as Raw;
use cryptoki::slot::Limit;

use super::attribute_value::ShownAttributes;
use super::error::{Doing as _, Error};
use super::get_attribute_value::Slot;
use super::key_pair::{Handles, KeyPair};
use super::listing::{Detail, Listed};
use super::mechanism::{self, Signing};
use super::module::Module;
use super::new_key_pair::NewKeyPair;
use super::object::{Handle, Object, ObjectClass};
use super::session::Session;
use super::slot::TokenInfo;
use crate::key::{KeyId, SignatureScheme};

/// The module's library as `C_GetInfo` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryInfo {
    /// `manufacturerID`.
    pub manufacturer: String,
    /// `libraryDescription`.
    pub description: String,
    /// `libraryVersion`.
    pub version: String,
    /// `cryptokiVersion`: the version of the standard.
    pub standard: String,
}

/// What `C_GetTokenInfo` says of hardware and sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLimits {
    /// `hardwareVersion`.
    pub hardware: String,
    /// `ulMaxSessionCount`, in words where it is no number.
    pub sessions: String,
    /// `ulMaxRwSessionCount`, in words where it is no number.
    pub write_sessions: String,
}

/// A mechanism that certificates need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MechanismSizes {
    /// `CKM_...`.
    pub name: String,
    /// Smallest and greatest key as `C_GetMechanismInfo` gives them, in the unit of the mechanism.
    pub sizes: Option<(usize, usize)>,
}

/// A signature by one of the mechanisms that make a scheme.
#[derive(Debug)]
pub struct MechanismSignature {
    /// `CKM_...`.
    pub mechanism: String,
    /// What the token was given.
    pub input: &'static str,
    /// `C_GetMechanismList` names the mechanism.
    pub listed: bool,
    /// How long the token took.
    pub time: Duration,
    /// The signature.
    pub result: Result<Vec<u8>, Error>,
}

impl Module {
    /// The library.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn library(&self) -> Result<LibraryInfo, Error> {
        let info = self.call("C_GetInfo", cryptoki::context::Pkcs11::get_library_info);
        let info = info.doing("describe its library")?;
        Ok(LibraryInfo {
            manufacturer: info.manufacturer_id().to_owned(),
            description: info.library_description().to_owned(),
            version: info.library_version().to_string(),
            standard: info.cryptoki_version().to_string(),
        })
    }

    /// Hardware and sessions.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn limits(&self, token: &TokenInfo) -> Result<TokenLimits, Error> {
        let slot = token.slot.0;
        let info = self.token_info(slot).doing("describe itself")?;
        let words = |limit| match limit {
            // openCryptoki gives a number that is one under "not told".
            Limit::Max(count) if count > u64::from(u32::MAX) => "no limit".to_owned(),
            Limit::Max(count) => count.to_string(),
            Limit::Unavailable => "not told".to_owned(),
            Limit::Infinite => "no limit".to_owned(),
        };
        Ok(TokenLimits {
            hardware: info.hardware_version().to_string(),
            sessions: words(info.max_session_count()),
            write_sessions: words(info.max_rw_session_count()),
        })
    }

    /// Those mechanisms that make and use keys for certificates, with their sizes.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn mechanism_sizes(&self, token: &TokenInfo) -> Result<Vec<MechanismSizes>, Error> {
        let slot = token.slot.0;
        let listed = self.call("C_GetMechanismList", |pkcs11| self.functions.mechanisms(pkcs11, slot));
        let mut found: Vec<_> = listed.doing("list its mechanisms")?.into_iter().collect();
        found.retain(|mechanism| is_for_certificates(&mechanism.to_string()));
        let sizes = |mechanism| {
            let info = self.call("C_GetMechanismInfo", |pkcs11| pkcs11.get_mechanism_info(slot, mechanism));
            info.ok().map(|info| (info.min_key_size(), info.max_key_size()))
        };
        let with_sizes = |mechanism| MechanismSizes { name: format!("{mechanism}"), sizes: sizes(mechanism) };
        Ok(found.into_iter().map(with_sizes).collect())
    }
}

/// Key pairs of the kinds that certificates have, and signatures by them without the broken hashes.
fn is_for_certificates(mechanism: &str) -> bool {
    let kinds = ["CKM_RSA_", "CKM_EC", "CKM_ML_DSA", "CKM_HASH_ML_DSA", "RSA_PKCS", "ECDSA", "CKM_EDDSA"];
    let others = ["MD2", "MD5", "SHA1", "RIPEMD", "TPM", "DERIVE", "OAEP", "WRAP", "ECDH", "X_509", "EC_MONTGOMERY"];
    kinds.iter().any(|kind| mechanism.contains(kind)) && !others.iter().any(|other| mechanism.contains(other))
}

impl<'s> Session<'s> {
    /// [`Session::generate`], of a pair that keeps the uses that the module gives it by itself.
    ///
    /// # Errors
    /// As [`Session::generate`].
    pub fn generate_with_defaults(&'s self, pair: &NewKeyPair) -> Result<KeyPair<'s>, Error> {
        Ok(self.make(pair)?.0)
    }

    /// Logs out: the token is as for anybody. Until the next [`Session::login`] a lost session is not opened anew, since
    /// that would be a login.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn logout(&self) -> Result<(), Error> {
        self.call("C_Logout", Raw::logout).doing("log the user out")?;
        self.stay_out(true);
        Ok(())
    }

    /// Destroys whatever on the token has this id and a label that begins like this one, and gives what is still there.
    /// Short ids can be in use by others; and some tokens keep letters and digits of a label only.
    ///
    /// # Errors
    /// [`Error::Call`] when that cannot be told.
    pub fn clear(&self, id: &KeyId, label: &str) -> Result<Vec<Object>, Error> {
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let is_own = |object: &Object| plain(&object.label).starts_with(&plain(label));
        let classes = [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate];
        let mut left = Vec::new();
        for class in classes {
            for object in self.objects_with_id(class, id)?.into_iter().filter(&is_own) {
                // What stays is found by the second search.
                let _ = self.destroy(class, object.raw.object);
            }
            left.extend(self.objects_with_id(class, id)?.into_iter().filter(&is_own));
        }
        Ok(left)
    }
}

impl KeyPair<'_> {
    /// Signs by each of the mechanisms that make a scheme, whether the token lists it or not.
    #[must_use]
    pub fn sign_by_each(&self, scheme: SignatureScheme, message: &[u8]) -> Vec<MechanismSignature> {
        let listed = self.session.mechanisms().unwrap_or_default();
        let sign = |way: Signing<'_>| {
            let (mechanism, input) = (way.mechanism.mechanism_type(), way.input(message));
            let start = Instant::now();
            let result = self.sign_input(&way.mechanism, &input);
            MechanismSignature {
                mechanism: mechanism.to_string(),
                input: way.input_name(),
                listed: listed.contains(&mechanism),
                time: start.elapsed(),
                result,
            }
        };
        mechanism::ways(scheme).into_iter().map(sign).collect()
    }

    /// The attributes of the private and of the public half that the module shows, with the values that it gave them by
    /// itself where the template said nothing.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn attributes(&self) -> Result<[ShownAttributes; 2], Error> {
        let read = |class, handle: Handle| -> Result<_, Error> {
            let call = |slots: &mut [Slot]| self.session.get_attribute_value(class, handle.object, slots);
            let listed = Listed::read(class, handle, Detail::Everything, call);
            let listed = listed.doing("show the attributes of an object")?;
            Ok(listed.map(|listed| listed.attributes).unwrap_or_default())
        };
        let Handles { private, public } = self.handles()?;
        let public = public.map_or(Ok(ShownAttributes::default()), |public| read(ObjectClass::PublicKey, public))?;
        Ok([read(ObjectClass::PrivateKey, private)?, public])
    }
}
