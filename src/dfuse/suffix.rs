//! Removes the suffix that DFU tools append to a file (DFU 1.1, appendix B): 16 bytes that are not sent to a device.

use crc::{CRC_32_JAMCRC, Crc};

/// CRC-32 without the final inversion, as in the appendix.
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_JAMCRC);

/// Bytes of the suffix; the suffix contains this number.
pub const SUFFIX_SIZE: usize = 16;
/// Place of the signature and the length in the suffix: `DFU` backwards, and 16.
const SIGNATURE: std::ops::Range<usize> = 8..12;
const SIGNATURE_BYTES: &[u8] = b"UFD\x10";

/// The bytes before the suffix; `None` if there is no suffix, or its checksum is wrong.
pub fn before_suffix(file: &[u8]) -> Option<&[u8]> {
    let (contents, suffix) = file.split_at_checked(file.len().checked_sub(SUFFIX_SIZE)?)?;
    let (summed, sum) = file.split_at_checked(file.len() - 4)?;
    let whole = suffix[SIGNATURE] == *SIGNATURE_BYTES && sum == CRC.checksum(summed).to_le_bytes();
    whole.then_some(contents)
}
