//! Finds out who may read a file on Windows, from its access list.

use std::fs::File;
use std::os::windows::io::AsRawHandle;
use std::ptr::{from_ref, null_mut};

use windows_sys::Win32::Foundation::{GENERIC_ALL, GENERIC_READ, LocalFree};
use windows_sys::Win32::Security::Authorization::{GetSecurityInfo, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{
    ACCESS_ALLOWED_ACE, ACL, DACL_SECURITY_INFORMATION, EqualSid, GetAce, INHERIT_ONLY_ACE, IsWellKnownSid,
    OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, WinBuiltinAdministratorsSid,
    WinCreatorOwnerRightsSid, WinLocalSystemSid,
};
use windows_sys::Win32::Storage::FileSystem::FILE_READ_DATA;
use windows_sys::Win32::System::SystemServices::{
    ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE, ACCESS_ALLOWED_OBJECT_ACE_TYPE,
};

/// The rights that allow reading the bytes.
const READS: u32 = FILE_READ_DATA | GENERIC_READ | GENERIC_ALL;

/// True if, by the access list, only the owner, the system and the administrators can read the file; the last two can
/// read everything. False if there is no list, as on FAT, or if it cannot be read.
pub(super) fn is_for_owner_alone(file: &File) -> bool {
    let (mut owner, mut list, mut descriptor): (PSID, *mut ACL, PSECURITY_DESCRIPTOR) =
        (null_mut(), null_mut(), null_mut());
    // SAFETY: the handle is open for the whole call, and each pointer points to a variable here. They are set to places
    // within the descriptor, which is freed only below.
    let status = unsafe {
        GetSecurityInfo(
            file.as_raw_handle(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            &raw mut owner,
            null_mut(),
            &raw mut list,
            null_mut(),
            &raw mut descriptor,
        )
    };
    if status != 0 {
        return false;
    }
    // SAFETY: the call succeeded, so that the list is null or whole.
    let alone = unsafe { list.as_ref() }.is_some_and(|list| lets_only(list, owner));
    // SAFETY: the descriptor was allocated for the caller, and nothing that points into it is used any more.
    unsafe { LocalFree(descriptor) };
    alone
}

fn lets_only(list: &ACL, owner: PSID) -> bool {
    (0..u32::from(list.AceCount)).all(|index| {
        let mut entry = null_mut();
        // SAFETY: the list is whole, and the index is one of its entries.
        if unsafe { GetAce(list, index, &raw mut entry) } == 0 {
            return false;
        }
        // SAFETY: every entry begins with its header and, if it allows something, with the mask and who it is for.
        let entry = unsafe { &*entry.cast::<ACCESS_ALLOWED_ACE>() };
        let allows = match u32::from(entry.Header.AceType) {
            ACCESS_ALLOWED_ACE_TYPE | ACCESS_ALLOWED_CALLBACK_ACE_TYPE => true,
            // Has other members before the identifier; files have no such entries.
            ACCESS_ALLOWED_OBJECT_ACE_TYPE => return false,
            _ => false,
        };
        let inherited_only = u32::from(entry.Header.AceFlags) & INHERIT_ONLY_ACE != 0;
        !allows || inherited_only || entry.Mask & READS == 0 || is_trusted(entry, owner)
    })
}

fn is_trusted(entry: &ACCESS_ALLOWED_ACE, owner: PSID) -> bool {
    let who: PSID = from_ref(&entry.SidStart).cast_mut().cast();
    let known = [WinLocalSystemSid, WinBuiltinAdministratorsSid, WinCreatorOwnerRightsSid];
    // SAFETY: both point to whole identifiers within the descriptor.
    unsafe { EqualSid(who, owner) != 0 || known.iter().any(|&kind| IsWellKnownSid(who, kind) != 0) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::windows::ffi::OsStrExt;
    use std::ptr::null;

    use windows_sys::Win32::Security::Authorization::SetNamedSecurityInfoW;

    use super::{DACL_SECURITY_INFORMATION, SE_FILE_OBJECT, is_for_owner_alone, null_mut};

    /// Without a list everybody may do everything.
    #[test]
    fn a_file_that_others_may_read_is_told_from_one_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        std::fs::write(&path, "key").unwrap();
        assert!(is_for_owner_alone(&File::open(&path).unwrap()), "a profile's folders are its owner's");
        let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
        let (kind, what) = (SE_FILE_OBJECT, DACL_SECURITY_INFORMATION);
        // SAFETY: the name ends with a zero.
        let status = unsafe {
            SetNamedSecurityInfoW(name.as_ptr(), kind, what, null_mut(), null_mut(), null(), null())
        };
        assert_eq!(status, 0);
        assert!(!is_for_owner_alone(&File::open(&path).unwrap()));
    }
}
