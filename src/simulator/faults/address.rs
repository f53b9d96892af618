//! Changes addresses: the device acknowledges a command but uses another address.

use std::fmt;

/// AN3156, "Set Address Pointer".
const SET_ADDRESS: u8 = 0x21;

/// How a pointer is stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stuck {
    /// One bit of the address, counted from the lowest, is inverted.
    Bit(u8),
    /// The address always has this value.
    At(u32),
}

impl Stuck {
    fn of(self, address: u32) -> u32 {
        match self {
            Self::Bit(bit) => address ^ (1_u32 << (bit % 32)),
            Self::At(address) => address,
        }
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bit(bit) => write!(f, "{bit}"),
            Self::At(address) => write!(f, "{address:#010x}"),
        }
    }
}

/// The command that the device carries out instead of `command`, which is SET ADDRESS or ERASE.
pub(super) fn taken_for(command: &[u8], stuck: Stuck) -> Vec<u8> {
    let [code, address @ ..] = command else { return Vec::new() };
    let Ok(address) = <[u8; 4]>::try_from(address) else { return command.to_vec() };
    [&[*code][..], &stuck.of(u32::from_le_bytes(address)).to_le_bytes()].concat()
}

/// The command that changes nothing: it sets the pointer to its current value.
pub(super) fn without_effect(pointer: u32) -> Vec<u8> {
    [&[SET_ADDRESS][..], &pointer.to_le_bytes()].concat()
}
