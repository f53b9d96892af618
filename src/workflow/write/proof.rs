//! Builds the block that writes a field, and the bytes that prove the pointer before the block is sent.
//!
//! The proof: a read through the pointer must return the bytes that were backed up from there. This identifies the
//! place only if no other address returns the same. The backup shows that: every address that differs in one bit, and
//! the earlier positions of the pointer, must hold something else.

use crate::dct::{FIELDS, SERVER_PUBLIC_KEY};
use crate::dfuse::{BLOCK, Block, Buffer};
use crate::error::{Code, Error};
use crate::workflow::context::Snapshot;
use crate::workflow::write::patch::Patch;

/// The position of the pointer after the two passes of a read, and after a read-back.
const EARLIER: [usize; 2] = [0, 1];

/// The block for a patch to a Duo that holds `before`. If the bytes at the field do not identify its place (a key slot
/// may be blank, and most of what follows the server key is), the block begins at an earlier field, and includes the
/// bytes from there on: at the server key, otherwise at the nearest field whose place can be proven. `unproven_too`:
/// write even if no place can be proven, because the user allowed it.
pub fn block_of(patch: &Patch, before: &Snapshot, unproven_too: bool) -> Result<Block, Error> {
    let (section, field) = (before.image().bytes(), patch.field());
    let telling = |start: &usize| is_telling(section, *start);
    let own = Some(field.offset);
    let earlier = [&SERVER_PUBLIC_KEY].into_iter().chain(FIELDS.iter().rev()).map(|field| field.offset);
    let fits = |start: &usize| *start < field.offset && field.end() - start <= usize::from(BLOCK);
    let start = own.into_iter().chain(earlier.filter(fits)).find(telling).or(own.filter(|_| unproven_too));
    let start = start.ok_or_else(|| unplaced(patch))?;
    let (after, end) = (patch.applied_to(before)?, field.end());
    let bytes = after.image().bytes().get(start..end).ok_or_else(read_short)?;
    Ok(Block {
        pointer: u32::try_from(start).map_err(|_| read_short())?,
        proof: Buffer::new(window(section, start).to_vec()),
        block: 0,
        data: Buffer::new(bytes.to_vec()),
    })
}

/// The bytes that a read through a pointer at `start` returns.
fn window(section: &[u8], start: usize) -> &[u8] {
    let rest = section.get(start..).unwrap_or_default();
    rest.get(..usize::from(BLOCK)).unwrap_or(rest)
}

/// Whether the window at `start` differs from the one at every address that the pointer may have instead.
fn is_telling(section: &[u8], start: usize) -> bool {
    let here = window(section, start);
    // The bytes after the section are unknown. If all bytes of the window are the same, the same bytes may well be
    // there, too.
    let varied = here.windows(2).any(|pair| pair[0] != pair[1]);
    let differs = |other: usize| {
        let there = window(section, other);
        there.is_empty() || !here.starts_with(there)
    };
    let flipped = (0..usize::BITS.min(32)).map(|bit| start ^ (1 << bit));
    varied && flipped.chain(EARLIER).filter(|other| *other != start).all(differs)
}

/// The error if no place can be proven.
fn unplaced(patch: &Patch) -> Error {
    let message = format!(
        "nothing would show where {} is written: a read of it, and of all in front of it, looks like one from elsewhere",
        patch.words()
    );
    Error::new(Code::AddressUnproven, message)
        .hint("to write it all the same, to the address that the Duo is told, add --allow-unproven-address")
}

fn read_short() -> Error {
    Error::internal("the DCT was read short")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows are compared by the bytes of the section only, and conservatively: if the known part of the other one
    /// agrees, both count as the same.
    #[test]
    fn a_window_is_telling_where_no_other_address_shows_the_same() {
        let mut section = vec![0xff; 8423];
        assert!(!is_telling(&section, 34), "blank");
        for (at, byte) in section.iter_mut().enumerate().take(2952) {
            *byte = u8::try_from(at % 251).unwrap();
        }
        assert!(is_telling(&section, 34));
        assert!(is_telling(&section, 2082));
        assert!(!is_telling(&section, 2952), "0xFF from there on");
        // A pattern that repeats with a power of two.
        let repeated: Vec<u8> = (0..8423_usize).map(|at| at.to_le_bytes()[0]).collect();
        assert!(!is_telling(&repeated, 34));
    }
}
