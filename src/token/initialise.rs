//! A new token and its PINs: `C_InitToken`, `C_InitPIN`, `C_SetPIN` (PKCS#11 3.1, 5.5.7 to 5.5.9). Each PIN is given
//! to the token once; `None` is one that is typed at the device ([`TokenInfo::pin_pad`]).

use std::path::Path;

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::session::UserType;

use super::details::{TokenDetails, TokenFlag};
use super::error::{CallError, Error, is_missing_function};
use super::initialise_error::InitialiseError;
use super::module::Module;
use super::raw;
use super::session::Session;
use super::slot::{Selector, TokenInfo};
use crate::pin::Pin;

/// Longest label of a token, in bytes: `CK_TOKEN_INFO` holds so many, filled up with blanks.
pub const TOKEN_LABEL_LEN: usize = 32;

const INITIALISE: &str = "initialise itself";

/// Whose PIN (PKCS#11 3.1, 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `CKU_USER`, who uses the keys.
    User,
    /// `CKU_SO`, who initialises the token and sets the user's PIN.
    Officer,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::User => "PIN of the user",
            Self::Officer => "PIN of the security officer",
        })
    }
}

impl TokenDetails {
    /// Refuses a PIN that the token would not take, before it is asked. A token that gives no sensible lengths is not
    /// held to them.
    ///
    /// # Errors
    /// [`InitialiseError::PinLength`].
    pub fn check_pin_length(&self, pin: &Pin, whose: Role) -> Result<(), Error> {
        let (min, max) = self.pin_length;
        if max == 0 || min > max || (min..=max).contains(&pin.len()) {
            return Ok(());
        }
        Err(InitialiseError::PinLength { whose, len: pin.len(), min, max }.into())
    }

    /// Refuses to try a security officer's PIN that cannot or should not be tried.
    ///
    /// # Errors
    /// [`InitialiseError::OfficerPinLocked`], [`InitialiseError::OfficerPinFinalTry`].
    pub fn check_officer(&self) -> Result<(), Error> {
        let is = |flag| self.flags.contains(&flag);
        match () {
            // No officer yet: what the flags of such a token say means nothing (`SoftHSM` sets them all).
            () if !self.token.initialised => Ok(()),
            () if is(TokenFlag::OfficerPinLocked) => {
                Err(InitialiseError::OfficerPinLocked(self.token.label.clone()).into())
            }
            () if is(TokenFlag::OfficerPinFinalTry) => {
                Err(InitialiseError::OfficerPinFinalTry(self.token.label.clone()).into())
            }
            () => Ok(()),
        }
    }
}

impl Module {
    /// The tokens that are not initialised.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn free_tokens(&self) -> Result<Vec<TokenInfo>, Error> {
        Ok(self.all_tokens()?.into_iter().filter(|token| !token.initialised).collect())
    }

    /// The token that is to be initialised: the one that is selected, initialised or not; without a selection the only
    /// one that is not initialised.
    ///
    /// # Errors
    /// [`InitialiseError::NoFreeToken`], [`InitialiseError::SeveralFreeTokens`], [`Error::TokenMissing`],
    /// [`Error::TokenAmbiguous`], [`Error::Call`].
    pub fn token_to_initialise(&self, selector: &Selector) -> Result<TokenInfo, Error> {
        choose(self.all_tokens()?, selector, self.path())
    }

    /// Refuses a label that is too long, or that another token of the module has.
    ///
    /// # Errors
    /// [`InitialiseError::Label`], [`InitialiseError::LabelTaken`], [`Error::Call`].
    pub fn check_token_label(&self, label: &str, of: &TokenInfo) -> Result<(), Error> {
        // Blanks at the end are what a short label is filled up with.
        if label.trim_end().is_empty() || label.ends_with(' ') || label.len() > TOKEN_LABEL_LEN {
            return Err(InitialiseError::Label(label.to_owned()).into());
        }
        let mut others = self.tokens()?.into_iter().filter(|token| token.slot != of.slot);
        others.find(|token| token.label == label).map_or(Ok(()), |token| Err(InitialiseError::LabelTaken(token).into()))
    }

    /// Initialises a token (`C_InitToken`): all objects of an initialised one are destroyed. Where the token has a
    /// security officer's PIN, it must be the given one; elsewhere it becomes that.
    ///
    /// # Errors
    /// [`InitialiseError::OfficerPinWrong`], [`InitialiseError::Refused`], [`InitialiseError::NotShown`], [`Error::Call`].
    pub fn initialise(&self, token: &TokenInfo, label: &str, so_pin: Option<&Pin>) -> Result<TokenInfo, Error> {
        let slot = token.slot.0;
        let result = self.call("C_InitToken", |pkcs11| match so_pin {
            Some(so_pin) => pkcs11.init_token(slot, so_pin.secret(), label),
            None => raw::init_token_at_device(self.functions()?, slot, label),
        });
        result.map_err(|error| match error {
            // tpm2-pkcs11 to a token that is initialised.
            Cryptoki::Pkcs11(RvError::ArgumentsBad, _) => {
                InitialiseError::Refused { doing: INITIALISE, source: CallError::new(&error) }.into()
            }
            error => officer_error(&error, &token.label, INITIALISE),
        })?;
        // Serial number and flags are new; a module may also show the token in another slot from now on.
        let tokens = self.tokens()?;
        let same_slot = tokens.iter().find(|one| one.slot == token.slot);
        let found = same_slot.or_else(|| tokens.iter().find(|one| one.label == label));
        found.cloned().ok_or_else(|| InitialiseError::NotShown(label.to_owned()).into())
    }

    /// The security officer sets the user's PIN (`C_InitPIN`), the first one or another one.
    ///
    /// # Errors
    /// [`InitialiseError::OfficerPinWrong`], [`InitialiseError::Refused`], [`Error::Call`].
    pub fn set_user_pin(&self, token: &TokenInfo, so_pin: Option<&Pin>, pin: Option<&Pin>) -> Result<(), Error> {
        let session = Session::open(self, token.clone())?;
        session
            .call("C_Login", |session| session.login(UserType::So, so_pin.map(Pin::secret)))
            .map_err(|error| officer_error(&error, &token.label, "let the security officer in"))?;
        let set = session.call("C_InitPIN", |session| match pin {
            Some(pin) => session.init_pin(pin.secret()),
            None => raw::init_pin_at_device(self.functions()?, session),
        });
        // The session is closed next, which also ends the login: a failure says nothing new.
        let _ = session.call("C_Logout", cryptoki::session::Session::logout);
        set.map_err(|error| refusal(&error, "take a PIN for the user"))
    }

    /// The user changes the own PIN, the old one for the new one (`C_SetPIN`, without a login before, so that the old PIN
    /// is given once).
    ///
    /// # Errors
    /// [`Error::PinLocked`], [`Error::PinFinalTry`], [`Error::PinUnset`], [`Error::PinWrong`],
    /// [`InitialiseError::Refused`], [`Error::Call`].
    pub fn change_user_pin(&self, token: &TokenInfo, pins: Option<(&Pin, &Pin)>) -> Result<(), Error> {
        token.check_login()?;
        let session = Session::open(self, token.clone())?;
        let set = session.call("C_SetPIN", |session| match pins {
            Some((old, new)) => session.set_pin(old.secret(), new.secret()),
            None => raw::set_pin_at_device(self.functions()?, session),
        });
        set.map_err(|error| match error {
            Cryptoki::Pkcs11(RvError::PinIncorrect | RvError::PinLocked, _) => session.login_error(&error),
            _ => refusal(&error, "change the PIN"),
        })
    }

    /// All tokens, initialised or not.
    fn all_tokens(&self) -> Result<Vec<TokenInfo>, Error> {
        Ok(self.survey()?.0)
    }
}

/// [`Module::token_to_initialise`] among these.
fn choose(all: Vec<TokenInfo>, selector: &Selector, module: &Path) -> Result<TokenInfo, Error> {
    if selector.is_empty() {
        let (mut free, present): (Vec<_>, Vec<_>) = all.into_iter().partition(|token| !token.initialised);
        return match (free.pop(), free.len()) {
            (Some(token), 0) => Ok(token),
            (Some(token), _) => {
                free.push(token);
                Err(InitialiseError::SeveralFreeTokens(free).into())
            }
            (None, _) => Err(InitialiseError::NoFreeToken { module: module.to_owned(), present }.into()),
        };
    }
    let mut fitting: Vec<_> = all.iter().filter(|token| selector.fits(token)).cloned().collect();
    match (fitting.pop(), fitting.len()) {
        (Some(token), 0) => Ok(token),
        (Some(token), _) => {
            fitting.push(token);
            Err(Error::TokenAmbiguous { wanted: selector.to_string(), fitting })
        }
        (None, _) => Err(Error::TokenMissing { wanted: selector.to_string(), present: all }),
    }
}

/// A call with the security officer's PIN has failed.
fn officer_error(error: &Cryptoki, token: &str, doing: &'static str) -> Error {
    match error {
        Cryptoki::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
            InitialiseError::OfficerPinWrong { token: token.to_owned(), source: CallError::new(error) }.into()
        }
        Cryptoki::Pkcs11(RvError::PinLocked, _) => InitialiseError::OfficerPinLocked(token.to_owned()).into(),
        _ => refusal(error, doing),
    }
}

/// A module that does not have the function leaves the work to a tool of the vendor.
fn refusal(error: &Cryptoki, doing: &'static str) -> Error {
    let source = CallError::new(error);
    if is_missing_function(error) {
        return InitialiseError::Refused { doing, source }.into();
    }
    Error::Call { doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(pin_length: (usize, usize)) -> TokenDetails {
        TokenDetails {
            token: TokenInfo::example(0),
            firmware: String::new(),
            flags: vec![],
            pin_length,
            free_public: None,
            free_private: None,
        }
    }

    #[test]
    fn one_of_several_free_slots_is_never_taken_by_chance() {
        let free = |slot| TokenInfo { initialised: false, ..TokenInfo::example(slot) };
        let choose = |tokens: &[TokenInfo], selector: &Selector| choose(tokens.to_vec(), selector, Path::new("m"));
        let any = Selector::default();
        assert_eq!(choose(&[TokenInfo::example(0), free(1)], &any).unwrap(), free(1));
        assert!(
            matches!(choose(&[free(1), free(2)], &any), Err(Error::Initialise(InitialiseError::SeveralFreeTokens(all))) if all.len() == 2)
        );
        assert!(matches!(
            choose(&[TokenInfo::example(0)], &any),
            Err(Error::Initialise(InitialiseError::NoFreeToken { .. }))
        ));
        let second = Selector { slot: Some(2), ..Selector::default() };
        assert_eq!(choose(&[free(1), free(2)], &second).unwrap(), free(2));
        let label = Selector { label: Some("example".to_owned()), ..Selector::default() };
        let both = [TokenInfo::example(0), TokenInfo::example(1)];
        assert!(matches!(choose(&both, &label), Err(Error::TokenAmbiguous { .. })));
    }

    #[test]
    fn lengths_that_are_none_refuse_no_pin() {
        let pin = Pin::new("123".to_owned());
        assert!(details((4, 255)).check_pin_length(&pin, Role::User).is_err());
        assert!(details((1, 3)).check_pin_length(&pin, Role::User).is_ok());
        // kryoptic gives 8 to 0.
        assert!(details((8, 0)).check_pin_length(&pin, Role::User).is_ok());
    }
}
