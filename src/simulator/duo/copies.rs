//! Handles the two copies of the DCT in the flash: which one the bootloader reads, and how it writes a field.
//!
//! Observed by running the bootloader binaries r3 to r6 (redbear/Duo `firmware/bootloader`). r3 to r5 contain this
//! code; r6 uses the code of system firmware 0.3.2 or later.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::Generation;
use super::dct::{APPLICATION_SECTION, COPY_SIZE};

/// As in IEEE 802.3.
static CRC_32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

// The header of a copy (WICED `platform_dct_header_t`): zeros except for these.
const WRITE_INCOMPLETE: usize = 8;
const IS_CURRENT: usize = 9;
const INITIALISED: usize = 10;
const MAGIC: usize = 12;
/// End of the part of a copy that contains the header; the part is cleared up to here.
const HEAD_SIZE: usize = 388;

// The version record of r6, the last 16 bytes of a copy.
const RECORD: usize = COPY_SIZE - 16;
const RECORD_HEAD: [u8; 8] = [0xcd, 0x00, 0x02, 0xdc, 0x00, 0x00, 0x70, 0x03];
const CHECKSUM: usize = RECORD + 8;
const INITIAL_WRITE: usize = RECORD + 12;
const SEQUENCE: usize = RECORD + 13;

/// The limit of a write of r6 in the application section: the record begins there.
pub const R6_LIMIT: usize = RECORD - APPLICATION_SECTION;

/// Writes the head of a copy that is marked as the current one.
pub fn head(copy: &mut [u8]) {
    copy[..HEAD_SIZE].fill(0);
    copy[IS_CURRENT] = 1;
    copy[INITIALISED] = 1;
    copy[MAGIC..MAGIC + 4].copy_from_slice(b"BRCM");
}

/// Writes the version record of a copy.
pub fn seal(copy: &mut [u8], sequence: u8) {
    copy[RECORD..CHECKSUM].copy_from_slice(&RECORD_HEAD);
    copy[CHECKSUM..].copy_from_slice(&[0, 0, 0, 0, 0, sequence, 0, 0]);
    let sum = checksum(copy);
    copy[CHECKSUM..CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
}

/// The copy that the bootloader of `generation` reads; `None` if it can use neither.
pub fn current(area: &[u8], generation: Generation) -> Option<usize> {
    let copies = [&area[..COPY_SIZE], &area[COPY_SIZE..2 * COPY_SIZE]];
    let usable = |copy: &[u8]| copy[MAGIC..MAGIC + 4] == *b"BRCM" && copy[WRITE_INCOMPLETE] == 0;
    if generation != Generation::R6 {
        return copies.iter().position(|copy| usable(copy) && copy[IS_CURRENT] == 1);
    }
    match copies.map(usable) {
        [true, true] => Some(usize::from(second_is_newer(copies[0], copies[1]))),
        [first, second] => [first, second].iter().position(|usable| *usable),
    }
}

/// 2 for a valid record, 1 for an invalid one, 0 for none.
fn worth(copy: &[u8]) -> u8 {
    if copy[RECORD..RECORD + 4] != RECORD_HEAD[..4] {
        return 0;
    }
    let stored =
        u32::from_le_bytes([copy[CHECKSUM], copy[CHECKSUM + 1], copy[CHECKSUM + 2], copy[CHECKSUM + 3]]);
    let sound = stored == checksum(copy) || (stored == 0 && copy[INITIAL_WRITE] == 1);
    1 + u8::from(sound)
}

fn second_is_newer(first: &[u8], second: &[u8]) -> bool {
    let (a, b) = (worth(first), worth(second));
    if a != b {
        return b > a;
    }
    match a {
        2 if second[INITIAL_WRITE] == 1 => true,
        2 if first[INITIAL_WRITE] == 1 => false,
        2 => second[SEQUENCE] > first[SEQUENCE],
        1 => first[IS_CURRENT] == 0,
        _ => false,
    }
}

/// The checksum of the pieces of a copy, with zeros in place of the fields that are written last.
fn checksum(copy: &[u8]) -> u32 {
    let (mut head, mut record) = ([0; HEAD_SIZE], [0; COPY_SIZE - RECORD]);
    head.copy_from_slice(&copy[..HEAD_SIZE]);
    head[WRITE_INCOMPLETE] = 0;
    record.copy_from_slice(&copy[RECORD..]);
    record[CHECKSUM - RECORD..][..4].fill(0);
    record[INITIAL_WRITE - RECORD] = 0;
    let pieces = [&head[..], &record].into_iter().chain(copy[HEAD_SIZE..RECORD].chunks(32));
    !pieces.fold(0, |sum, piece| sum ^ !CRC_32.checksum(piece))
}

/// How far a write gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the end.
    All,
    /// The power fails after this many bytes.
    Bytes(usize),
    /// The power fails when the new copy is complete, before the old one is marked or erased.
    NewCopy,
}

/// Writes `data` at `offset` of the application section, as the bootloader of `generation` does. Data past the copy's
/// end is dropped. Does nothing if no copy can be used.
pub fn write(area: &mut [u8], offset: usize, data: &[u8], generation: Generation, reach: Reach) {
    let Some(current) = current(area, generation) else { return };
    let start = (APPLICATION_SECTION + offset).min(COPY_SIZE);
    let data = &data[..data.len().min(COPY_SIZE - start)];
    let place = start..start + data.len();
    let mut copy = zeroize::Zeroizing::new(area[current * COPY_SIZE..(current + 1) * COPY_SIZE].to_vec());
    let landed = if let Reach::Bytes(bytes) = reach { bytes.min(data.len()) } else { data.len() };
    if generation != Generation::R6 {
        let here = &mut area[current * COPY_SIZE..][place.clone()];
        here.iter_mut().zip(&data[..landed]).for_each(|(cell, byte)| *cell &= byte);
        if landed < data.len() || here == data {
            return;
        }
    }
    copy[place][..landed].copy_from_slice(&data[..landed]);
    let old = &mut area[current * COPY_SIZE..(current + 1) * COPY_SIZE];
    // Only the two marks of the header change.
    copy[WRITE_INCOMPLETE] = 0;
    copy[IS_CURRENT] = 1;
    if generation == Generation::R6 {
        let sequence = if worth(old) == 0 { 0 } else { old[SEQUENCE] };
        seal(&mut copy, sequence.wrapping_add(1));
    }
    match (reach, generation) {
        (Reach::NewCopy, _) => {}
        (_, Generation::R6) => old[IS_CURRENT] = 0,
        _ => old.fill(0xff),
    }
    let other = 1 - current;
    area[other * COPY_SIZE..(other + 1) * COPY_SIZE].copy_from_slice(&copy);
}

/// Makes a blank DCT, as the bootloader does if it can use no copy: r3 to r5 make the first copy, r6 makes both and
/// marks none as current.
pub fn make_blank(area: &mut [u8], generation: Generation) {
    let copies = if generation == Generation::R6 { 2 } else { 1 };
    for copy in area.chunks_mut(COPY_SIZE).take(copies) {
        copy.fill(0xff);
        head(copy);
        copy[IS_CURRENT] = u8::from(generation != Generation::R6);
        super::dct::section_header(&mut copy[APPLICATION_SECTION..], generation);
    }
}
