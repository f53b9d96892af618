//! Keeping what is in a Duo, before anything else is done to it.

use std::path::{Path, PathBuf};

use super::device::{DeviceRef, Opened, Snapshot};
use super::journaled::Journaled;
use super::{Context, Event, Phase};
use crate::archive::{
    Archive, Backup, Contents, FORMAT, Manifest, Owner, Stored, check_free, sha256_hex, store_at,
};
use crate::dct::DEVICE_PRIVATE_KEY;
use crate::error::{Code, Error, KeyState};
use crate::keys::{PublicKey, Slot};

/// Where a backup goes.
pub(super) enum Destination {
    /// The archive, under a name of its own.
    Archive(Archive),
    /// A file that the user named.
    File(PathBuf),
}

/// The archive that the options and the environment name.
pub(super) fn locate_archive(context: Context<'_>, option: Option<&str>) -> Result<Archive, Error> {
    Archive::locate(option.map(Path::new), &context.env).map_err(|missing| {
        Error::new(Code::FileNotFound, missing.to_string())
            .hint("name a folder for backups with --archive DIR")
    })
}

/// Shows that a backup can be kept, before the device is touched: in the file that was named, or in the archive.
pub(super) fn prepare(
    context: Context<'_>,
    file: Option<&Path>,
    archive: Option<&str>,
) -> Result<Destination, Error> {
    let Some(file) = file else {
        let archive = locate_archive(context, archive)?;
        archive.prepare()?;
        return Ok(Destination::Archive(archive));
    };
    check_free(file)?;
    Ok(Destination::File(file.to_owned()))
}

/// Bytes of a Duo that are to be kept, and what they are.
pub(super) struct Keepsake<'a> {
    pub bytes: &'a [u8],
    pub contents: Contents,
    /// Where they begin: in the DCT, or, of a whole one, in the internal flash.
    pub offset: u32,
    /// The device's key in them, judged.
    pub slot: &'a Slot,
}

impl<'a> Keepsake<'a> {
    /// The key slot.
    pub fn key_slot(snapshot: &'a Snapshot) -> Result<Self, Error> {
        let slot = snapshot.image().private_key_slot();
        Ok(Self {
            bytes: slot.ok_or_else(|| Error::new(Code::Internal, "the DCT was read short"))?,
            contents: if counts_as_key(&snapshot.slot) { Contents::PrivateKey } else { Contents::RawSlot },
            offset: u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX),
            slot: &snapshot.slot,
        })
    }

    /// The application section, as it was read.
    pub fn section(snapshot: &'a Snapshot) -> Self {
        let bytes = snapshot.image().bytes();
        Self { bytes, contents: Contents::Dct, offset: 0, slot: &snapshot.slot }
    }
}

/// Keeps the slot's bytes as they were read: on the disk, synced and read back before this returns.
pub(super) fn keep(
    context: Context<'_>,
    device: &DeviceRef,
    snapshot: &Snapshot,
    destination: &Destination,
    journaled: &mut Journaled<'_>,
) -> Result<Stored, Error> {
    keep_bytes(context, device, &Keepsake::key_slot(snapshot)?, destination, journaled)
}

/// The same for any bytes of a Duo.
pub(super) fn keep_bytes(
    context: Context<'_>,
    device: &DeviceRef,
    keepsake: &Keepsake<'_>,
    destination: &Destination,
    journaled: &mut Journaled<'_>,
) -> Result<Stored, Error> {
    context.phase(Phase::Backup);
    let backup = describe(context, device, keepsake);
    let stored = match destination {
        Destination::Archive(archive) => archive.store(&backup),
        Destination::File(path) => store_at(path, &backup, &Owner::detect(&context.env)),
    };
    let stored = stored
        .map_err(|error| Error::from(error).during("keeping a backup").on(device, KeyState::Unchanged))?;
    if stored.manifest.is_none() && !stored.already_there {
        context.note("the bytes are saved, but the manifest beside them could not be written");
    }
    journaled.backed_up(&stored.path).map_err(|error| error.on(device, KeyState::Unchanged))?;
    let event = Event::BackedUp { path: stored.path.clone(), already_there: stored.already_there };
    context.control.event(event);
    Ok(stored)
}

/// The automatic backup before a write: to the archive, or nowhere when `--no-backup` was typed.
pub(super) fn keep_before_write(
    opened: &Opened<'_>,
    snapshot: &Snapshot,
    archive: Option<&Archive>,
    journaled: &mut Journaled<'_>,
) -> Result<Option<Stored>, Error> {
    let Some(archive) = archive else {
        opened
            .context
            .note("no backup is made (--no-backup): the key in the Duo now is lost if this goes wrong");
        return Ok(None);
    };
    let destination = Destination::Archive(archive.clone());
    keep(opened.context, &opened.device, snapshot, &destination, journaled).map(Some)
}

/// The same before other fields are written: all of the application section, as `dct backup` keeps it.
pub(super) fn keep_section_before_write(
    opened: &Opened<'_>,
    section: &Snapshot,
    archive: Option<&Archive>,
    journaled: &mut Journaled<'_>,
) -> Result<Option<Stored>, Error> {
    let Some(archive) = archive else {
        opened.context.note("no backup is made (--no-backup): what is written over is lost");
        return Ok(None);
    };
    let destination = Destination::Archive(archive.clone());
    let keepsake = Keepsake::section(section);
    keep_bytes(opened.context, &opened.device, &keepsake, &destination, journaled).map(Some)
}

/// True for what is saved as a key; a key that the firmware misreads in this form is one all the same.
pub(super) const fn counts_as_key(slot: &Slot) -> bool {
    matches!(slot, Slot::Key(_) | Slot::Misread(..))
}

fn describe<'a>(context: Context<'_>, device: &DeviceRef, keepsake: &Keepsake<'a>) -> Backup<'a> {
    let bytes = keepsake.bytes;
    let public = keepsake.slot.key().map(|read| read.key.public_key());
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: 1,
        contents: keepsake.contents,
        device_id: device.device_id,
        device_id_source: device.device_id_source,
        fingerprint: public.as_ref().map(PublicKey::fingerprint),
        bootloader: device.bootloader.to_string(),
        simulated: device.simulated,
        offset: keepsake.offset,
        length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        sha256: sha256_hex(bytes),
        created_at: context.timestamp(),
        tool: concat!("duo-provision ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Backup { bytes, public_pem: public.map(|public| public.to_pem()), manifest }
}
