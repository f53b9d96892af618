//! Describes a Duo to be made: its bootloader's generation, its system firmware, its id and its keys.

use std::fmt;
use std::time::Duration;

use super::board::Board;

/// A bootloader, by RedBear's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// System firmware up to 0.2.3.
    R3,
    /// System firmware 0.2.4.
    R4,
    /// System firmware from 0.3.0.
    R5,
    /// System firmware from 0.3.1; uses the system firmware's DCT code.
    R6,
}

impl Generation {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::R3, Self::R4, Self::R5, Self::R6];

    /// `bcdDevice` in DFU mode and in normal mode.
    pub fn bcd_device(self) -> u16 {
        if self.names_itself() { 0x0250 } else { 0x0200 }
    }

    /// True for r5 and r6, which have the device id in the serial number and the DCT.
    pub fn names_itself(self) -> bool {
        self >= Self::R5
    }

    pub(super) fn has_ms_descriptors(self) -> bool {
        self >= Self::R5
    }

    /// Whether GETSTATUS clears `bwPollTimeout`.
    pub(super) fn clears_poll_timeout(self) -> bool {
        self < Self::R5
    }

    /// Whether SET_CONFIGURATION clears `bStatus`.
    pub(super) fn clears_status(self) -> bool {
        self < Self::R5
    }

    /// `bwPollTimeout` of the internal and of the serial flash, in milliseconds.
    pub(super) fn poll_time_of_flash(self) -> u32 {
        if self < Self::R5 { 5 } else { 0 }
    }

    pub(super) fn internal_flash_map(self) -> &'static str {
        if self >= Self::R5 {
            "@Internal Flash   /0x08000000/02*016Ka,02*016Kg,01*064Kg,07*128Kg"
        } else {
            "@Internal Flash   /0x08000000/01*016Ka,02*016Kg,01*016Kg,01*064Kg,07*128Kg"
        }
    }

    /// Bytes at the start of the internal flash that cannot be written.
    pub(super) fn bootloader_size(self) -> usize {
        if self >= Self::R5 { 0x8000 } else { 0x4000 }
    }

    /// Offset of the DCT in the internal flash.
    pub(super) fn dct_base(self) -> usize {
        if self >= Self::R5 { 0x8000 } else { 0x4000 }
    }

    /// `iSerialNumber`: a constant on r3 and r4, the device id in upper case on r5 and in lower case on r6.
    pub(super) fn serial_number(self, device_id: &[u8; 12]) -> String {
        match self {
            Self::R3 | Self::R4 => "00000000010C".to_owned(),
            Self::R5 => hex(device_id).to_uppercase(),
            Self::R6 => hex(device_id),
        }
    }
}

impl std::str::FromStr for Generation {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|generation| generation.to_string() == s);
        known.ok_or_else(|| format!("`{s}` is no bootloader generation: r3, r4, r5 or r6"))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::R3 => "r3",
            Self::R4 => "r4",
            Self::R5 => "r5",
            Self::R6 => "r6",
        })
    }
}

/// The system firmware on a Duo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemFirmware {
    /// Missing or broken: nothing boots, and r6 reads zeros from its DCT.
    Missing,
    /// Major, minor, patch.
    Version(u8, u8, u8),
}

impl fmt::Display for SystemFirmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("none"),
            Self::Version(a, b, c) => write!(f, "{a}.{b}.{c}"),
        }
    }
}

/// The options of a Duo. [`DuoOptions::new`] gives the defaults; change fields from there.
#[derive(Clone)]
pub struct DuoOptions {
    /// The board; a Duo by default.
    pub board: Board,
    /// The bootloader.
    pub generation: Generation,
    /// Twelve bytes, 24 hex digits when written.
    pub device_id: [u8; 12],
    /// The installed system firmware; `None` for the one that came with the bootloader.
    pub firmware: Option<SystemFirmware>,
    /// The cloud's RSA-2048 `SubjectPublicKeyInfo`, 294 bytes. The default is a made-up number in the right form;
    /// nobody has a private key for it.
    pub server_key: [u8; 294],
    /// At +384 of the server key field: type, length, value.
    pub server_address: Vec<u8>,
    /// True if it comes back in DFU mode after each boot, as if its buttons were held down. Otherwise it runs.
    pub returns_to_dfu: bool,
    /// Time from dropping off the bus until it is back.
    pub boot_time: Duration,
    /// How long a flash write takes; a real DCT write takes hundreds of milliseconds.
    pub write_time: Duration,
}

impl DuoOptions {
    /// A Duo after its first boot.
    pub fn new(generation: Generation, device_id: [u8; 12]) -> Self {
        let mut server_address = vec![1, 15];
        server_address.extend(b"device.spark.io\0");
        Self {
            board: Board::default(),
            generation,
            device_id,
            firmware: None,
            server_key: made_up_server_key(),
            server_address,
            returns_to_dfu: true,
            boot_time: Duration::from_millis(700),
            write_time: Duration::ZERO,
        }
    }

    /// The installed system firmware.
    pub fn system_firmware(&self) -> SystemFirmware {
        self.firmware.unwrap_or(match self.generation {
            Generation::R3 => SystemFirmware::Version(0, 2, 3),
            Generation::R4 => SystemFirmware::Version(0, 2, 4),
            Generation::R5 => SystemFirmware::Version(0, 3, 0),
            Generation::R6 => SystemFirmware::Version(0, 3, 3),
        })
    }
}

/// The `SubjectPublicKeyInfo` of a number that looks like an RSA-2048 modulus but is not one.
fn made_up_server_key() -> [u8; 294] {
    let mut key = [0; 294];
    key[..33].copy_from_slice(&[
        0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
        0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00,
    ]);
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    for byte in &mut key[33..289] {
        // xorshift64: any fixed, even distribution of bits is enough
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        *byte = x.to_le_bytes()[0];
    }
    key[33] |= 0x80;
    key[288] |= 1;
    key[289..].copy_from_slice(&[0x02, 0x03, 0x01, 0x00, 0x01]);
    key
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}
