//! Reads what a device reports about itself: device descriptor and strings, with standard requests.
//!
//! Knows the bootloader generations and what the serial number of each is good for. The device chooses everything that
//! is read here: it may be false, or an escape sequence.

use std::fmt;
use std::time::Duration;

use super::session::SessionError;
use crate::dfuse::descriptors::{self, DeviceDescriptor, MAX_STRING, kind};
use crate::usb::{Bus, Clock, Device, Setup, TransferError, Transport, UsbError};

/// Time limit of a standard request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(1);

/// `GET_DESCRIPTOR`: device-to-host, standard, device (USB 2.0 §9.4.3).
const GET_DESCRIPTOR_TYPE: u8 = 0x80;
const GET_DESCRIPTOR: u8 = 6;

/// English (United States), for a device that names no language.
const DEFAULT_LANGUAGE: u16 = 0x0409;

/// Which of the two bootloader generations runs, by `bcdDevice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BootloaderGeneration {
    /// r3 and r4, `bcdDevice` 0x0200: system firmware up to 0.2.4. The serial number is a constant.
    R3R4,
    /// r5 and r6, `bcdDevice` 0x0250: system firmware from 0.3.0. The serial number is the device id.
    R5R6,
}

impl fmt::Display for BootloaderGeneration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::R3R4 => "r3-r4",
            Self::R5R6 => "r5-r6",
        })
    }
}

impl BootloaderGeneration {
    /// From `bcdDevice`; `None` if no known bootloader has that value.
    pub const fn from_bcd_device(bcd_device: u16) -> Option<Self> {
        match bcd_device {
            0x0200 => Some(Self::R3R4),
            0x0250 => Some(Self::R5R6),
            _ => None,
        }
    }

    /// Whether it tells Windows to use WinUSB as its driver, with Microsoft OS descriptors (string 0xEE, `MSFT100`, and
    /// the compatible id `WINUSB`). r5 and r6 have them.
    pub const fn names_winusb(self) -> bool {
        matches!(self, Self::R5R6)
    }
}

/// What a device reports about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The string at `iManufacturer`, unchanged (not safe for a terminal; see [`printable`](descriptors::printable)).
    pub manufacturer: Option<String>,
    /// The string at `iProduct`, unchanged.
    pub product: Option<String>,
    /// The string at `iSerialNumber`, unchanged.
    pub serial: Option<String>,
    /// `bcdDevice`.
    pub bcd_device: u16,
    /// The bootloader generation that it stands for.
    pub generation: BootloaderGeneration,
}

impl Identity {
    /// The device id in 24 lower-case hexadecimal digits, if the serial number is one. The constant serial number of r3
    /// and r4 identifies nothing.
    pub fn device_id_hex(&self) -> Option<String> {
        let serial = self.serial.as_deref().filter(|_| self.generation == BootloaderGeneration::R5R6)?;
        let is_id = serial.len() == 24 && serial.bytes().all(|b| b.is_ascii_hexdigit());
        is_id.then(|| serial.to_ascii_lowercase())
    }

    /// Whether it is r6, which writes its device id in lower case; r5 uses capitals. An id without letters does not
    /// show which.
    pub fn is_r6(&self) -> bool {
        let serial = self.serial.as_deref().unwrap_or_default();
        self.device_id_hex().is_some() && serial.bytes().any(|b| b.is_ascii_lowercase())
    }
}

/// Opens a device only to identify it: claims nothing and changes no setting.
pub fn identify(
    bus: &dyn Bus,
    device: &Device,
    clock: &dyn Clock,
    deadline: Duration,
) -> Result<Identity, SessionError> {
    let mut transport = bus.open(device)?;
    Enquiry { transport: transport.as_mut(), clock, deadline, language: None }.identity(device)
}

/// Asks a device for its descriptors, up to a deadline.
pub(super) struct Enquiry<'a> {
    pub(super) transport: &'a mut dyn Transport,
    pub(super) clock: &'a dyn Clock,
    pub(super) deadline: Duration,
    pub(super) language: Option<u16>,
}

impl Enquiry<'_> {
    /// Identifies the device. Checks it against what the bus reported: another device may have taken its place.
    pub(super) fn identity(&mut self, device: &Device) -> Result<Identity, SessionError> {
        let what = "device descriptor";
        let bytes = self.descriptor(what, kind::DEVICE, 0, 0, descriptors::DEVICE_LENGTH)?;
        let descriptor =
            DeviceDescriptor::parse(&bytes).map_err(|source| SessionError::Descriptor { what, source })?;
        if (descriptor.vendor_id, descriptor.product_id) != (device.vendor_id, device.product_id) {
            return Err(UsbError::Gone.into());
        }
        let bcd_device = descriptor.bcd_device;
        let generation = BootloaderGeneration::from_bcd_device(bcd_device)
            .ok_or(SessionError::UnknownGeneration(bcd_device))?;
        Ok(Identity {
            manufacturer: self.string(descriptor.manufacturer)?,
            product: self.string(descriptor.product)?,
            serial: self.string(descriptor.serial)?,
            bcd_device,
            generation,
        })
    }

    /// A string; `None` if there is none, if the device refuses it, or if it is not well formed. Nothing depends on a
    /// string except the device's own claims.
    pub(super) fn string(&mut self, index: u8) -> Result<Option<String>, SessionError> {
        if index == 0 {
            return Ok(None);
        }
        let language = self.language()?;
        let bytes = self.optional(kind::STRING, index, language)?;
        Ok(bytes.and_then(|bytes| descriptors::parse_string(&bytes).ok()))
    }

    fn language(&mut self) -> Result<u16, SessionError> {
        if let Some(language) = self.language {
            return Ok(language);
        }
        let bytes = self.optional(kind::STRING, 0, 0)?;
        let named = bytes.and_then(|bytes| descriptors::first_language(&bytes).ok().flatten());
        Ok(*self.language.insert(named.unwrap_or(DEFAULT_LANGUAGE)))
    }

    fn optional(&mut self, kind: u8, index: u8, language: u16) -> Result<Option<Vec<u8>>, SessionError> {
        match self.descriptor("string descriptor", kind, index, language, MAX_STRING) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(SessionError::Transfer { source: TransferError::Stall | TransferError::Babble, .. }) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// At most `length` bytes of a descriptor.
    pub(super) fn descriptor(
        &mut self,
        what: &'static str,
        kind: u8,
        index: u8,
        language: u16,
        length: usize,
    ) -> Result<Vec<u8>, SessionError> {
        let left = self.deadline.saturating_sub(self.clock.now());
        if left.is_zero() {
            return Err(SessionError::Deadline(what));
        }
        let setup = Setup {
            request_type: GET_DESCRIPTOR_TYPE,
            request: GET_DESCRIPTOR,
            value: u16::from_be_bytes([kind, index]),
            index: language,
        };
        let mut bytes = vec![0; length];
        let received = self
            .transport
            .control_in(setup, &mut bytes, left.min(REQUEST_TIMEOUT))
            .map_err(|source| SessionError::Transfer { what, source })?;
        bytes.truncate(received);
        Ok(bytes)
    }
}
