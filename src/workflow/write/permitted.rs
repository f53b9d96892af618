//! Says which single fields of a dump may be written to a Duo.

use crate::bootloader::BootloaderGeneration;
use crate::dct::{self, DeviceId, Field, Layouts};

/// Where a field of a dump may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permitted {
    /// To any Duo.
    Anywhere,
    /// It belongs to one device. To another one only if the user allows it.
    ToItsDevice,
    /// It is the device's id. Never to another device, whatever the user allows.
    ToItself,
    /// Never, and why.
    Never(&'static str),
}

impl Permitted {
    /// Follows how redbear/firmware uses the field.
    pub fn of(field: &Field) -> Self {
        match *field {
            // `bootloader/src/main.c`: flags of an update or a factory reset in progress.
            dct::SYSTEM_FLAGS => Self::Never(
                "they tell the bootloader what to do at the next start, and old ones could begin an update or a \
                 factory reset again",
            ),
            dct::VERSION => Self::Never("the firmware writes it together with the layout that it stands for"),
            // `bootloader/src/main.c`, `flash_mal.c`: installed from the external flash at the next start.
            dct::FLASH_MODULES => Self::Never(
                "it tells the bootloader what to install out of the external flash, which holds something else by now",
            ),
            dct::ALT_DEVICE_PRIVATE_KEY
            | dct::ALT_DEVICE_PUBLIC_KEY
            | dct::ALT_SERVER_PUBLIC_KEY
            | dct::ALT_SERVER_ADDRESS => Self::Never("no Duo uses it: it is for boards that speak UDP"),
            dct::DEVICE_ID => Self::ToItself,
            dct::DEVICE_PRIVATE_KEY
            | dct::DEVICE_PUBLIC_KEY
            | dct::IP_CONFIG
            | dct::CLAIM_CODE
            | dct::CLAIMED
            | dct::DEVICE_CODE => Self::ToItsDevice,
            _ => Self::Anywhere,
        }
    }
}

/// Why this Duo has no such field; `None` if it has it.
pub fn reserved(field: &Field, bootloader: BootloaderGeneration) -> Option<&'static str> {
    (field.layouts == Layouts::Since030 && bootloader == BootloaderGeneration::R3R4)
        .then_some("its firmware has no such field: the bytes are reserved up to system firmware 0.2.4")
}

/// Whether a device id in a dump is the one that the Duo itself tells.
pub fn is_own(id: &[u8], told: Option<DeviceId>) -> bool {
    told.is_some_and(|told| id == told.as_bytes())
}
