//! Converts the errors that keep this machine from using a Duo.

use std::borrow::Cow;

use super::super::{Code, Error, SURROUNDINGS_PAGE, UDEV_BY_HAND};
use crate::bootloader::{BootloaderGeneration, SessionError};
use crate::dfuse::DfuError;
use crate::usb::{NodeError, UsbError};

impl From<UsbError> for Error {
    fn from(error: UsbError) -> Self {
        let (code, hint): (Code, Cow<'static, str>) = match &error {
            UsbError::AccessDenied => (Code::UsbAccessDenied, access_hint().into()),
            UsbError::Node(node) => {
                (Code::UsbAccessDenied, format!("{}; {SURROUNDINGS_PAGE}", node_hint(node)).into())
            }
            UsbError::Unavailable(_) => (
                Code::UsbUnavailable,
                "connect the Duo to a machine with USB (containers and servers often have none); provisioning \
                 without --from-device, inspect and demo work here"
                    .into(),
            ),
            UsbError::Busy => (
                Code::UsbBusy,
                "close the other program (dfu-util, a virtual machine, an IDE), then run the command again".into(),
            ),
            UsbError::WrongDriver(bcd_device) => {
                let generation = BootloaderGeneration::from_bcd_device(*bcd_device);
                let hint = driver_hint(generation.map(BootloaderGeneration::names_winusb));
                (Code::UsbWrongDriver, hint.into())
            }
            UsbError::NotConfigured => {
                (Code::UsbError, "unplug the Duo, plug it in again in DFU mode, and run the command again".into())
            }
            UsbError::Gone => {
                (Code::NoDevice, "leave the Duo connected in DFU mode and run the command again".into())
            }
            UsbError::NoServer(address, _) => {
                let start = format!("duo-provision simulate --usbip {}", address.port());
                (Code::UsbipUnreachable, format!("start one there, in another terminal: {start}").into())
            }
            UsbError::Server(_) => {
                (Code::UsbipUnreachable, "name the port at which `duo-provision simulate` listens".into())
            }
            UsbError::Other(_) => (Code::UsbError, "try another cable or USB port, without a hub".into()),
        };
        Self::new(code, error.to_string()).hint(hint).because(error)
    }
}

/// On Windows a device that another program has opened also fails with "access denied".
fn access_hint() -> String {
    if cfg!(target_os = "linux") {
        format!(
            "let your user open it, once and for all: {UDEV_BY_HAND} (that rule is for whoever sits at this machine; for \
             others, over SSH, see docs/troubleshooting.md, \"Linux: who may open a Duo\")"
        )
    } else if cfg!(windows) {
        "close any other program that has opened it (dfu-util, a virtual machine, an IDE), and run the command again"
            .to_owned()
    } else {
        "run the command as a user who may open USB devices".to_owned()
    }
}

/// How to make a device accessible, from the problem with its device node.
fn node_hint(node: &NodeError) -> String {
    match node {
        NodeError::NotListed(_) => {
            "let the container have USB devices: docker run -v /dev/bus/usb:/dev/bus/usb \
             --device-cgroup-rule 'c 189:* rmw'; a snap: sudo snap connect NAME:raw-usb"
                .to_owned()
        }
        NodeError::Missing(_) => {
            "let the container have all of them, since a Duo has another number whenever it restarts: \
             docker run -v /dev/bus/usb:/dev/bus/usb --device-cgroup-rule 'c 189:* rmw'"
                .to_owned()
        }
        NodeError::Policy(_) => {
            "a policy such as SELinux's forbids it (sudo ausearch -m avc -ts recent says so); a container \
             is freed of it by: --security-opt label=disable"
                .to_owned()
        }
        NodeError::MappedRoot(_) => {
            format!("outside the container, let your own user open it, once and for all: {UDEV_BY_HAND}")
        }
    }
}

/// How to give a board the WinUSB driver. `names_winusb`: whether its bootloader asks Windows for it.
const fn driver_hint(names_winusb: Option<bool>) -> &'static str {
    match names_winusb {
        Some(false) => {
            "on Windows: bootloaders r3 and r4 do not tell Windows which driver they need. Start Zadig \
             (https://zadig.akeo.ie) with the Duo in DFU mode, choose \"Duo DFU Mode\" (Options, List All Devices), \
             choose WinUSB and install it; then run the command again"
        }
        Some(true) => {
            "on Windows: bootloaders r5 and r6 ask for the WinUSB driver by themselves, so another one was given to \
             this Duo, by hand or by Zadig. Do not use Zadig: in the Device Manager uninstall \"Duo DFU Mode\" together \
             with its driver, unplug the Duo, plug it in again in DFU mode, and run the command again"
        }
        None => {
            "on Windows: this bootloader is none of the Duo's (r3 to r6). If Windows gives it no driver by itself, \
             choose WinUSB for it with Zadig (https://zadig.akeo.ie), and run the command again"
        }
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        let (code, hint) = match error {
            SessionError::Usb(error) => return error.into(),
            SessionError::Cancelled(_) => {
                return Self::new(Code::Interrupted, "stopped as asked");
            }
            SessionError::NoDct(_)
            | SessionError::NameUnread(_)
            | SessionError::SeveralDcts
            | SessionError::UnexpectedDct(_)
            | SessionError::NoFunctional
            | SessionError::NotDfuSe(_)
            | SessionError::Incapable(_)
            | SessionError::UnknownGeneration(_)
            | SessionError::Descriptor { .. }
            | SessionError::TransferSize { .. } => (
                Code::NotADuo,
                "this is not a RedBear Duo's bootloader as r3 to r6 are; nothing was read or written",
            ),
            SessionError::NoWholeDct(_) => (
                Code::NotADuo,
                "use the application section in its place, which holds the keys: duo-provision dct backup, and dct restore \
                 with --fields",
            ),
            SessionError::NoBootloader(_) | SessionError::Dfu(DfuError::PointerUnproven(_)) => (
                Code::AddressUnproven,
                "run the same command again; if it ends like this every time, press RESET, put the Duo into DFU mode again, or \
                 try another cable or USB port",
            ),
            SessionError::Dfu(DfuError::Leaving) => (
                Code::DeviceFault,
                "the Duo is leaving DFU mode; put it back into DFU mode and run the command again",
            ),
            _ => (
                Code::DeviceFault,
                "unplug the Duo, put it into DFU mode again and run the same command; if that does not help, \
                 try another cable or USB port",
            ),
        };
        Self::new(code, error.to_string()).hint(hint).because(error)
    }
}
