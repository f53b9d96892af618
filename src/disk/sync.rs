//! What can be synced. Nothing else calls the system for it: `clippy.toml` holds that.

use std::fs::File;
use std::io;
use std::ops::Deref;

/// An open file whose bytes can be had on the disk.
///
/// Windows does that only for one who may write: FlushFileBuffers, "The file handle must have the GENERIC_WRITE access
/// right" (Microsoft, fileapi.h). So this is made only where a file is opened or created, with that right.
#[derive(Debug)]
pub(crate) struct Syncable(File);

impl Syncable {
    /// To be called where a file was opened with all that syncing it needs.
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
