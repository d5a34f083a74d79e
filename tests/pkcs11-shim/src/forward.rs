//! The stand-in of each function: the same signature, and behind it the real module.
//!
//! A function's type in `cryptoki-sys` holds its whole signature, so a name is enough to write its stand-in.

use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CKR_FUNCTION_NOT_SUPPORTED};

use crate::call::observed;
use crate::{certificates, mechanisms, token_info};

/// A function of the list, as a type: it tells one stand-in from another with the same signature.
pub(crate) trait Function {
    const NAME: &'static str;
    type Pointer;
    fn of(list: &CK_FUNCTION_LIST) -> Self::Pointer;
}

/// A signature for which stand-ins can be made.
trait Forward<F> {
    /// The stand-in of `F`; `None` where the real module has no such function either.
    fn stand_in(self) -> Self;
}

macro_rules! forward_signature {
    ($($argument:ident: $Type:ident),+) => {
        impl<F, $($Type),+> Forward<F> for Option<unsafe extern "C" fn($($Type),+) -> CK_RV>
        where
            F: Function<Pointer = Self>,
        {
            fn stand_in(self) -> Self {
                unsafe extern "C" fn forward<F, $($Type),+>($($argument: $Type),+) -> CK_RV
                where
                    F: Function<Pointer = Option<unsafe extern "C" fn($($Type),+) -> CK_RV>>,
                {
                    observed(F::NAME, |module| match F::of(&module.real) {
                        // SAFETY: the arguments are the caller's, unchanged, for the function that they were meant for.
                        Some(function) => unsafe { function($($argument),+) },
                        None => CKR_FUNCTION_NOT_SUPPORTED,
                    })
                }
                self.map(|_| forward::<F, $($Type),+> as unsafe extern "C" fn($($Type),+) -> CK_RV)
            }
        }
    };
}

forward_signature!(a: A);
forward_signature!(a: A, b: B);
forward_signature!(a: A, b: B, c: C);
forward_signature!(a: A, b: B, c: C, d: D);
forward_signature!(a: A, b: B, c: C, d: D, e: E);
forward_signature!(a: A, b: B, c: C, d: D, e: E, f: G);
forward_signature!(a: A, b: B, c: C, d: D, e: E, f: G, g: H, h: I);

macro_rules! functions {
    ($($name:ident: $Pointer:ident)+) => {
        /// One type for each function.
        #[allow(non_camel_case_types, reason = "the standard's names")]
        pub(crate) mod function {
            $(pub(crate) enum $name {})+
        }

        $(impl Function for function::$name {
            const NAME: &'static str = stringify!($name);
            type Pointer = cryptoki_sys::$Pointer;
            fn of(list: &CK_FUNCTION_LIST) -> Self::Pointer {
                list.$name
            }
        })+

        /// All functions of v2.40.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),+];

        fn forwarding(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST {
                version: real.version,
                $($name: Forward::<function::$name>::stand_in(real.$name)),+
            }
        }
    };
}

functions! {
    C_Initialize: CK_C_Initialize C_Finalize: CK_C_Finalize C_GetInfo: CK_C_GetInfo
    C_GetFunctionList: CK_C_GetFunctionList C_GetSlotList: CK_C_GetSlotList C_GetSlotInfo: CK_C_GetSlotInfo
    C_GetTokenInfo: CK_C_GetTokenInfo C_GetMechanismList: CK_C_GetMechanismList
    C_GetMechanismInfo: CK_C_GetMechanismInfo C_InitToken: CK_C_InitToken C_InitPIN: CK_C_InitPIN
    C_SetPIN: CK_C_SetPIN C_OpenSession: CK_C_OpenSession C_CloseSession: CK_C_CloseSession
    C_CloseAllSessions: CK_C_CloseAllSessions C_GetSessionInfo: CK_C_GetSessionInfo
    C_GetOperationState: CK_C_GetOperationState C_SetOperationState: CK_C_SetOperationState C_Login: CK_C_Login
    C_Logout: CK_C_Logout C_CreateObject: CK_C_CreateObject C_CopyObject: CK_C_CopyObject
    C_DestroyObject: CK_C_DestroyObject C_GetObjectSize: CK_C_GetObjectSize
    C_GetAttributeValue: CK_C_GetAttributeValue C_SetAttributeValue: CK_C_SetAttributeValue
    C_FindObjectsInit: CK_C_FindObjectsInit C_FindObjects: CK_C_FindObjects C_FindObjectsFinal: CK_C_FindObjectsFinal
    C_EncryptInit: CK_C_EncryptInit C_Encrypt: CK_C_Encrypt C_EncryptUpdate: CK_C_EncryptUpdate
    C_EncryptFinal: CK_C_EncryptFinal C_DecryptInit: CK_C_DecryptInit C_Decrypt: CK_C_Decrypt
    C_DecryptUpdate: CK_C_DecryptUpdate C_DecryptFinal: CK_C_DecryptFinal C_DigestInit: CK_C_DigestInit
    C_Digest: CK_C_Digest C_DigestUpdate: CK_C_DigestUpdate C_DigestKey: CK_C_DigestKey
    C_DigestFinal: CK_C_DigestFinal C_SignInit: CK_C_SignInit C_Sign: CK_C_Sign C_SignUpdate: CK_C_SignUpdate
    C_SignFinal: CK_C_SignFinal C_SignRecoverInit: CK_C_SignRecoverInit C_SignRecover: CK_C_SignRecover
    C_VerifyInit: CK_C_VerifyInit C_Verify: CK_C_Verify C_VerifyUpdate: CK_C_VerifyUpdate
    C_VerifyFinal: CK_C_VerifyFinal C_VerifyRecoverInit: CK_C_VerifyRecoverInit C_VerifyRecover: CK_C_VerifyRecover
    C_DigestEncryptUpdate: CK_C_DigestEncryptUpdate C_DecryptDigestUpdate: CK_C_DecryptDigestUpdate
    C_SignEncryptUpdate: CK_C_SignEncryptUpdate C_DecryptVerifyUpdate: CK_C_DecryptVerifyUpdate
    C_GenerateKey: CK_C_GenerateKey C_GenerateKeyPair: CK_C_GenerateKeyPair C_WrapKey: CK_C_WrapKey
    C_UnwrapKey: CK_C_UnwrapKey C_DeriveKey: CK_C_DeriveKey C_SeedRandom: CK_C_SeedRandom
    C_GenerateRandom: CK_C_GenerateRandom C_GetFunctionStatus: CK_C_GetFunctionStatus
    C_CancelFunction: CK_C_CancelFunction C_WaitForSlotEvent: CK_C_WaitForSlotEvent
}

/// The list that the caller gets in place of `real`.
pub(crate) fn stand_in(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
    CK_FUNCTION_LIST {
        C_GetFunctionList: Some(crate::C_GetFunctionList),
        C_CreateObject: real.C_CreateObject.map(|_| certificates::create_object as _),
        C_GetTokenInfo: real.C_GetTokenInfo.map(|_| token_info::get_token_info as _),
        C_GetMechanismList: real.C_GetMechanismList.map(|_| mechanisms::get_mechanism_list as _),
        C_GetMechanismInfo: real.C_GetMechanismInfo.map(|_| mechanisms::get_mechanism_info as _),
        C_SignInit: real.C_SignInit.map(|_| mechanisms::sign_init as _),
        C_GenerateKeyPair: real.C_GenerateKeyPair.map(|_| mechanisms::generate_key_pair as _),
        ..forwarding(real)
    }
}
