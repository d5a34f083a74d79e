//! Access lists: what they allow to everybody, or to every user of the machine.

use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{GetNamedSecurityInfoW, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACL, DACL_SECURITY_INFORMATION, GetAce, INHERIT_ONLY_ACE, IsWellKnownSid, PSECURITY_DESCRIPTOR,
    WinAuthenticatedUserSid, WinBuiltinUsersSid, WinInteractiveSid, WinWorldSid,
};

/// Access rights ([MS-DTYP], 2.4.3, and the file rights beside them) by which a thing itself can be replaced: `DELETE`,
/// `WRITE_DAC`, `WRITE_OWNER`, `GENERIC_ALL`.
const TAKES: u32 = 0x0001_0000 | 0x0004_0000 | 0x0008_0000 | 0x1000_0000;
/// `FILE_WRITE_DATA` and, by the same number, `FILE_ADD_FILE`; `GENERIC_WRITE`.
const WRITES: u32 = 0x0000_0002 | 0x4000_0000;
/// `FILE_DELETE_CHILD`.
const DELETES: u32 = 0x0000_0040;
/// `ACCESS_ALLOWED_ACE_TYPE`.
const ALLOWED: u8 = 0;

/// Somebody who may write here. `height` is 0 for the file, 1 for its folder: a library that is put into that one is loaded
/// with the module. In the folders above a new file does no harm (every user may make some at the root of a drive).
pub(super) fn writer(path: &Path, height: usize) -> Option<String> {
    let rights = match height {
        0 => TAKES | WRITES,
        1 => TAKES | WRITES | DELETES,
        _ => TAKES | DELETES,
    };
    granted(path, rights).map(str::to_owned)
}

/// Which of these groups has one of these rights.
#[allow(unsafe_code)]
fn granted(path: &Path, rights: u32) -> Option<&'static str> {
    let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let (mut list, mut descriptor): (*mut ACL, PSECURITY_DESCRIPTOR) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: the name ends with a zero; the other places are of the right types and live through the call.
    let failed = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            DACL_SECURITY_INFORMATION,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            &raw mut list,
            std::ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    if failed != 0 {
        return None;
    }
    // SAFETY: the list is part of the descriptor, which is freed below.
    let found = unsafe { list.as_ref() }.map_or(Some("everybody"), |list| in_list(list, rights));
    // SAFETY: the call above allocated it, and nothing of it is used any more.
    unsafe { LocalFree(descriptor) };
    found
}

#[allow(unsafe_code)]
fn in_list(list: &ACL, rights: u32) -> Option<&'static str> {
    const GROUPS: [(i32, &str); 4] = [
        (WinWorldSid, "everybody"),
        (WinAuthenticatedUserSid, "every user"),
        (WinBuiltinUsersSid, "every user"),
        (WinInteractiveSid, "every user"),
    ];
    (0..u32::from(list.AceCount)).find_map(|index| {
        let mut entry = std::ptr::null_mut();
        // SAFETY: an index within the list gives a pointer into it.
        if unsafe { GetAce(list, index, &raw mut entry) } == 0 {
            return None;
        }
        let entry: *const ACCESS_ALLOWED_ACE = entry.cast();
        // SAFETY: every entry begins with its header; those that allow something have a mask and an identifier behind it.
        let (header, mask) = unsafe { ((*entry).Header, (*entry).Mask) };
        let is_for_heirs = u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0;
        if header.AceType != ALLOWED || is_for_heirs || mask & rights == 0 {
            return None;
        }
        // SAFETY: as above; the identifier begins at this field.
        let is = |group: i32| unsafe { IsWellKnownSid((&raw const (*entry).SidStart).cast_mut().cast(), group) } != 0;
        GROUPS.into_iter().find(|(group, _)| is(*group)).map(|(_, who)| who)
    })
}
