//! A session on a token, logged in as the user.

use std::cell::{Cell, OnceCell, RefCell};
use std::path::Path;

use cryptoki::context::Function;
use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session as Raw, UserType};

use super::conduct::Conduct;
use super::error::{CallError, Doing as _, Error, PinTries, Reach};
use super::get_attribute_value::Slot;
use super::lists::Functions;
use super::module::Module;
use super::object::{Handle, ObjectClass};
use super::slot::TokenInfo;
use super::vendor::{Quirks, Vendor};
use crate::pin::Pin;

/// An open session. It borrows its [`Module`], and what is found through it borrows the session: a wrong
/// order of closing does not compile. Dropping it calls `C_CloseSession`, which ends the login.
#[derive(Debug)]
pub struct Session<'m> {
    pub(super) module: &'m Module,
    /// `None` after it was lost, when no new one could be opened.
    inner: RefCell<Option<Raw>>,
    /// How often it was opened anew: handles of objects are of one time.
    epoch: Cell<u32>,
    /// The login of a new session has succeeded.
    is_renewed: Cell<bool>,
    /// The user was logged out on purpose.
    is_out: Cell<bool>,
    /// It is gone, and there was no new one.
    is_lost: Cell<bool>,
    pub(super) conduct: Conduct,
    token: TokenInfo,
    mechanisms: OnceCell<Vec<MechanismType>>,
}

impl<'m> Session<'m> {
    /// Opens a read/write session. It is read/write also for reading: AWS CloudHSM refuses any other
    /// (`CKR_FUNCTION_FAILED`, AWS CloudHSM user guide, "Known issues for the PKCS #11 library").
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn open(module: &'m Module, token: TokenInfo) -> Result<Self, Error> {
        let slot = token.slot.0;
        let inner = module.call("C_OpenSession", |pkcs11| pkcs11.open_rw_session(slot)).doing("open a session")?;
        let (inner, epoch, is_renewed) = (RefCell::new(Some(inner)), Cell::new(0), Cell::new(false));
        let (is_out, is_lost) = (Cell::new(false), Cell::new(false));
        let conduct = Conduct::of(module.path());
        Ok(Self { module, inner, epoch, is_renewed, is_out, is_lost, conduct, token, mechanisms: OnceCell::new() })
    }

    /// The same session for somebody who knows more of the product than its module's name tells.
    #[must_use]
    pub fn with(mut self, conduct: Conduct) -> Self {
        self.conduct = conduct;
        self
    }

    /// The token that it is on.
    #[must_use]
    pub fn token(&self) -> &TokenInfo {
        &self.token
    }

    /// The file of the module.
    #[must_use]
    pub fn module_path(&self) -> &Path {
        self.module.path()
    }

    /// The product, if it is one that hsmcert knows.
    #[must_use]
    pub fn vendor(&self) -> Option<&'static Vendor> {
        self.conduct.vendor
    }

    /// Its name as it begins a sentence.
    #[must_use]
    pub fn product(&self) -> &'static str {
        self.conduct.product()
    }

    /// How it is treated.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.conduct.quirks
    }

    /// Whether [`Session::login`] needs a PIN from the user.
    #[must_use]
    pub fn wants_pin(&self) -> bool {
        self.token.login_required && !self.token.pin_pad
    }

    /// Logs in, once. With a PIN pad the PIN is typed at the device (PKCS#11 3.1, 5.6.8). A wrong PIN is
    /// never tried again.
    ///
    /// # Errors
    /// [`Error::PinMissing`], [`Error::PinForm`], [`Error::PinWrong`], [`Error::PinLocked`], [`Error::Call`].
    pub fn login(&self, pin: Option<&Pin>) -> Result<(), Error> {
        self.stay_out(false);
        self.token.check_login()?;
        if !self.token.login_required {
            return Ok(());
        }
        if pin.is_none() && !self.token.pin_pad {
            return Err(Error::PinMissing(self.token.label.clone()));
        }
        let pin = pin.filter(|_| !self.token.pin_pad);
        if let (Some(vendor), Some(pin)) = (self.conduct.vendor, pin)
            && !vendor.pin.fits(pin)
        {
            return Err(Error::PinForm { product: vendor.product, form: vendor.pin });
        }
        let pin = pin.map(Pin::secret);
        let login = self.call("C_Login", |session| session.login(UserType::User, pin));
        match login {
            // Logged in by another session of this process: PKCS#11 3.1, 5.6.8.
            Ok(()) | Err(Cryptoki::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error) => Err(self.login_error(&error)),
        }
    }

    pub(super) fn login_error(&self, error: &Cryptoki) -> Error {
        let token = self.token.label.clone();
        let source = CallError::new(error);
        match error {
            Cryptoki::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                Error::PinWrong { token, left: self.pin_tries(), at_device: self.token.pin_pad, source }
            }
            Cryptoki::Pkcs11(RvError::PinLocked, _) => Error::PinLocked(token),
            Cryptoki::Pkcs11(RvError::UserPinNotInitialized, _) => Error::PinUnset(token),
            _ => Error::Call { doing: "let the user in", source },
        }
    }

    fn pin_tries(&self) -> PinTries {
        let slot = self.token.slot.0;
        match self.module.token_info(slot) {
            Ok(info) if info.user_pin_locked() => PinTries::None,
            Ok(info) if info.user_pin_final_try() => PinTries::One,
            Ok(info) if info.user_pin_count_low() => PinTries::Few,
            _ => PinTries::Unknown,
        }
    }

    /// The mechanisms of the token, asked for once.
    pub(super) fn mechanisms(&self) -> Result<&[MechanismType], Error> {
        if let Some(known) = self.mechanisms.get() {
            return Ok(known);
        }
        let slot = self.token.slot.0;
        let listed = self.module.mechanisms(slot)?;
        Ok(self.mechanisms.get_or_init(|| listed))
    }

    /// Makes a call and tells the module's observer.
    pub(super) fn call<T>(
        &self,
        name: &'static str,
        call: impl FnOnce(&Raw) -> Result<T, Cryptoki>,
    ) -> Result<T, Cryptoki> {
        self.on_session(|session| self.module.observe(name, || call(session)))
    }

    /// Does something with the session of which the observer is not told.
    pub(super) fn on_session<T>(&self, work: impl FnOnce(&Raw) -> Result<T, Cryptoki>) -> Result<T, Cryptoki> {
        match &*self.inner.borrow() {
            Some(session) => work(session),
            None => Err(Cryptoki::Pkcs11(RvError::SessionHandleInvalid, Function::OpenSession)),
        }
    }

    /// Asks for attributes of an object of a class; whether all of them were given.
    pub(super) fn get_attribute_value(
        &self,
        class: ObjectClass,
        object: ObjectHandle,
        slots: &mut [Slot],
    ) -> Result<bool, Cryptoki> {
        let function = self.module.get_attribute_value;
        self.call_about(class, "C_GetAttributeValue", |session| function.call(session, object, slots))
    }

    /// The functions of the module.
    pub(super) fn functions(&self) -> Functions {
        self.module.functions
    }

    /// Handles that were found at another time are not to be used any more.
    pub(super) fn epoch(&self) -> u32 {
        self.epoch.get()
    }

    /// A handle, unless it was lost with the session that it is of.
    pub(super) fn current(&self, handle: Handle) -> Result<ObjectHandle, Cryptoki> {
        match handle.epoch == self.epoch() {
            true => Ok(handle.object),
            false => Err(Cryptoki::Pkcs11(RvError::SessionHandleInvalid, Function::OpenSession)),
        }
    }

    /// Opens a lost session anew and logs in, once in the life of a session, with the PIN from where it was read
    /// before. Whether there is a new session.
    ///
    /// # Errors
    /// Those of a login: a wrong PIN is told, and never tried twice.
    pub(super) fn login_again(&self, lost: &CallError) -> Result<bool, Error> {
        if self.epoch() > 0 || self.is_out.get() {
            self.is_lost.set(true);
            return Ok(false);
        }
        let wants_pin = self.wants_pin();
        let pin = match &self.conduct.pin_again {
            Some(read) if wants_pin => read(),
            Some(_) | None => None,
        };
        if pin.is_none() && self.token.login_required {
            let why = if self.token.pin_pad { "the PIN is typed at the device" } else { "the PIN is not kept" };
            self.conduct.tell(&format!("the session is lost ({lost}), and there is no second login: {why}"));
            return Ok(false);
        }
        // The old one is closed first: a login that is left of it would not be a new one.
        self.close();
        match self.reopen() {
            Ok(session) => _ = self.inner.replace(Some(session)),
            Err(why) => {
                self.conduct.tell(&format!("the session is lost ({lost}), and no new one is to be had ({why})"));
                return Ok(false);
            }
        }
        self.epoch.set(self.epoch() + 1);
        match self.pin_tries() {
            PinTries::One => return Err(Error::PinFinalTry(self.token.label.clone())),
            PinTries::None => return Err(Error::PinLocked(self.token.label.clone())),
            PinTries::Few | PinTries::Unknown => self.login(pin.as_ref())?,
        }
        self.is_renewed.set(true);
        self.conduct.tell(&format!("the session was lost ({lost}): a new one is open and logged in"));
        Ok(true)
    }

    /// A new session. Where there is none to be had, the module is started anew: some find a device or a server that was
    /// away only then.
    fn reopen(&self) -> Result<Raw, String> {
        let slot = self.token.slot.0;
        let open = || self.module.call("C_OpenSession", |pkcs11| pkcs11.open_rw_session(slot));
        let refusal = match open().map_err(|error| CallError::new(&error)) {
            Ok(session) => return Ok(session),
            Err(refusal) if refusal.reach() == Reach::Away => refusal,
            Err(refusal) => return Err(refusal.to_string()),
        };
        self.conduct.tell(&format!("{refusal}: the module is started anew"));
        self.module.restart().map_err(|error| CallError::new(&error).to_string())?;
        let tokens = self.module.tokens().map_err(|error| error.to_string())?;
        // Slots may have other numbers then, and another token may be in this one.
        if !tokens.iter().any(|token| token.slot == self.token.slot && token.serial == self.token.serial) {
            return Err(format!("slot {} does not have the token any more", self.token.slot_number()));
        }
        open().map_err(|error| CallError::new(&error).to_string())
    }

    /// Whether there is no second login from now on.
    pub(super) fn stay_out(&self, is_out: bool) {
        self.is_out.set(is_out);
    }

    /// Whether the session was lost, and is so for good.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.get()
    }

    /// Whether the session was lost and a new one is logged in.
    pub(super) fn is_renewed(&self) -> bool {
        self.is_renewed.get()
    }

    fn close(&self) {
        if let Some(session) = self.inner.take() {
            // Nothing is left to be done about a failure.
            let _ = self.module.observe("C_CloseSession", || session.close());
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.close();
    }
}
