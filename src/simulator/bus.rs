//! Implements the crate's own `Bus` and `Transport`, in-process, for the Duos of a [`Hub`].
//!
//! Time passes on the hub's clock as on a wire: a transfer without an answer takes its whole time limit.

use std::sync::Arc;
use std::time::Duration;

use super::duo::transfer::{Outcome, Request};
use super::faults::Access;
use super::hub::{Attached, Hub};
use crate::usb::{Bus, Device, PortPath, Setup, TransferError, Transport, UsbError};

const SET_INTERFACE: u8 = 11;
const SET_INTERFACE_TIMEOUT: Duration = Duration::from_secs(1);

/// The Duos of a hub, as a bus.
#[derive(Clone)]
pub struct VirtualBus {
    hub: Arc<Hub>,
}

impl VirtualBus {
    /// The bus of `hub`.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// Its hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl Bus for VirtualBus {
    fn is_virtual(&self) -> bool {
        true
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        let mut devices: Vec<Device> = self.hub.attached().iter().map(device).collect();
        devices.retain(|d| ids.contains(&(d.vendor_id, d.product_id)));
        Ok(devices)
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        let found = self.hub.find(device.path.as_str()).filter(|a| a.address == device.address);
        let Attached { path, enumeration, .. } = found.ok_or(UsbError::Gone)?;
        if !self.hub.admits(path.as_str(), Access::Denied) {
            return Err(UsbError::AccessDenied);
        }
        Ok(Box::new(VirtualTransport { hub: Arc::clone(&self.hub), path, enumeration }))
    }
}

fn device(attached: &Attached) -> Device {
    Device {
        path: attached.path.clone(),
        address: attached.address,
        vendor_id: attached.word(8),
        product_id: attached.word(10),
        bcd_device: attached.word(12),
    }
}

/// An open Duo.
struct VirtualTransport {
    hub: Arc<Hub>,
    path: PortPath,
    enumeration: u64,
}

impl VirtualTransport {
    fn transfer(&self, request: &Request, timeout: Duration) -> Result<Vec<u8>, TransferError> {
        let clock = self.hub.clock();
        let transfer = self.hub.transfer(&self.path, self.enumeration, request);
        if transfer.outcome == Outcome::NoAnswer || transfer.takes > timeout {
            clock.sleep(timeout);
            return Err(TransferError::Timeout);
        }
        if !transfer.takes.is_zero() {
            clock.sleep(transfer.takes);
        }
        match transfer.outcome {
            Outcome::Done => Ok(Vec::new()),
            Outcome::Data(bytes) if bytes.len() > request.length.into() => Err(TransferError::Babble),
            Outcome::Data(bytes) => Ok(bytes),
            Outcome::Stall | Outcome::DataThenStall(_) => Err(TransferError::Stall),
            Outcome::Disconnected => Err(TransferError::Disconnected),
            Outcome::Protocol(why) => Err(TransferError::Protocol(why)),
            Outcome::NoAnswer => Err(TransferError::Timeout),
        }
    }
}

impl Transport for VirtualTransport {
    fn control_in(
        &mut self,
        setup: Setup,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        let length = u16::try_from(buffer.len()).map_err(|_| too_long())?;
        let bytes = self.transfer(&Request::device_to_host(setup, length), timeout)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn control_out(&mut self, setup: Setup, data: &[u8], timeout: Duration) -> Result<(), TransferError> {
        if data.len() > usize::from(u16::MAX) {
            return Err(too_long());
        }
        self.transfer(&Request::host_to_device(setup, data), timeout).map(drop)
    }

    fn claim(&mut self, _interface: u8) -> Result<(), UsbError> {
        let attached = self.hub.find(self.path.as_str()).filter(|a| a.enumeration == self.enumeration);
        let attached = attached.ok_or(UsbError::Gone)?;
        if self.hub.admits(attached.path.as_str(), Access::Busy) { Ok(()) } else { Err(UsbError::Busy) }
    }

    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError> {
        let setup =
            Setup { request_type: 0x01, request: SET_INTERFACE, value: alt.into(), index: interface.into() };
        self.control_out(setup, &[], SET_INTERFACE_TIMEOUT)
    }
}

fn too_long() -> TransferError {
    TransferError::Protocol("a control transfer carries at most 65535 bytes".to_owned())
}
