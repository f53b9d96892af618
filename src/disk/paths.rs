//! Finds the folder of a file. Writes paths as text in results.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path that may be absent.
pub trait MaybePath {
    /// The path.
    fn path(&self) -> Option<&Path>;
}

impl MaybePath for PathBuf {
    fn path(&self) -> Option<&Path> {
        Some(self)
    }
}

impl MaybePath for Option<PathBuf> {
    fn path(&self) -> Option<&Path> {
        self.as_deref()
    }
}

/// For `serialize_with`. Bytes that are not UTF-8 become U+FFFD; serde would fail.
pub fn lossy<S: Serializer>(path: &impl MaybePath, serializer: S) -> Result<S::Ok, S::Error> {
    path.path().map(Path::to_string_lossy).serialize(serializer)
}
