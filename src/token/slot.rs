//! Slots and the tokens in them. Slot numbers change (`SoftHSM` renumbers after initialisation), so a token
//! is chosen by its label or serial number, and by slot only when the user insists.

use std::fmt;

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::slot::Slot;

use super::error::{CallError, Doing as _, Error};
use super::module::Module;

/// A token as `C_GetTokenInfo` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    pub(super) slot: SlotNumber,
    /// `label`, without the padding.
    pub label: String,
    /// `serialNumber`.
    pub serial: String,
    /// `manufacturerID`.
    pub manufacturer: String,
    /// `model`.
    pub model: String,
    /// `CKF_LOGIN_REQUIRED`.
    pub login_required: bool,
    /// `CKF_PROTECTED_AUTHENTICATION_PATH`: the PIN is typed at the device.
    pub pin_pad: bool,
    /// `CKF_USER_PIN_INITIALIZED`.
    pub pin_set: bool,
    /// `CKF_USER_PIN_FINAL_TRY`.
    pub pin_final_try: bool,
    /// `CKF_USER_PIN_LOCKED`.
    pub pin_locked: bool,
}

/// The module's number of a slot, kept with cryptoki's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotNumber(pub(super) Slot);

impl TokenInfo {
    /// The number of its slot, to be shown; it is not stable.
    #[must_use]
    pub fn slot_number(&self) -> u64 {
        self.slot.0.id()
    }
}

impl fmt::Display for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token \"{}\", serial {}, slot {}", self.label, self.serial, self.slot_number())
    }
}

/// What a user says about the token; everything that is set must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// `label`.
    pub label: Option<String>,
    /// `serialNumber`.
    pub serial: Option<String>,
    /// `manufacturerID`.
    pub manufacturer: Option<String>,
    /// `model`.
    pub model: Option<String>,
    /// Number of the slot.
    pub slot: Option<u64>,
}

impl Selector {
    /// Nothing is said: the only token is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn fits(&self, token: &TokenInfo) -> bool {
        let same = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        same(&self.label, &token.label)
            && same(&self.serial, &token.serial)
            && same(&self.manufacturer, &token.manufacturer)
            && same(&self.model, &token.model)
            && self.slot.is_none_or(|slot| slot == token.slot_number())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, serial, manufacturer, model, slot } = self;
        let named = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} \"{value}\""));
        let parts = [
            named("the label", label),
            named("the serial number", serial),
            named("the manufacturer", manufacturer),
            named("the model", model),
            slot.map(|slot| format!("the slot number {slot}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "any name".to_owned() } else { parts.join(" and ") }.as_str())
    }
}

impl Module {
    /// All initialised tokens. Slots without a token, and tokens that are not initialised (`SoftHSM` always
    /// shows one), are left out.
    ///
    /// # Errors
    /// [`Error::Call`] when the slots cannot be listed. A single slot that gives an error is passed over: it
    /// may be an empty reader.
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, Error> {
        Ok(self.survey()?.0)
    }

    /// All initialised tokens, and the error of a slot that could not be read although something is in it.
    fn survey(&self) -> Result<(Vec<TokenInfo>, Option<CallError>), Error> {
        let slots =
            self.call("C_GetSlotList", cryptoki::context::Pkcs11::get_slots_with_token).doing("list its slots")?;
        let (mut tokens, mut unreadable) = (Vec::new(), None);
        for slot in slots {
            match self.call("C_GetTokenInfo", |pkcs11| pkcs11.get_token_info(slot)) {
                Ok(info) if info.token_initialized() => tokens.push(TokenInfo {
                    slot: SlotNumber(slot),
                    label: info.label().trim_end_matches('\0').to_owned(),
                    serial: info.serial_number().trim_end_matches('\0').to_owned(),
                    manufacturer: info.manufacturer_id().to_owned(),
                    model: info.model().to_owned(),
                    login_required: info.login_required(),
                    pin_pad: info.protected_authentication_path(),
                    pin_set: info.user_pin_initialized(),
                    pin_final_try: info.user_pin_final_try(),
                    pin_locked: info.user_pin_locked(),
                }),
                // A free slot, an empty reader, a card that the module does not know.
                Ok(_) | Err(Cryptoki::Pkcs11(RvError::TokenNotPresent | RvError::TokenNotRecognized, _)) => {}
                Err(error) => unreadable = Some(CallError::new(&error)),
            }
        }
        Ok((tokens, unreadable))
    }

    /// The one token that fits.
    ///
    /// # Errors
    /// [`Error::NoToken`], [`Error::TokenMissing`] and [`Error::TokenAmbiguous`] list what is there;
    /// [`Error::Call`] when none fits, and one that might could not be read.
    pub fn token(&self, selector: &Selector) -> Result<TokenInfo, Error> {
        let (present, unreadable) = self.survey()?;
        let mut fitting: Vec<_> = present.iter().filter(|token| selector.fits(token)).cloned().collect();
        if let (true, Some(source)) = (fitting.is_empty(), unreadable) {
            return Err(Error::Call { doing: "tell what is in one of its slots", source });
        }
        match (fitting.pop(), fitting.len()) {
            (Some(token), 0) => Ok(token),
            (Some(token), _) => {
                fitting.push(token);
                Err(Error::TokenAmbiguous { wanted: selector.to_string(), fitting })
            }
            (None, _) if present.is_empty() && selector.is_empty() => Err(Error::NoToken(self.path().to_owned())),
            (None, _) => Err(Error::TokenMissing { wanted: selector.to_string(), present }),
        }
    }

    /// Initialises the first free slot: label, security officer PIN, then user PIN.
    ///
    /// # Errors
    /// [`Error::Call`] with the step that failed; [`Error::NoToken`] when there is no free slot.
    pub fn initialise_token(&self, label: &str, so_pin: &crate::pin::Pin, pin: &crate::pin::Pin) -> Result<(), Error> {
        use cryptoki::session::UserType;
        let slots =
            self.call("C_GetSlotList", cryptoki::context::Pkcs11::get_slots_with_token).doing("list its slots")?;
        let free = |slot: &Slot| {
            let info = self.call("C_GetTokenInfo", |pkcs11| pkcs11.get_token_info(*slot));
            info.is_ok_and(|info| !info.token_initialized())
        };
        let slot = slots.into_iter().find(free).ok_or_else(|| Error::NoToken(self.path().to_owned()))?;
        let initialise = |pkcs11: &cryptoki::context::Pkcs11| pkcs11.init_token(slot, so_pin.secret(), label);
        self.call("C_InitToken", initialise).doing("initialise itself")?;
        let session = self.call("C_OpenSession", |pkcs11| pkcs11.open_rw_session(slot)).doing("open a session")?;
        let login = || session.login(UserType::So, Some(so_pin.secret()));
        self.observe("C_Login", login).doing("accept the security officer's PIN")?;
        self.observe("C_InitPIN", || session.init_pin(pin.secret())).doing("take a user PIN")?;
        self.observe("C_Logout", || session.logout()).doing("log the security officer out")
    }
}
