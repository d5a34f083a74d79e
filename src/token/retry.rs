//! Trying again: what is only not ready yet, with a growing pause and an end; and what was lost with its session, once,
//! after a new login. What comes out in the end is the last answer of the token.

use std::time::{Duration, Instant};

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::session::Session as Raw;

use super::error::{CallError, Error};
use super::object::ObjectClass;
use super::session::Session;

/// The first pause; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(100);
/// AWS `CloudHSM` takes one write a second.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A new key is not on every HSM of a cluster at once: the one that is asked does not know it, or may not use it yet.
pub(super) fn is_not_ready(error: &Cryptoki) -> bool {
    matches!(
        error,
        Cryptoki::Pkcs11(
            RvError::KeyHandleInvalid | RvError::ObjectHandleInvalid | RvError::FunctionFailed | RvError::DeviceError,
            _
        )
    )
}

/// AWS CloudHSM User Guide, "Certificate storage limits": what is above the rate fails with these.
fn is_throttled(error: &Cryptoki) -> bool {
    matches!(error, Cryptoki::Pkcs11(RvError::FunctionFailed | RvError::DeviceError, _))
}

impl Session<'_> {
    /// Tries again for at most so many seconds, as long as a refusal passes by itself.
    fn patiently<T>(
        &self,
        seconds: u64,
        passes: impl Fn(&Cryptoki) -> bool,
        mut attempt: impl FnMut() -> Result<T, Cryptoki>,
    ) -> Result<T, Cryptoki> {
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut pause = PAUSE;
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if !passes(&error) || Instant::now() + pause > end {
                return Err(error);
            }
            let source = CallError::new(&error);
            self.conduct.tell(&format!("{source}: trying again in {:.1} s", pause.as_secs_f32()));
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes a call again for at most so many seconds, as long as its refusal passes by itself.
    pub(super) fn call_patiently<T>(
        &self,
        seconds: u64,
        passes: impl Fn(&Cryptoki) -> bool,
        name: &'static str,
        mut call: impl FnMut(&Raw) -> Result<T, Cryptoki>,
    ) -> Result<T, Cryptoki> {
        self.patiently(seconds, passes, || self.call(name, &mut call))
    }

    /// A call about objects of a class: those about certificates may be throttled.
    pub(super) fn call_about<T>(
        &self,
        class: ObjectClass,
        name: &'static str,
        mut call: impl FnMut(&Raw) -> Result<T, Cryptoki>,
    ) -> Result<T, Cryptoki> {
        match class {
            ObjectClass::Certificate => self.unthrottled(|| self.call(name, &mut call)),
            ObjectClass::PrivateKey | ObjectClass::PublicKey | ObjectClass::SecretKey => self.call(name, call),
        }
    }

    /// Does what may be throttled: a search goes through keys and certificates, whatever is looked for.
    pub(super) fn unthrottled<T>(&self, attempt: impl FnMut() -> Result<T, Cryptoki>) -> Result<T, Cryptoki> {
        self.patiently(self.quirks().certificate_retry_seconds, is_throttled, attempt)
    }

    /// Runs an operation, and once more after a new login if the session is lost under it. It must find its objects by
    /// itself: their handles are gone with the session.
    pub(super) fn surviving<T>(&self, operation: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        match operation() {
            Err(Error::Call { doing, source }) if source.is_session_lost() => {
                if self.login_again(&source)? {
                    operation()
                } else {
                    Err(Error::Call { doing, source })
                }
            }
            other => other,
        }
    }

    /// Runs what searches more than once, and once more if there is a new session by then: all that it finds is of one
    /// session. An error is looked at again too, since one object under two handles may be taken for two.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn in_one_session<T, E>(&self, operation: impl Fn() -> Result<T, E>) -> Result<T, E> {
        let before = self.is_renewed();
        let result = operation();
        if self.is_renewed() == before { result } else { operation() }
    }
}
