//! Reaches USB through libusb: the only user of rusb.
//!
//! Knows libusb's error codes and what they mean to a person. libusb is started only when it is first needed, since
//! this program is also useful on machines without USB.
//!
//! libusb learns of new devices through udev or netlink, and some containers have neither. What it finds when it starts
//! is always right, so it is started again if its list is old.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusb::{Context, DeviceHandle, UsbContext};

use super::node::Machine;
use super::{Bus, Device, PortPath, Setup, Surroundings, TransferError, Transport, UsbError};

/// The longest time limit passed to libusb, which counts in 32-bit milliseconds.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

/// The release of libusb, in its own form: `1.0.27`.
pub fn libusb_release() -> String {
    let version = rusb::version();
    format!("{}.{}.{}", version.major(), version.minor(), version.micro())
}

/// How long libusb's list of devices is trusted.
const FRESH: Duration = Duration::from_secs(2);

/// The USB ports of this machine. Starts nothing before its first use.
#[derive(Default)]
pub struct LibusbBus {
    context: Mutex<Renewed<Context>>,
}

impl LibusbBus {
    /// A failure is not remembered: in a long-running process, USB may appear later.
    fn context(&self) -> Result<Context, UsbError> {
        let mut known = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        renewed(&mut known, Instant::now(), || {
            Context::new().map_err(|error| UsbError::Unavailable(format!("libusb cannot start ({error})")))
        })
    }
}

/// Something that is made again if it is older than [`FRESH`], with the time at which it was made. Clones in use stay
/// valid.
type Renewed<T> = Option<(Instant, T)>;

fn renewed<T: Clone, E>(
    known: &mut Renewed<T>,
    now: Instant,
    make: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    if let Some((since, made)) = known
        && now.duration_since(*since) < FRESH
    {
        return Ok(made.clone());
    }
    Ok(known.insert((now, make()?)).1.clone())
}

impl Bus for LibusbBus {
    fn is_virtual(&self) -> bool {
        false
    }

    fn surroundings(&self) -> Option<Surroundings> {
        Surroundings::of(Path::new("/"))
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        let devices = self.context()?.devices().map_err(usb_error)?;
        let mut found: Vec<Device> = devices.iter().filter_map(|device| describe(&device)).collect();
        found.retain(|device| ids.contains(&(device.vendor_id, device.product_id)));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        let devices = self.context()?.devices().map_err(usb_error)?;
        let there = devices.iter().find(|d| describe(d).as_ref() == Some(device)).ok_or(UsbError::Gone)?;
        let handle = there.open().map_err(|error| {
            let look =
                || Machine(Path::new("/")).look(device.path.as_str(), there.bus_number(), device.address);
            let seen = cfg!(target_os = "linux").then(look).flatten();
            seen.map_or_else(|| access_error(error, device.bcd_device), UsbError::from)
        })?;
        Ok(Box::new(LibusbTransport { handle, bcd_device: device.bcd_device }))
    }
}

/// From libusb's memory; `None` if the device has gone away. If the system hides the ports (a container without sysfs),
/// the path is only the bus.
fn describe(device: &rusb::Device<Context>) -> Option<Device> {
    let descriptor = device.device_descriptor().ok()?;
    let rusb::Version(major, minor, sub_minor) = descriptor.device_version();
    Some(Device {
        path: PortPath::new(device.bus_number(), &device.port_numbers().unwrap_or_default()),
        address: device.address(),
        vendor_id: descriptor.vendor_id(),
        product_id: descriptor.product_id(),
        bcd_device: to_bcd(major, minor, sub_minor),
    })
}

/// rusb splits `bcdDevice` into one number of two decimal digits and two of one digit each.
fn to_bcd(major: u8, minor: u8, sub_minor: u8) -> u16 {
    u16::from(major / 10) << 12 | u16::from(major % 10) << 8 | u16::from(minor) << 4 | u16::from(sub_minor)
}

struct LibusbTransport {
    handle: DeviceHandle<Context>,
    bcd_device: u16,
}

impl Transport for LibusbTransport {
    fn control_in(
        &mut self,
        setup: Setup,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        check_length(buffer.len())?;
        let Setup { request_type, request, value, index } = setup;
        self.handle
            .read_control(request_type, request, value, index, buffer, finite(timeout))
            .map_err(transfer_error)
    }

    fn control_out(&mut self, setup: Setup, data: &[u8], timeout: Duration) -> Result<(), TransferError> {
        check_length(data.len())?;
        let Setup { request_type, request, value, index } = setup;
        let sent = self
            .handle
            .write_control(request_type, request, value, index, data, finite(timeout))
            .map_err(transfer_error)?;
        if sent == data.len() {
            return Ok(());
        }
        Err(TransferError::Protocol(format!("{sent} of {} bytes were taken", data.len())))
    }

    fn claim(&mut self, interface: u8) -> Result<(), UsbError> {
        self.handle.claim_interface(interface).map_err(|error| access_error(error, self.bcd_device))
    }

    /// Linux releases the interface on request (USBDEVFS_DISCONNECT). macOS does so for root or a program with an
    /// entitlement, and the device is enumerated again (libusb, darwin_usb.c, `darwin_detach_kernel_driver`). Windows
    /// never does: the claim then says what prevents it, for each interface (windows_winusb.c,
    /// `composite_claim_interface`).
    fn take_over(&mut self, interface: u8) -> Result<(), UsbError> {
        match self.handle.set_auto_detach_kernel_driver(true) {
            Ok(()) | Err(rusb::Error::NotSupported) => self.claim(interface),
            Err(error) => Err(access_error(error, self.bcd_device)),
        }
    }

    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError> {
        self.handle.set_alternate_setting(interface, alt).map_err(setting_error)
    }
}

/// libusb's `wLength` has 16 bits; a longer one would be cut silently.
fn check_length(length: usize) -> Result<(), TransferError> {
    let too_long = |_| TransferError::Protocol(format!("{length} bytes are too many for one transfer"));
    u16::try_from(length).map(drop).map_err(too_long)
}

/// libusb takes whole milliseconds; 0 means "wait forever".
fn finite(timeout: Duration) -> Duration {
    timeout.clamp(Duration::from_millis(1), LONGEST_TIMEOUT)
}

fn transfer_error(error: rusb::Error) -> TransferError {
    match error {
        rusb::Error::Pipe => TransferError::Stall,
        rusb::Error::Timeout => TransferError::Timeout,
        rusb::Error::NoDevice => TransferError::Disconnected,
        rusb::Error::Overflow => TransferError::Babble,
        other => TransferError::Protocol(other.to_string()),
    }
}

/// What went wrong in SET_INTERFACE, which the operating system sends. Linux does not report whether the device refused
/// it or did not answer; libusb calls both "other". "Not found" is a setting that Linux did not see in the descriptors.
fn setting_error(error: rusb::Error) -> TransferError {
    match error {
        rusb::Error::Other => TransferError::Protocol("the device did not take it".to_owned()),
        rusb::Error::NotFound => TransferError::Protocol("the operating system knows no such one".to_owned()),
        other => transfer_error(other),
    }
}

/// Why a device, or its interface, cannot be opened. Without a driver that libusb can use, Windows reports "not
/// supported" for the device and "not found" for the interface (libusb, windows_winusb.c, `CHECK_SUPPORTED_API` and
/// `composite_open`). Elsewhere "not found" means that the operating system could not read, or not set, the device's
/// configuration when it was plugged in.
fn access_error(error: rusb::Error, bcd_device: u16) -> UsbError {
    let wrong_driver = || UsbError::WrongDriver(bcd_device);
    match error {
        rusb::Error::NotSupported => wrong_driver(),
        rusb::Error::NotFound if cfg!(windows) => wrong_driver(),
        rusb::Error::NotFound => UsbError::NotConfigured,
        other => usb_error(other),
    }
}

fn usb_error(error: rusb::Error) -> UsbError {
    match error {
        rusb::Error::Access => UsbError::AccessDenied,
        rusb::Error::Busy => UsbError::Busy,
        rusb::Error::NoDevice => UsbError::Gone,
        other => UsbError::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_that_a_user_can_do_something_about_are_told_apart() {
        let of_new = |error| access_error(error, 0x0250);
        assert_eq!(of_new(rusb::Error::Access), UsbError::AccessDenied);
        assert_eq!(of_new(rusb::Error::Busy), UsbError::Busy);
        assert_eq!(of_new(rusb::Error::NoDevice), UsbError::Gone);
        let wrong_driver = UsbError::WrongDriver(0x0250);
        assert_eq!(of_new(rusb::Error::NotSupported), wrong_driver);
        let no_interface = if cfg!(windows) { wrong_driver } else { UsbError::NotConfigured };
        assert_eq!(of_new(rusb::Error::NotFound), no_interface);
        assert!(matches!(of_new(rusb::Error::Io), UsbError::Other(_)));
        assert_eq!(transfer_error(rusb::Error::Pipe), TransferError::Stall);
        assert_eq!(transfer_error(rusb::Error::NoDevice), TransferError::Disconnected);
    }

    /// Works on a machine with USB and on one without.
    #[test]
    fn listing_works_or_says_that_there_is_no_usb() {
        let listed = LibusbBus::default().list(&[(0xFFFF, 0xFFFF)]);
        assert!(
            matches!(&listed, Ok(none) if none.is_empty())
                || matches!(&listed, Err(UsbError::Unavailable(_)))
        );
    }

    #[test]
    fn libusb_is_started_anew_when_what_it_knows_is_old() {
        let (mut known, mut started) = (None, 0);
        let begin = Instant::now();
        let mut at = |millis| {
            let made = renewed(&mut known, begin + Duration::from_millis(millis), || {
                started += 1;
                Ok::<_, UsbError>(started)
            });
            made.unwrap()
        };
        assert_eq!([at(0), at(1_999), at(2_000), at(3_999), at(4_000)], [1, 1, 2, 2, 3]);
    }

    #[test]
    fn a_start_that_fails_is_tried_again() {
        let (mut known, now) = (None, Instant::now());
        let failed = renewed(&mut known, now, || Err(UsbError::Unavailable(String::new())));
        assert_eq!(failed, Err(UsbError::Unavailable(String::new())));
        assert_eq!(renewed(&mut known, now, || Ok::<_, UsbError>(1)), Ok(1));
    }

    #[test]
    fn no_time_limit_means_for_ever_to_libusb() {
        for short in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999)] {
            assert!(finite(short).as_millis() >= 1);
        }
        assert!(u32::try_from(finite(Duration::MAX).as_millis()).is_ok());
    }

    #[test]
    fn the_device_version_is_put_together_again() {
        assert_eq!(to_bcd(2, 5, 0), 0x0250);
        assert_eq!(to_bcd(12, 3, 4), 0x1234);
    }
}
