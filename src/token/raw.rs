//! Where PKCS#11 is spoken without cryptoki's help: the reserved argument of `C_Initialize`, a `C_GetTokenInfo` whose
//! clock cryptoki cannot read, the list of functions for `C_GetAttributeValue`, and PINs that are typed at the device.
#![allow(unsafe_code)]

use std::ffi::{CString, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error as Cryptoki, Rv};
use cryptoki::session::Session;
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki_sys::{CK_FUNCTION_LIST, CK_TOKEN_INFO, CKF_CLOCK_ON_TOKEN, CKR_CRYPTOKI_NOT_INITIALIZED};

/// Calls `C_Initialize` with `CKF_OS_LOCKING_OK`, and with a text as `pReserved`: the standard keeps that argument for
/// later (PKCS#11 3.1, 5.4.1), NSS, kryoptic and others take it for their configuration.
pub(super) fn initialize(pkcs11: &Pkcs11, init_args: Option<&CString>) -> Result<(), Cryptoki> {
    let flags = CInitializeFlags::OS_LOCKING_OK;
    let arguments = match init_args {
        None => CInitializeArgs::new(flags),
        Some(text) => {
            let text = NonNull::from(text.as_c_str()).cast::<c_void>();
            // SAFETY: it points to a text that ends with a zero byte and outlives the call below, which is what the
            // modules that read it expect; whoever configures the text for a module knows that it reads one.
            unsafe { CInitializeArgs::new_with_reserved(flags, text) }
        }
    };
    pkcs11.initialize(arguments)
}

/// The functions of a module that is loaded and never unloaded. cryptoki does not give its own list away.
pub(super) fn function_list(module: &Path) -> Result<&'static CK_FUNCTION_LIST, Cryptoki> {
    // SAFETY: the library is in memory and its initialisers have run, so nothing of it runs but what is called here. The
    // list that it gives is the library's own, or null, and stays as long as the library.
    unsafe {
        let library = cryptoki_sys::Pkcs11::new(module).map_err(Cryptoki::LibraryLoading)?;
        let get_list = library.C_GetFunctionList.as_ref();
        let get_list = get_list.map_err(|_| Cryptoki::MissingSymbol("C_GetFunctionList"))?;
        let mut list: *mut CK_FUNCTION_LIST = ptr::null_mut();
        Rv::from(get_list(&raw mut list)).into_result(Function::GetFunctionList)?;
        list.as_ref().ok_or(Cryptoki::NullFunctionPointer)
    }
}

/// `C_GetTokenInfo` of a module that is loaded and initialised, without the token's clock: openCryptoki writes zero
/// bytes where the standard wants digits (PKCS#11 3.1, 3.2), and cryptoki then gives the whole answer up.
pub(super) fn token_info(module: &Path, slot: Slot) -> Result<TokenInfo, Cryptoki> {
    let list = function_list(module)?;
    // SAFETY: all functions get null or pointers to values that live until they return, as PKCS#11 3.1, 5.4 and 5.5
    // want them.
    let mut info = unsafe {
        let get = list.C_GetTokenInfo.ok_or(Cryptoki::NullFunctionPointer)?;
        let mut info = CK_TOKEN_INFO::default();
        let mut answer = get(slot.into(), &raw mut info);
        // p11-kit's proxy gives everybody who asks a list of their own, which starts and ends by itself.
        if let (CKR_CRYPTOKI_NOT_INITIALIZED, Some(start), Some(end)) = (answer, list.C_Initialize, list.C_Finalize) {
            Rv::from(start(ptr::null_mut())).into_result(Function::Initialize)?;
            answer = get(slot.into(), &raw mut info);
            end(ptr::null_mut());
        }
        Rv::from(answer).into_result(Function::GetTokenInfo)?;
        info
    };
    info.flags &= !CKF_CLOCK_ON_TOKEN;
    TokenInfo::try_from(info)
}

/// `C_InitToken` without a PIN: a token with `CKF_PROTECTED_AUTHENTICATION_PATH` has it typed at the device (PKCS#11 3.1,
/// 5.5.7). The list is the one of a module that is initialised.
pub(super) fn init_token_at_device(list: &CK_FUNCTION_LIST, slot: Slot, label: &str) -> Result<(), Cryptoki> {
    let mut padded = [b' '; 32];
    padded.iter_mut().zip(label.bytes()).for_each(|(place, byte)| *place = byte);
    let function = list.C_InitToken.ok_or(Cryptoki::NullFunctionPointer)?;
    // SAFETY: no PIN is allowed for such a token; the label has the 32 bytes that the function reads.
    let result = unsafe { function(slot.into(), ptr::null_mut(), 0, padded.as_mut_ptr()) };
    Rv::from(result).into_result(Function::InitToken)
}

/// `C_InitPIN` without a PIN, in the same way (PKCS#11 3.1, 5.5.8). The session must be one of this list.
pub(super) fn init_pin_at_device(list: &CK_FUNCTION_LIST, session: &Session) -> Result<(), Cryptoki> {
    let function = list.C_InitPIN.ok_or(Cryptoki::NullFunctionPointer)?;
    // SAFETY: no PIN is allowed for such a token.
    let result = unsafe { function(session.handle(), ptr::null_mut(), 0) };
    Rv::from(result).into_result(Function::InitPIN)
}

/// `C_SetPIN` without the two PINs, in the same way (PKCS#11 3.1, 5.5.9). The session must be one of this list.
pub(super) fn set_pin_at_device(list: &CK_FUNCTION_LIST, session: &Session) -> Result<(), Cryptoki> {
    let function = list.C_SetPIN.ok_or(Cryptoki::NullFunctionPointer)?;
    // SAFETY: no PIN is allowed for such a token.
    let result = unsafe { function(session.handle(), ptr::null_mut(), 0, ptr::null_mut(), 0) };
    Rv::from(result).into_result(Function::SetPIN)
}
