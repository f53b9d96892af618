//! Simulates the three memories of the alternate settings: internal flash, the DCT in it, and the serial flash.
//!
//! Knows which addresses exist, what may be written, and how flash behaves on a write. Knows nothing of USB. Sources:
//! the bootloaders' interface strings, redbear/firmware `usbd_dfu_mal.c` and `usbd_dct_if.c`.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use super::copies::{self, Reach};
use super::dct::{self, COPY_SIZE};
use super::{DeviceKey, DuoOptions, Generation, SystemFirmware};

const INTERNAL_BASE: u32 = 0x0800_0000;
const INTERNAL_SIZE: usize = 1024 * 1024;
const SERIAL_SIZE: usize = 512 * 4096;
const SERIAL_SECTOR: usize = 4096;

/// How much of the bootloader's own code is simulated: one transfer.
const BOOTLOADER_HEAD: usize = 4096;

/// Alt 1 checks only that a transfer starts below this.
const DCT_LIMIT: u32 = 0x4000;

/// How the next flash write, or erasure, goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFault {
    /// The write fails, and the device notices.
    Fails,
    /// The device reports success, but nothing changes.
    Silent,
    /// Only this many bytes, from the first on, reach the flash; the rest is unchanged.
    Half(usize),
}

/// The result of an ERASE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// It was carried out, as far as the bootloader knows.
    Done,
    /// There is nothing to erase at that address.
    Refused,
    /// The flash was not erased, and the bootloader waits for it forever.
    Hangs,
}

/// Everything that a Duo keeps without power. No `Debug`: it holds a private key.
pub struct Memory {
    generation: Generation,
    /// The installed system firmware, which r6 depends on.
    pub firmware: SystemFirmware,
    internal: Vec<u8>,
    /// The copy of the DCT that is read, cached until the internal flash changes.
    current: OnceCell<Option<usize>>,
    /// The serial flash, 2 MiB. Shared with all other Duos until it is written; hardly any test writes it.
    pub serial: Arc<Vec<u8>>,
}

impl Memory {
    /// Erased flash.
    fn new(generation: Generation, firmware: SystemFirmware) -> Self {
        static ERASED: OnceLock<Arc<Vec<u8>>> = OnceLock::new();
        let serial = Arc::clone(ERASED.get_or_init(|| Arc::new(vec![0xff; SERIAL_SIZE])));
        let mut internal = vec![0xff; INTERNAL_SIZE];
        internal[..BOOTLOADER_HEAD].copy_from_slice(&bootloader(generation));
        Self { generation, firmware, internal, current: OnceCell::new(), serial }
    }

    /// The memory of a Duo after its first boot.
    pub fn after_first_boot(options: &DuoOptions, key: &DeviceKey) -> Self {
        let mut memory = Self::new(options.generation, options.system_firmware());
        dct::after_first_boot(memory.dct_area_mut(), options, key);
        memory
    }

    /// `length` bytes as UPLOAD returns them. `None` if the firmware refuses without an error: then r6 sends zeros, and
    /// the others send what was downloaded last. Bytes past the end of a memory read as zeros.
    pub fn read(&mut self, alt: u8, address: u32, length: usize) -> Option<Vec<u8>> {
        match alt {
            0 => {
                let start = self.internal_offset(address)?;
                Some(padded(&self.internal[start..], length))
            }
            1 if self.dct_readable() && address < DCT_LIMIT => {
                self.make_dct_if_missing();
                Some(self.read_dct(address as usize, length))
            }
            2 => {
                let start = usize::try_from(address).ok().filter(|&a| a < SERIAL_SIZE)?;
                Some(padded(&self.serial[start..], length))
            }
            _ => None,
        }
    }

    /// Whether an address exists in the memory of an alternate setting.
    pub fn has(&self, alt: u8, address: u32) -> bool {
        match alt {
            0 => self.internal_offset(address).is_some(),
            1 => address < DCT_LIMIT,
            _ => usize::try_from(address).is_ok_and(|address| address < SERIAL_SIZE),
        }
    }

    /// Programs `data`.
    pub fn write(&mut self, alt: u8, address: u32, data: &[u8], fault: Option<WriteFault>) -> Result<(), ()> {
        let reach = match fault {
            Some(WriteFault::Fails) => return Err(()),
            Some(WriteFault::Silent) => return Ok(()),
            Some(WriteFault::Half(bytes)) => Reach::Bytes(bytes),
            None => Reach::All,
        };
        let whole = data;
        let data = if let Reach::Bytes(bytes) = reach { &data[..bytes.min(data.len())] } else { data };
        match alt {
            0 => {
                let start = self.internal_offset(address).ok_or(())?;
                if start < self.generation.bootloader_size() {
                    return Err(());
                }
                let end = start + data.len();
                program(self.internal_mut().get_mut(start..end).ok_or(())?, data);
                Ok(())
            }
            1 if self.dct_readable() && address < DCT_LIMIT => {
                let end = (address as usize).saturating_add(whole.len());
                if self.generation == Generation::R6 && end > copies::R6_LIMIT {
                    return Err(());
                }
                self.make_dct_if_missing();
                self.write_dct_as_far_as(address as usize, whole, reach);
                Ok(())
            }
            2 => {
                let start = usize::try_from(address).map_err(|_| ())?;
                let end = start.checked_add(data.len()).ok_or(())?;
                program(Arc::make_mut(&mut self.serial).get_mut(start..end).ok_or(())?, data);
                Ok(())
            }
            _ => Err(()),
        }
    }

    /// Erases the sector of `address`. On alternate setting 1 there is nothing to erase. A fault is used up only if
    /// there is a sector to erase. A partial erasure affects the sector's first bytes.
    pub fn erase(&mut self, alt: u8, address: u32, fault: &mut Option<WriteFault>) -> Erasure {
        if alt == 1 {
            let readable = self.dct_readable() && address < DCT_LIMIT;
            return if readable { Erasure::Done } else { Erasure::Refused };
        }
        let sector = match alt {
            0 => self
                .internal_offset(address)
                .filter(|&offset| offset >= self.generation.bootloader_size())
                .map(|offset| {
                    let (start, size) = internal_sector(offset);
                    &mut self.internal_mut()[start..start + size]
                }),
            2 => {
                let start = usize::try_from(address).unwrap_or(usize::MAX) / SERIAL_SECTOR * SERIAL_SECTOR;
                Arc::make_mut(&mut self.serial).get_mut(start..start.saturating_add(SERIAL_SECTOR))
            }
            _ => None,
        };
        let Some(sector) = sector else { return Erasure::Refused };
        let erased = match fault.take() {
            Some(WriteFault::Fails) => return Erasure::Hangs,
            Some(WriteFault::Silent) => 0,
            Some(WriteFault::Half(bytes)) => bytes.min(sector.len()),
            None => sector.len(),
        };
        sector[..erased].fill(0xff);
        Erasure::Done
    }

    /// The internal flash, 1 MiB from 0x08000000.
    pub fn internal(&self) -> &[u8] {
        &self.internal
    }

    /// Both copies of the DCT, 32 KiB.
    pub fn dct_area(&self) -> &[u8] {
        let base = self.generation.dct_base();
        &self.internal[base..base + 2 * COPY_SIZE]
    }

    /// Both copies of the DCT, to be changed.
    pub fn dct_area_mut(&mut self) -> &mut [u8] {
        let base = self.generation.dct_base();
        &mut self.internal_mut()[base..base + 2 * COPY_SIZE]
    }

    fn internal_mut(&mut self) -> &mut [u8] {
        self.current.take();
        &mut self.internal
    }

    /// The copy of the DCT that the bootloader reads; `None` if it can use neither.
    fn current(&self) -> Option<usize> {
        *self.current.get_or_init(|| copies::current(self.dct_area(), self.generation))
    }

    /// Whether the bootloader's DCT code works: r6 uses the system firmware's code, from 0.3.2 on.
    pub fn dct_readable(&self) -> bool {
        self.generation != Generation::R6 || self.firmware >= SystemFirmware::Version(0, 3, 2)
    }

    /// Application-section bytes of the current copy; past its end, the bytes that follow in the flash.
    pub fn read_dct(&self, offset: usize, length: usize) -> Vec<u8> {
        let current = self.current().unwrap_or_default();
        let start = self.generation.dct_base() + current * COPY_SIZE;
        padded(&self.internal[start + dct::APPLICATION_SECTION + offset..], length)
    }

    /// Writes as the bootloader does.
    pub fn write_dct(&mut self, offset: usize, data: &[u8]) {
        self.write_dct_as_far_as(offset, data, Reach::All);
    }

    /// The same, but the power may fail during the write.
    pub fn write_dct_as_far_as(&mut self, offset: usize, data: &[u8], reach: Reach) {
        let generation = self.generation;
        copies::write(self.dct_area_mut(), offset, data, generation, reach);
    }

    /// Makes a blank DCT if no copy can be used: when the bootloader starts, and when the DCT is read or written.
    pub fn make_dct_if_missing(&mut self) {
        if self.dct_readable() && self.current().is_none() {
            let generation = self.generation;
            copies::make_blank(self.dct_area_mut(), generation);
        }
    }

    fn internal_offset(&self, address: u32) -> Option<usize> {
        let offset = address.checked_sub(INTERNAL_BASE)? as usize;
        (offset < self.internal.len()).then_some(offset)
    }
}

/// The bootloader's first bytes: the initial stack pointer, the entry point, then varied filler bytes that identify the
/// place. A real bootloader's code is not ours to ship.
fn bootloader(generation: Generation) -> [u8; BOOTLOADER_HEAD] {
    let mut head = [0; BOOTLOADER_HEAD];
    let mut word = 0x9e37_79b9_u32 ^ generation as u32;
    for (at, bytes) in head.chunks_exact_mut(4).enumerate() {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let value = match at {
            0 => 0x2002_0000,
            1 => 0x0800_0189,
            _ => word,
        };
        bytes.copy_from_slice(&value.to_le_bytes());
    }
    head
}

/// Programming changes flash bits only from 1 to 0.
fn program(flash: &mut [u8], data: &[u8]) {
    for (cell, &byte) in flash.iter_mut().zip(data) {
        *cell &= byte;
    }
}

fn padded(from: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = from[..length.min(from.len())].to_vec();
    bytes.resize(length, 0);
    bytes
}

/// Start and size of the STM32F2 sector at an offset: four of 16 KiB, one of 64, seven of 128.
fn internal_sector(offset: usize) -> (usize, usize) {
    const K: usize = 1024;
    let size = match offset / K {
        0..64 => 16 * K,
        64..128 => 64 * K,
        _ => 128 * K,
    };
    (offset / size * size, size)
}
