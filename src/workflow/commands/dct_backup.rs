//! `dct backup`: saves the DCT of a Duo: its application section, or both whole copies. Writes nothing to the device.
//!
//! The bootloader reads the application section out of the current copy, through alternate setting 1. The whole DCT is
//! read from the internal flash, where the bootloader only copies bytes. So the whole DCT is compared with the section
//! that the bootloader reads: this shows whether the right copy is taken for the current one.

use std::path::PathBuf;

use crate::dct::Dump;
use crate::error::{Code, Error, KeyState};
use crate::journal::{OperationKind, Request};
use crate::keys::{Fingerprint, Slot, SlotKind};
use crate::workflow::all::{self, AllDone, AllOptions, OfOne, Wanted, one_or_all};
use crate::workflow::context::{
    BOARDS, Board, Context, DUO, DeviceRef, DuoEnded, Snapshot, Target, WholeHeld,
};
use crate::workflow::device::opened::Opened;
use crate::workflow::device::whole_dct;
use crate::workflow::record::backup::{BackupItem, Destination, Keeper, prepare, refuse_pem_name};
use crate::workflow::record::journal::{Records, absolute, selection, started};

/// The options of `dct backup`.
#[derive(Clone, Debug, Default)]
pub struct DctBackupOptions {
    /// Which Duo.
    pub target: Target,
    /// The file to write; the archive by default.
    pub file: Option<PathBuf>,
    /// Both copies, 32 KiB of the internal flash, instead of the application section.
    pub whole: bool,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

/// A backup of a DCT that is on the disk, synced and read back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctBackupResult", rename_all = "camelCase")]
pub struct DctBackupDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The file with the bytes; absolute. It is a secret.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// The public key's PEM beside it; absolute.
    #[serde(rename = "publicKeyFile", serialize_with = "crate::disk::lossy")]
    pub public_key: Option<PathBuf>,
    /// The manifest beside it; absolute.
    #[serde(rename = "manifestFile", serialize_with = "crate::disk::lossy")]
    pub manifest: Option<PathBuf>,
    /// The fingerprint of the device's key in it, if it holds one.
    pub fingerprint: Option<Fingerprint>,
    /// The kind of contents in its key slot.
    pub slot: SlotKind,
    /// True for both copies of the DCT, which also hold the Wi-Fi passwords.
    pub whole: bool,
    /// Size of the file in bytes.
    pub length: usize,
    /// True if the archive already held the same bytes of the same Duo, and nothing was written.
    pub already_there: bool,
}

/// What was read: twice, with the same result.
enum Image {
    Section(Snapshot),
    Whole(WholeHeld, Slot),
}

impl Image {
    fn read(opened: &mut Opened<'_>, whole: bool) -> Result<Self, Error> {
        if !whole {
            return opened.section_before_write().map(Self::Section);
        }
        let held = whole_dct::read(opened)?;
        let Some(current) = &held.current else {
            return Err(without_current(&held.bytes)
                .during("looking at the whole DCT")
                .on(&opened.device, KeyState::Unchanged));
        };
        let slot = current.slot.clone();
        Ok(Self::Whole(held, slot))
    }

    const fn slot(&self) -> &Slot {
        match self {
            Self::Section(section) => &section.slot,
            Self::Whole(_, slot) => slot,
        }
    }

    fn item(&self, device: &DeviceRef) -> BackupItem<'_> {
        match self {
            Self::Section(section) => BackupItem::section(section),
            Self::Whole(held, _) => BackupItem::whole(held, device),
        }
    }
}

/// Reads the DCT twice, checks that it is plausible, and saves it in a new file.
pub fn backup_dct(context: Context<'_>, options: &DctBackupOptions) -> Result<DctBackupDone, Error> {
    let context = context.within(options.timeout)?;
    refuse_pem_name(options.file.as_deref(), "a dump of a DCT")?;
    let place = prepare(context, options.file.as_deref(), options.archive.as_deref())?;
    back_up(context, options, &Destination { place, encrypt: None })
}

/// Does the same with every connected Duo. Each backup goes to the archive.
pub fn backup_all_dcts(
    context: Context<'_>,
    options: &DctBackupOptions,
    all: &AllOptions,
) -> Result<AllDone<DctBackupDone>, Error> {
    if options.file.is_some() {
        return Err(one_or_all("FILE"));
    }
    let wanted = Wanted::read(&options.target, all)?;
    let context = context.within(options.timeout)?;
    let place = prepare(context, None, options.archive.as_deref())?;
    let destination = Destination { place, encrypt: None };
    let places = wanted.find(context, boards(options))?;
    Ok(all::run(context, &wanted, places, |context, target| {
        back_up(context, &DctBackupOptions { target, ..options.clone() }, &destination)
    }))
}

impl OfOne for DctBackupDone {
    fn tell(&self, line: &mut DuoEnded) {
        line.fingerprint = self.fingerprint;
        line.file = Some(self.path.clone());
        line.already_there = self.already_there;
    }
}

/// The place of the whole DCT in the flash is known for the Duo only.
const fn boards(options: &DctBackupOptions) -> &'static [Board] {
    if options.whole { &[DUO] } else { &BOARDS }
}

fn back_up(
    context: Context<'_>,
    options: &DctBackupOptions,
    destination: &Destination,
) -> Result<DctBackupDone, Error> {
    let records = Records::wished(context);
    let mut opened = Opened::find_board(context, &options.target, boards(options))?;
    let image = Image::read(&mut opened, options.whole)?;
    let fingerprint = image.slot().key().map(|read| read.key.public_key().fingerprint());
    let request = Request {
        file: options.file.as_ref().map(absolute),
        whole: options.whole,
        archive: options.archive.as_ref().map(absolute),
        ..selection(context, &options.target)
    };
    let started = started(OperationKind::DctBackup, (&opened.device).into(), (fingerprint, None), request);
    let item = image.item(&opened.device);
    let stored = records.follow(context, started, |record| {
        Keeper { device: &opened.device, to: destination, record }.bytes(&item)
    })?;
    Ok(DctBackupDone {
        device: opened.device.clone(),
        path: stored.path,
        public_key: stored.public_key,
        manifest: stored.manifest,
        fingerprint,
        slot: image.slot().kind(),
        whole: options.whole,
        length: item.length,
        already_there: stored.already_there,
    })
}

fn without_current(bytes: &[u8]) -> Error {
    let message = match Dump::recognise(bytes) {
        None => "where the whole DCT should be, neither half is a copy of one",
        Some(_) => "neither of the two copies of the DCT is one that the Duo's firmware would use",
    };
    Error::new(Code::DctUnreadable, message).hint(
        "start the Duo with RESET, put it into DFU mode again and run the same command; if that does not help, try \
         another cable or USB port",
    )
}
