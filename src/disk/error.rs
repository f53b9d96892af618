//! Says why a file or a folder cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use super::shown::plain_path;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is a file of that name already.
    #[error("{} exists already, and nothing is ever overwritten", plain_path(.0))]
    Exists(PathBuf),
    /// There is no such file, or no such folder to put it in.
    #[error("{} does not exist", plain_path(.0))]
    NotFound(PathBuf),
    /// A folder where a file is needed.
    #[error("{} is a folder", plain_path(.0))]
    IsFolder(PathBuf),
    /// A file where a folder is needed.
    #[error("{} is not a folder", plain_path(.0))]
    NotAFolder(PathBuf),
    /// A pipe, a socket or a device.
    #[error("{} is not a regular file", plain_path(.0))]
    NotAFile(PathBuf),
    /// A name that cannot be written down, printed or typed.
    #[error("{} is not UTF-8", plain_path(.0))]
    NotUtf8(PathBuf),
    /// A name that is too long, or leaves no room for the names of the files beside it.
    #[error("the file name of {} is too long", plain_path(.0))]
    NameTooLong(PathBuf),
    /// A name that is no file on Windows, or another file.
    #[error("{} cannot be a file on Windows: {why}", plain_path(.path))]
    NotOnWindows {
        /// Which one.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// A file that is larger than any that is expected there.
    #[error("{} is larger than {limit} bytes", plain_path(.path))]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The operating system does not let it be read.
    #[error("{} cannot be read: {source}", plain_path(.path))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The operating system does not let it be written.
    #[error("{} cannot be written: {source}", plain_path(.path))]
    NotWritable {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The bytes that were read back differ from those that were written.
    #[error("{} reads back otherwise than it was written", plain_path(.0))]
    ReadBackDiffers(PathBuf),
}

impl FileError {
    /// The system's error for a file that could not be made.
    pub(super) fn not_writable(path: &Path, source: io::Error) -> Self {
        let folder = super::paths::folder_of(path);
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path.to_owned()),
            io::ErrorKind::InvalidFilename => Self::NameTooLong(path.to_owned()),
            // Some existing folders take no files, such as /proc: that is no missing folder.
            io::ErrorKind::NotFound if !folder.is_dir() => Self::NotFound(folder.to_owned()),
            _ => Self::NotWritable { path: path.to_owned(), source },
        }
    }

    /// The system's error for a file that could not be read.
    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            // No file has a name that is too long.
            io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename => Self::NotFound(path.to_owned()),
            _ => Self::Unreadable { path: path.to_owned(), source },
        }
    }
}
