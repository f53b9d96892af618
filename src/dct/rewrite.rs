//! Rewrites the whole DCT of a Duo step by step until it equals an image. The next step follows from the bytes in the
//! flash, so an interrupted rewrite continues where it stopped.
//!
//! Each copy is one sector of the flash. An erased sector has all bits set, and writing only clears bits. So a copy is
//! lost before its new contents are written. Four rules make sure that the firmware finds a complete copy at every
//! moment, if there was one at the beginning:
//!
//! - The image's current copy is written before its other one. If the Duo's own current copy is in that place, it is
//!   first copied to the other sector, unchanged.
//! - A sector that reads as erased is erased again before it is written, unless its erasure was seen to finish since
//!   the last possible loss of power. An interrupted erasure can leave cells that read as erased but do not keep their
//!   value.
//! - A copy's first 16 bytes are written last, and the magic number is the last of them. Until then the firmware does
//!   not take it for a copy.
//! - The same 16 bytes are cleared first, before a sector is erased. So a half-erased sector is not taken for a copy
//!   either. A copy that is marked incomplete does not count, and keeps its mark until it is erased. It is not cleared
//!   first: that would remove the mark before the magic number.

use super::whole::{COPY_SIZE, CopyRule, DctCopy, HEADER_SIZE, WHOLE_SIZE, WholeDct};

/// The largest piece that is written at a time: one block of the bootloader.
const BLOCK: usize = 4096;

/// A change to the flash that holds the whole DCT. Offsets count from the beginning of the DCT. No `Debug`: it holds
/// keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Erase a copy's sector, 0 or 1.
    Erase(usize),
    /// Write these bytes, at most one block.
    Write {
        /// Where.
        offset: usize,
        /// What.
        bytes: &'a [u8],
    },
}

impl Step<'_> {
    /// The range that it changes.
    pub const fn range(&self) -> std::ops::Range<usize> {
        match self {
            Self::Erase(copy) => *copy * COPY_SIZE..(*copy + 1) * COPY_SIZE,
            Self::Write { offset, bytes } => *offset..*offset + bytes.len(),
        }
    }

    /// The copy that it changes, 0 or 1.
    pub const fn copy(&self) -> usize {
        self.range().start / COPY_SIZE
    }

    /// The contents after the step, if they were `held` before it; `None` if `held` is not a whole DCT.
    pub fn done_to(&self, held: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let mut then = zeroize::Zeroizing::new(held.to_vec());
        let changed = then.get_mut(self.range())?;
        match self {
            Self::Erase(_) => changed.fill(0xFF),
            Self::Write { bytes, .. } => changed.copy_from_slice(bytes),
        }
        Some(then)
    }
}

/// What the bytes in the flash do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The rule by which the Duo's firmware chooses a copy.
    pub rule: CopyRule,
    /// The sectors whose erasure was seen to finish since the last possible loss of power.
    pub erased: [bool; 2],
    /// True if the power may have failed during an erasure. Then a sector that has to stay erased is erased again too.
    pub after_cut: bool,
}

/// The next step from what the Duo holds to the image; `None` if the Duo already holds it, or if one of the two does
/// not have [`WHOLE_SIZE`] bytes.
pub fn next_step<'a>(held: &'a [u8], image: &'a [u8], known: Known) -> Option<Step<'a>> {
    if held.len() != WHOLE_SIZE || image.len() != WHOLE_SIZE {
        return None;
    }
    let first = current(image, known)?;
    let other = 1 - first;
    if is_done(first, held, copy_of(image, first), known) {
        return toward(other, held, copy_of(image, other), known);
    }
    let stands_in_its_place = current(held, known) == Some(first);
    if stands_in_its_place && copy_of(held, other) != copy_of(held, first) {
        return toward(other, held, copy_of(held, first), known);
    }
    toward(first, held, copy_of(image, first), known)
}

fn is_done(copy: usize, held: &[u8], wanted: &[u8], known: Known) -> bool {
    copy_of(held, copy) == wanted && (known.erased[copy] || !known.after_cut || !is_erased(wanted))
}

/// The next step that makes one sector hold `wanted`.
fn toward<'a>(copy: usize, held: &[u8], wanted: &'a [u8], known: Known) -> Option<Step<'a>> {
    if is_done(copy, held, wanted, known) {
        return None;
    }
    let (base, held) = (copy * COPY_SIZE, copy_of(held, copy));
    let doubtful = is_erased(held) && !known.erased[copy];
    if doubtful || !is_on_the_way(held, wanted) {
        let void = Step::Write { offset: base, bytes: &[0; HEADER_SIZE] };
        let counts = DctCopy::new(held).is_some_and(|copy| copy.is_complete());
        return Some(if counts { void } else { Step::Erase(copy) });
    }
    let missing = pieces().find(|piece| held.get(piece.clone()) != wanted.get(piece.clone()))?;
    Some(Step::Write { offset: base + missing.start, bytes: wanted.get(missing)? })
}

/// Whether every piece of a sector is either erased or already as in `wanted`.
fn is_on_the_way(held: &[u8], wanted: &[u8]) -> bool {
    pieces().all(|piece| {
        let (held, wanted) = (held.get(piece.clone()), wanted.get(piece));
        held == wanted || held.is_some_and(is_erased)
    })
}

/// The pieces of a copy in the order in which they are written: block by block, the first bytes last.
fn pieces() -> impl Iterator<Item = std::ops::Range<usize>> {
    let blocks = (0..COPY_SIZE).step_by(BLOCK).map(|start| start.max(HEADER_SIZE)..start + BLOCK);
    blocks.chain(std::iter::once(0..HEADER_SIZE))
}

fn is_erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xFF)
}

fn current(whole: &[u8], known: Known) -> Option<usize> {
    WholeDct::new(whole)?.current(known.rule)
}

fn copy_of(whole: &[u8], copy: usize) -> &[u8] {
    whole.get(copy * COPY_SIZE..(copy + 1) * COPY_SIZE).unwrap_or_default()
}
