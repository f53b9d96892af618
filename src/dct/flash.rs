//! Finds the DCT in an image of the whole internal flash, by its contents only. What the user says about the image does
//! not count.

use super::whole::{COPY_SIZE, DctCopy, Half, WHOLE_SIZE};

/// Bytes of the internal flash (memory map of alternate setting 0: 1 MiB in all).
pub const FLASH_SIZE: usize = 1024 * 1024;
/// The address of its first byte.
const FLASH_BASE: u32 = 0x0800_0000;
/// Offset of the two copies: `OLD` with bootloaders r3 and r4, `NEW` with r5 and r6. Of the three sectors, the middle
/// one belongs to both places.
const OLD: usize = 0x4000;
const NEW: usize = 0x8000;

/// Where the DCT is in an image of the whole flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlash {
    /// At this offset.
    At(usize),
    /// At one of two offsets; the contents do not show which.
    Ambiguous,
    /// At neither offset.
    Nowhere,
}

/// Looks for the DCT in [`FLASH_SIZE`] bytes; `None` if the image has another size.
pub fn find(image: &[u8]) -> Option<InFlash> {
    if image.len() != FLASH_SIZE {
        return None;
    }
    let sector = |at: usize| DctCopy::new(&image[at..at + COPY_SIZE]).map(|sector| sector.half());
    let (first, shared, last) = (sector(OLD)?, sector(NEW)?, sector(NEW + COPY_SIZE)?);
    Some(match (first, shared, last) {
        (Half::Copy, _, Half::Copy) => InFlash::Ambiguous,
        // The second pattern of each arm: one copy, in the shared sector. Only the place of its other copy is erased.
        (Half::Copy, ..) | (Half::Erased, Half::Copy, Half::Other) => InFlash::At(OLD),
        (_, _, Half::Copy) | (Half::Other, Half::Copy, Half::Erased) => InFlash::At(NEW),
        (_, Half::Copy, _) => InFlash::Ambiguous,
        _ => InFlash::Nowhere,
    })
}

/// The DCT in an image of the whole flash, and the address that it has there.
pub(super) fn cut_out(image: &[u8]) -> Option<(&[u8], u32)> {
    let Some(InFlash::At(offset)) = find(image) else { return None };
    Some((image.get(offset..offset + WHOLE_SIZE)?, FLASH_BASE + u32::try_from(offset).ok()?))
}
