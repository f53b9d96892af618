//! The options that select the Duo that a workflow works on.
//!
//! A bootloader r5 or r6 gives the device id as its USB serial number. One of r3 or r4 gives a constant that identifies
//! nothing: there, only the port selects a Duo, and the user states the device id.

use std::fmt;
use std::path::PathBuf;

use crate::bootloader::BootloaderGeneration;
use crate::dct::{CopyRule, DeviceId, DeviceIdSource};
use crate::error::{Error, SURROUNDINGS_PAGE};
use crate::usb::{Bus, PortPath, Surroundings};
use crate::workflow::context::board::{Board, BootloaderName, DUO};

/// RedBear Duo in DFU mode.
pub const DFU_MODE: (u16, u16) = DUO.dfu_mode;
/// RedBear Duo in normal mode [redbear/firmware, `platform_config.h`].
pub const NORMAL_MODE: (u16, u16) = (0x2b04, 0xc058);

/// How to get into DFU mode by hand, for every message that needs it.
pub const BUTTONS_HINT: &str = "put the Duo into DFU mode: hold both buttons, release RESET, \
    and release SETUP when the LED blinks yellow (holding on for longer means a factory reset)";

/// How to get a Duo into DFU mode, and what must pass it through to this system: in DFU mode it is another USB device.
pub fn bring_hint(bus: &dyn Bus) -> String {
    match passed_through(bus) {
        Some(through) => format!("{BUTTONS_HINT}. If it is: {through}"),
        None => BUTTONS_HINT.to_owned(),
    }
}

/// If USB devices must be passed through to this system: what must let a Duo in DFU mode through.
pub fn passed_through(bus: &dyn Bus) -> Option<String> {
    let ((vendor, ready), (_, running)) = (DFU_MODE, NORMAL_MODE);
    let through = match bus.surroundings()? {
        Surroundings::Container => "this container needs all of /dev/bus/usb".to_owned(),
        Surroundings::Wsl => format!(
            "in DFU mode Windows has to attach it to WSL anew, usbipd attach --wsl --hardware-id \
             {vendor:04x}:{ready:04x} --auto-attach"
        ),
        Surroundings::VirtualMachine => format!(
            "this virtual machine needs two USB devices passed through, {vendor:04x}:{ready:04x} (in DFU mode) and \
             {vendor:04x}:{running:04x} (running)"
        ),
    };
    Some(format!("{through}; {SURROUNDINGS_PAGE}"))
}

/// The options that select a Duo, and how it may be brought into DFU mode. Without any: the only Duo in DFU mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The device id.
    pub device: Option<DeviceId>,
    /// Bus and ports, `1-2`.
    pub path: Option<String>,
    /// Put it into DFU mode if it runs its firmware.
    pub enter_dfu: bool,
    /// Wait for it if it is not there.
    pub wait: bool,
    /// Accept a DCT although nothing shows that it was read from its place.
    pub allow_unproven_address: bool,
}

impl Target {
    /// Checks the values that a person typed.
    pub fn parse(device: Option<&str>, path: Option<&str>) -> Result<Self, Error> {
        let device = device.map(str::parse).transpose()?;
        let path = path.map(check_path).transpose()?;
        Ok(Self { device, path, ..Self::default() })
    }

    /// The same, and how it may be brought into DFU mode.
    #[must_use]
    pub fn brought(self, enter_dfu: Option<bool>, wait: Option<bool>) -> Self {
        Self { enter_dfu: enter_dfu.unwrap_or_default(), wait: wait.unwrap_or_default(), ..self }
    }

    /// The same, with the choice to accept a place that nothing proves.
    #[must_use]
    pub fn unproven(self, allow: Option<bool>) -> Self {
        Self { allow_unproven_address: allow.unwrap_or_default(), ..self }
    }

    /// True if the port is the typed one, or none was typed.
    pub(in crate::workflow) fn is_at(&self, path: &PortPath) -> bool {
        self.path.as_ref().is_none_or(|typed| path.as_str() == typed)
    }

    /// True if an id or a port selects the Duo.
    pub(in crate::workflow) fn is_named(&self) -> bool {
        self.device.is_some() || self.path.is_some()
    }
}

fn check_path(path: &str) -> Result<String, Error> {
    let (bus, ports) = path.split_once('-').unwrap_or((path, ""));
    // Digits only: `parse` accepts a sign, but a path has none.
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.len() <= 3 && digits(text) && text.parse::<u8>().is_ok();
    if number(bus) && ports.split('.').count() <= 7 && ports.split('.').all(number) {
        return Ok(path.to_owned());
    }
    Err(Error::invalid(format!("{path:?} is not a USB path: bus and ports look like 1-2 or 1-1.4"))
        .hint("see the path of each Duo with: duo-provision list"))
}

/// The options of a command that needs no others: `list`, `dfu`, `read_key`.
#[derive(Clone, Debug, Default)]
pub struct TargetOptions {
    /// Which Duo; `list` shows all of them by default.
    pub target: Target,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// The options of a command that shows what is in a Duo or in a file: `dct show`, `server-key show`.
#[derive(Clone, Debug, Default)]
pub struct ShowOptions {
    /// Which Duo, if no file is given.
    pub target: Target,
    /// A dump of a DCT; of `server-key show`, also a cloud's public key, with or without an address.
    pub file: Option<PathBuf>,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// The Duo that an operation worked on, or another board with the same layout.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DuoInfo", rename_all = "camelCase")]
pub struct DeviceRef {
    /// Which board it is.
    #[cfg_attr(feature = "schema", schemars(with = "super::board::BoardName"))]
    pub board: Board,
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// The device id, 24 hexadecimal digits in lower case, if it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known: the Duo tells it over USB, or the caller gave it.
    pub device_id_source: Option<DeviceIdSource>,
    /// The bootloader's generation; for another board than the Duo, the board's name in lower case.
    #[serde(rename = "bootloader")]
    pub bootloader_name: BootloaderName,
    /// The bootloader generation that it has.
    #[serde(skip)]
    pub bootloader: BootloaderGeneration,
    /// The rule by which its bootloader finds the copy of the DCT that counts.
    #[serde(skip)]
    pub copy_rule: CopyRule,
    /// True for a virtual Duo.
    pub simulated: bool,
}

impl fmt::Display for DeviceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.board.is_duo() {
            write!(f, "{} ", self.board)?;
        }
        match self.device_id {
            Some(id) => write!(f, "{id} at {}", self.path)?,
            None => write!(f, "at {}", self.path)?,
        }
        f.write_str(if self.simulated { ", virtual" } else { "" })
    }
}
