//! Reads the whole DCT of the internal flash: two copies of 16 KiB, one of which is current. Their bytes say which one,
//! but the bootloaders do not agree on how ([`CopyRule`]).
//!
//! Sources: the numbers are from redbear/firmware `platform_dct.h` (WICED's `platform_dct_header_t` and
//! `platform_dct_version_t`). The place of the version record, its checksum and the choice of a copy are from running
//! the bootloader binaries r3 to r6 in redbear/Duo `firmware/bootloader`.

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use serde::{Deserialize, Serialize};

/// The CRC-32 of IEEE 802.3.
static CRC_32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// One copy.
pub const COPY_SIZE: usize = 16 * 1024;
/// Both copies.
pub const WHOLE_SIZE: usize = 2 * COPY_SIZE;
/// Offset of the application section in a copy; before it are WICED's own sections, with the Wi-Fi passwords.
pub const APPLICATION_SECTION: usize = 7548;

// The header of a copy.
const WRITE_INCOMPLETE: usize = 8;
const IS_CURRENT: usize = 9;
const MAGIC: usize = 12;
const MAGIC_NUMBER: &[u8] = b"BRCM";
/// The bytes of a copy up to the end of its magic number; without them it is not a copy.
pub(super) const HEADER_SIZE: usize = 16;

// The version record: the last 16 bytes of a copy.
const RECORD: usize = COPY_SIZE - 16;
const RECORD_MAGIC: &[u8] = &[0xCD, 0x00, 0x02, 0xDC];
const CHECKSUM: std::ops::Range<usize> = RECORD + 8..RECORD + 12;
const INITIAL_WRITE: usize = RECORD + 12;
const SEQUENCE: usize = RECORD + 13;

// The checksum is computed from pieces: the header and what belongs to it, then pieces of equal length, then the
// record.
const FIRST_PIECE: usize = 388;
const PIECE: usize = 32;

/// Bootloaders that agree on which copy of a DCT is current. The same bytes may mean another copy to each family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctReader")]
pub enum CopyRule {
    /// r3, r4 and r5, and system firmware up to 0.3.1: the mark in a copy's header.
    #[serde(rename = "r3-r5")]
    R3ToR5,
    /// r6, and system firmware from 0.3.2 on: the version record at a copy's end.
    #[serde(rename = "r6")]
    R6,
}

impl CopyRule {
    /// Both.
    pub const ALL: [Self; 2] = [Self::R3ToR5, Self::R6];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::R3ToR5 => Self::R6,
            Self::R6 => Self::R3ToR5,
        }
    }
}

/// Whether the bytes begin like a copy of the DCT.
pub(super) fn has_magic(bytes: &[u8]) -> bool {
    bytes.get(MAGIC..).is_some_and(|rest| rest.starts_with(MAGIC_NUMBER))
}

/// One of the two copies of a whole DCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "CopyName", rename_all = "kebab-case")]
pub enum WhichCopy {
    /// The one at the lower address.
    First,
    /// The other one.
    Second,
}

impl WhichCopy {
    /// Both, by address.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }

    /// Its index, 0 or 1.
    pub const fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// What is in the place of a copy of a DCT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctHalfKind", rename_all = "kebab-case")]
pub enum Half {
    /// A copy, current or not.
    Copy,
    /// Erased flash.
    Erased,
    /// Something else.
    Other,
}

/// The state of a copy's version record, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Record {
    None,
    Bad,
    Good,
}

/// One copy; it borrows the bytes. No `Debug`: they hold keys and passwords.
#[derive(Clone, Copy)]
pub struct DctCopy<'a>(&'a [u8; COPY_SIZE]);

impl<'a> DctCopy<'a> {
    /// A view of exactly [`COPY_SIZE`] bytes.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// What the bytes are: a copy, erased flash or something else.
    pub fn half(&self) -> Half {
        if has_magic(self.0) {
            Half::Copy
        } else if self.0.iter().all(|byte| *byte == 0xFF) {
            Half::Erased
        } else {
            Half::Other
        }
    }

    /// True if it was written completely: its header has the magic number and is not marked incomplete.
    pub fn is_complete(&self) -> bool {
        has_magic(self.0) && self.0[WRITE_INCOMPLETE] == 0
    }

    /// True if it has a version record, which system firmware before 0.3.2 does not write.
    pub fn has_record(&self) -> bool {
        self.0[RECORD..].starts_with(RECORD_MAGIC)
    }

    /// The bytes from the application section's beginning to the end of the copy.
    pub fn section(&self) -> &'a [u8] {
        &self.0[APPLICATION_SECTION..]
    }

    fn record(self) -> Record {
        let stored = &self.0[CHECKSUM];
        let unsealed = self.is_initial() && *stored == [0; 4];
        if !self.has_record() {
            Record::None
        } else if unsealed || *stored == self.checksum().to_le_bytes() {
            Record::Good
        } else {
            Record::Bad
        }
    }

    /// True if it was created new, not as a changed duplicate.
    const fn is_initial(self) -> bool {
        self.0[INITIAL_WRITE] == 1
    }

    /// The CRC-32s of the pieces, combined by XOR, with zeros in place of the fields that are written last. The mark in
    /// the header is included: if the firmware clears the mark of an old copy, the checksum of that copy no longer
    /// matches.
    fn checksum(self) -> u32 {
        let (mut first, mut record) = ([0; FIRST_PIECE], [0; COPY_SIZE - RECORD]);
        first.copy_from_slice(&self.0[..FIRST_PIECE]);
        first[WRITE_INCOMPLETE] = 0;
        record.copy_from_slice(&self.0[RECORD..]);
        record[CHECKSUM.start - RECORD..CHECKSUM.end - RECORD].fill(0);
        record[INITIAL_WRITE - RECORD] = 0;
        let pieces = [&first[..], &record].into_iter().chain(self.0[FIRST_PIECE..RECORD].chunks(PIECE));
        !pieces.fold(0, |sum, piece| sum ^ !CRC_32.checksum(piece))
    }
}

/// Both copies, at least one of which has the magic number.
#[derive(Clone, Copy)]
pub struct WholeDct<'a>([DctCopy<'a>; 2]);

impl<'a> WholeDct<'a> {
    /// A view of exactly [`WHOLE_SIZE`] bytes; at least one half must begin like a copy.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (first, second) = bytes.split_at_checked(COPY_SIZE)?;
        let copies = [DctCopy::new(first)?, DctCopy::new(second)?];
        (has_magic(first) || has_magic(second)).then_some(Self(copies))
    }

    /// Both, by address.
    pub const fn copies(&self) -> &[DctCopy<'a>; 2] {
        &self.0
    }

    /// The current copy by a rule, 0 or 1; `None` if there is none.
    pub fn current(&self, rule: CopyRule) -> Option<usize> {
        let complete = self.0.map(|copy| copy.is_complete());
        let marked = |copy: &DctCopy<'_>| copy.is_complete() && copy.0[IS_CURRENT] == 1;
        match (rule, complete) {
            (CopyRule::R3ToR5, _) => self.0.iter().position(marked),
            (CopyRule::R6, [true, true]) => Some(self.newer()),
            (CopyRule::R6, _) => complete.iter().position(|complete| *complete),
        }
    }

    /// The current copy if both rules agree; `None` if they do not.
    pub fn undisputed(&self) -> Option<Option<usize>> {
        let [mark, record] = CopyRule::ALL.map(|rule| self.current(rule));
        (mark == record).then_some(mark)
    }

    /// Of two complete copies, the one that r6 uses.
    fn newer(&self) -> usize {
        let [first, second] = self.0;
        let [a, b] = self.0.map(DctCopy::record);
        let second_is_newer = match a {
            _ if a != b => b > a,
            Record::Good if second.is_initial() => true,
            Record::Good => !first.is_initial() && second.0[SEQUENCE] > first.0[SEQUENCE],
            Record::Bad => first.0[IS_CURRENT] == 0,
            Record::None => false,
        };
        usize::from(second_is_newer)
    }
}
