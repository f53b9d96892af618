//! Finds the DCT among a device's memories, and the whole DCT in its internal flash.

use super::SessionError;
use crate::bootloader::identity::{BootloaderGeneration, Enquiry};
use crate::dfuse::descriptors::{
    AltSetting, CONFIGURATION_HEAD, Configuration, DfuFunctional, kind, printable, total_length,
};
use crate::dfuse::{Access, Geometry, MemoryMap};

/// The name of the DCT among the device's memories (redbear/firmware `usbd_dct_if.c`).
pub(super) const DCT_NAME: &str = "DCT Flash";
/// The part of the DCT that the bootloader gives access to, from address 0.
const DCT_LENGTH: usize = 0x4000;

/// The name of the flash with the bootloader, the firmware and the whole DCT (redbear/firmware `usbd_flash_if.c`).
const INTERNAL_NAME: &str = "Internal Flash";
/// The address where that flash and the bootloader begin (STM32F205 reference manual RM0033, table 5).
pub(super) const INTERNAL: u32 = 0x0800_0000;
/// The RAM, where the stack begins (RM0033, figure 2).
const RAM: std::ops::RangeInclusive<u32> = 0x2000_0000..=0x2002_0000;

/// The whole DCT: two copies of 16 KiB, each one sector of the flash.
pub(super) const WHOLE_DCT_LENGTH: usize = 0x8000;
pub(super) const WHOLE_DCT_SECTOR: usize = 0x4000;

/// Where the whole DCT begins in the internal flash: after one sector of 16 KiB up to r4, after two from r5 on
/// (redbear/Duo, firmware_deployment_guide.md).
pub const fn whole_dct_address(generation: BootloaderGeneration) -> u32 {
    match generation {
        BootloaderGeneration::R3R4 => 0x0800_4000,
        BootloaderGeneration::R5R6 => 0x0800_8000,
    }
}

/// Whether these are the first bytes of the bootloader: a stack in the RAM, and an entry point (odd, since it is Thumb
/// code) before the whole DCT. No other program has its entry point there (ARMv7-M Architecture Reference Manual,
/// B1.5.3).
pub(super) fn is_bootloader(first: &[u8], whole_dct: u32) -> bool {
    let word =
        |at: usize| first.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes);
    let entry = word(4).filter(|entry| (INTERNAL..whole_dct).contains(entry) && entry % 2 == 1);
    word(0).is_some_and(|stack| RAM.contains(&stack)) && entry.is_some()
}

/// The largest field of the DCT, the private key's slot (redbear/firmware `dct.h`). It must fit in one block, since a
/// key written in two blocks could end up half old and half new.
const LARGEST_FIELD: u16 = 1216;

/// `bcdDFUVersion` of `DfuSe` (UM0290).
pub(super) const DFUSE_VERSION: u16 = 0x011A;

/// How many alternate settings are checked. The Duo has three.
const MAX_ALT_SETTINGS: usize = 16;

/// One of the device's memories.
#[derive(Clone)]
pub(super) struct Memory {
    pub(super) setting: AltSetting,
    pub(super) geometry: Geometry,
}

pub(super) fn read_configuration(enquiry: &mut Enquiry<'_>) -> Result<Configuration, SessionError> {
    let what = "configuration descriptor";
    let wrong = |source| SessionError::Descriptor { what, source };
    let head = enquiry.descriptor(what, kind::CONFIGURATION, 0, 0, CONFIGURATION_HEAD)?;
    let total = total_length(&head).map_err(wrong)?;
    let bytes = enquiry.descriptor(what, kind::CONFIGURATION, 0, 0, total)?;
    Configuration::parse(&bytes).map_err(wrong)
}

/// What was found among the device's memories.
pub(super) struct Memories {
    pub(super) dct: (AltSetting, MemoryMap),
    pub(super) internal: Option<(AltSetting, MemoryMap)>,
}

/// Finds the memories by name and map. The number is not enough: alternate settings have been renumbered before, and
/// alternate setting 0 is the flash that holds the bootloader. Two memories may have the same name, so the names of all
/// are read. The DCT must be there. The internal flash is `None` if it is not found exactly once, or has no readable
/// whole DCT.
pub(super) fn find_memories(
    enquiry: &mut Enquiry<'_>,
    configuration: &Configuration,
    generation: BootloaderGeneration,
) -> Result<Memories, SessionError> {
    let (mut dct, mut internal, mut others) = (None, Vec::new(), Vec::new());
    let settings = configuration.alt_settings.iter().filter(|alt| alt.is_dfu_mode());
    for setting in settings.take(MAX_ALT_SETTINGS) {
        // A memory without a name is not the DCT or the flash; one whose name cannot be read may be.
        let text = match enquiry.string(setting.name)? {
            Some(text) => text,
            None if setting.name == 0 => continue,
            None => return Err(SessionError::NameUnread(setting.alt)),
        };
        match MemoryMap::parse(&text) {
            Ok(map) if map.name() == DCT_NAME && is_dct(&map) => {
                if dct.replace((*setting, map)).is_some() {
                    return Err(SessionError::SeveralDcts);
                }
            }
            Ok(map) if map.name() == DCT_NAME => {
                return Err(SessionError::UnexpectedDct(printable(&text)));
            }
            Ok(map) => {
                others.push(printable(&text));
                if map.name() == INTERNAL_NAME {
                    internal.push((*setting, map));
                }
            }
            Err(_) => others.push(printable(&text)),
        }
    }
    let whole_dct = whole_dct_address(generation);
    Ok(Memories {
        dct: dct.ok_or(SessionError::NoDct(others))?,
        internal: internal
            .pop()
            .filter(|(_, map)| internal.is_empty() && map.all(whole_dct, WHOLE_DCT_LENGTH, Access::readable)),
    })
}

fn is_dct(map: &MemoryMap) -> bool {
    map.all(0, DCT_LENGTH, |access| access.readable() && access.writable())
}

pub(super) fn check_functional(functional: DfuFunctional) -> Result<(), SessionError> {
    if functional.dfu_version != DFUSE_VERSION {
        return Err(SessionError::NotDfuSe(functional.dfu_version));
    }
    if !functional.can_download() || !functional.can_upload() {
        return Err(SessionError::Incapable(functional.attributes));
    }
    if functional.transfer_size < LARGEST_FIELD {
        let offered = functional.transfer_size;
        return Err(SessionError::TransferSize { offered, needed: LARGEST_FIELD });
    }
    Ok(())
}
