//! Checks what one alternate setting lets a host transfer: its memory map and the largest block.
//!
//! Every operation with an address is checked here before its first request, because the bootloader does not check. It
//! looks only at the start of a block, copies `wLength` bytes into a buffer of 4096 without checking, and reads past
//! the end of the DCT (redbear/firmware `usbd_dfu_mal.c`, `usbd_dct_if.c`).

use super::memory_map::{Access, MemoryMap};

/// The distance between two blocks, and so the largest block. The bootloader computes addresses with its own transfer
/// size, not with `wLength`.
pub const BLOCK: u16 = 4096;

/// The number of possible block numbers: `wBlockNum` has 16 bits and begins at 2.
const MAX_BLOCKS: usize = 0xFFFF - 1;

/// Why a range may not be transferred.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// No bytes. (A `DFU_DNLOAD` without data would mean "leave DFU mode".)
    #[error("nothing to transfer")]
    Empty,
    /// Part of the range does not exist.
    #[error("{length} bytes at {address:#010x} do not lie within \"{map}\"")]
    OutsideMap {
        /// Start of the range.
        address: u32,
        /// Its length in bytes.
        length: usize,
        /// The memory's name, as the device gives it.
        map: String,
    },
    /// The memory map forbids it. To be erased, it has to be exactly one sector.
    #[error("{length} bytes at {address:#010x} are not {needed}")]
    Forbidden {
        /// What they need to be: `readable`, `writable` or `one erasable sector`.
        needed: &'static str,
        /// Start of the range.
        address: u32,
        /// Its length in bytes.
        length: usize,
    },
    /// More than one block if one is the limit, or more blocks than there are numbers.
    #[error("{length} bytes are too many for one transfer of at most {limit}")]
    TooLong {
        /// The length in bytes.
        length: usize,
        /// The most that is possible, in bytes.
        limit: usize,
    },
}

/// A memory map and the largest block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    map: MemoryMap,
    block: u16,
}

impl Geometry {
    /// `transfer_size` is `wTransferSize` of the DFU functional descriptor; it is limited to [`BLOCK`].
    pub fn new(map: MemoryMap, transfer_size: u16) -> Self {
        Self { map, block: transfer_size.min(BLOCK) }
    }

    /// The memory map.
    pub fn map(&self) -> &MemoryMap {
        &self.map
    }

    /// The largest block in bytes, at most [`BLOCK`].
    pub fn block(&self) -> u16 {
        self.block
    }

    /// Checks that `length` bytes from `address` may be read. More than one block is possible only if a block has
    /// [`BLOCK`] bytes.
    pub fn check_read(&self, address: u32, length: usize) -> Result<(), RangeError> {
        self.check_extent(address, length, "readable", Access::readable)?;
        let blocks = if self.block < BLOCK { 1 } else { MAX_BLOCKS };
        self.check_length(length, blocks)
    }

    /// Checks that `length` bytes may be written at `address`, in one block: a key written in two blocks could end up
    /// half old and half new.
    pub fn check_write(&self, address: u32, length: usize) -> Result<(), RangeError> {
        self.check_extent(address, length, "writable", Access::writable)?;
        self.check_length(length, 1)
    }

    /// Checks that `length` bytes from `address` are exactly one sector that may be erased. The bootloader always
    /// erases the whole sector of an address.
    pub fn check_erase(&self, address: u32, length: usize) -> Result<(), RangeError> {
        let is_sector = self.map.is_sector(address, length);
        self.check_extent(address, length, "one erasable sector", |access| is_sector && access.erasable())
    }

    /// Checks that there are block numbers for `length` bytes that begin `blocks` blocks after the pointer.
    pub fn check_numbers(blocks: u16, length: usize) -> Result<(), RangeError> {
        let limit = MAX_BLOCKS.saturating_sub(usize::from(blocks)).saturating_mul(usize::from(BLOCK));
        if length > limit { Err(RangeError::TooLong { length, limit }) } else { Ok(()) }
    }

    fn check_extent(
        &self,
        address: u32,
        length: usize,
        needed: &'static str,
        permits: impl Fn(Access) -> bool,
    ) -> Result<(), RangeError> {
        if length == 0 {
            return Err(RangeError::Empty);
        }
        if !self.map.contains(address, length) {
            let map = super::descriptors::printable(self.map.name());
            return Err(RangeError::OutsideMap { address, length, map });
        }
        let permitted = self.map.all(address, length, permits);
        if permitted { Ok(()) } else { Err(RangeError::Forbidden { needed, address, length }) }
    }

    /// Checks that `length` bytes fit in this many blocks.
    pub(super) fn check_length(&self, length: usize, blocks: usize) -> Result<(), RangeError> {
        let limit = usize::from(self.block).saturating_mul(blocks);
        if length > limit { Err(RangeError::TooLong { length, limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(map: &str, transfer_size: u16) -> Geometry {
        Geometry::new(MemoryMap::parse(map).unwrap(), transfer_size)
    }

    #[test]
    fn an_incredible_transfer_size_is_cut_to_the_bootloaders_buffer() {
        let dct = geometry("@DCT Flash/0x0/01*016Kg", 65535);
        assert_eq!(dct.block(), 4096);
        assert_eq!(dct.check_write(0, 4097), Err(RangeError::TooLong { length: 4097, limit: 4096 }));
        assert_eq!(dct.check_write(0, 4096), Ok(()));
        assert_eq!(dct.check_read(0, 16384), Ok(()));
    }

    #[test]
    fn small_blocks_cannot_be_chained_as_the_stride_is_fixed() {
        let dct = geometry("@DCT Flash/0x0/01*016Kg", 64);
        assert_eq!(dct.check_read(34, 1216), Err(RangeError::TooLong { length: 1216, limit: 64 }));
        assert_eq!(dct.check_read(34, 64), Ok(()));
    }

    #[test]
    fn nothing_outside_the_map_and_nothing_forbidden_by_it() {
        let flash = geometry("@X/0x0/1*1Ka,1*1Kd", 4096);
        assert_eq!(flash.check_read(0, 0), Err(RangeError::Empty));
        assert_eq!(flash.check_write(0, 0), Err(RangeError::Empty));
        assert!(matches!(flash.check_read(2000, 49), Err(RangeError::OutsideMap { .. })));
        assert!(matches!(flash.check_read(1000, 100), Err(RangeError::Forbidden { needed: "readable", .. })));
        assert!(matches!(
            flash.check_write(1000, 100),
            Err(RangeError::Forbidden { needed: "writable", .. })
        ));
        assert_eq!(flash.check_write(1024, 1024), Ok(()));
    }

    #[test]
    fn one_whole_sector_is_erased_or_nothing() {
        let flash = geometry("@X/0x1000/1*1Ka,2*1Kg,1*2Kf,1*1Ke", 4096);
        for (address, length) in [(0x1400, 1024), (0x1800, 1024), (0x1C00, 2048)] {
            assert_eq!(flash.check_erase(address, length), Ok(()), "{address:#x}");
        }
        let never =
            [(0x1000, 1024), (0x2400, 1024), (0x1400, 1023), (0x1400, 2048), (0x1500, 1024), (0x1C00, 1024)];
        for (address, length) in never {
            let error = RangeError::Forbidden { needed: "one erasable sector", address, length };
            assert_eq!(flash.check_erase(address, length), Err(error), "{address:#x}");
        }
        assert_eq!(flash.check_erase(0x1400, 0), Err(RangeError::Empty));
        assert!(matches!(flash.check_erase(0x2800, 1024), Err(RangeError::OutsideMap { .. })));
    }
}
