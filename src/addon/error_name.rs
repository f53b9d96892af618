//! Names errors as JavaScript does.

use std::fmt;

use serde::Serialize;

use crate::error::Code;

/// `err.name`: that of particle-usb's class (its `src/error.js`) with the same meaning, `AbortError` if a signal
/// stopped the operation, else `DuoProvisionError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ErrorName {
    /// An error that particle-usb does not have.
    #[serde(rename = "DuoProvisionError")]
    DuoProvision,
    /// The signal was aborted; `cause` is its reason.
    #[serde(rename = "AbortError")]
    Abort,
    /// There is no such device.
    #[serde(rename = "NotFoundError")]
    NotFound,
    /// The system does not let this user open the device.
    #[serde(rename = "NotAllowedError")]
    NotAllowed,
    /// USB failed.
    #[serde(rename = "UsbError")]
    Usb,
    /// The device stopped answering as it should.
    #[serde(rename = "DeviceError")]
    Device,
    /// A defect.
    #[serde(rename = "InternalError")]
    Internal,
}

impl ErrorName {
    /// The name of errors with this code.
    pub fn of(code: Code) -> Self {
        match code {
            Code::Interrupted => Self::Abort,
            Code::NoDevice => Self::NotFound,
            Code::UsbAccessDenied => Self::NotAllowed,
            Code::UsbUnavailable
            | Code::UsbBusy
            | Code::UsbWrongDriver
            | Code::UsbipUnreachable
            | Code::UsbError => Self::Usb,
            Code::DeviceFault => Self::Device,
            Code::Internal => Self::Internal,
            _ => Self::DuoProvision,
        }
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
