//! Computes which numbers the firmware loads from the bytes in its key slot.
//!
//! A model of the device's reader (redbear/firmware, `handshake.cpp`, `init_rsa_context_with_private_key`), written
//! from its description. It shares no code with the readers and writers of this crate, so it finds their mistakes. It
//! guards every write to a device: bytes are written only if the firmware would load the key's own numbers from them.
//!
//! The device does not parse DER. It expects every number at a fixed distance from the number before it. n and d have
//! 128 bytes, the others 64. A zero comes before a number if the low bit of its last length byte is 1. e is expected to
//! be 65537, in three bytes.

use zeroize::Zeroizing;

use super::error::Number;
use super::private::PrivateKey;

/// Number of bytes of the slot that the firmware copies before it reads.
const READ: usize = 612;
/// Offset of the last length byte of n: after `30 82 xx xx`, `02 01 00`, `02 81`.
const FIRST_LENGTH: usize = 9;
/// The numbers in order: the number, how many bytes are loaded, and the distance from its first byte to the length byte
/// of the next number (for n, that skips e).
const STRIDES: [(Number, usize, usize); 7] = [
    (Number::N, 128, 135),
    (Number::D, 128, 129),
    (Number::P, 64, 65),
    (Number::Q, 64, 65),
    (Number::DP, 64, 65),
    (Number::DQ, 64, 65),
    (Number::QInv, 64, 0),
];

/// Why the firmware would not use the key that a slot is meant to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Misread {
    /// The first byte is 0xFF: the firmware takes the slot for empty and makes a new key at boot.
    #[error("the firmware takes the slot for empty and makes a new key")]
    Replaced,
    /// The slot ends within the bytes that the firmware reads.
    #[error("the slot is too short for the firmware's reader")]
    Short,
    /// The firmware would load another value for this number.
    #[error("the firmware would read a wrong {0}")]
    Wrong(Number),
}

/// The numbers that the firmware would load from a slot, in the order of [`Number::ALL`], big-endian. It loads
/// something from any bytes.
pub fn load(slot: &[u8]) -> Result<[Zeroizing<Vec<u8>>; 7], Misread> {
    if slot.first() == Some(&0xFF) {
        return Err(Misread::Replaced);
    }
    let read = slot.get(..READ).ok_or(Misread::Short)?;
    let mut length_at = FIRST_LENGTH;
    let mut numbers = Number::ALL.map(|_| Zeroizing::new(Vec::new()));
    for (loaded, (_, size, stride)) in numbers.iter_mut().zip(STRIDES) {
        // At most 1 + 7 bytes of padding are skipped, so the last number ends at 611 at the latest.
        let pad = usize::from(*read.get(length_at).ok_or(Misread::Short)? & 1);
        let at = length_at + 1 + pad;
        loaded.extend_from_slice(read.get(at..at + size).ok_or(Misread::Short)?);
        length_at = at + stride;
    }
    Ok(numbers)
}

/// Accepts a slot if the firmware loads exactly the numbers of `key` from it.
pub fn gate(slot: &[u8], key: &PrivateKey) -> Result<(), Misread> {
    for (loaded, (number, ..)) in load(slot)?.iter().zip(STRIDES) {
        if *loaded != key.number(number) {
            return Err(Misread::Wrong(number));
        }
    }
    Ok(())
}
