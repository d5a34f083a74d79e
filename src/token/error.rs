//! What a token says no with, in the words of the standard and never in cryptoki's.

use std::path::PathBuf;
use std::time::Duration;

use cryptoki::error::RvError;

pub use super::call_error::{CallError, Reach};
use super::initialise_error::InitialiseError;
use super::object::ObjectClass;
use super::slot::TokenInfo;
use super::underway::Unsettled;
use super::vendor::PinForm;
use crate::key::{KeyAlgorithm, KeyId, SignatureScheme};

/// An error of the token layer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no file at the module's path.
    #[error("there is no PKCS#11 module at {}", .0.display())]
    ModuleMissing(PathBuf),
    /// The file could not be loaded as a library.
    #[error("{} cannot be loaded as a PKCS#11 module: {reason}", .path.display())]
    ModuleUnusable {
        /// The module.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// `C_Initialize` failed.
    #[error("the PKCS#11 module {} does not start", .path.display())]
    ModuleStart {
        /// The module.
        path: PathBuf,
        /// The call.
        source: CallError,
    },
    /// A call did not return within its time. The module is in it still: nothing more can be done but to end.
    #[error("the PKCS#11 module {} has not returned from {function} in {} s", .module.display(), .limit.as_secs())]
    NoReturn {
        /// The module.
        module: PathBuf,
        /// The function.
        function: &'static str,
        /// The time that it had.
        limit: Duration,
        /// What is not known now.
        unsettled: Vec<Unsettled>,
    },
    /// No token fits the selection.
    #[error("there is no token with {wanted}")]
    TokenMissing {
        /// What was asked for.
        wanted: String,
        /// The tokens that are there.
        present: Vec<TokenInfo>,
    },
    /// Nothing was selected and there are several tokens, or several fit.
    #[error("{} tokens fit {wanted}", .fitting.len())]
    TokenAmbiguous {
        /// What was asked for.
        wanted: String,
        /// Those that fit.
        fitting: Vec<TokenInfo>,
    },
    /// The module has no initialised token at all.
    #[error("the module {} shows no initialised token", .0.display())]
    NoToken(PathBuf),
    /// The token wants a PIN and none was given.
    #[error("the token \"{0}\" wants a PIN and none is given")]
    PinMissing(String),
    /// It is not of the product's form, so that it can only be wrong.
    #[error("the PIN of {product} is {}, and this one is not", .form.example())]
    PinForm {
        /// The product.
        product: &'static str,
        /// The form of its PIN.
        form: PinForm,
    },
    /// `CKR_PIN_INCORRECT` and relatives.
    #[error("the token \"{token}\" does not accept the PIN")]
    PinWrong {
        /// The token.
        token: String,
        /// How many tries are known to be left.
        left: PinTries,
        /// It was typed at the device.
        at_device: bool,
        /// The call.
        source: CallError,
    },
    /// One try is left: hsmcert does not take it.
    #[error("the token \"{0}\" locks itself after one more wrong PIN, so it is not tried")]
    PinFinalTry(String),
    /// The PIN is locked.
    #[error("the PIN of the token \"{0}\" is locked")]
    PinLocked(String),
    /// The user PIN was never set.
    #[error("the token \"{0}\" has no user PIN yet")]
    PinUnset(String),
    /// A token could not be initialised, or a PIN not be set.
    #[error(transparent)]
    Initialise(#[from] InitialiseError),
    /// The token does not have the mechanism.
    #[error("the token cannot {doing}: it has no {}", .wanted.join(" or "))]
    MechanismMissing {
        /// The operation.
        doing: String,
        /// The mechanisms that would do.
        wanted: Vec<String>,
        /// The ones of this kind that it has.
        present: Vec<String>,
    },
    /// The token makes such keys, but not of this size.
    #[error("the token cannot make a key of type {algorithm}: its sizes are {min} to {max} bits")]
    KeySize {
        /// The algorithm and the size.
        algorithm: KeyAlgorithm,
        /// The smallest size in bits.
        min: usize,
        /// The greatest size in bits.
        max: usize,
    },
    /// Keys are not made through PKCS#11.
    #[error("{product} does not make keys by C_GenerateKeyPair with the attributes of the standard")]
    MakesNoKeys {
        /// The product.
        product: &'static str,
        /// How they are made.
        creation: Option<&'static str>,
    },
    /// A label that the token would not hold.
    #[error("the label \"{label}\" has {} bytes, and the token takes {limit}", .label.len())]
    LabelTooLong {
        /// The label.
        label: String,
        /// The most that it takes, in bytes.
        limit: usize,
    },
    /// Something with this label is on the token.
    #[error("the label \"{label}\" is in use on the token: {}", .by.join(", "))]
    LabelTaken {
        /// The label.
        label: String,
        /// What has it.
        by: Vec<String>,
    },
    /// The new private key could be read out of the token.
    #[error("the new private key \"{label}\" is not protected by the token: {flaw}; it was destroyed")]
    KeyUnprotected {
        /// The label.
        label: String,
        /// The attribute that is wrong.
        flaw: String,
    },
    /// The new key is not what was asked for.
    #[error("the token made {made} where {asked} was asked for; the pair was destroyed")]
    KeyDiffers {
        /// What is on the token.
        made: String,
        /// What was asked for.
        asked: KeyAlgorithm,
    },
    /// A public key was found, its private key not.
    #[error("the token has the public key with id {0} but not its private key")]
    PrivateKeyMissing(KeyId),
    /// Several private keys would fit.
    #[error("{count} private keys on the token fit {wanted}: {}", .found.join(", "))]
    KeyAmbiguous {
        /// What was looked for.
        wanted: String,
        /// How many there are.
        count: usize,
        /// Their labels and ids.
        found: Vec<String>,
    },
    /// The certificate was written but does not read back.
    #[error("the certificate object does not read back as it was written: {0}")]
    ReadBack(String),
    /// Something failed when the certificate object was made, and it could not be destroyed.
    #[error("the new certificate \"{label}\" (id {id}) is not proved, and is still on the token")]
    CertificateStays {
        /// Its label.
        label: String,
        /// Its id.
        id: KeyId,
        /// What failed.
        source: Box<Error>,
    },
    /// A label was changed and does not read back.
    #[error("the token took the new label of the {class} and shows \"{shown}\"")]
    LabelDiffers {
        /// The object.
        class: ObjectClass,
        /// The label that it has.
        shown: String,
    },
    /// An id was changed, and the object is not found by it.
    #[error("the token took a new id for the {object}, and does not find it by that")]
    IdDiffers {
        /// The object, as it was.
        object: String,
    },
    /// `C_CreateObject` refuses the certificate as such: this token may hold none.
    #[error("the token does not take the certificate as an object")]
    CertificateRefused {
        /// The call.
        source: CallError,
    },
    /// The key cannot sign with the scheme.
    #[error("a key of type {key} cannot sign with {scheme}")]
    SchemeMismatch {
        /// The key.
        key: KeyAlgorithm,
        /// The scheme.
        scheme: SignatureScheme,
    },
    /// Random numbers could not be had from the system.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// Any other call that failed.
    #[error("the token does not {doing}")]
    Call {
        /// The operation, as it ends the sentence.
        doing: &'static str,
        /// The call.
        source: CallError,
    },
}

/// What is known about the PIN tries that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinTries {
    /// The token does not tell.
    Unknown,
    /// `CKF_USER_PIN_COUNT_LOW`.
    Few,
    /// `CKF_USER_PIN_FINAL_TRY`.
    One,
    /// `CKF_USER_PIN_LOCKED`.
    None,
}

/// A failed `C_CreateObject` of a certificate. Modules without certificates say so with many words: the function or
/// the class is not there, or an attribute of it is not. A full or write-protected token is something else.
pub(super) fn certificate_refusal(error: &cryptoki::error::Error) -> Error {
    use cryptoki::error::Error as Cryptoki;
    let source = CallError::new(error);
    match error {
        Cryptoki::NullFunctionPointer
        | Cryptoki::Pkcs11(
            RvError::FunctionNotSupported
            | RvError::AttributeReadOnly
            | RvError::AttributeTypeInvalid
            | RvError::AttributeValueInvalid
            | RvError::TemplateIncomplete
            | RvError::TemplateInconsistent,
            _,
        ) => Error::CertificateRefused { source },
        _ => Error::Call { doing: "store the certificate", source },
    }
}

/// The module does not have the function at all.
pub(super) fn is_missing_function(error: &cryptoki::error::Error) -> bool {
    use cryptoki::error::Error as Cryptoki;
    matches!(error, Cryptoki::NullFunctionPointer | Cryptoki::Pkcs11(RvError::FunctionNotSupported, _))
}

/// Puts the operation to a failed call.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, cryptoki::error::Error> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error::Call { doing, source: CallError::new(&error) })
    }
}
