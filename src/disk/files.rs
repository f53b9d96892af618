//! Makes files that are never overwritten, never half there, and synced before they count.
//!
//! Knows the file system; knows nothing of keys. A file gets its final name only when all of its bytes are on the disk:
//! it is written under a temporary name in the same folder, synced, and renamed without replacing anything. Then the
//! folder is synced and the file read back.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::error::FileError;
use super::folder::{self, Folder};
use super::name::check_name;
use super::owner::{Owner, Privacy};
use super::paths::folder_of;
use super::read::{Links, open_to_sync, read_bounded, read_open};

/// Writes a file of mode 0600 that must not exist yet. Either all of it is there, synced with its folder and read back,
/// or there is nothing under that name.
pub fn create_new(path: &Path, bytes: &[u8], owner: &Owner) -> Result<Privacy, FileError> {
    create(path, bytes, |file| owner.take(file))
}

/// Writes a file as [`create_new`] does, but of mode 0644 and owned by the process's user, also under sudo: a setting
/// of the system that everybody can read.
pub fn create_new_public(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path, bytes, open_to_all).map(|_| ())
}

/// With any umask.
#[cfg(unix)]
fn open_to_all(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

/// On Windows the folder's access list decides.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn open_to_all(_file: &File) -> io::Result<()> {
    Ok(())
}

fn create(
    path: &Path,
    bytes: &[u8],
    hand_over: impl FnOnce(&File) -> io::Result<()>,
) -> Result<Privacy, FileError> {
    let failed = |source: io::Error| FileError::not_writable(path, source);
    check_name(path)?;
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    let folder = Folder::open(folder_of(path)).map_err(failed)?;
    let mut temporary = folder.temporary().map_err(failed)?;
    (&*temporary.file).write_all(bytes).map_err(failed)?;
    hand_over(&temporary.file).map_err(failed)?;
    temporary.file.sync().map_err(failed)?;
    let privacy = Privacy::of(&temporary.file).map_err(failed)?;
    temporary.give(name).map_err(failed)?;
    folder.sync().map_err(failed)?;

    let written = read_bounded(path, bytes.len() as u64)?;
    if written.as_slice() == bytes { Ok(privacy) } else { Err(FileError::ReadBackDiffers(path.to_owned())) }
}

/// True if exactly these bytes are in a regular file that only its owner can read, and on the disk. The file is synced
/// once more, since its writer may have been stopped before.
///
/// If the file system has no modes, others can read every file in the folder, so this file need not be private.
pub fn is_kept(path: &Path, bytes: &[u8]) -> bool {
    is_kept_where(path, bytes, has_modes)
}

fn is_kept_where(path: &Path, bytes: &[u8], has_modes: impl Fn(&Path) -> bool) -> bool {
    let kept = || -> Result<bool, FileError> {
        let file = open_to_sync(path, Links::Refuse)?;
        let failed = |source| FileError::unreadable(path, source);
        let private = Privacy::of(&file).map_err(failed)? == Privacy::OwnerAlone;
        let same = read_open(&file, path, bytes.len() as u64)?.as_slice() == bytes;
        file.sync().and_then(|()| folder::sync(folder_of(path))).map_err(failed)?;
        Ok(same && (private || !has_modes(folder_of(path))))
    };
    kept().unwrap_or_default()
}

/// True if a new file in the folder is private from the start. Makes one to find out.
fn has_modes(folder: &Path) -> bool {
    let made = || Privacy::of(&Folder::open(folder)?.temporary()?.file);
    made().is_ok_and(|made| made == Privacy::OwnerAlone)
}

/// Makes a folder of mode 0700 and those above it, synced.
pub fn create_folder(path: &Path, owner: &Owner) -> Result<(), FileError> {
    if path.is_dir() { Ok(()) } else { Folder::open_or_make(path, owner).map(drop) }
}

/// Makes a folder as [`create_folder`] does. The existing folders above it are synced once more, all the way up, since
/// their maker may have been stopped before.
pub fn ensure_folder(path: &Path, owner: &Owner) -> Result<(), FileError> {
    create_folder(path, owner)?;
    let failed = |source: io::Error| FileError::NotWritable { path: path.to_owned(), source };
    path.ancestors().skip(1).try_for_each(sync_if_ours).map_err(failed)
}

/// Syncs a folder that this program may have made. A folder that cannot be opened was not, and a file system that
/// cannot sync folders (such as squashfs under a root folder) holds none that was.
fn sync_if_ours(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match folder::sync(folder) {
        Err(error) if [PermissionDenied, InvalidInput, Unsupported].contains(&error.kind()) => Ok(()),
        // The end of a relative path.
        Err(_) if folder.as_os_str().is_empty() => Ok(()),
        other => other,
    }
}

/// Checks, before anything else is touched, that a file can be made in a folder.
pub fn check_writable(folder: &Path) -> Result<(), FileError> {
    // The absolute path: `.` says little in an error.
    let path = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let made = || Folder::open(folder)?.temporary().map(drop);
    made().map_err(|source| FileError::NotWritable { path: path(), source })
}

#[cfg(test)]
mod tests {
    use super::super::owner::Owner;
    use super::{FileError, create_new, is_kept};
    #[cfg(unix)]
    use super::{Privacy, create, create_new_public, has_modes, is_kept_where};

    #[test]
    fn a_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        create_new(&path, b"first", &Owner::caller()).unwrap();
        assert!(matches!(create_new(&path, b"second", &Owner::caller()), Err(FileError::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    /// The archive finds out by this that it has a backup already.
    #[test]
    fn what_is_kept_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        create_new(&path, b"key", &Owner::caller()).unwrap();
        assert!(is_kept(&path, b"key"));
        assert!(!is_kept(&path, b"other"));
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("key.der");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        assert!(matches!(create_new(&link, b"key", &Owner::caller()), Err(FileError::Exists(_))));
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_for_its_owner_alone_unless_it_is_a_setting() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        create_new(&path, b"key", &Owner::caller()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let setting = folder.path().join("setting");
        create_new_public(&setting, b"for everybody").unwrap();
        assert_eq!(std::fs::metadata(&setting).unwrap().permissions().mode() & 0o777, 0o644);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none");
        match create_new(&missing.join("key.der"), b"key", &Owner::caller()) {
            Err(FileError::NotFound(path)) => assert_eq!(path, missing),
            other => panic!("{other:?}"),
        }
    }

    /// Simulates what a file system without modes does to a new file.
    #[cfg(unix)]
    #[test]
    fn where_there_are_no_modes_that_is_said_and_what_is_kept_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        let as_on_fat =
            |file: &std::fs::File| file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
        assert_eq!(create(&path, b"key", as_on_fat).unwrap(), Privacy::Others);
        assert!(has_modes(folder.path()));
        assert!(!is_kept(&path, b"key"), "somebody has opened it to others");
        assert!(is_kept_where(&path, b"key", |_| false));
        assert!(!is_kept_where(&path, b"other", |_| false));

        let private = folder.path().join("private.der");
        assert_eq!(create_new(&private, b"key", &Owner::caller()).unwrap(), Privacy::OwnerAlone);
        assert!(is_kept(&private, b"key"));
    }
}
