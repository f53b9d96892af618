//! Lists the devices on USB buses and sends control transfers to them. It does not know the Duo.
//!
//! Three buses implement these traits: libusb ([`libusb`]), a USB/IP server on loopback ([`usbip`]) and the simulator's
//! in-process bus. Everything here is synchronous: one operation runs completely on one blocking thread, and only the
//! [`Clock`] sleeps.

pub mod clock;
pub mod libusb;
mod node;
mod surroundings;
pub mod usbip;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub use node::NodeError;
pub use surroundings::Surroundings;

/// The eight bytes that begin a control transfer, without `wLength` (the buffer's length).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// `bmRequestType`: direction, type and recipient.
    pub request_type: u8,
    /// `bRequest`.
    pub request: u8,
    /// `wValue`.
    pub value: u16,
    /// `wIndex`.
    pub index: u16,
}

/// Where a device is plugged in: bus number and the chain of ports, written `1-2` or `1-1.4` (dfu-util's "path"). Only
/// this tells two Duos with an r3 or r4 bootloader apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortPath(String);

/// By number: 1-2 comes before 1-10.
impl Ord for PortPath {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let numbers = |path: &Self| -> Vec<u32> {
            path.0.split(['-', '.']).map(|number| number.parse().unwrap_or(u32::MAX)).collect()
        };
        numbers(self).cmp(&numbers(other)).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for PortPath {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PortPath {
    /// From a bus number and the ports from the root hub to the device (at most seven).
    pub fn new(bus: u8, ports: &[u8]) -> Self {
        let ports: Vec<String> = ports.iter().map(u8::to_string).collect();
        Self(format!("{bus}-{}", if ports.is_empty() { "0".to_owned() } else { ports.join(".") }))
    }

    /// The written form, `1-1.4`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a device on a bus without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Bus and ports.
    pub path: PortPath,
    /// The address from the host; it changes at every enumeration.
    pub address: u8,
    /// `idVendor`.
    pub vendor_id: u16,
    /// `idProduct`.
    pub product_id: u16,
    /// `bcdDevice`; 0x0200 for the bootloaders r3 and r4, 0x0250 for r5 and r6.
    pub bcd_device: u16,
}

/// Why a control transfer did not complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// The device refused the request.
    #[error("the device refused the request (STALL)")]
    Stall,
    /// No answer within the time limit; whether the request took effect is unknown.
    #[error("no answer within the time limit")]
    Timeout,
    /// The device is gone; whether the request took effect is unknown.
    #[error("the device was disconnected")]
    Disconnected,
    /// The device sent more than was asked for.
    #[error("the device sent more data than was asked for")]
    Babble,
    /// A bus error (CRC, bit stuffing, an error of the host controller), in the driver's own words.
    #[error("USB protocol error: {0}")]
    Protocol(String),
}

/// Why a device, or the bus itself, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsbError {
    /// The machine has no usable USB at all.
    #[error("USB is not available on this machine: {0}")]
    Unavailable(String),
    /// The operating system does not let this user open the device.
    #[error("no permission to open the USB device")]
    AccessDenied,
    /// The same, with a reason that the device's node shows (Linux).
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Another program has claimed the interface.
    #[error("another program is using the USB device")]
    Busy,
    /// The device is bound to a driver that libusb cannot use (Windows without `WinUSB`). Its `bcdDevice`.
    #[error("the USB device has no driver that this program can use")]
    WrongDriver(u16),
    /// The operating system could not configure the device when it was plugged in, so it shows no interface.
    #[error("the operating system could not set up the USB device when it was plugged in")]
    NotConfigured,
    /// The device went away between listing and opening.
    #[error("the USB device is no longer there")]
    Gone,
    /// Nothing answers at the address of a `--usbip` server.
    #[error("the USB/IP server: {0}: {1}")]
    NoServer(SocketAddr, String),
    /// A `--usbip` server that does not speak USB/IP, or an invalid address.
    #[error("the USB/IP server: {0}")]
    Server(String),
    /// Anything else, in the driver's own words.
    #[error("USB: {0}")]
    Other(String),
}

/// A bus with devices.
pub trait Bus: Send + Sync {
    /// True if the devices are simulated; all output about them has to say so.
    fn is_virtual(&self) -> bool;

    /// The `--usbip` value for this bus; `None` for the machine's own USB.
    fn address(&self) -> Option<String> {
        None
    }

    /// What passes devices through to this bus, if anything does.
    fn surroundings(&self) -> Option<Surroundings> {
        None
    }

    /// All devices with one of the given `(idVendor, idProduct)` pairs, ordered by path. Opens nothing.
    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError>;

    /// Opens a device for control transfers; claims nothing.
    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError>;

    /// Polls [`Bus::list`] until `wanted` accepts a device. `None` if the clock reaches `deadline` or `cancelled` is
    /// true.
    fn wait_for(
        &self,
        ids: &[(u16, u16)],
        wanted: &dyn Fn(&Device) -> bool,
        clock: &dyn Clock,
        deadline: Duration,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Device>, UsbError> {
        loop {
            if let Some(found) = self.list(ids)?.into_iter().find(|d| wanted(d)) {
                return Ok(Some(found));
            }
            if cancelled() || clock.now() >= deadline {
                return Ok(None);
            }
            clock.sleep(Duration::from_millis(100));
        }
    }
}

/// An open device. Dropping it releases what was claimed and closes it.
pub trait Transport: Send {
    /// A device-to-host control transfer of at most `buffer.len()` bytes; returns how many came.
    fn control_in(
        &mut self,
        setup: Setup,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, TransferError>;

    /// A host-to-device control transfer of all of `data`.
    fn control_out(&mut self, setup: Setup, data: &[u8], timeout: Duration) -> Result<(), TransferError>;

    /// Claims an interface for this process.
    fn claim(&mut self, interface: u8) -> Result<(), UsbError>;

    /// Claims an interface that the operating system's own driver may hold, if that driver can be detached; the driver
    /// gets it back afterwards.
    fn take_over(&mut self, interface: u8) -> Result<(), UsbError> {
        self.claim(interface)
    }

    /// `SET_INTERFACE` through the operating system, which must know the setting.
    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError>;
}

/// A clock; tests use a virtual one. `now` counts from an arbitrary origin and never goes back.
pub trait Clock: Send + Sync {
    /// Time since the clock's origin.
    fn now(&self) -> Duration;
    /// Blocks for `duration`. The system clock is the only place in the crate that really sleeps.
    fn sleep(&self, duration: Duration);
}
