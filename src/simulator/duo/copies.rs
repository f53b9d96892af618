//! The two copies of the DCT in the flash: which one the bootloader reads, and how it writes a field.
//!
//! As seen in the bootloader binaries r3 to r6 (redbear/Duo `firmware/bootloader`), executed. r3 to r5 carry this code
//! themselves; r6 takes it from system firmware 0.3.2 or later.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::Generation;
use super::dct::{APPLICATION_SECTION, COPY_SIZE};

/// As in IEEE 802.3.
static CRC_32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

// The header of a copy (WICED `platform_dct_header_t`): zeros but for these.
const WRITE_INCOMPLETE: usize = 8;
const IS_CURRENT: usize = 9;
const INITIALISED: usize = 10;
const MAGIC: usize = 12;
/// The part of a copy that the header belongs to is cleared up to here.
const HEAD_SIZE: usize = 388;

// The version record of r6, the last 16 bytes of a copy.
const RECORD: usize = COPY_SIZE - 16;
const RECORD_HEAD: [u8; 8] = [0xcd, 0x00, 0x02, 0xdc, 0x00, 0x00, 0x70, 0x03];
const CHECKSUM: usize = RECORD + 8;
const INITIAL_WRITE: usize = RECORD + 12;
const SEQUENCE: usize = RECORD + 13;

/// Where a write of r6 has to end, in the application section: before the record.
pub const R6_LIMIT: usize = RECORD - APPLICATION_SECTION;

/// Writes the head of a copy that is marked as the current one.
pub fn head(copy: &mut [u8]) {
    copy[..HEAD_SIZE].fill(0);
    copy[IS_CURRENT] = 1;
    copy[INITIALISED] = 1;
    copy[MAGIC..MAGIC + 4].copy_from_slice(b"BRCM");
}

/// Gives a copy its version record.
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

/// 2 for a record that can be relied on, 1 for one that cannot, 0 for none.
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

/// Over the pieces of a copy, with zeros for what is written last.
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
    /// To its end.
    All,
    /// The power goes as soon as so many bytes have been programmed.
    Bytes(usize),
    /// The power goes when the new copy is whole, before the old one is marked or erased.
    NewCopy,
}

/// Writes `data` at `offset` of the application section, as the bootloader of `generation` does. What would go past the
/// copy's end is dropped. Nothing happens if no copy can be used.
pub fn write(area: &mut [u8], offset: usize, data: &[u8], generation: Generation, reach: Reach) {
    let Some(current) = current(area, generation) else { return };
    let start = (APPLICATION_SECTION + offset).min(COPY_SIZE);
    let data = &data[..data.len().min(COPY_SIZE - start)];
    let place = start..start + data.len();
    let mut copy = zeroize::Zeroizing::new(area[current * COPY_SIZE..(current + 1) * COPY_SIZE].to_vec());
    if generation != Generation::R6 {
        let here = &mut area[current * COPY_SIZE..][place.clone()];
        let programmed = if let Reach::Bytes(bytes) = reach { bytes.min(data.len()) } else { data.len() };
        here.iter_mut().zip(&data[..programmed]).for_each(|(cell, byte)| *cell &= byte);
        if programmed < data.len() || here == data {
            return;
        }
    }
    let landed = if let Reach::Bytes(bytes) = reach { bytes.min(data.len()) } else { data.len() };
    copy[place][..landed].copy_from_slice(&data[..landed]);
    let old = &mut area[current * COPY_SIZE..(current + 1) * COPY_SIZE];
    head_of_copy(&mut copy);
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

/// The header alone; what belongs to it stays as it was.
fn head_of_copy(copy: &mut [u8]) {
    copy[WRITE_INCOMPLETE] = 0;
    copy[IS_CURRENT] = 1;
}

/// What the bootloader makes if it can use no copy: of r3 to r5 the first sector, of r6 both, in which nothing is marked.
pub fn make_blank(area: &mut [u8], generation: Generation) {
    let copies = if generation == Generation::R6 { 2 } else { 1 };
    for copy in area.chunks_mut(COPY_SIZE).take(copies) {
        copy.fill(0xff);
        head(copy);
        copy[IS_CURRENT] = u8::from(generation != Generation::R6);
        super::dct::section_header(&mut copy[APPLICATION_SECTION..], generation);
    }
}
