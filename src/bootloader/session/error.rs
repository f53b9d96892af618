//! Why a session could not be opened, or an operation in it failed.

use super::memories::{DCT_NAME, DFUSE_VERSION, WHOLE_DCT_LENGTH};
use crate::bootloader::drive::DriveError;
use crate::dfuse::descriptors::DescriptorError;
use crate::dfuse::{DfuError, Touched};
use crate::usb::{TransferError, UsbError};

/// Why a session could not be opened, or an operation in it failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The device cannot be used.
    #[error(transparent)]
    Usb(#[from] UsbError),
    /// A standard request failed.
    #[error("{what}: {source}")]
    Transfer {
        /// What was asked for.
        what: &'static str,
        /// How it failed.
        source: TransferError,
    },
    /// A descriptor that cannot be used.
    #[error("{what}: {source}")]
    Descriptor {
        /// Which one.
        what: &'static str,
        /// Why.
        source: DescriptorError,
    },
    /// The deadline passed before the session was open.
    #[error("{what}: the time allowed is over")]
    Deadline {
        /// What would have been asked for next.
        what: &'static str,
    },
    /// No known bootloader has this `bcdDevice`.
    #[error("no known bootloader has the version {bcd_device:#06x}")]
    UnknownGeneration {
        /// `bcdDevice`.
        bcd_device: u16,
    },
    /// None of the device's memories is the DCT.
    #[error("the device has no memory named \"{DCT_NAME}\"; it has: {}", list(found))]
    NoDct {
        /// The names of its memories, in printable form.
        found: Vec<String>,
    },
    /// The name of one of the device's memories cannot be read: it may be the DCT, even if another one has the DCT's
    /// name.
    #[error("the name of the device's memory {alt} cannot be read")]
    NameUnread {
        /// Its alternate setting.
        alt: u8,
    },
    /// More than one of the device's memories has the DCT's name.
    #[error("more than one of the device's memories is named \"{DCT_NAME}\"")]
    SeveralDcts,
    /// The memory with the DCT's name does not have the DCT's layout.
    #[error("the device's DCT is not laid out as expected: {map}")]
    UnexpectedDct {
        /// Its memory map, in printable form.
        map: String,
    },
    /// The internal flash is not found exactly once, or the whole DCT in it cannot be read or written.
    #[error("the device gives no access to the {WHOLE_DCT_LENGTH} bytes of the whole DCT at {address:#010x}")]
    NoWholeDct {
        /// Where the whole DCT is with this bootloader.
        address: u32,
    },
    /// The bytes read at the beginning of the internal flash are not a bootloader, so they were not read from there.
    #[error("what the device reads at {address:#010x}, where its bootloader lies, is no bootloader")]
    NoBootloader {
        /// Where the internal flash begins.
        address: u32,
    },
    /// Part of the bytes to be written is outside the whole DCT.
    #[error("{length} bytes at {offset} do not lie within the {WHOLE_DCT_LENGTH} bytes of the whole DCT")]
    OutsideWholeDct {
        /// Offset from the beginning of the whole DCT.
        offset: usize,
        /// The length in bytes.
        length: usize,
    },
    /// The interface has no DFU functional descriptor.
    #[error("the device has no DFU functional descriptor")]
    NoFunctional,
    /// The protocol is not `DfuSe`.
    #[error("the device speaks DFU version {version:#06x}, not DfuSe ({DFUSE_VERSION:#06x})")]
    NotDfuSe {
        /// `bcdDFUVersion`.
        version: u16,
    },
    /// The device does not offer both reading and writing.
    #[error("the device does not offer both download and upload (bmAttributes {attributes:#04x})")]
    Incapable {
        /// `bmAttributes`.
        attributes: u8,
    },
    /// `wTransferSize` is too small: for a key, or for a block of the whole DCT.
    #[error("the device takes blocks of {offered} bytes, but a key needs {needed} in one")]
    TransferSize {
        /// `wTransferSize`.
        offered: u16,
        /// Bytes needed.
        needed: u16,
    },
    /// An operation failed.
    #[error(transparent)]
    Dfu(#[from] DfuError),
    /// A block was written and could not be read back.
    #[error("the write could not be read back: {source}")]
    ReadBack {
        /// Why.
        source: Box<SessionError>,
    },
    /// The operation was cancelled.
    #[error("cancelled")]
    Cancelled {
        /// Whether the flash may have changed before that.
        touched: Touched,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none with a name".to_owned() } else { names.join(", ") }
}

impl SessionError {
    /// Whether the device's flash may have changed.
    pub fn touched(&self) -> Touched {
        match self {
            Self::Dfu(error) => error.touched(),
            Self::Cancelled { touched } => *touched,
            Self::ReadBack { .. } => Touched::Yes,
            _ => Touched::No,
        }
    }

    /// True if the same read may succeed at a second attempt. The first read after power-up sometimes fails.
    pub(super) fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Transfer { source, .. } => *source != TransferError::Disconnected,
            Self::Dfu(DfuError::Transfer { .. }) => !self.is_disconnected(),
            Self::Dfu(
                DfuError::Device { .. }
                | DfuError::UnexpectedState { .. }
                | DfuError::MalformedReply { .. }
                | DfuError::AddressRefused { .. }
                | DfuError::ShortRead { .. },
            ) => true,
            _ => false,
        }
    }

    pub(super) fn is_disconnected(&self) -> bool {
        matches!(self, Self::Dfu(error) if error.is_disconnected())
    }

    /// True if the device may be in the wrong state and can still be reached.
    pub(super) fn is_worth_tidying(&self) -> bool {
        let hopeless = matches!(
            self,
            Self::Dfu(DfuError::Stuck { .. } | DfuError::Leaving | DfuError::NotInDfuMode { .. })
        );
        !hopeless && !self.is_disconnected()
    }
}

impl From<DriveError> for SessionError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Dfu(error) => Self::Dfu(error),
            DriveError::Cancelled { touched } => Self::Cancelled { touched },
        }
    }
}
