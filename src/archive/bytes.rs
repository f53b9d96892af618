//! Bounds the bytes of a backup, and computes their digest.

use sha2::{Digest, Sha256};

/// The most bytes of a backup that are read in a search of the archive; a slot has 1,216, a whole DCT 32,768.
pub(super) const MAX_BACKUP_BYTES: u64 = 64 * 1024;

/// SHA-256 of some bytes, 64 hexadecimal digits in lower case.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
