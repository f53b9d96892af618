//! Records what a file was when it was read: if that is the same later, its bytes are the same.

use std::fs::Metadata;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

/// Size, time of the last change, and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    size: u64,
    /// Seconds since 1970, and nanoseconds.
    time: (u64, u32),
    #[serde(default)]
    inode: u64,
}

impl Stamp {
    /// The stamp of a file that exists.
    pub fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let time = since.map_or((0, 0), |since| (since.as_secs(), since.subsec_nanos()));
        Self { size: metadata.len(), time, inode: inode(metadata) }
    }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Windows gives it only for an open handle; size and time must do.
#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> u64 {
    0
}
