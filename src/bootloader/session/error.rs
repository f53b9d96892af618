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
    /// The deadline passed before the session was open. With what would have been asked for next.
    #[error("{0}: the time allowed is over")]
    Deadline(&'static str),
    /// No known bootloader has this `bcdDevice`.
    #[error("no known bootloader has the version {0:#06x}")]
    UnknownGeneration(u16),
    /// None of the device's memories is the DCT. With their names, in printable form.
    #[error("the device has no memory named \"{DCT_NAME}\"; it has: {}", list(.0))]
    NoDct(Vec<String>),
    /// The name of one of the device's memories cannot be read: it may be the DCT, even if another one has the DCT's
    /// name. With its alternate setting.
    #[error("the name of the device's memory {0} cannot be read")]
    NameUnread(u8),
    /// More than one of the device's memories has the DCT's name.
    #[error("more than one of the device's memories is named \"{DCT_NAME}\"")]
    SeveralDcts,
    /// The memory with the DCT's name does not have the DCT's layout. With its memory map, in printable form.
    #[error("the device's DCT is not laid out as expected: {0}")]
    UnexpectedDct(String),
    /// The internal flash is not found exactly once, or the whole DCT in it cannot be read or written. With the
    /// address of the whole DCT with this bootloader.
    #[error("the device gives no access to the {WHOLE_DCT_LENGTH} bytes of the whole DCT at {0:#010x}")]
    NoWholeDct(u32),
    /// The bytes read at the beginning of the internal flash are not a bootloader, so they were not read from there.
    /// With the address of that beginning.
    #[error("what the device reads at {0:#010x}, where its bootloader lies, is no bootloader")]
    NoBootloader(u32),
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
    /// The protocol is not `DfuSe`. With its `bcdDFUVersion`.
    #[error("the device speaks DFU version {0:#06x}, not DfuSe ({DFUSE_VERSION:#06x})")]
    NotDfuSe(u16),
    /// The device does not offer both reading and writing. With its `bmAttributes`.
    #[error("the device does not offer both download and upload (bmAttributes {0:#04x})")]
    Incapable(u8),
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
    /// A block was written and could not be read back. With the reason.
    #[error("the write could not be read back: {0}")]
    ReadBack(#[source] Box<SessionError>),
    /// The operation was cancelled. With whether the flash may have changed before that.
    #[error("cancelled")]
    Cancelled(Touched),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none with a name".to_owned() } else { names.join(", ") }
}

impl SessionError {
    /// Whether the device's flash may have changed.
    pub fn touched(&self) -> Touched {
        match self {
            Self::Dfu(error) => error.touched(),
            Self::Cancelled(touched) => *touched,
            Self::ReadBack(_) => Touched::Yes,
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
                | DfuError::AddressRefused(_)
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
        let hopeless =
            matches!(self, Self::Dfu(DfuError::Stuck { .. } | DfuError::Leaving | DfuError::NotInDfuMode(_)));
        !hopeless && !self.is_disconnected()
    }
}

impl From<DriveError> for SessionError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::Dfu(error) => Self::Dfu(error),
            DriveError::Cancelled(touched) => Self::Cancelled(touched),
        }
    }
}
