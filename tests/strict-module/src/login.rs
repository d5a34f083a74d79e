//! Sessions and the login.

use std::sync::atomic::Ordering::Relaxed;

use cryptoki_sys::{
    CK_FLAGS, CK_NOTIFY, CK_RV, CK_SESSION_HANDLE, CK_SESSION_HANDLE_PTR, CK_SLOT_ID, CK_ULONG, CK_USER_TYPE,
    CK_UTF8CHAR_PTR, CK_VOID_PTR, CKF_RW_SESSION, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK, CKR_PIN_INCORRECT,
    CKR_SESSION_COUNT,
};

use crate::module::with;

/// `C_OpenSession`: not read-only, and not too many.
pub(crate) unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: CK_VOID_PTR,
    notify: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_OpenSession else { return CKR_FUNCTION_NOT_SUPPORTED };
        if let (Some(refusal), 0) = (module.rules.read_only_session, flags & CKF_RW_SESSION) {
            return refusal;
        }
        if module.rules.most_sessions.is_some_and(|most| module.sessions.load(Relaxed) >= most) {
            return CKR_SESSION_COUNT;
        }
        // SAFETY: the caller's arguments, unchanged.
        let result = unsafe { function(slot, flags, application, notify, session) };
        if result == CKR_OK {
            module.sessions.fetch_add(1, Relaxed);
        }
        result
    })
}

/// `C_CloseSession`.
pub(crate) unsafe extern "C" fn close_session(session: CK_SESSION_HANDLE) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_CloseSession else { return CKR_FUNCTION_NOT_SUPPORTED };
        // SAFETY: the caller's argument, unchanged.
        let result = unsafe { function(session) };
        if result == CKR_OK {
            module.sessions.fetch_sub(1, Relaxed);
        }
        result
    })
}

/// `C_CloseAllSessions`.
pub(crate) unsafe extern "C" fn close_all_sessions(slot: CK_SLOT_ID) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_CloseAllSessions else { return CKR_FUNCTION_NOT_SUPPORTED };
        module.sessions.store(0, Relaxed);
        // SAFETY: the caller's argument, unchanged.
        unsafe { function(slot) }
    })
}

/// `C_Finalize` closes all sessions.
pub(crate) unsafe extern "C" fn finalize(reserved: CK_VOID_PTR) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_Finalize else { return CKR_FUNCTION_NOT_SUPPORTED };
        module.sessions.store(0, Relaxed);
        // SAFETY: the caller's argument, unchanged.
        unsafe { function(reserved) }
    })
}

/// `C_Login`: the PIN may be `user:password`, or the id of a key and a password; the token's PIN is the password.
pub(crate) unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: CK_UTF8CHAR_PTR,
    len: CK_ULONG,
) -> CK_RV {
    with(|module| {
        let Some(function) = module.real.functions.C_Login else { return CKR_FUNCTION_NOT_SUPPORTED };
        let rules = &module.rules;
        if !(rules.user_in_pin || rules.key_id_in_pin) || pin.is_null() {
            // SAFETY: the caller's arguments, unchanged.
            return unsafe { function(session, user, pin, len) };
        }
        let count = usize::try_from(len).unwrap_or_default();
        // SAFETY: the caller's PIN, of as many bytes as it says.
        let bytes = unsafe { std::slice::from_raw_parts(pin, count) };
        let start = if rules.user_in_pin {
            bytes.iter().position(|byte| *byte == b':').map(|colon| colon + 1)
        } else {
            bytes.iter().take(4).all(u8::is_ascii_hexdigit).then_some(4)
        };
        let Some(password) = start.and_then(|start| bytes.get(start..)) else { return CKR_PIN_INCORRECT };
        // SAFETY: the end of the PIN, within the caller's PIN; the module does not write to it.
        unsafe { function(session, user, password.as_ptr().cast_mut(), password.len() as CK_ULONG) }
    })
}
