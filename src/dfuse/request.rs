//! Encodes the class requests of DFU 1.1 §3 and the two `DfuSe` commands that are needed (AN3156 §5.2, §5.3).
//!
//! Knows how a request looks on the wire, but not when it may be sent.

use std::fmt;

use super::status::STATUS_LENGTH;

/// The first block number that carries data; 0 carries commands and 1 is never sent (the bootloader answers
/// `DFU_UPLOAD` of block 1 with a stall and the illegal state 15).
pub const FIRST_BLOCK: u16 = 2;

/// `bmRequestType` of host-to-device requests: class, interface.
pub const REQUEST_TYPE_OUT: u8 = 0x21;
/// `bmRequestType` of device-to-host requests: class, interface.
pub const REQUEST_TYPE_IN: u8 = 0xA1;

/// `bRequest` of a request that this program sends (DFU 1.1 table 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `DFU_DNLOAD`.
    Dnload = 1,
    /// `DFU_UPLOAD`.
    Upload = 2,
    /// `DFU_GETSTATUS`.
    GetStatus = 3,
    /// `DFU_CLRSTATUS`.
    ClrStatus = 4,
    /// `DFU_GETSTATE`.
    GetState = 5,
    /// `DFU_ABORT`.
    Abort = 6,
}

impl Request {
    /// The byte on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dnload => "DFU_DNLOAD",
            Self::Upload => "DFU_UPLOAD",
            Self::GetStatus => "DFU_GETSTATUS",
            Self::ClrStatus => "DFU_CLRSTATUS",
            Self::GetState => "DFU_GETSTATE",
            Self::Abort => "DFU_ABORT",
        })
    }
}

/// One class request, complete.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// A block, a `DfuSe` command (block 0), or, without data, the end of the download.
    Dnload {
        /// `wBlockNum`.
        block: u16,
        /// What to send. It may be a private key, so `Debug` does not show it.
        data: &'a [u8],
    },
    /// A block to be read.
    Upload {
        /// `wBlockNum`.
        block: u16,
        /// `wLength`.
        length: u16,
    },
    /// Six bytes, see [`Status`](super::Status).
    GetStatus,
    /// Back to dfuIDLE, from dfuERROR.
    ClrStatus,
    /// One byte, the state; without the side effects of `DFU_GETSTATUS`.
    GetState,
    /// Back to dfuIDLE, from most other states.
    Abort,
}

impl Command<'_> {
    /// Which request this is.
    pub const fn request(self) -> Request {
        match self {
            Self::Dnload { .. } => Request::Dnload,
            Self::Upload { .. } => Request::Upload,
            Self::GetStatus => Request::GetStatus,
            Self::ClrStatus => Request::ClrStatus,
            Self::GetState => Request::GetState,
            Self::Abort => Request::Abort,
        }
    }

    /// `wValue`.
    pub const fn value(self) -> u16 {
        match self {
            Self::Dnload { block, .. } | Self::Upload { block, .. } => block,
            _ => 0,
        }
    }

    /// How many bytes to ask for; `None` for a host-to-device request.
    pub const fn reply_length(self) -> Option<u16> {
        match self {
            Self::Upload { length, .. } => Some(length),
            Self::GetStatus => Some(STATUS_LENGTH),
            Self::GetState => Some(1),
            Self::Dnload { .. } | Self::ClrStatus | Self::Abort => None,
        }
    }

    /// The data of a host-to-device request.
    pub const fn data(&self) -> &[u8] {
        match self {
            Self::Dnload { data, .. } => data,
            _ => &[],
        }
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnload { block, data } => write!(f, "DFU_DNLOAD block {block}, {} bytes", data.len()),
            Self::Upload { block, length } => write!(f, "DFU_UPLOAD block {block}, {length} bytes"),
            other => write!(f, "{}", other.request()),
        }
    }
}

/// The `DfuSe` command "set address pointer", sent as block 0: `21` and the address, little-endian.
pub const fn set_address(address: u32) -> [u8; 5] {
    let [a, b, c, d] = address.to_le_bytes();
    [0x21, a, b, c, d]
}

/// The `DfuSe` command "erase", sent as block 0: `41` and an address in the sector, little-endian.
pub const fn erase(address: u32) -> [u8; 5] {
    let [a, b, c, d] = address.to_le_bytes();
    [0x41, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_little_endian() {
        assert_eq!(set_address(0x0800_4022), [0x21, 0x22, 0x40, 0x00, 0x08]);
        assert_eq!(erase(0x0800_C000), [0x41, 0x00, 0xC0, 0x00, 0x08]);
    }

    #[test]
    fn debug_does_not_show_what_is_sent() {
        let shown = format!("{:?}", Command::Dnload { block: 2, data: &[0xA5; 3] });
        assert_eq!(shown, "DFU_DNLOAD block 2, 3 bytes");
    }

    #[test]
    fn requests_have_the_numbers_of_table_3_2() {
        let commands = [
            Command::Dnload { block: 0, data: &[] },
            Command::Upload { block: 2, length: 1216 },
            Command::GetStatus,
            Command::ClrStatus,
            Command::GetState,
            Command::Abort,
        ];
        let codes: Vec<u8> = commands.iter().map(|c| c.request().code()).collect();
        assert_eq!(codes, [1, 2, 3, 4, 5, 6]);
        let lengths: Vec<Option<u16>> = commands.iter().map(|c| c.reply_length()).collect();
        assert_eq!(lengths, [None, Some(1216), Some(6), None, Some(1), None]);
    }
}
