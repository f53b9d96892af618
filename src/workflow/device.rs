//! Which Duo a workflow works on, and what is in it.
//!
//! A bootloader r5 or r6 gives the device id as its USB serial number. One of r3 or r4 gives a constant that
//! identifies nothing: there the port is the only choice, and the device id is the user's word.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::board::{BOARDS, Board, DUO, ids};
use super::cancel::interrupted;
use super::enter::arrive;
use super::located::{is_in_place, unproven};
use super::next::command_line::choice;
use super::write::Patch;
use super::{Context, Event, Phase, Timeout, Transfer};
use crate::dct::DeviceIdSource;
use crate::dct::{CopyRule, DEVICE_PRIVATE_KEY, Dct, DctImage, DeviceId, SECTION_SIZES, WHOLE_SIZE};
use crate::dfuse::Buffer;
use crate::error::{Code, Error, KeyState};
use crate::keys::{Fingerprint, Slot};
use crate::usb::{BootloaderGeneration, Device, DfuSession};

/// RedBear Duo in DFU mode.
pub(super) const DFU_MODE: (u16, u16) = DUO.dfu_mode;
/// RedBear Duo in normal mode [redbear/firmware, `platform_config.h`].
pub(super) const NORMAL_MODE: (u16, u16) = (0x2b04, 0xc058);

/// How to get into DFU mode by hand, for every message that needs it.
pub(super) const BUTTONS_HINT: &str = "put the Duo into DFU mode: hold both buttons, release RESET, \
    and release SETUP when the LED blinks yellow (holding on for longer means a factory reset)";

/// Which Duo is wanted, and what may be done to have it in DFU mode; nothing means the only one that is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The device id.
    pub device: Option<DeviceId>,
    /// Bus and ports, `1-2`.
    pub path: Option<String>,
    /// Put it into DFU mode where it runs its firmware.
    pub enter_dfu: bool,
    /// Wait for it where it is not there.
    pub wait: bool,
    /// Take what is read for what it should be where nothing shows its place.
    pub allow_unproven_address: bool,
}

impl Target {
    /// Checks what a person typed.
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

    /// The same, and whether a place that nothing shows will do.
    #[must_use]
    pub fn unproven(self, allow: Option<bool>) -> Self {
        Self { allow_unproven_address: allow.unwrap_or_default(), ..self }
    }

    /// True where one Duo was asked for by name.
    pub(super) fn is_named(&self) -> bool {
        self.device.is_some() || self.path.is_some()
    }
}

fn check_path(path: &str) -> Result<String, Error> {
    let (bus, ports) = path.split_once('-').unwrap_or((path, ""));
    // Digits only: a sign is a number to `parse`, but no part of a path.
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.len() <= 3 && digits(text) && text.parse::<u8>().is_ok();
    if number(bus) && ports.split('.').count() <= 7 && ports.split('.').all(number) {
        return Ok(path.to_owned());
    }
    Err(Error::new(
        Code::InvalidArgument,
        format!("{path:?} is not a USB path: bus and ports look like 1-2 or 1-1.4"),
    )
    .hint("see the path of each Duo with: duo-provision list"))
}

/// The Duo that a workflow works on, as it is shown to people and kept in manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRef {
    /// Which board it is: a Duo, or one that is laid out as one.
    pub board: Board,
    /// Bus and ports, `1-2`.
    pub path: String,
    /// The device id, where it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known.
    pub device_id_source: Option<DeviceIdSource>,
    /// Which bootloaders it may have.
    pub bootloader: BootloaderGeneration,
    /// How its bootloader tells which copy of its DCT counts.
    pub copy_rule: CopyRule,
    /// True for a virtual Duo.
    pub simulated: bool,
}

impl DeviceRef {
    /// The bootloader's generation; that of other boards has no name of its own.
    pub fn bootloader_words(&self) -> String {
        if self.board.is_duo() { self.bootloader.to_string() } else { self.board.name.to_lowercase() }
    }
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

/// An open Duo.
pub(super) struct Opened<'a> {
    pub context: Context<'a>,
    pub session: DfuSession<'a>,
    pub device: DeviceRef,
    /// True where a place that nothing shows will do.
    pub unproven: bool,
    address: u8,
    timeout: Timeout,
}

/// What was read from a Duo, twice and the same.
pub(super) struct Snapshot {
    pub dct: Dct,
    /// The key slot, judged.
    pub slot: Slot,
    /// True where something in it shows that it was read from its place.
    in_place: bool,
}

impl Snapshot {
    /// The bytes of the key slot.
    pub fn slot_bytes(&self) -> &[u8] {
        self.image().private_key_slot().map_or(&[], |slot| slot.as_slice())
    }

    /// The key in the slot, whether the firmware can read it or not.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.slot.key().map(|read| read.key.public_key().fingerprint())
    }

    /// What a Duo holds that held this, and was written since.
    pub fn with(&self, patch: &Patch) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(self.image().bytes().to_vec());
        let field = bytes.get_mut(patch.field().offset..patch.field().end());
        field.ok_or_else(read_short)?.copy_from_slice(patch.bytes());
        Ok(Self { in_place: self.in_place, ..Self::of(bytes)? })
    }

    /// The same with a blank key slot.
    pub fn without_key(&self) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(self.image().bytes().to_vec());
        let slot = bytes.get_mut(DEVICE_PRIVATE_KEY.offset..DEVICE_PRIVATE_KEY.end());
        slot.ok_or_else(read_short)?.fill(0xff);
        Self::of(bytes)
    }

    /// The application section of a copy, which may be followed by the rest of it.
    pub fn of_section(section: &[u8]) -> Result<Self, Error> {
        let section = section.get(..SECTION_SIZES[1]).ok_or_else(read_short)?;
        Self::of(Zeroizing::new(section.to_vec()))
    }

    /// What lies at the beginning of a DCT.
    pub fn of(bytes: Buffer) -> Result<Self, Error> {
        let dct = Dct::new(bytes);
        let slot = dct.image().private_key_slot().map(Slot::classify).ok_or_else(read_short)?;
        Ok(Self { dct, slot, in_place: true })
    }

    /// The DCT up to the device id.
    pub fn image(&self) -> DctImage<'_> {
        self.dct.image()
    }
}

impl<'a> Opened<'a> {
    /// Finds the wanted Duo, bringing it into DFU mode where that is wanted, or says why there is not exactly one.
    pub fn find(context: Context<'a>, target: &Target, timeout: Timeout) -> Result<Self, Error> {
        Self::find_board(context, target, &[DUO], timeout)
    }

    /// The same, where another board will do.
    pub fn find_any_board(context: Context<'a>, target: &Target, timeout: Timeout) -> Result<Self, Error> {
        Self::find_board(context, target, &BOARDS, timeout)
    }

    /// The same, of these boards.
    pub fn find_board(
        context: Context<'a>,
        target: &Target,
        boards: &[Board],
        timeout: Timeout,
    ) -> Result<Self, Error> {
        let arrived = arrive(context, target, boards, timeout)?;
        Self::find_there(context, arrived.as_ref().unwrap_or(target), boards, timeout)
    }

    /// Finds the wanted one among those in DFU mode.
    pub fn find_there(
        context: Context<'a>,
        target: &Target,
        boards: &[Board],
        timeout: Timeout,
    ) -> Result<Self, Error> {
        let mut opened =
            find(context, target, boards, timeout).map_err(|error| error.during("looking for the Duo"))?;
        opened.unproven = target.allow_unproven_address;
        if opened.device.device_id_source == Some(DeviceIdSource::User) {
            context
                .note("this bootloader (r3 or r4) does not tell its device id: yours is taken at its word");
        }
        context.control.event(Event::Found(opened.device.clone()));
        Ok(opened)
    }

    /// Opens a device, by `deadline`.
    pub fn open(
        context: Context<'a>,
        device: &Device,
        timeout: Timeout,
        deadline: Duration,
    ) -> Result<Self, Error> {
        let address = device.address;
        let session = DfuSession::open(context.bus, device, context.clock, context.cancelled, deadline)
            .map_err(|error| Error::from(error).on(&device.path, KeyState::Unchanged))?;
        let identity = session.identity();
        let device_id = identity.device_id_hex().and_then(|id| id.parse().ok());
        let device = DeviceRef {
            board: Board::of((device.vendor_id, device.product_id)).unwrap_or(DUO),
            path: device.path.to_string(),
            device_id,
            device_id_source: device_id.map(|_| DeviceIdSource::UsbSerial),
            bootloader: identity.generation,
            copy_rule: if identity.is_r6() { CopyRule::R6 } else { CopyRule::R3ToR5 },
            simulated: context.bus.is_virtual(),
        };
        Ok(Self { context, session, device, unproven: false, address, timeout })
    }

    /// Reads the DCT twice, compares, and judges the key slot.
    pub fn snapshot(&mut self) -> Result<Snapshot, Error> {
        self.context.phase(Phase::Read);
        let deadline = self.deadline();
        self.read_slot(deadline)
            .map_err(|error| error.during("reading the key slot").on(&self.device, KeyState::Unchanged))
    }

    /// The same, by `deadline`.
    pub fn read_slot(&mut self, deadline: Duration) -> Result<Snapshot, Error> {
        self.read_length(DctImage::READ_SIZE, deadline)
    }

    /// The application section, read twice, before something of it is written: refused where nothing shows that it was
    /// read from its place, unless that was allowed.
    pub fn section_before_write(&mut self) -> Result<Snapshot, Error> {
        let section = self.section()?;
        self.proven(section)
    }

    /// What is kept, or goes before a write: refused where nothing shows that it was read from its place, unless that
    /// was allowed.
    pub fn proven(&self, snapshot: Snapshot) -> Result<Snapshot, Error> {
        if snapshot.in_place {
            return Ok(snapshot);
        }
        if self.unproven {
            self.context
                .note("nothing shows that the DCT was read from its beginning (--allow-unproven-address)");
            return Ok(snapshot);
        }
        Err(unproven().during("reading the DCT").on(&self.device, KeyState::Unchanged))
    }

    /// Of bytes read from the beginning of the DCT, those that a write elsewhere in it leaves as they are. What lies
    /// behind the application section of firmware up to 0.3.1 is not known to be copied with it.
    pub fn compared<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let end = match self.device.bootloader {
            BootloaderGeneration::R3R4 => SECTION_SIZES[0],
            BootloaderGeneration::R5R6 => SECTION_SIZES[1],
        };
        bytes.get(..end).unwrap_or(bytes)
    }

    /// Reads the application section twice, compares, and judges the key slot. Nothing that lies behind the
    /// section is read: it may be anything, Wi-Fi passwords included.
    pub fn section(&mut self) -> Result<Snapshot, Error> {
        self.context.phase(Phase::ReadDct);
        let deadline = self.deadline();
        // The longer of the two; the shorter one is followed by erased flash.
        self.read_length(SECTION_SIZES[1], deadline)
            .map_err(|error| error.during("reading the DCT").on(&self.device, KeyState::Unchanged))
    }

    /// Reads the whole DCT from the internal flash, both copies, twice, and compares.
    pub fn whole_dct(&mut self) -> Result<Buffer, Error> {
        self.context.phase(Phase::ReadDct);
        let deadline = self.deadline();
        self.read_whole(deadline)
            .map_err(|error| error.during("reading the whole DCT").on(&self.device, KeyState::Unchanged))
    }

    /// The same, by `deadline`.
    pub fn read_whole(&mut self, deadline: Duration) -> Result<Buffer, Error> {
        self.not_cancelled()?;
        self.context.progress(Transfer::StartUpload, WHOLE_SIZE);
        let read = self.session.read_whole_dct_twice(deadline)?.ok_or_else(unstable)?;
        self.uploaded(WHOLE_SIZE);
        Ok(read)
    }

    fn uploaded(&self, length: usize) {
        self.context.progress(Transfer::Uploaded, length);
        self.context.progress(Transfer::CompleteUpload, length);
    }

    fn not_cancelled(&self) -> Result<(), Error> {
        if (self.context.cancelled)() { Err(interrupted()) } else { Ok(()) }
    }

    /// Reads the first `length` bytes of the DCT twice, compares, and judges the key slot.
    pub fn read_length(&mut self, length: usize, deadline: Duration) -> Result<Snapshot, Error> {
        self.not_cancelled()?;
        self.context.progress(Transfer::StartUpload, length);
        let bytes = self.session.read_twice(length, deadline)?.ok_or_else(unstable)?;
        self.uploaded(length);
        check_readable(&bytes, self.device.bootloader)?;
        let told = self.device.device_id_source == Some(DeviceIdSource::UsbSerial);
        let in_place = is_in_place(&bytes, self.device.device_id.filter(|_| told))?;
        Ok(Snapshot { in_place, ..Snapshot::of(bytes)? })
    }

    /// When a step that starts now has to end.
    pub fn deadline(&self) -> Duration {
        self.timeout.deadline(self.context.clock)
    }

    /// How long each step may take.
    pub fn timeout(&self) -> Timeout {
        self.timeout
    }

    /// The address that the host gave it.
    pub fn address(&self) -> u8 {
        self.address
    }
}

fn unstable() -> Error {
    Error::new(Code::ReadUnstable, "two reads of the same bytes differ")
        .hint("try another cable or USB port, without a hub, and run the command again")
}

fn read_short() -> Error {
    Error::new(Code::Internal, "the DCT was read short")
}

/// Refuses what no working DCT reads as: what cannot be read cannot be backed up, and so is not written over.
fn check_readable(dct: &[u8], bootloader: BootloaderGeneration) -> Result<(), Error> {
    if dct.iter().all(|byte| *byte == 0xff) {
        return Err(Error::new(Code::DctUnreadable, "every byte of the DCT reads as 0xFF").hint(
            "start the Duo with RESET, put it into DFU mode again and run the same command: if its DCT was erased, \
             its firmware fills it and makes a key; if not, try another cable or USB port",
        ));
    }
    if !DctImage::new(dct).is_unreadable() {
        return Ok(());
    }
    let hint = match bootloader {
        BootloaderGeneration::R3R4 => {
            "press RESET, put the Duo into DFU mode again and run the same command; if that does not help, try another cable \
             or USB port"
        }
        BootloaderGeneration::R5R6 => {
            "with bootloader r6 this means that the system firmware is missing, broken or older than 0.3.2: install \
             the current system firmware, then run the command again; until then the key cannot be read or written"
        }
    };
    Err(Error::new(Code::DctUnreadable, "every byte of the DCT reads as zero, which no working Duo has")
        .hint(hint))
}

fn find<'a>(
    context: Context<'a>,
    target: &Target,
    boards: &[Board],
    timeout: Timeout,
) -> Result<Opened<'a>, Error> {
    let everything = context.bus.list(&ids(boards))?;
    let candidates: Vec<&Device> = everything
        .iter()
        .filter(|device| target.path.as_ref().is_none_or(|path| device.path.as_str() == path))
        .collect();
    match (candidates.as_slice(), target.device) {
        ([], _) => Err(none(context, target, &everything)),
        ([only], None) => Opened::open(context, only, timeout, timeout.deadline(context.clock)),
        (several, None) => Err(several_found(context, several, timeout)),
        (some, Some(id)) => find_by_id(context, some, id, target.path.is_some(), timeout),
    }
}

fn find_by_id<'a>(
    context: Context<'a>,
    candidates: &[&Device],
    id: DeviceId,
    by_path: bool,
    timeout: Timeout,
) -> Result<Opened<'a>, Error> {
    let deadline = timeout.deadline(context.clock);
    let (mut matching, mut others, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates {
        match Opened::open(context, candidate, timeout, deadline) {
            Ok(opened) if opened.device.device_id == Some(id) => matching.push(opened),
            Ok(opened) => others.push(opened),
            Err(error) => failures.push(error),
        }
    }
    if matching.len() > 1 {
        // They are opened once more to be described, and a USB/IP server lends a Duo to one session at a time.
        drop((matching, others));
        return Err(several_found(context, candidates, timeout));
    }
    if let Some(found) = matching.pop() {
        return Ok(found);
    }
    // A Duo that tells no id can be the one asked for only where its port was named.
    if let Some(position) = others.iter().position(|opened| opened.device.device_id.is_none()) {
        let mut silent = others.swap_remove(position);
        if by_path {
            silent.device.device_id = Some(id);
            silent.device.device_id_source = Some(DeviceIdSource::User);
            return Ok(silent);
        }
        let silent = silent.device;
        return Err(Error::new(
            Code::DeviceIdUnverifiable,
            format!("the Duo at {} does not tell its device id (bootloader r3 or r4)", silent.path),
        )
        .hint(format!("if it is {id}, say so by naming its port: add --path {}", silent.path)));
    }
    if let Some(failure) = failures.pop() {
        return Err(failure);
    }
    let seen: Vec<String> = others.iter().map(|opened| opened.device.to_string()).collect();
    Err(Error::new(Code::WrongDevice, format!("the Duo {id} is not here; found: {}", seen.join("; ")))
        .hint("connect that Duo in DFU mode, or see what is connected with: duo-provision list"))
}

fn none(context: Context<'_>, target: &Target, elsewhere: &[Device]) -> Error {
    if let (Some(path), false) = (&target.path, elsewhere.is_empty()) {
        let ports: Vec<&str> = elsewhere.iter().map(|device| device.path.as_str()).collect();
        let message = format!("no Duo in DFU mode at {path}; there is one at {}", ports.join(", "));
        return Error::new(Code::NoDevice, message).hint("choose one of those with --path");
    }
    if let Some(other) = other_board(context, target) {
        return other;
    }
    let normal = context.bus.list(&[NORMAL_MODE]).unwrap_or_default();
    let at_path = |running: &&Device| target.path.as_ref().is_none_or(|path| running.path.as_str() == path);
    let Some(running) = normal.iter().find(at_path) else {
        let Some(Device { path, .. }) = normal.first() else {
            return Error::new(Code::NoDevice, "no Duo in DFU mode is connected").hint(BUTTONS_HINT);
        };
        let message = format!("no Duo is at that port; the one at {path} runs its firmware");
        return Error::new(Code::NoDevice, message).hint(format!("choose it with --path {path} --enter-dfu"));
    };
    let message = format!("the Duo at {} runs its firmware; no Duo is in DFU mode", running.path);
    let usbip = context.bus.address();
    let dfu = format!("duo-provision dfu{}", choice(None, target.path.as_deref(), usbip.as_deref()));
    Error::new(Code::NoDevice, message).hint(format!("add --enter-dfu, or: {dfu}; by hand: {BUTTONS_HINT}"))
}

/// A board that lists would show, where it is a Duo that is looked for.
fn other_board(context: Context<'_>, target: &Target) -> Option<Error> {
    let boards = context.bus.list(&ids(&BOARDS)).unwrap_or_default();
    let at_path = |device: &&Device| target.path.as_ref().is_none_or(|path| device.path.as_str() == path);
    let found = boards.iter().find(at_path)?;
    let board = Board::of((found.vendor_id, found.product_id)).filter(|board| !board.is_duo())?;
    let message = format!("no Duo in DFU mode is connected; at {} is another board, {board}", found.path);
    Some(Error::new(Code::NoDevice, message).hint(format!(
        "of a {board} this program knows the key slot alone: list, backup, restore, doctor, dct backup and dct show; for \
         everything else use particle-cli"
    )))
}

fn several_found(context: Context<'_>, devices: &[&Device], timeout: Timeout) -> Error {
    let deadline = timeout.deadline(context.clock);
    let described: Vec<String> = devices
        .iter()
        .map(|device| match Opened::open(context, device, timeout, deadline) {
            Ok(opened) => opened.device.to_string(),
            Err(_) => format!("at {} (cannot be opened)", device.path),
        })
        .collect();
    let message = format!("{} Duos are in DFU mode: {}", devices.len(), described.join("; "));
    let choices: Vec<String> = devices.iter().map(|device| format!("--path {}", device.path)).collect();
    Error::new(Code::SeveralDevices, message).hint(format!("choose one: add {}", choices.join(" or ")))
}

/// A Duo, opened or with the reason why not.
pub(super) struct Attempt<'a> {
    /// Bus and ports.
    pub path: String,
    pub opened: Result<Opened<'a>, Error>,
}

/// All Duos, and boards like one, in DFU mode.
pub(super) fn open_all<'a>(
    context: Context<'a>,
    target: &Target,
    timeout: Timeout,
) -> Result<Vec<Attempt<'a>>, Error> {
    let devices = context.bus.list(&ids(&BOARDS))?;
    let wanted = devices
        .into_iter()
        .filter(|device| target.path.as_ref().is_none_or(|path| device.path.as_str() == path));
    let attempt = |device: Device| Attempt {
        path: device.path.to_string(),
        opened: Opened::open(context, &device, timeout, timeout.deadline(context.clock)),
    };
    Ok(wanted.map(attempt).collect())
}
