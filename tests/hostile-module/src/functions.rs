//! The functions, each with a true answer that a lie may replace.

use std::ptr;
use std::sync::Mutex;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_PTR, CK_BBOOL, CK_BYTE_PTR, CK_FLAGS, CK_FUNCTION_LIST, CK_INFO, CK_INFO_PTR,
    CK_MECHANISM_INFO, CK_MECHANISM_INFO_PTR, CK_MECHANISM_PTR, CK_MECHANISM_TYPE, CK_MECHANISM_TYPE_PTR, CK_NOTIFY,
    CK_OBJECT_HANDLE, CK_OBJECT_HANDLE_PTR, CK_RV, CK_SESSION_HANDLE, CK_SESSION_HANDLE_PTR, CK_SESSION_INFO,
    CK_SESSION_INFO_PTR, CK_SLOT_ID, CK_SLOT_ID_PTR, CK_SLOT_INFO, CK_SLOT_INFO_PTR, CK_TOKEN_INFO, CK_TOKEN_INFO_PTR,
    CK_ULONG, CK_ULONG_PTR, CK_UNAVAILABLE_INFORMATION, CK_USER_TYPE, CK_UTF8CHAR_PTR, CK_VERSION, CK_VOID_PTR,
    CKF_GENERATE_KEY_PAIR, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKF_SIGN, CKF_TOKEN_INITIALIZED, CKF_TOKEN_PRESENT,
    CKF_USER_PIN_INITIALIZED, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_ECDSA_SHA256, CKR_ATTRIBUTE_TYPE_INVALID,
    CKR_BUFFER_TOO_SMALL, CKR_OK, CKS_RW_USER_FUNCTIONS,
};

use crate::lies::{Lie, about};
use crate::objects;

const VERSION: CK_VERSION = CK_VERSION { major: 2, minor: 40 };
const MECHANISMS: [CK_MECHANISM_TYPE; 3] = [CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_ECDSA_SHA256];

/// What the last search found and did not give away yet.
static FOUND: Mutex<Vec<CK_OBJECT_HANDLE>> = Mutex::new(Vec::new());

/// What a lie makes the function return; `CKR_OK` for all others.
fn returned(lie: Option<&Lie>) -> CK_RV {
    match lie {
        Some(Lie::Returns(value)) => *value,
        Some(Lie::Count(_) | Lie::Bytes(_)) | None => CKR_OK,
    }
}

/// Gives a list away: the number alone without a buffer, else as many elements as the buffer holds.
///
/// # Safety
/// `count` points to a number; `buffer` is null or has room for so many elements.
unsafe fn give<T: Copy>(lie: Option<&Lie>, list: &[T], buffer: *mut T, count: CK_ULONG_PTR) -> CK_RV {
    // SAFETY: by the contract.
    let room = usize::try_from(unsafe { *count }).unwrap_or(usize::MAX);
    let told = match lie {
        Some(Lie::Count(count)) => *count,
        _ => list.len() as CK_ULONG,
    };
    // SAFETY: by the contract.
    unsafe { *count = told };
    if returned(lie) != CKR_OK || buffer.is_null() {
        return returned(lie);
    }
    if room < list.len() {
        return CKR_BUFFER_TOO_SMALL;
    }
    // SAFETY: there is room, as was just seen.
    unsafe { ptr::copy_nonoverlapping(list.as_ptr(), buffer, list.len()) };
    CKR_OK
}

/// Text of so many characters, padded with blanks, unless it is a lie.
fn text<const N: usize>(lie: Option<&Lie>, text: &str) -> [u8; N] {
    let mut padded = [b' '; N];
    let bytes = match lie {
        Some(Lie::Bytes(bytes)) => bytes.as_slice(),
        _ => text.as_bytes(),
    };
    padded.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    padded
}

/// A number of an info structure, unless it is a lie.
fn number(lie: Option<&Lie>, number: CK_ULONG) -> CK_ULONG {
    if let Some(Lie::Count(told)) = lie { *told } else { number }
}

unsafe extern "C" fn initialize(_arguments: CK_VOID_PTR) -> CK_RV {
    returned(about("C_Initialize").as_ref())
}

unsafe extern "C" fn finalize(_reserved: CK_VOID_PTR) -> CK_RV {
    returned(about("C_Finalize").as_ref())
}

unsafe extern "C" fn get_info(info: CK_INFO_PTR) -> CK_RV {
    let lie = about("C_GetInfo");
    let lie = lie.as_ref();
    let answer = CK_INFO {
        cryptokiVersion: VERSION,
        manufacturerID: text(lie, "hostile"),
        flags: number(lie, 0),
        libraryDescription: text(lie, "hostile module"),
        libraryVersion: VERSION,
    };
    // SAFETY: the caller has a place for it.
    unsafe { *info = answer };
    returned(lie)
}

unsafe extern "C" fn get_slot_list(_present: CK_BBOOL, slots: CK_SLOT_ID_PTR, count: CK_ULONG_PTR) -> CK_RV {
    // SAFETY: the caller's arguments.
    unsafe { give(about("C_GetSlotList").as_ref(), &[1], slots, count) }
}

unsafe extern "C" fn get_slot_info(_slot: CK_SLOT_ID, info: CK_SLOT_INFO_PTR) -> CK_RV {
    let lie = about("C_GetSlotInfo");
    let lie = lie.as_ref();
    let answer = CK_SLOT_INFO {
        slotDescription: text(lie, "slot"),
        manufacturerID: text(lie, "hostile"),
        flags: number(lie, CKF_TOKEN_PRESENT),
        hardwareVersion: VERSION,
        firmwareVersion: VERSION,
    };
    // SAFETY: the caller has a place for it.
    unsafe { *info = answer };
    returned(lie)
}

unsafe extern "C" fn get_token_info(_slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) -> CK_RV {
    let lie = about("C_GetTokenInfo");
    let lie = lie.as_ref();
    let unknown = number(lie, CK_UNAVAILABLE_INFORMATION);
    let answer = CK_TOKEN_INFO {
        label: text(lie, "hostile"),
        manufacturerID: text(lie, "hostile"),
        model: text(lie, "memory"),
        serialNumber: text(lie, "1"),
        flags: number(lie, CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED),
        ulMaxSessionCount: unknown,
        ulSessionCount: unknown,
        ulMaxRwSessionCount: unknown,
        ulRwSessionCount: unknown,
        ulMaxPinLen: number(lie, 32),
        ulMinPinLen: number(lie, 4),
        ulTotalPublicMemory: unknown,
        ulFreePublicMemory: unknown,
        ulTotalPrivateMemory: unknown,
        ulFreePrivateMemory: unknown,
        hardwareVersion: VERSION,
        firmwareVersion: VERSION,
        utcTime: text(lie, ""),
    };
    // SAFETY: the caller has a place for it.
    unsafe { *info = answer };
    returned(lie)
}

unsafe extern "C" fn get_mechanism_list(_slot: CK_SLOT_ID, list: CK_MECHANISM_TYPE_PTR, count: CK_ULONG_PTR) -> CK_RV {
    // SAFETY: the caller's arguments.
    unsafe { give(about("C_GetMechanismList").as_ref(), &MECHANISMS, list, count) }
}

unsafe extern "C" fn get_mechanism_info(
    _slot: CK_SLOT_ID,
    _kind: CK_MECHANISM_TYPE,
    info: CK_MECHANISM_INFO_PTR,
) -> CK_RV {
    let lie = about("C_GetMechanismInfo");
    let lie = lie.as_ref();
    let answer = CK_MECHANISM_INFO {
        ulMinKeySize: number(lie, 256),
        ulMaxKeySize: number(lie, 521),
        flags: number(lie, CKF_SIGN | CKF_GENERATE_KEY_PAIR),
    };
    // SAFETY: the caller has a place for it.
    unsafe { *info = answer };
    returned(lie)
}

unsafe extern "C" fn open_session(
    _slot: CK_SLOT_ID,
    _flags: CK_FLAGS,
    _application: CK_VOID_PTR,
    _notify: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    let lie = about("C_OpenSession");
    // SAFETY: the caller has a place for it.
    unsafe { *session = number(lie.as_ref(), 1) };
    returned(lie.as_ref())
}

unsafe extern "C" fn close_session(_session: CK_SESSION_HANDLE) -> CK_RV {
    returned(about("C_CloseSession").as_ref())
}

unsafe extern "C" fn get_session_info(_session: CK_SESSION_HANDLE, info: CK_SESSION_INFO_PTR) -> CK_RV {
    let lie = about("C_GetSessionInfo");
    let lie = lie.as_ref();
    let answer = CK_SESSION_INFO {
        slotID: number(lie, 1),
        state: number(lie, CKS_RW_USER_FUNCTIONS),
        flags: number(lie, CKF_RW_SESSION | CKF_SERIAL_SESSION),
        ulDeviceError: 0,
    };
    // SAFETY: the caller has a place for it.
    unsafe { *info = answer };
    returned(lie)
}

unsafe extern "C" fn login(_: CK_SESSION_HANDLE, _: CK_USER_TYPE, _: CK_UTF8CHAR_PTR, _: CK_ULONG) -> CK_RV {
    returned(about("C_Login").as_ref())
}

unsafe extern "C" fn logout(_session: CK_SESSION_HANDLE) -> CK_RV {
    returned(about("C_Logout").as_ref())
}

unsafe extern "C" fn find_objects_init(_: CK_SESSION_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG) -> CK_RV {
    let lie = about("C_FindObjectsInit");
    let wanted: Vec<CK_ATTRIBUTE> = match usize::try_from(count) {
        // SAFETY: the caller's template has so many attributes.
        Ok(count) if count > 0 => unsafe { std::slice::from_raw_parts(template, count) }.to_vec(),
        _ => Vec::new(),
    };
    let fits = |object: &CK_OBJECT_HANDLE| {
        wanted.iter().all(|attribute| {
            let length = usize::try_from(attribute.ulValueLen).unwrap_or_default();
            let value = if length == 0 {
                &[]
            } else {
                // SAFETY: an attribute of a template points to so many bytes.
                unsafe { std::slice::from_raw_parts(attribute.pValue.cast::<u8>(), length) }
            };
            objects::value(*object, attribute.type_).as_deref() == Some(value)
        })
    };
    if let Ok(mut found) = FOUND.lock() {
        *found = (1..=objects::CLASSES.len() as CK_OBJECT_HANDLE).filter(fits).collect();
    }
    returned(lie.as_ref())
}

unsafe extern "C" fn find_objects(
    _session: CK_SESSION_HANDLE,
    objects: CK_OBJECT_HANDLE_PTR,
    most: CK_ULONG,
    count: CK_ULONG_PTR,
) -> CK_RV {
    let lie = about("C_FindObjects");
    let Ok(mut found) = FOUND.lock() else { return CKR_OK };
    let given: Vec<_> = {
        let most = found.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        found.drain(..most).collect()
    };
    // SAFETY: the caller has room for `most` handles, and a place for the number.
    unsafe {
        ptr::copy_nonoverlapping(given.as_ptr(), objects, given.len());
        *count = number(lie.as_ref(), given.len() as CK_ULONG);
    }
    returned(lie.as_ref())
}

unsafe extern "C" fn find_objects_final(_session: CK_SESSION_HANDLE) -> CK_RV {
    returned(about("C_FindObjectsFinal").as_ref())
}

unsafe extern "C" fn get_attribute_value(
    _session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    let lie = about("C_GetAttributeValue");
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: the caller's template has so many attributes.
    let template = unsafe { std::slice::from_raw_parts_mut(template, count) };
    let mut result = returned(lie.as_ref());
    for attribute in template {
        let lie = about(&format!("{:#x}", attribute.type_));
        let value = match &lie {
            Some(Lie::Bytes(bytes)) => Some(bytes.clone()),
            _ => objects::value(object, attribute.type_),
        };
        let room = usize::try_from(attribute.ulValueLen).unwrap_or_default();
        attribute.ulValueLen = match value {
            None => {
                result = CKR_ATTRIBUTE_TYPE_INVALID;
                CK_UNAVAILABLE_INFORMATION
            }
            Some(value) if attribute.pValue.is_null() => value.len() as CK_ULONG,
            Some(value) if room < value.len() => {
                result = CKR_BUFFER_TOO_SMALL;
                CK_UNAVAILABLE_INFORMATION
            }
            Some(value) => {
                // SAFETY: the attribute has room for it.
                unsafe { ptr::copy_nonoverlapping(value.as_ptr(), attribute.pValue.cast(), value.len()) };
                value.len() as CK_ULONG
            }
        };
        match lie {
            Some(Lie::Count(told)) => attribute.ulValueLen = told,
            Some(Lie::Returns(value)) => result = value,
            Some(Lie::Bytes(_)) | None => {}
        }
    }
    result
}

unsafe extern "C" fn set_attribute_value(
    _: CK_SESSION_HANDLE,
    _: CK_OBJECT_HANDLE,
    _: CK_ATTRIBUTE_PTR,
    _: CK_ULONG,
) -> CK_RV {
    returned(about("C_SetAttributeValue").as_ref())
}

unsafe extern "C" fn create_object(
    _session: CK_SESSION_HANDLE,
    _template: CK_ATTRIBUTE_PTR,
    _count: CK_ULONG,
    object: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    let lie = about("C_CreateObject");
    // SAFETY: the caller has a place for it.
    unsafe { *object = number(lie.as_ref(), 3) };
    returned(lie.as_ref())
}

unsafe extern "C" fn destroy_object(_session: CK_SESSION_HANDLE, _object: CK_OBJECT_HANDLE) -> CK_RV {
    returned(about("C_DestroyObject").as_ref())
}

unsafe extern "C" fn sign_init(_: CK_SESSION_HANDLE, _: CK_MECHANISM_PTR, _: CK_OBJECT_HANDLE) -> CK_RV {
    returned(about("C_SignInit").as_ref())
}

unsafe extern "C" fn sign(
    _session: CK_SESSION_HANDLE,
    _data: CK_BYTE_PTR,
    _length: CK_ULONG,
    signature: CK_BYTE_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    let lie = about("C_Sign");
    let value = match &lie {
        Some(Lie::Bytes(bytes)) => bytes.clone(),
        _ => vec![1; 64],
    };
    // SAFETY: the caller's arguments.
    unsafe { give(lie.as_ref(), &value, signature, count) }
}

unsafe extern "C" fn generate_key_pair(
    _session: CK_SESSION_HANDLE,
    _mechanism: CK_MECHANISM_PTR,
    _public_template: CK_ATTRIBUTE_PTR,
    _public_count: CK_ULONG,
    _private_template: CK_ATTRIBUTE_PTR,
    _private_count: CK_ULONG,
    public: CK_OBJECT_HANDLE_PTR,
    private: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    let lie = about("C_GenerateKeyPair");
    // SAFETY: the caller has places for both.
    unsafe {
        *public = number(lie.as_ref(), 2);
        *private = number(lie.as_ref(), 1);
    }
    returned(lie.as_ref())
}

/// All that it has.
pub(crate) static LIST: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
    version: VERSION,
    C_Initialize: Some(initialize),
    C_Finalize: Some(finalize),
    C_GetInfo: Some(get_info),
    C_GetFunctionList: Some(crate::C_GetFunctionList),
    C_GetSlotList: Some(get_slot_list),
    C_GetSlotInfo: Some(get_slot_info),
    C_GetTokenInfo: Some(get_token_info),
    C_GetMechanismList: Some(get_mechanism_list),
    C_GetMechanismInfo: Some(get_mechanism_info),
    C_OpenSession: Some(open_session),
    C_CloseSession: Some(close_session),
    C_GetSessionInfo: Some(get_session_info),
    C_Login: Some(login),
    C_Logout: Some(logout),
    C_CreateObject: Some(create_object),
    C_DestroyObject: Some(destroy_object),
    C_GetAttributeValue: Some(get_attribute_value),
    C_SetAttributeValue: Some(set_attribute_value),
    C_FindObjectsInit: Some(find_objects_init),
    C_FindObjects: Some(find_objects),
    C_FindObjectsFinal: Some(find_objects_final),
    C_SignInit: Some(sign_init),
    C_Sign: Some(sign),
    C_GenerateKeyPair: Some(generate_key_pair),
    C_InitToken: None,
    C_InitPIN: None,
    C_SetPIN: None,
    C_CloseAllSessions: None,
    C_GetOperationState: None,
    C_SetOperationState: None,
    C_CopyObject: None,
    C_GetObjectSize: None,
    C_EncryptInit: None,
    C_Encrypt: None,
    C_EncryptUpdate: None,
    C_EncryptFinal: None,
    C_DecryptInit: None,
    C_Decrypt: None,
    C_DecryptUpdate: None,
    C_DecryptFinal: None,
    C_DigestInit: None,
    C_Digest: None,
    C_DigestUpdate: None,
    C_DigestKey: None,
    C_DigestFinal: None,
    C_SignUpdate: None,
    C_SignFinal: None,
    C_SignRecoverInit: None,
    C_SignRecover: None,
    C_VerifyInit: None,
    C_Verify: None,
    C_VerifyUpdate: None,
    C_VerifyFinal: None,
    C_VerifyRecoverInit: None,
    C_VerifyRecover: None,
    C_DigestEncryptUpdate: None,
    C_DecryptDigestUpdate: None,
    C_SignEncryptUpdate: None,
    C_DecryptVerifyUpdate: None,
    C_GenerateKey: None,
    C_WrapKey: None,
    C_UnwrapKey: None,
    C_DeriveKey: None,
    C_SeedRandom: None,
    C_GenerateRandom: None,
    C_GetFunctionStatus: None,
    C_CancelFunction: None,
    C_WaitForSlotEvent: None,
};
