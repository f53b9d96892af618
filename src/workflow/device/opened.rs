//! Finds and opens the Duo that a workflow works on, and reads what is in it.
//!
//! A bootloader r5 or r6 gives the device id as its USB serial number. One of r3 or r4 gives a constant that identifies
//! nothing: there, only the port selects a Duo, and the user states the device id.

use crate::workflow::context::{
    BOARDS, BUTTONS_HINT, Board, BootloaderName, Context, DUO, DeviceRef, Event, NORMAL_MODE, Phase,
    Snapshot, Target, Transfer, bring_hint, ids, interrupted,
};
use std::time::Duration;

use crate::bootloader::{BootloaderGeneration, DfuSession};
use crate::dct::{CopyRule, DctImage, DeviceId, DeviceIdSource, SECTION_SIZES, WHOLE_SIZE};
use crate::dfuse::Buffer;
use crate::error::{Code, Error, KeyState};
use crate::usb::{Device, PortPath};
use crate::workflow::device::enter_dfu::{AtPort, enter_dfu};
use crate::workflow::device::located::{is_in_place, unproven};
use crate::workflow::next::command_line::choice;

/// An open Duo.
pub struct Opened<'a> {
    pub context: Context<'a>,
    pub session: DfuSession<'a>,
    pub device: DeviceRef,
    /// True if a DCT may be used although nothing shows that it was read from its place.
    pub unproven: bool,
    /// The address that the host gave it.
    pub address: u8,
}

impl<'a> Opened<'a> {
    /// Finds the selected Duo, and brings it into DFU mode if that is allowed. An error if there is not exactly one.
    pub fn find(context: Context<'a>, target: &Target) -> Result<Self, Error> {
        Self::find_board(context, target, &[DUO])
    }

    /// The same, for any board.
    pub fn find_any_board(context: Context<'a>, target: &Target) -> Result<Self, Error> {
        Self::find_board(context, target, &BOARDS)
    }

    /// The same, for these boards.
    pub fn find_board(context: Context<'a>, target: &Target, boards: &[Board]) -> Result<Self, Error> {
        let entered = enter_dfu(context, target, boards)?;
        Self::find_there(context, entered.as_ref().unwrap_or(target), boards)
    }

    /// Finds the selected one among those in DFU mode.
    pub fn find_there(context: Context<'a>, target: &Target, boards: &[Board]) -> Result<Self, Error> {
        let mut opened =
            find(context, target, boards).map_err(|error| error.during("looking for the Duo"))?;
        opened.unproven = target.allow_unproven_address;
        if opened.device.device_id_source == Some(DeviceIdSource::User) {
            context
                .note("this bootloader (r3 or r4) does not tell its device id: yours is taken at its word");
        }
        context.control.event(Event::Found { device: opened.device.clone() });
        Ok(opened)
    }

    /// Opens a device, by `deadline`.
    pub fn open(context: Context<'a>, device: &Device, deadline: Duration) -> Result<Self, Error> {
        let address = device.address;
        let session = DfuSession::open(context.bus, device, context.clock, context.cancelled, deadline)
            .map_err(|error| Error::from(error).on(&device.path, KeyState::Unchanged))?;
        let identity = session.identity();
        let device_id = identity.device_id_hex().and_then(|id| id.parse().ok());
        let board = Board::of((device.vendor_id, device.product_id)).unwrap_or(DUO);
        let device = DeviceRef {
            board,
            path: device.path.to_string(),
            device_id,
            device_id_source: device_id.map(|_| DeviceIdSource::UsbSerial),
            bootloader_name: BootloaderName::of(board, identity.generation),
            bootloader: identity.generation,
            copy_rule: if identity.is_r6() { CopyRule::R6 } else { CopyRule::R3ToR5 },
            simulated: context.bus.is_virtual(),
        };
        Ok(Self { context, session, device, unproven: false, address })
    }

    /// Reads the DCT twice, compares, and classifies the key slot.
    pub fn snapshot(&mut self) -> Result<Snapshot, Error> {
        self.context.phase(Phase::Read);
        let deadline = self.context.deadline();
        self.read_length(DctImage::READ_SIZE, deadline)
            .map_err(|error| error.during("reading the key slot").on(&self.device, KeyState::Unchanged))
    }

    /// The application section, read twice, before a part of it is written. Refused if nothing shows that it was read
    /// from its place, unless that is allowed.
    pub fn section_before_write(&mut self) -> Result<Snapshot, Error> {
        let section = self.section()?;
        self.proven(section)
    }

    /// For data that is kept, or read before a write: refused if nothing shows that it was read from its place, unless
    /// that is allowed.
    pub fn proven(&self, snapshot: Snapshot) -> Result<Snapshot, Error> {
        self.check_place(&snapshot)?;
        Ok(snapshot)
    }

    /// The same for data that is only looked at.
    pub fn check_place(&self, snapshot: &Snapshot) -> Result<(), Error> {
        if snapshot.in_place {
            return Ok(());
        }
        if self.unproven {
            self.context
                .note("nothing shows that the DCT was read from its beginning (--allow-unproven-address)");
            return Ok(());
        }
        Err(unproven().during("reading the DCT").on(&self.device, KeyState::Unchanged))
    }

    /// The part of the DCT's bytes that a write to another place in it does not change. For r3 and r4, only the
    /// application section of firmware up to 0.3.1: it is not known whether a write copies the bytes after it.
    pub fn compared<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let end = match self.device.bootloader {
            BootloaderGeneration::R3R4 => SECTION_SIZES[0],
            BootloaderGeneration::R5R6 => SECTION_SIZES[1],
        };
        bytes.get(..end).unwrap_or(bytes)
    }

    /// Reads the application section twice, compares, and classifies the key slot. Does not read the bytes after the
    /// section, which may hold anything, Wi-Fi passwords included.
    pub fn section(&mut self) -> Result<Snapshot, Error> {
        self.context.phase(Phase::ReadDct);
        let deadline = self.context.deadline();
        // The longer of the two sections; the shorter one is followed by erased flash.
        self.read_length(SECTION_SIZES[1], deadline)
            .map_err(|error| error.during("reading the DCT").on(&self.device, KeyState::Unchanged))
    }

    /// Reads the whole DCT from the internal flash, both copies, twice, and compares.
    pub fn whole_dct(&mut self) -> Result<Buffer, Error> {
        self.context.phase(Phase::ReadDct);
        let deadline = self.context.deadline();
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

    /// Reads the first `length` bytes of the DCT twice, compares, and classifies the key slot.
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

    /// The error if the device id is needed, and neither the Duo nor the user has given it.
    pub fn tells_no_id(&self) -> Error {
        let message = "the Duo does not tell its device id (bootloader r3 or r4)";
        Error::new(Code::DeviceIdUnverifiable, message)
            .hint(format!("say which one it is: add --device ID --path {}", self.device.path))
            .on(&self.device, KeyState::Unchanged)
    }
}

fn unstable() -> Error {
    Error::new(Code::ReadUnstable, "two reads of the same bytes differ")
        .hint("try another cable or USB port, without a hub, and run the command again")
}

/// Refuses bytes that no working DCT has. A DCT that cannot be read cannot be backed up, so it is not overwritten.
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

fn find<'a>(context: Context<'a>, target: &Target, boards: &[Board]) -> Result<Opened<'a>, Error> {
    let everything = context.bus.list(&ids(boards))?;
    let candidates: Vec<&Device> = everything.iter().filter(|device| target.is_at(&device.path)).collect();
    match (candidates.as_slice(), target.device) {
        ([], _) => Err(none(context, target, &everything)),
        ([only], None) => Opened::open(context, only, context.deadline()),
        (several, None) => Err(several_found(context, several)),
        (some, Some(id)) => find_by_id(context, some, id, target.path.is_some()),
    }
}

fn find_by_id<'a>(
    context: Context<'a>,
    candidates: &[&Device],
    id: DeviceId,
    by_path: bool,
) -> Result<Opened<'a>, Error> {
    let deadline = context.deadline();
    let (mut matching, mut others, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates {
        match Opened::open(context, candidate, deadline) {
            Ok(opened) if opened.device.device_id == Some(id) => matching.push(opened),
            Ok(opened) => others.push(opened),
            Err(error) => failures.push(error),
        }
    }
    if matching.len() > 1 {
        // They are opened again below to describe them, and a USB/IP server lends a Duo to one session at a time.
        drop((matching, others));
        return Err(several_found(context, candidates));
    }
    if let Some(found) = matching.pop() {
        return Ok(found);
    }
    // A Duo that tells no id can be the selected one only if its port was given.
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
    Err(Error::new(Code::WrongDevice, format!("the Duo {id} is not here; found: {}", seen.join("; "))).hint(
        format!(
            "connect that Duo in DFU mode, or see what is connected with: duo-provision list{}",
            choice(None, None, context.bus.address().as_deref())
        ),
    ))
}

/// The error if no Duo is found and the options select none.
pub fn none_found(context: Context<'_>) -> Error {
    none(context, &Target::default(), &[])
}

fn none(context: Context<'_>, target: &Target, elsewhere: &[Device]) -> Error {
    let normal = context.bus.list(&[NORMAL_MODE]).unwrap_or_default();
    let at_path = |running: &&Device| target.is_at(&running.path);
    if let Some(running) = normal.iter().find(at_path).filter(|_| !elsewhere.is_empty()) {
        return runs(context, target, &running.path, "");
    }
    if let (Some(path), false) = (&target.path, elsewhere.is_empty()) {
        let ports: Vec<&str> = elsewhere.iter().map(|device| device.path.as_str()).collect();
        let message = format!("no Duo in DFU mode at {path}; there is one at {}", ports.join(", "));
        return Error::new(Code::NoDevice, message).hint("choose one of those with --path");
    }
    if let Some(other) = other_board(context, target) {
        return other;
    }
    let Some(running) = normal.iter().find(at_path) else {
        let Some(Device { path, .. }) = normal.first() else {
            return Error::new(Code::NoDevice, "no Duo in DFU mode is connected")
                .hint(bring_hint(context.bus));
        };
        let message = format!("no Duo is at that port; the one at {path} runs its firmware");
        return Error::new(Code::NoDevice, message).hint(format!("choose it with --path {path} --enter-dfu"));
    };
    runs(context, target, &running.path, "; no Duo is in DFU mode")
}

fn runs(context: Context<'_>, target: &Target, path: &PortPath, others: &str) -> Error {
    let message = format!("the Duo at {path} runs its firmware{others}");
    let usbip = context.bus.address();
    let dfu = format!("duo-provision dfu{}", choice(None, target.path.as_deref(), usbip.as_deref()));
    Error::new(Code::NoDevice, message).hint(format!("add --enter-dfu, or: {dfu}; by hand: {BUTTONS_HINT}"))
}

/// The error if a Duo is selected and only another board that `list` shows is connected.
fn other_board(context: Context<'_>, target: &Target) -> Option<Error> {
    let boards = context.bus.list(&ids(&BOARDS)).unwrap_or_default();
    let found = boards.iter().find(|device| target.is_at(&device.path))?;
    let board = Board::of((found.vendor_id, found.product_id)).filter(|board| !board.is_duo())?;
    let message = format!("no Duo in DFU mode is connected; at {} is another board, {board}", found.path);
    Some(Error::new(Code::NoDevice, message).hint(format!(
        "of a {board} this program knows the key slot alone: list, backup, restore, doctor, dct backup and dct show; for \
         everything else use particle-cli"
    )))
}

fn several_found(context: Context<'_>, devices: &[&Device]) -> Error {
    let deadline = context.deadline();
    let described: Vec<String> = devices
        .iter()
        .map(|device| match Opened::open(context, device, deadline) {
            Ok(opened) => opened.device.to_string(),
            Err(_) => format!("at {} (cannot be opened)", device.path),
        })
        .collect();
    let message = format!("{} Duos are in DFU mode: {}", devices.len(), described.join("; "));
    let choices: Vec<String> = devices.iter().map(|device| format!("--path {}", device.path)).collect();
    Error::new(Code::SeveralDevices, message).hint(format!("choose one: add {}", choices.join(" or ")))
}

/// Opens all Duos and similar boards in DFU mode: each with its port, or the reason why it could not be opened.
pub fn open_all<'a>(context: Context<'a>, target: &Target) -> Result<Vec<AtPort<Opened<'a>>>, Error> {
    let devices = context.bus.list(&ids(&BOARDS))?;
    let wanted = devices.into_iter().filter(|device| target.is_at(&device.path));
    let open = |device: Device| {
        let opened = Opened::open(context, &device, context.deadline());
        (device.path, opened)
    };
    Ok(wanted.map(open).collect())
}
