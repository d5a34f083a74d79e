//! A device with a PIN pad (PKCS#11 v2.40, `CKF_PROTECTED_AUTHENTICATION_PATH`): it takes no PIN of a caller, and whoever
//! sits before it types the ones of the settings.

use cryptoki_sys::{
    CK_FLAGS, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_ULONG, CK_USER_TYPE, CK_UTF8CHAR_PTR,
    CKF_PROTECTED_AUTHENTICATION_PATH, CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED, CKU_SO,
};

use crate::call::observed;
use crate::module::Module;
use crate::settings::PinPad;

/// The flag, if PINs are typed there.
pub(crate) fn flag(module: &Module) -> CK_FLAGS {
    if module.settings.pin_pad.is_some() { CKF_PROTECTED_AUTHENTICATION_PATH } else { 0 }
}

/// What the real module gets in the place of a caller's PIN.
fn typed(
    module: &Module,
    (pin, len): (CK_UTF8CHAR_PTR, CK_ULONG),
    which: impl Fn(&PinPad) -> &str,
) -> Result<(CK_UTF8CHAR_PTR, CK_ULONG), CK_RV> {
    match &module.settings.pin_pad {
        None => Ok((pin, len)),
        Some(_) if !pin.is_null() => Err(CKR_ARGUMENTS_BAD),
        Some(pad) => {
            let text = which(pad);
            Ok((text.as_ptr().cast_mut(), text.len() as CK_ULONG))
        }
    }
}

/// `C_Login`.
pub(crate) unsafe extern "C" fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: CK_UTF8CHAR_PTR,
    len: CK_ULONG,
) -> CK_RV {
    observed("C_Login", |module| {
        let Some(function) = module.real.functions.C_Login else { return CKR_FUNCTION_NOT_SUPPORTED };
        match typed(module, (pin, len), |pad| if user == CKU_SO { &pad.officer } else { &pad.user }) {
            // SAFETY: the caller's arguments, or a PIN that lives as long as the module and is not written to.
            Ok((pin, len)) => unsafe { function(session, user, pin, len) },
            Err(refusal) => refusal,
        }
    })
}

/// `C_InitToken`.
pub(crate) unsafe extern "C" fn init_token(
    slot: CK_SLOT_ID,
    pin: CK_UTF8CHAR_PTR,
    len: CK_ULONG,
    label: CK_UTF8CHAR_PTR,
) -> CK_RV {
    observed("C_InitToken", |module| {
        let Some(function) = module.real.functions.C_InitToken else { return CKR_FUNCTION_NOT_SUPPORTED };
        match typed(module, (pin, len), |pad| &pad.officer) {
            // SAFETY: as in `login`.
            Ok((pin, len)) => unsafe { function(slot, pin, len, label) },
            Err(refusal) => refusal,
        }
    })
}

/// `C_InitPIN`.
pub(crate) unsafe extern "C" fn init_pin(session: CK_SESSION_HANDLE, pin: CK_UTF8CHAR_PTR, len: CK_ULONG) -> CK_RV {
    observed("C_InitPIN", |module| {
        let Some(function) = module.real.functions.C_InitPIN else { return CKR_FUNCTION_NOT_SUPPORTED };
        match typed(module, (pin, len), |pad| &pad.new) {
            // SAFETY: as in `login`.
            Ok((pin, len)) => unsafe { function(session, pin, len) },
            Err(refusal) => refusal,
        }
    })
}

/// `C_SetPIN`.
pub(crate) unsafe extern "C" fn set_pin(
    session: CK_SESSION_HANDLE,
    old: CK_UTF8CHAR_PTR,
    old_len: CK_ULONG,
    new: CK_UTF8CHAR_PTR,
    new_len: CK_ULONG,
) -> CK_RV {
    observed("C_SetPIN", |module| {
        let Some(function) = module.real.functions.C_SetPIN else { return CKR_FUNCTION_NOT_SUPPORTED };
        let (old, new) =
            (typed(module, (old, old_len), |pad| &pad.user), typed(module, (new, new_len), |pad| &pad.new));
        match (old, new) {
            // SAFETY: as in `login`.
            (Ok((old, old_len)), Ok((new, new_len))) => unsafe { function(session, old, old_len, new, new_len) },
            (Err(refusal), _) | (_, Err(refusal)) => refusal,
        }
    })
}
