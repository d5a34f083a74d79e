//! Why a token is not initialised, or a PIN not set.

use std::path::PathBuf;

use super::error::{CallError, Error};
use super::initialise::Role;
use super::slot::TokenInfo;

/// An error of [`super::Module::initialise`] and of the functions for PINs.
#[derive(Debug, thiserror::Error)]
pub enum InitialiseError {
    /// `CKR_PIN_INCORRECT` and relatives, said of the security officer's PIN.
    #[error("the token \"{token}\" does not accept the security officer's PIN")]
    OfficerPinWrong {
        /// The token.
        token: String,
        /// The call.
        source: CallError,
    },
    /// One try is left: hsmcert does not take it.
    #[error("the token \"{0}\" locks its security officer out after one more wrong PIN, so it is not tried")]
    OfficerPinFinalTry(String),
    /// The security officer's PIN is locked.
    #[error("the security officer's PIN of the token \"{0}\" is locked")]
    OfficerPinLocked(String),
    /// A new PIN that the token would not take.
    #[error("the new {whose} has {len} bytes, and the token takes {min} to {max}")]
    PinLength {
        /// Whose PIN.
        whose: Role,
        /// Its length in bytes.
        len: usize,
        /// The shortest.
        min: usize,
        /// The longest.
        max: usize,
    },
    /// `C_InitToken` has succeeded, and the module lists no such token.
    #[error("the token \"{0}\" is initialised, and the module does not show it before its next start")]
    NotShown(String),
    /// The label cannot be one of a token.
    #[error("\"{0}\" cannot be the label of a token: it must have 1 to 32 bytes and no blank at its end")]
    Label(String),
    /// Another token of the module has the label.
    #[error("there is a token with this label already: {0}")]
    LabelTaken(TokenInfo),
    /// All tokens are initialised.
    #[error("the module {} shows no token that is not initialised", .module.display())]
    NoFreeToken {
        /// The module.
        module: PathBuf,
        /// The tokens that are there.
        present: Vec<TokenInfo>,
    },
    /// Several tokens are not initialised, and none was named.
    #[error("{} tokens are not initialised", .0.len())]
    SeveralFreeTokens(Vec<TokenInfo>),
    /// The module leaves tokens and PINs to the vendor's own tool.
    #[error("the token does not {doing} by PKCS#11")]
    Refused {
        /// The operation, as it ends the sentence.
        doing: &'static str,
        /// The call.
        source: CallError,
    },
    /// The token is initialised, and has no user PIN.
    #[error("the token \"{token}\" is initialised, but its user's PIN is not set")]
    UserPinNotSet {
        /// The token.
        token: String,
        /// What failed.
        source: Box<Error>,
    },
}
