//! A failed call in the standard's words, and what its return value says about another try.

use std::fmt;

use cryptoki::context::Function;
use cryptoki::error::RvError;

/// A failed PKCS#11 call: the function and the return value, as `C_Login: CKR_PIN_INCORRECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    function: String,
    value: String,
    reach: Reach,
    is_session_lost: bool,
}

/// What a return value says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The token answered and refuses this.
    Refused,
    /// The token is full (`CKR_DEVICE_MEMORY`).
    Full,
    /// Nothing can be written (`CKR_TOKEN_WRITE_PROTECTED`, `CKR_SESSION_READ_ONLY`).
    ReadOnly,
    /// No login, or it is gone, or the PIN has expired.
    NotLoggedIn,
    /// The device or the connection to it is away: the same call may work later.
    Away,
    /// The module does not work.
    Broken,
}

impl CallError {
    pub(super) fn new(error: &cryptoki::error::Error) -> Self {
        use cryptoki::error::Error as Cryptoki;
        match error {
            Cryptoki::Pkcs11(value, function) => {
                let is_session_lost = is_session_lost(*value);
                let (function, value, reach) = (function_name(*function), value_name(*value), reach(*value));
                Self { function, value, reach, is_session_lost }
            }
            Cryptoki::NullFunctionPointer => Self::broken("the module does not have this function"),
            Cryptoki::InvalidValue => Self::broken("the module told a number, length or value that cannot be"),
            other => Self::broken(&format!("unusable answer of the module ({other:?})")),
        }
    }

    fn broken(what: &str) -> Self {
        Self { function: "PKCS#11".to_owned(), value: what.to_owned(), reach: Reach::Broken, is_session_lost: false }
    }

    /// What the return value says about trying again.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Whether the session is gone, so that a new one may do the same.
    pub(super) fn is_session_lost(&self) -> bool {
        self.is_session_lost
    }

    /// The return value, for example `CKR_DEVICE_ERROR`.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function, self.value)
    }
}

impl std::error::Error for CallError {}

/// `C_Login` from `Function::Login`.
pub(super) fn function_name(function: Function) -> String {
    format!("C_{function:?}")
}

/// `CKR_PIN_INCORRECT` from `RvError::PinIncorrect`: cryptoki keeps the standard's words in camel case.
fn value_name(value: RvError) -> String {
    match value {
        RvError::VendorDefined(number) => format!("CKR_VENDOR_DEFINED + {:#x}", number & 0x7fff_ffff),
        RvError::UnknownErrorCode(number) => format!("unknown return value {number:#x}"),
        known => {
            let mut name = String::from("CKR");
            for character in format!("{known:?}").chars() {
                if character.is_ascii_uppercase() {
                    name.push('_');
                }
                name.push(character.to_ascii_uppercase());
            }
            name
        }
    }
}

fn is_session_lost(value: RvError) -> bool {
    matches!(
        value,
        RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::CryptokiNotInitialized
    )
}

/// Sorts the return values of PKCS#11 3.1, 5.1 by what a user can do about them.
fn reach(value: RvError) -> Reach {
    match value {
        RvError::DeviceError
        | RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::SessionClosed
        | RvError::SessionHandleInvalid
        | RvError::SessionCount
        // Each process starts the module anew.
        | RvError::CryptokiNotInitialized
        | RvError::FunctionFailed
        | RvError::FunctionCanceled
        | RvError::HostMemory
        | RvError::SlotIdInvalid => Reach::Away,
        RvError::UserNotLoggedIn | RvError::PinExpired => Reach::NotLoggedIn,
        RvError::DeviceMemory => Reach::Full,
        RvError::TokenWriteProtected | RvError::SessionReadOnly | RvError::SessionReadOnlyExists => Reach::ReadOnly,
        RvError::GeneralError
        | RvError::ArgumentsBad
        | RvError::CryptokiAlreadyInitialized
        | RvError::OperationActive
        | RvError::OperationNotInitialized
        | RvError::BufferTooSmall
        | RvError::MutexBad
        | RvError::FipsSelfTestFailed
        | RvError::LibraryLoadFailed => Reach::Broken,
        _ => Reach::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_values_have_the_names_of_the_standard() {
        assert_eq!(value_name(RvError::PinIncorrect), "CKR_PIN_INCORRECT");
        assert_eq!(value_name(RvError::MechanismInvalid), "CKR_MECHANISM_INVALID");
        assert_eq!(value_name(RvError::RandomNoRng), "CKR_RANDOM_NO_RNG");
        assert_eq!(value_name(RvError::VendorDefined(0x8000_0010)), "CKR_VENDOR_DEFINED + 0x10");
        assert_eq!(function_name(Function::GenerateKeyPair), "C_GenerateKeyPair");
        assert_eq!(function_name(Function::InitPIN), "C_InitPIN");
    }
}
