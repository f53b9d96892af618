//! Opens existing files: only regular ones, without waiting. Reads them within bounds.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::error::FileError;
use super::name::check_name;
use super::sync::Syncable;

/// Whether a link in place of a file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Yes: a person named the file.
    Follow,
    /// No: the file is this program's own.
    Refuse,
}

/// Opens a regular file for reading.
pub(crate) fn open(path: &Path, links: Links) -> Result<File, FileError> {
    open_file(path, links, false)
}

/// Opens a regular file for reading and writing.
pub(crate) fn open_to_write(path: &Path, links: Links) -> Result<Syncable, FileError> {
    open_file(path, links, true).map(Syncable::of)
}

/// Opens a regular file to read and sync it. POSIX needs no right to write for that; Windows does.
pub(super) fn open_to_sync(path: &Path, links: Links) -> Result<Syncable, FileError> {
    open_file(path, links, cfg!(windows)).map(Syncable::of)
}

/// The only place where a file is opened by its name.
///
/// A pipe or a device is not opened: the opening alone may wait for ever, or do something. If one replaces the file in
/// between, or if it is a file only in name (`/proc/kmsg`), nothing waits either.
fn open_file(path: &Path, links: Links, write: bool) -> Result<File, FileError> {
    let failed = |source: io::Error| FileError::unreadable(path, source);
    check_name(path)?;
    let found = match links {
        Links::Follow => path.metadata(),
        Links::Refuse => path.symlink_metadata(),
    };
    check_regular(path, &found.map_err(failed)?)?;
    let mut options = OpenOptions::new();
    options.read(true).write(write);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        flags.set(OFlags::NOFOLLOW, links == Links::Refuse);
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path).map_err(failed)?;
    check_regular(path, &file.metadata().map_err(failed)?)?;
    Ok(file)
}

fn check_regular(path: &Path, found: &Metadata) -> Result<(), FileError> {
    match found {
        found if found.is_file() => Ok(()),
        found if found.is_dir() => Err(FileError::IsFolder(path.to_owned())),
        _ => Err(FileError::NotAFile(path.to_owned())),
    }
}

/// Reads a whole file of at most `limit` bytes. The buffer is wiped when dropped, since it may hold a key.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read_open(&open(path, Links::Follow)?, path, limit)
}

/// The same for an open file; `path` is for messages.
pub(super) fn read_open(file: &File, path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = |source: io::Error| FileError::unreadable(path, source);
    // All the room at the start: a vector that grows leaves unwiped copies behind.
    let size = file.metadata().map_err(failed)?.len().min(limit);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{FileError, read_bounded};

    #[test]
    fn reading_tells_missing_folder_and_too_large_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_bounded(&folder.path().join("none"), 9), Err(FileError::NotFound(_))));
        let long = folder.path().join("x".repeat(300));
        assert!(matches!(read_bounded(&long, 9), Err(FileError::NotFound(_))));
        assert!(matches!(read_bounded(folder.path(), 9), Err(FileError::IsFolder(_))));
        let path = folder.path().join("ten");
        std::fs::write(&path, [0; 10]).unwrap();
        assert!(matches!(read_bounded(&path, 9), Err(FileError::TooLarge { limit: 9, .. })));
        assert_eq!(read_bounded(&path, 10).unwrap().len(), 10);
    }

    #[cfg(target_os = "linux")]
    mod what_never_ends {
        use std::path::Path;
        use std::time::{Duration, Instant};

        use super::super::{FileError, Links, open, open_to_write, read_bounded};

        /// Runs it on a thread of its own, so that a call that waits for ever fails the test.
        fn ends<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
            let (sender, receiver) = std::sync::mpsc::channel();
            std::thread::spawn(move || sender.send(work()));
            receiver.recv_timeout(Duration::from_secs(20)).expect("it ends by itself")
        }

        #[test]
        fn is_not_opened() {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
            for path in [pipe, link, "/dev/zero".into(), "/dev/tty".into()] {
                let read = ends(move || read_bounded(&path, 9));
                assert!(matches!(read, Err(FileError::NotAFile(_))), "{read:?}");
            }
        }

        /// A regular file by its type, but its reader waits for the kernel's next message.
        #[test]
        fn is_not_waited_for() {
            let began = Instant::now();
            let read = ends(|| read_bounded(Path::new("/proc/kmsg"), 1024 * 1024 * 1024));
            assert!(read.is_err(), "{read:?}");
            assert!(began.elapsed() < Duration::from_secs(20));
        }

        #[test]
        fn nor_is_a_link_followed_to_a_file_of_ones_own() {
            let folder = tempfile::tempdir().unwrap();
            let (file, link) = (folder.path().join("file"), folder.path().join("link"));
            std::fs::write(&file, "x").unwrap();
            std::os::unix::fs::symlink(&file, &link).unwrap();
            assert!(open(&link, Links::Follow).is_ok());
            assert!(matches!(open_to_write(&link, Links::Refuse), Err(FileError::NotAFile(_))));
        }
    }
}
