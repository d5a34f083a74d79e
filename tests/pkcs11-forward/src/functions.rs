//! The stand-in of each function: the same signature, and behind it the real module.
//!
//! A function's type in `cryptoki-sys` holds its whole signature, so a name is enough to write its stand-in.

use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CKR_FUNCTION_NOT_SUPPORTED};

/// What a module does around each call.
pub trait Around: 'static {
    /// Makes one call of `function`, or does not. `call` gets to the real module, whose functions it is given.
    fn around(function: &'static str, call: impl FnOnce(&CK_FUNCTION_LIST) -> CK_RV) -> CK_RV;
}

/// A function of the list, as a type: it tells one stand-in from another with the same signature.
trait Function {
    const NAME: &'static str;
    type Pointer;
    fn of(list: &CK_FUNCTION_LIST) -> Self::Pointer;
}

/// A signature for which stand-ins can be made.
trait Forward<A, F> {
    /// The stand-in of `F`; `None` where the real module has no such function either.
    fn stand_in(self) -> Self;
}

macro_rules! forward_signature {
    ($($argument:ident: $Type:ident),+) => {
        impl<A: Around, F, $($Type),+> Forward<A, F> for Option<unsafe extern "C" fn($($Type),+) -> CK_RV>
        where
            F: Function<Pointer = Self>,
        {
            fn stand_in(self) -> Self {
                unsafe extern "C" fn forward<A: Around, F, $($Type),+>($($argument: $Type),+) -> CK_RV
                where
                    F: Function<Pointer = Option<unsafe extern "C" fn($($Type),+) -> CK_RV>>,
                {
                    A::around(F::NAME, |real| match F::of(real) {
                        // SAFETY: the arguments are the caller's, unchanged, for the function that they were meant for.
                        Some(function) => unsafe { function($($argument),+) },
                        None => CKR_FUNCTION_NOT_SUPPORTED,
                    })
                }
                self.map(|_| forward::<A, F, $($Type),+> as unsafe extern "C" fn($($Type),+) -> CK_RV)
            }
        }
    };
}

forward_signature!(p: P);
forward_signature!(p: P, q: Q);
forward_signature!(p: P, q: Q, r: R);
forward_signature!(p: P, q: Q, r: R, s: S);
forward_signature!(p: P, q: Q, r: R, s: S, t: T);
forward_signature!(p: P, q: Q, r: R, s: S, t: T, u: U);
forward_signature!(p: P, q: Q, r: R, s: S, t: T, u: U, v: V, w: W);

macro_rules! functions {
    ($($name:ident: $Pointer:ident)+) => {
        /// One type for each function.
        #[allow(non_camel_case_types, reason = "the standard's names")]
        mod function {
            $(pub(super) enum $name {})+
        }

        $(impl Function for function::$name {
            const NAME: &'static str = stringify!($name);
            type Pointer = cryptoki_sys::$Pointer;
            fn of(list: &CK_FUNCTION_LIST) -> Self::Pointer {
                list.$name
            }
        })+

        /// All functions of v2.40.
        pub const NAMES: &[&str] = &[$(stringify!($name)),+];

        /// The stand-ins of all functions that the real module has.
        #[must_use]
        pub fn forwarding<A: Around>(real: &CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST {
                version: real.version,
                $($name: Forward::<A, function::$name>::stand_in(real.$name)),+
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
