//! Syncs files. Nothing else calls the system for it: `clippy.toml` enforces that.

use std::fs::File;
use std::io;
use std::ops::Deref;

/// An open file that can be synced.
///
/// Windows syncs only with the right to write: FlushFileBuffers, "The file handle must have the GENERIC_WRITE access
/// right" (Microsoft, fileapi.h). So this type is made only by code that opens or creates a file with that right.
#[derive(Debug)]
pub(crate) struct Syncable(File);

impl Syncable {
    /// Call this only for a file that was opened with every right that syncing needs.
    pub(super) const fn of(file: File) -> Self {
        Self(file)
    }

    /// Returns once its bytes, its length and its times are on the disk.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl Deref for Syncable {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl From<Syncable> for File {
    fn from(syncable: Syncable) -> Self {
        syncable.0
    }
}
