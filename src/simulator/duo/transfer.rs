//! Defines a control transfer, as the device receives it, and its outcome.

use std::time::Duration;

use crate::usb::Setup;

/// A control transfer as the device receives it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The setup packet without its length.
    pub setup: Setup,
    /// `wLength`.
    pub length: u16,
    /// The data stage of a host-to-device transfer.
    pub data: &'a [u8],
}

impl<'a> Request<'a> {
    /// A host-to-device transfer. Its `wLength` is the length of the data.
    pub fn host_to_device(setup: Setup, data: &'a [u8]) -> Self {
        Self { setup, length: u16::try_from(data.len()).unwrap_or(u16::MAX), data }
    }

    /// A device-to-host transfer.
    pub fn device_to_host(setup: Setup, length: u16) -> Self {
        Self { setup, length, data: &[] }
    }

    /// True for a class request (DFU), as opposed to a standard or vendor one.
    pub fn is_class(&self) -> bool {
        self.setup.request_type & 0x60 == 0x20
    }
}

/// How a transfer ends on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A host-to-device transfer was acknowledged.
    Done,
    /// The bytes that the device sent; more than `wLength` is babble.
    Data(Vec<u8>),
    /// The bytes that the device sent before it refused: the status stage stalls.
    DataThenStall(Vec<u8>),
    /// The device refused.
    Stall,
    /// The device never answers; the host's time limit ends the transfer.
    NoAnswer,
    /// The device is not on the bus (any more).
    Disconnected,
    /// A bus error.
    Protocol(String),
}

/// How a transfer ends, and how long the device takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The outcome.
    pub outcome: Outcome,
    /// Time until then.
    pub takes: Duration,
}
