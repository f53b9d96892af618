//! Writes paths as text in results. Bytes that are not UTF-8 become U+FFFD; serde would fail.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

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

/// For `serialize_with`.
pub fn lossy<S: Serializer>(path: &impl MaybePath, serializer: S) -> Result<S::Ok, S::Error> {
    path.path().map(Path::to_string_lossy).serialize(serializer)
}
