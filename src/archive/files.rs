//! Files that are never overwritten, never half there, and synced before they count.
//!
//! Knows the file system; knows nothing of keys. A file gets its final name only when all of its bytes are on
//! the disk: it is written under a temporary name in the same folder, synced, renamed without clobbering,
//! and then the folder is synced and the file read back.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::owner::Owner;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is a file of that name already.
    #[error("{0} exists already, and nothing is ever overwritten")]
    Exists(PathBuf),
    /// There is no such file, or no such folder to put it in.
    #[error("{0} does not exist")]
    NotFound(PathBuf),
    /// A folder where a file is needed.
    #[error("{0} is a folder")]
    IsFolder(PathBuf),
    /// A file where a folder is needed.
    #[error("{0} is not a folder")]
    NotAFolder(PathBuf),
    /// A pipe, a socket or a device.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// A file larger than anything that is expected there.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The operating system does not let it be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system does not let it be written.
    #[error("{path} cannot be written: {source}")]
    NotWritable {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// What was read back is not what was written.
    #[error("{0} reads back otherwise than it was written")]
    ReadBackDiffers(PathBuf),
}

impl FileError {
    fn not_writable(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path.to_owned()),
            // Some folders are there and take no files, /proc for one: that is no missing folder.
            io::ErrorKind::NotFound if !folder_of(path).is_dir() => {
                Self::NotFound(folder_of(path).to_owned())
            }
            _ => Self::NotWritable { path: path.to_owned(), source },
        }
    }
}

/// Reads a whole file of at most `limit` bytes. The buffer is wiped when dropped, since it may hold a key.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FileError::NotFound(path.to_owned()),
        _ => FileError::Unreadable { path: path.to_owned(), source },
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(FileError::IsFolder(path.to_owned()));
    }
    // A pipe or a device may never end, and nothing here waits without a deadline.
    if !metadata.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(unreadable)?;
    // Room for everything from the start: a vector that grows leaves unwiped copies behind.
    let size = file.metadata().map_err(unreadable)?.len().min(limit);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Writes a file of mode 0600 that must not exist yet: all of it, synced together with its folder and read
/// back, or nothing under that name.
pub fn create_new(path: &Path, bytes: &[u8], owner: &Owner) -> Result<(), FileError> {
    create(path, bytes, |file| owner.take(file))
}

/// Writes a file as [`create_new`] does, but of mode 0644 and the caller's own, also under sudo: a setting of the
/// system, for everybody to read.
pub fn create_new_public(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create(path, bytes, open_to_all)
}

/// Whatever the umask is.
#[cfg(unix)]
fn open_to_all(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

/// On Windows the folder's access list counts.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn open_to_all(_file: &File) -> io::Result<()> {
    Ok(())
}

fn create(
    path: &Path,
    bytes: &[u8],
    hand_over: impl FnOnce(&File) -> io::Result<()>,
) -> Result<(), FileError> {
    let failed = |source: io::Error| FileError::not_writable(path, source);
    let folder = folder_of(path);
    let temporary = temporary_in(folder).map_err(failed)?;
    temporary.as_file().write_all(bytes).map_err(failed)?;
    hand_over(temporary.as_file()).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    // Not a look beforehand and a rename: somebody may make a file of that name in between.
    temporary.persist_noclobber(path).map_err(|refused| failed(refused.error))?;
    sync_folder(folder).map_err(failed)?;

    let written = read_bounded(path, bytes.len() as u64)?;
    if written.as_slice() == bytes { Ok(()) } else { Err(FileError::ReadBackDiffers(path.to_owned())) }
}

/// True where these very bytes are in a regular file of the caller's alone, and on the disk: it is synced once
/// more, since whoever wrote it may have been stopped before.
pub fn is_kept(path: &Path, bytes: &[u8]) -> bool {
    let private = path.symlink_metadata().is_ok_and(|found| found.is_file() && is_private(&found));
    private
        && read_bounded(path, bytes.len() as u64).is_ok_and(|kept| kept.as_slice() == bytes)
        && File::open(path).and_then(|file| file.sync_all()).is_ok()
        && sync_folder(folder_of(path)).is_ok()
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    let for_others = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077;
    for_others == 0
}

/// On Windows the folder's access list counts.
#[cfg(not(unix))]
fn is_private(_metadata: &fs::Metadata) -> bool {
    true
}

/// Makes a folder of mode 0700 and those above it, synced.
pub fn create_folder(path: &Path, owner: &Owner) -> Result<(), FileError> {
    // Those above it are there or were made: "does not exist" would be about them, and wrong.
    let failed = |source: io::Error| FileError::NotWritable { path: path.to_owned(), source };
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        create_folder(above, owner)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        // Somebody else has just made it.
        Err(_) if path.is_dir() => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(FileError::NotAFolder(path.to_owned()));
        }
        other => other.map_err(failed)?,
    }
    #[cfg(unix)]
    owner.take(&File::open(path).map_err(failed)?).map_err(failed)?;
    sync_folder(folder_of(path)).map_err(failed)
}

/// Makes a folder as [`create_folder`] does. Those that are there already are synced once more, all the way up,
/// since whoever made them may have been stopped before.
pub fn ensure_folder(path: &Path, owner: &Owner) -> Result<(), FileError> {
    create_folder(path, owner)?;
    let failed = |source: io::Error| FileError::NotWritable { path: path.to_owned(), source };
    path.ancestors().skip(1).try_for_each(sync_if_ours).map_err(failed)
}

/// Syncs a folder that may have been made here. One that cannot be opened was not, and a file system that has no
/// way to sync folders (squashfs under a root folder, say) holds none that was.
fn sync_if_ours(folder: &Path) -> io::Result<()> {
    match sync_folder(folder) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        // The end of a relative path.
        Err(_) if folder.as_os_str().is_empty() => Ok(()),
        other => other,
    }
}

/// Shows, before anything else is touched, that a file can be made in a folder.
pub fn check_writable(folder: &Path) -> Result<(), FileError> {
    // Named in full: `.` says little where it cannot be written.
    let path = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    temporary_in(folder).map(drop).map_err(|source| FileError::NotWritable { path: path(), source })
}

/// A new file of mode 0600 that is gone when it is dropped. Its name means nothing to anybody, so it is in no
/// error: those of `tempfile_in`, and of writing to what it returns, would have it.
fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".duo-provision-").suffix(".tmp").make_in(folder, |path| options.open(path))
}

/// Syncs the folder that a file is in, so that its name is on the disk.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows syncs a folder's entries with the file itself and offers no handle to do it separately.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{FileError, create_new, create_new_public, read_bounded};
    use crate::archive::owner::Owner;

    #[test]
    fn a_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        create_new(&path, b"first", &Owner::caller()).unwrap();
        assert!(matches!(create_new(&path, b"second", &Owner::caller()), Err(FileError::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
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
    fn reading_tells_missing_folder_and_too_large_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_bounded(&folder.path().join("none"), 9), Err(FileError::NotFound(_))));
        assert!(matches!(read_bounded(folder.path(), 9), Err(FileError::IsFolder(_))));
        let path = folder.path().join("ten");
        std::fs::write(&path, [0; 10]).unwrap();
        assert!(matches!(read_bounded(&path, 9), Err(FileError::TooLarge { limit: 9, .. })));
        assert_eq!(read_bounded(&path, 10).unwrap().len(), 10);
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
}
