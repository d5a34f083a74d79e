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
    /// `CKF_TOKEN_INITIALIZED`.
    pub(super) initialised: bool,
}

/// Manufacturer and model of tokens that are programs, as the programs write them.
const SOFTWARE: [(&str, &str); 5] = [
    ("SoftHSM project", "SoftHSM"),
    ("IBM", "IBM SoftTok"),
    ("Mozilla Foundation", "NSS"),
    ("Kryoptic", ""),
    // libtpms, which is the TPM of swtpm and of virtual machines.
    ("IBM", "SW   TPM"),
];

/// The module's number of a slot, kept with cryptoki's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotNumber(pub(super) Slot);

impl TokenInfo {
    /// The number of its slot, to be shown; it is not stable.
    #[must_use]
    pub fn slot_number(&self) -> u64 {
        self.slot.0.id()
    }

    /// `CKF_TOKEN_INITIALIZED`: it has a label and a security officer's PIN.
    #[must_use]
    pub fn is_initialised(&self) -> bool {
        self.initialised
    }

    /// Refuses, without touching the PIN, when a login cannot or should not be tried.
    ///
    /// # Errors
    /// [`Error::PinLocked`], [`Error::PinUnset`], [`Error::PinFinalTry`].
    pub fn check_login(&self) -> Result<(), Error> {
        let Self { label, login_required, pin_set, pin_final_try, pin_locked, .. } = self;
        match () {
            () if !login_required => Ok(()),
            () if *pin_locked => Err(Error::PinLocked(label.clone())),
            () if *pin_final_try => Err(Error::PinFinalTry(label.clone())),
            () if !pin_set => Err(Error::PinUnset(label.clone())),
            () => Ok(()),
        }
    }

    /// The token is a program, and its keys are on a disk.
    #[must_use]
    pub fn is_software(&self) -> bool {
        SOFTWARE
            .iter()
            .any(|(manufacturer, model)| self.manufacturer.starts_with(manufacturer) && self.model.starts_with(model))
    }
}

impl fmt::Display for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.initialised {
            return write!(f, "slot {}, whose token is not initialised", self.slot_number());
        }
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

    pub(super) fn fits(&self, token: &TokenInfo) -> bool {
        // tpm2-pkcs11 fills up with NUL, and other tools put that into their URIs.
        let same = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.trim_end_matches('\0') == value)
        };
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
        let (tokens, _) = self.survey()?;
        Ok(tokens.into_iter().filter(|token| token.initialised).collect())
    }

    /// All tokens, initialised or not, and the error of a slot that could not be read although something is in it.
    pub(super) fn survey(&self) -> Result<(Vec<TokenInfo>, Option<CallError>), Error> {
        let slots = self.call("C_GetSlotList", |pkcs11| self.functions.slots(pkcs11)).doing("list its slots")?;
        let (mut tokens, mut unreadable) = (Vec::new(), None);
        for slot in slots {
            match self.token_info(slot) {
                Ok(info) => tokens.push(TokenInfo {
                    slot: SlotNumber(slot),
                    label: info.label().trim_end_matches('\0').to_owned(),
                    serial: info.serial_number().trim_end_matches('\0').to_owned(),
                    manufacturer: info.manufacturer_id().trim_end_matches('\0').to_owned(),
                    model: info.model().trim_end_matches('\0').to_owned(),
                    login_required: info.login_required(),
                    pin_pad: info.protected_authentication_path(),
                    pin_set: info.user_pin_initialized(),
                    pin_final_try: info.user_pin_final_try(),
                    pin_locked: info.user_pin_locked(),
                    initialised: info.token_initialized(),
                }),
                // An empty reader, a card that the module does not know.
                Err(Cryptoki::Pkcs11(RvError::TokenNotPresent | RvError::TokenNotRecognized, _)) => {}
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
        let (mut present, unreadable) = self.survey()?;
        present.retain(|token| token.initialised);
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
}

#[cfg(test)]
impl TokenInfo {
    /// A token that is ready.
    pub(super) fn example(slot: u64) -> Self {
        Self {
            slot: SlotNumber(Slot::try_from(slot).unwrap()),
            label: "example".to_owned(),
            serial: "1".to_owned(),
            manufacturer: String::new(),
            model: String::new(),
            login_required: true,
            pin_pad: false,
            pin_set: true,
            pin_final_try: false,
            pin_locked: false,
            initialised: true,
        }
    }
}
