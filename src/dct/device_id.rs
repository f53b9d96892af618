//! Reads the 12-byte id that names a Duo, and recognizes what people type by mistake.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Bytes of an id; it is written as twice as many hex digits.
const LEN: usize = 12;

/// The id of a device: the STM32's 96-bit serial number. Never all 0x00 or all 0xFF, which mean that the flash holds
/// none. Written as 24 hex digits in lower case; read in any case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId([u8; LEN]);

impl DeviceId {
    /// From the bytes of the DCT field or of the handshake; `None` if they are all 0x00 or all 0xFF.
    pub fn from_bytes(bytes: [u8; LEN]) -> Option<Self> {
        (bytes != [0x00; LEN] && bytes != [0xFF; LEN]).then_some(Self(bytes))
    }

    /// The 12 bytes.
    pub const fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }
}

/// How a device id is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DeviceIdSource", rename_all = "kebab-case")]
pub enum DeviceIdSource {
    /// From the Duo: its USB serial number (bootloaders r5 and r6).
    UsbSerial,
    /// From the caller (bootloaders r3 and r4 do not report it).
    User,
}

/// Why a text is not a device id. The variants say what the person most likely typed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceIdError {
    /// Nothing, or only white space.
    #[error("the device id is empty")]
    Empty,
    /// Hex digits, but not 24 of them. With their number.
    #[error("a device id has 24 hex digits, this has {0}")]
    Length(usize),
    /// Characters other than hex digits: most likely the device's name.
    #[error("a device id has 24 hex digits; this looks like a name")]
    NotHex,
    /// Vendor and product, `2b04:d058`, as `lsusb` and `dfu-util --list` print them.
    #[error("this is a USB id (vendor:product), which all Duos share, not a device id")]
    UsbId,
    /// A placeholder from an example: `YOUR_DEVICE_ID`, `xxxx…`, all zeros, all `f`.
    #[error("this is a placeholder, not a device id")]
    Placeholder,
}

impl FromStr for DeviceId {
    type Err = DeviceIdError;

    /// Reads 24 hex digits in any case; white space around them is ignored.
    fn from_str(text: &str) -> Result<Self, DeviceIdError> {
        let text = text.trim();
        let require = |sound: bool, otherwise| if sound { Ok(()) } else { Err(otherwise) };
        require(!text.is_empty(), DeviceIdError::Empty)?;
        require(!is_usb_id(text), DeviceIdError::UsbId)?;
        require(!is_placeholder(text), DeviceIdError::Placeholder)?;
        let mut bytes = [0; LEN];
        let mut digits = 0;
        for digit in text.chars() {
            let value = digit.to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or(DeviceIdError::NotHex)?;
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | value;
            }
            digits += 1;
        }
        require(digits == 2 * LEN, DeviceIdError::Length(digits))?;
        Self::from_bytes(bytes).ok_or(DeviceIdError::Placeholder)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

impl TryFrom<String> for DeviceId {
    type Error = DeviceIdError;

    fn try_from(text: String) -> Result<Self, DeviceIdError> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.to_string()
    }
}

fn is_usb_id(text: &str) -> bool {
    let hex4 = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_hexdigit());
    text.split_once(':').is_some_and(|(vendor, product)| hex4(vendor) && hex4(product))
}

/// Placeholders in guides and READMEs, with any punctuation: `YOUR_DEVICE_ID`, `<device-id>`, `[deviceID]`,
/// `your-device-id-here`, `xxxxxxxxxxxxxxxxxxxxxxxx`.
fn is_placeholder(text: &str) -> bool {
    let letters: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let words = letters.strip_suffix("here").unwrap_or(&letters);
    let words = words.strip_prefix("your").or_else(|| words.strip_prefix("my")).unwrap_or(words);
    matches!(words, "deviceid" | "duoid" | "coreid" | "photonid" | "id")
        || (letters.len() > 1 && letters.bytes().all(|b| b == b'x'))
}
