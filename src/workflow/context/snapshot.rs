//! Holds the bytes that were read from a Duo.

use zeroize::Zeroizing;

use crate::dct::{COPY_SIZE, CopyRule, DEVICE_PRIVATE_KEY, Dct, DctCopy, DctImage, SECTION_SIZES};
use crate::dfuse::Buffer;
use crate::error::Error;
use crate::keys::{Fingerprint, PrivateKey, Slot};

/// Bytes that were read from a Duo twice, with the same result.
pub struct Snapshot {
    pub dct: Dct,
    /// What the key slot holds.
    pub slot: Slot,
    /// True if something in it shows that it was read from the right place.
    pub in_place: bool,
}

impl Snapshot {
    /// The bytes of the key slot.
    pub fn slot_bytes(&self) -> &[u8] {
        self.image().private_key_slot().map_or(&[], |slot| slot.as_slice())
    }

    /// The key in the slot, whether the firmware can read it or not.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.slot.key().map(|read| read.key.public_key().fingerprint())
    }

    /// The key in the slot; an error if the firmware does not read one there.
    pub fn own_key(&self) -> Result<&PrivateKey, Error> {
        match &self.slot {
            Slot::Key(read) => Ok(&read.key),
            slot => {
                Err(Error::key_slot(slot).unwrap_or_else(|| Error::internal("a slot with a key has none")))
            }
        }
    }

    /// What a Duo that held this holds after `bytes` are written at `offset`.
    pub fn with(&self, offset: usize, bytes: &[u8]) -> Result<Self, Error> {
        let mut all = Zeroizing::new(self.image().bytes().to_vec());
        let field = all.get_mut(offset..offset + bytes.len());
        field.ok_or_else(read_short)?.copy_from_slice(bytes);
        Ok(Self { in_place: self.in_place, ..Self::of(all)? })
    }

    /// The same with a blank key slot.
    pub fn without_key(&self) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(self.image().bytes().to_vec());
        let slot = bytes.get_mut(DEVICE_PRIVATE_KEY.offset..DEVICE_PRIVATE_KEY.end());
        slot.ok_or_else(read_short)?.fill(0xff);
        Self::of(bytes)
    }

    /// From the application section of a copy, which the rest of the copy may follow.
    pub fn of_section(section: &[u8]) -> Result<Self, Error> {
        let section = section.get(..SECTION_SIZES[1]).ok_or_else(read_short)?;
        Self::of(Zeroizing::new(section.to_vec()))
    }

    /// From the beginning of a DCT.
    pub fn of(bytes: Buffer) -> Result<Self, Error> {
        let dct = Dct::new(bytes);
        let slot = dct.image().private_key_slot().map(Slot::classify).ok_or_else(read_short)?;
        Ok(Self { dct, slot, in_place: true })
    }

    /// The DCT up to the device id.
    pub fn image(&self) -> DctImage<'_> {
        self.dct.image()
    }
}

/// Both copies of a whole DCT, read twice with the same result.
pub struct WholeHeld {
    pub bytes: Buffer,
    /// The rule by which the Duo's bootloader finds the copy that counts.
    pub rule: CopyRule,
    /// The application section of the copy that counts; `None` if none does.
    pub current: Option<Snapshot>,
}

impl WholeHeld {
    /// The application sections of both copies, if no copy counts: the key may be in either.
    pub fn uncounted(&self) -> Vec<Snapshot> {
        let copies = self.bytes.chunks(COPY_SIZE).filter(|_| self.current.is_none()).filter_map(DctCopy::new);
        copies.filter_map(|copy| Snapshot::of_section(copy.section()).ok()).collect()
    }
}

fn read_short() -> Error {
    Error::internal("the DCT was read short")
}
