//! Bringing the whole DCT of a Duo to an image, a step at a time: which step comes next is told from the bytes that
//! are there, so that whoever was cut short goes on where it was.
//!
//! Each copy is one sector of the flash. An erased sector has all bits set, and writing only clears bits, so a copy
//! is gone before another one is in its place. Four things see to it that the firmware finds a whole copy at every
//! instant, if there was one at the beginning:
//!
//! - The image's current copy is written before its other one. Where the Duo's own current copy lies in its place,
//!   that one is first copied over to the other sector, as it is.
//! - A sector that reads as erased, and was not seen to be erased since the power may last have gone, is erased again
//!   before it is written: an erasure that was cut short can leave cells that read as erased and do not hold.
//! - The last bytes that are written are a copy's first 16, and the last of those its magic number: up to then the
//!   firmware takes it for none.
//! - The first bytes that go are the same 16: they are cleared before a sector is erased, so that one which is half
//!   erased is not taken for a copy either. A copy that is marked incomplete is none, and its mark stays one until it is
//!   erased: so it is not cleared, which would take the mark away before the magic number.

use super::whole::{COPY_SIZE, CopyRule, DctCopy, HEADER_SIZE, WHOLE_SIZE, WholeDct};

/// The largest piece that is written at a time: a block of the bootloader's.
const BLOCK: usize = 4096;

/// A change to the flash that the whole DCT lies in. Offsets count from its beginning. No `Debug`: it holds keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Erase a copy's sector, 0 or 1.
    Erase {
        /// Which.
        copy: usize,
    },
    /// Write these bytes, at most one block.
    Write {
        /// Where.
        offset: usize,
        /// What.
        bytes: &'a [u8],
    },
}

impl Step<'_> {
    /// Where it changes something.
    pub const fn range(&self) -> std::ops::Range<usize> {
        match self {
            Self::Erase { copy } => *copy * COPY_SIZE..(*copy + 1) * COPY_SIZE,
            Self::Write { offset, bytes } => *offset..*offset + bytes.len(),
        }
    }

    /// The copy that it changes, 0 or 1.
    pub const fn copy(&self) -> usize {
        self.range().start / COPY_SIZE
    }

    /// What is there once it is done, where `held` was before; `None` if `held` is no whole DCT.
    pub fn done_to(&self, held: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let mut then = zeroize::Zeroizing::new(held.to_vec());
        let changed = then.get_mut(self.range())?;
        match self {
            Self::Erase { .. } => changed.fill(0xFF),
            Self::Write { bytes, .. } => changed.copy_from_slice(bytes),
        }
        Some(then)
    }
}

/// What the bytes in the flash do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// By which rule the Duo's firmware takes a copy.
    pub rule: CopyRule,
    /// The sectors that were seen to be erased, to the end, since the power may last have gone.
    pub erased: [bool; 2],
    /// True if the power may have gone while a sector was erased. Then one that stays erased is erased again, too.
    pub after_cut: bool,
}

/// The next step from what the Duo holds to the image; `None` if it is there already, or where one of the two is
/// not of [`WHOLE_SIZE`] bytes.
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
        return Some(if counts { void } else { Step::Erase { copy } });
    }
    let missing = pieces().find(|piece| held.get(piece.clone()) != wanted.get(piece.clone()))?;
    Some(Step::Write { offset: base + missing.start, bytes: wanted.get(missing)? })
}

/// Whether a sector was erased, and holds nothing since but pieces of `wanted`.
fn is_on_the_way(held: &[u8], wanted: &[u8]) -> bool {
    pieces().all(|piece| {
        let (held, wanted) = (held.get(piece.clone()), wanted.get(piece));
        held == wanted || held.is_some_and(is_erased)
    })
}

/// A copy in the order in which it is written: block by block, its first bytes last.
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
