//! The whole DCT as it lies in the internal flash: two copies of 16 KiB, of which the firmware writes one anew,
//! changed, and then calls the other one old. So which of them counts is in the bytes, never in their order.
//!
//! Numbers: redbear/firmware `platform_dct.h` (WICED's `platform_dct_header_t` and `platform_dct_version_t`) and
//! `wiced_dct_internal_common.c`. From system firmware 0.3.2 on a copy carries a sequence number and a CRC-32.

use crc::{CRC_32_ISO_HDLC, Crc};

/// The CRC-32 of IEEE 802.3.
const CRC_32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// One copy.
pub const COPY_SIZE: usize = 16 * 1024;
/// Both copies.
pub const WHOLE_SIZE: usize = 2 * COPY_SIZE;
/// Where the application section begins in a copy; before it come WICED's own sections, Wi-Fi passwords included.
pub const APPLICATION_SECTION: usize = 7548;

// The header of a copy.
const WRITE_INCOMPLETE: usize = 8;
const IS_CURRENT: usize = 9;
const MAGIC: usize = 12;
const MAGIC_NUMBER: &[u8] = b"BRCM";
/// The bytes of a copy up to the end of its magic number: without them it is none.
pub(super) const HEADER_SIZE: usize = 16;

/// Behind the 8,423 bytes of the application section, aligned: 36 bytes of network settings, then the version.
const VERSION: usize = APPLICATION_SECTION + 8424 + 36;
const VERSION_MAGIC: u32 = 0xDC02_00CD;
const CRC: usize = VERSION + 8;
const INITIAL_WRITE: usize = VERSION + 12;
const SEQUENCE: usize = VERSION + 13;

/// Whether the bytes begin as a copy of the DCT does.
pub(super) fn has_magic(bytes: &[u8]) -> bool {
    bytes.get(MAGIC..).is_some_and(|rest| rest.starts_with(MAGIC_NUMBER))
}

/// One copy; it borrows the bytes. No `Debug`: they hold keys and passwords.
#[derive(Clone, Copy)]
pub struct DctCopy<'a>(&'a [u8; COPY_SIZE]);

impl<'a> DctCopy<'a> {
    /// A view of exactly [`COPY_SIZE`] bytes.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// True where the copy was written to its end: its header has the magic number and is not marked incomplete.
    pub fn is_complete(&self) -> bool {
        has_magic(self.0) && self.0[WRITE_INCOMPLETE] == 0
    }

    /// True where its header says that it is the current one.
    pub fn is_marked_current(&self) -> bool {
        self.0[IS_CURRENT] == 1
    }

    /// True where it has a version structure, which system firmware before 0.3.2 does not write.
    pub fn is_versioned(&self) -> bool {
        self.word(VERSION) == VERSION_MAGIC
    }

    /// The sequence number, where the copy has one and its CRC-32 is right.
    pub fn sequence(&self) -> Option<u8> {
        if !self.is_versioned() {
            return None;
        }
        (self.is_initial() || self.has_checksum(self.word(CRC))).then_some(self.0[SEQUENCE])
    }

    /// True where it is as it was made at the factory, without a checksum: the firmware clears the flag once there is a
    /// newer copy.
    fn is_initial(self) -> bool {
        self.0[INITIAL_WRITE] == 1 && self.word(CRC) == 0
    }

    /// The bytes from the application section's beginning to the end of the copy.
    pub fn section(&self) -> &'a [u8] {
        &self.0[APPLICATION_SECTION..]
    }

    /// The CRC-32 of IEEE 802.3 over the copy, with the bytes that are written last as zeros. WICED's own keeps the
    /// remainder as it is where others complement it; either is taken.
    ///
    /// Particle's stand-in for it (particle-iot/device-os `hal/src/photon/dct_hal.c`) combines the checksums of pieces by
    /// XOR, and of which length they are is the build's choice. One like that is not recognised; then the mark decides,
    /// which the same firmware keeps.
    fn has_checksum(self, stored: u32) -> bool {
        let changing = |at: usize| {
            at == WRITE_INCOMPLETE || at == INITIAL_WRITE || (CRC..CRC + size_of::<u32>()).contains(&at)
        };
        let mut digest = CRC_32.digest();
        for (at, &byte) in self.0.iter().enumerate() {
            digest.update(&[if changing(at) { 0 } else { byte }]);
        }
        let checksum = digest.finalize();
        stored == checksum || stored == !checksum
    }

    fn word(self, at: usize) -> u32 {
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }
}

/// Both copies, at least one of which has the magic number.
#[derive(Clone, Copy)]
pub struct WholeDct<'a>([DctCopy<'a>; 2]);

impl<'a> WholeDct<'a> {
    /// A view of exactly [`WHOLE_SIZE`] bytes, of which at least one half begins as a copy does.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() != WHOLE_SIZE {
            return None;
        }
        let (first, second) = bytes.split_at_checked(COPY_SIZE)?;
        let known = has_magic(first) || has_magic(second);
        known.then_some(())?;
        Some(Self([DctCopy::new(first)?, DctCopy::new(second)?]))
    }

    /// Both, in the order in which they lie.
    pub const fn copies(&self) -> &[DctCopy<'a>; 2] {
        &self.0
    }

    /// Which copy the firmware uses, 0 or 1; `None` where it uses neither. Of two with a sequence number that can be
    /// relied on, one that is as it was made at the factory, else the higher one; one that has it goes before one that
    /// has not; without any the mark in the header decides, and of two that are marked the first, as the firmware
    /// looks there first.
    pub fn current(&self) -> Option<usize> {
        let [first, second] = self.0.map(|copy| copy.is_complete().then_some(copy));
        let sequence = |copy: Option<DctCopy<'_>>| copy.and_then(|copy| copy.sequence());
        let marked = |copy: Option<DctCopy<'_>>| copy.is_some_and(|copy| copy.is_marked_current());
        match (sequence(first), sequence(second)) {
            (Some(_), Some(_)) if self.0[1].is_initial() => Some(1),
            (Some(_), Some(_)) if self.0[0].is_initial() => Some(0),
            (Some(first), Some(second)) => Some(usize::from(second > first)),
            (Some(_), None) => Some(0),
            (None, Some(_)) => Some(1),
            (None, None) if marked(first) => Some(0),
            (None, None) => marked(second).then_some(1),
        }
    }

    /// The current copy's application section.
    pub fn section(&self) -> Option<&'a [u8]> {
        self.current().map(|current| self.0[current].section())
    }
}
