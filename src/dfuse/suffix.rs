//! The suffix that DFU tools put behind a file (DFU 1.1, appendix B): 16 bytes that are no part of what a device gets.

use crc::{CRC_32_JAMCRC, Crc};

/// CRC-32 with no inversion at its end, as the appendix has it.
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_JAMCRC);

/// Bytes of the suffix; it says so itself.
pub const SUFFIX_SIZE: usize = 16;
/// Where in the suffix the signature and the length stand: `DFU` backwards, and 16.
const SIGNATURE: std::ops::Range<usize> = 8..12;
const SIGNATURE_BYTES: &[u8] = b"UFD\x10";

/// What stands before the suffix; `None` if there is none, or its checksum is wrong.
pub fn before_suffix(file: &[u8]) -> Option<&[u8]> {
    let (contents, suffix) = file.split_at_checked(file.len().checked_sub(SUFFIX_SIZE)?)?;
    let (summed, sum) = file.split_at_checked(file.len() - 4)?;
    let whole = suffix[SIGNATURE] == *SIGNATURE_BYTES && sum == CRC.checksum(summed).to_le_bytes();
    whole.then_some(contents)
}
