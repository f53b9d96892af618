//! Gives a typed view of the first bytes of the application section, as one upload on alternate setting 1 reads them.
//!
//! The image may have any length and any contents: a field that is not complete is `None`. This module does not
//! interpret keys.

use std::fmt;

use zeroize::Zeroizing;

use super::device_id::DeviceId;
use super::field::{self, Field};

/// A borrowed image; byte 0 is byte 0 of the application section.
#[derive(Clone, Copy)]
pub struct DctImage<'a> {
    bytes: &'a [u8],
}

/// A DfuSe command and its address (AN3156 §5).
const COMMAND_LENGTH: usize = 5;

impl<'a> DctImage<'a> {
    /// Bytes that one upload must read to get every field of [`field::FIELDS`]: one block of the bootloader's
    /// `wTransferSize`, read at address 0.
    pub const READ_SIZE: usize = 4096;

    /// A view of any number of bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The bytes as they were read.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// A field's bytes, [`Field::size`] of them.
    pub fn field(&self, field: &Field) -> Option<&'a [u8]> {
        field.of(self.bytes)
    }

    /// The 1,216 bytes of the device's private key. Secret.
    pub fn private_key_slot(&self) -> Option<&'a [u8; field::DEVICE_PRIVATE_KEY.size]> {
        self.array(&field::DEVICE_PRIVATE_KEY)
    }

    /// The 384 bytes of the device's public key.
    pub fn public_key_slot(&self) -> Option<&'a [u8; field::DEVICE_PUBLIC_KEY.size]> {
        self.array(&field::DEVICE_PUBLIC_KEY)
    }

    /// The 768 bytes of the server's public key and address.
    pub fn server_key_slot(&self) -> Option<&'a [u8; field::SERVER_PUBLIC_KEY.size]> {
        self.array(&field::SERVER_PUBLIC_KEY)
    }

    /// The table's version.
    pub fn version(&self) -> Option<u16> {
        self.array(&field::VERSION).map(|b| u16::from_le_bytes(*b))
    }

    /// The device's id, or `None` if there is none: up to system firmware 0.2.4 the bytes are reserved and hold 0xFF or
    /// zeros.
    pub fn device_id(&self) -> Option<DeviceId> {
        self.array(&field::DEVICE_ID).and_then(|b| DeviceId::from_bytes(*b))
    }

    /// True if all bytes except the first five are zero, as in no DCT. Bootloader r6 sends zeros, with status OK, if
    /// the system firmware that holds its DCT code is missing, broken or older than 0.3.2. If the other bootloaders
    /// refuse a read, they send what was downloaded last (redbear/firmware `usbd_dct_if.c`): the command that set the
    /// address, and zeros after it. Such an image shows nothing, and nothing may be written.
    pub fn is_unreadable(&self) -> bool {
        self.bytes.iter().skip(COMMAND_LENGTH).all(|&b| b == 0)
    }

    fn array<const N: usize>(&self, field: &Field) -> Option<&'a [u8; N]> {
        self.field(field)?.try_into().ok()
    }
}

impl fmt::Debug for DctImage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DctImage({} bytes, redacted)", self.bytes.len())
    }
}

/// An image that owns its bytes and wipes them: they hold the private key.
#[derive(Clone)]
pub struct Dct(Zeroizing<Vec<u8>>);

impl Dct {
    /// Takes over any number of bytes.
    pub const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The bytes as they were read. Secret.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    /// The typed view.
    pub fn image(&self) -> DctImage<'_> {
        DctImage::new(&self.0)
    }
}

impl fmt::Debug for Dct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dct({} bytes, redacted)", self.0.len())
    }
}
