//! The block that a field is written in, and what proves the pointer before it is sent.
//!
//! What is read through the pointer has to be what was backed up from there. That shows the place only if no other
//! address would bring the same, which is told from the backup: every address that differs in one bit, and those where
//! the pointer stood before, have to show something else.

use crate::dct::{FIELDS, SERVER_PUBLIC_KEY};
use crate::dfuse::{BLOCK, Block, Buffer};
use crate::error::{Code, Error};
use crate::workflow::context::Snapshot;
use crate::workflow::write::patch::Patch;

/// Where the pointer stands after the two passes of a read, and after a read-back.
const EARLIER: [usize; 2] = [0, 1];

/// The block for a patch to a Duo that holds `before`. Where the field's own place could be taken for another (a key slot
/// may be blank, and most of what lies behind the server key is), the block begins at an earlier field, and carries what
/// is there: at the server key, or else at the nearest that tells its place.
/// `unproven_too`: a place that nothing tells from others will do, since that was typed.
pub(in crate::workflow) fn block_of(
    patch: &Patch,
    before: &Snapshot,
    unproven_too: bool,
) -> Result<Block, Error> {
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

/// What a read through a pointer at `start` brings.
fn window(section: &[u8], start: usize) -> &[u8] {
    let rest = section.get(start..).unwrap_or_default();
    rest.get(..usize::from(BLOCK)).unwrap_or(rest)
}

/// Whether the window at `start` can be told from the one at every address that the pointer may have in its place.
fn is_telling(section: &[u8], start: usize) -> bool {
    let here = window(section, start);
    // Of what lies behind the section nothing is known; only bytes of one value are likely to be found there, too.
    let varied = here.windows(2).any(|pair| pair[0] != pair[1]);
    let differs = |other: usize| {
        let there = window(section, other);
        there.is_empty() || !here.starts_with(there)
    };
    let flipped = (0..usize::BITS.min(32)).map(|bit| start ^ (1 << bit));
    varied && flipped.chain(EARLIER).filter(|other| *other != start).all(differs)
}

/// Where nothing would show that the block goes where it should.
fn unplaced(patch: &Patch) -> Error {
    let message = format!(
        "nothing would show where {} is written: a read of it, and of all in front of it, looks like one from elsewhere",
        patch.words()
    );
    Error::new(Code::AddressUnproven, message)
        .hint("to write it all the same, to the address that the Duo is told, add --allow-unproven-address")
}

fn read_short() -> Error {
    Error::new(Code::Internal, "the DCT was read short")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window is told from another by the bytes of the section alone, and conservatively: a known part of the other
    /// one that agrees is enough to call the two alike.
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
        // The second half of a pattern that repeats with a power of two.
        let repeated: Vec<u8> = (0..8423_usize).map(|at| at.to_le_bytes()[0]).collect();
        assert!(!is_telling(&repeated, 34));
    }
}
