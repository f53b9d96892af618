//! Keeping what is in the key slot, before anything else is done to it.

use std::path::{Path, PathBuf};

use super::device::{DeviceRef, Opened, Snapshot};
use super::journaled::Journaled;
use super::{Context, Event, Phase};
use crate::archive::{
    Archive, Backup, Contents, FORMAT, Manifest, Origin, Owner, Stored, sha256_hex, store_at,
};
use crate::dct::DEVICE_PRIVATE_KEY;
use crate::error::{Code, Error, KeyState};
use crate::keys::{PublicKey, Slot, SlotImage};

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

/// Keeps the slot's bytes as they were read: on the disk, synced and read back before this returns.
pub(super) fn keep(
    context: Context<'_>,
    device: &DeviceRef,
    snapshot: &Snapshot,
    destination: &Destination,
    journaled: &mut Journaled<'_>,
) -> Result<Stored, Error> {
    context.phase(Phase::Backup);
    let backup = describe(context, device, of_the_slot(snapshot));
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

/// Keeps a key that was made here, before anybody is told of it: where its bytes lie.
pub(super) fn keep_new_key(
    context: Context<'_>,
    device: &DeviceRef,
    image: &SlotImage,
    public: PublicKey,
    archive: &Archive,
) -> Result<PathBuf, Error> {
    let what = Described {
        bytes: image.as_bytes(),
        contents: Contents::PrivateKey,
        origin: Origin::NewKey,
        public: Some(public),
    };
    let stored = archive
        .store(&describe(context, device, what))
        .map_err(|error| Error::from(error).during("keeping the new key").on(device, KeyState::Unchanged))?;
    Ok(stored.path)
}

/// True for what is saved as a key; a key that the firmware misreads in this form is one all the same.
pub(super) const fn counts_as_key(slot: &Slot) -> bool {
    matches!(slot, Slot::Key(_) | Slot::Misread(..))
}

/// What is in a file of the archive.
struct Described<'a> {
    bytes: &'a [u8],
    contents: Contents,
    origin: Origin,
    public: Option<PublicKey>,
}

fn of_the_slot(snapshot: &Snapshot) -> Described<'_> {
    Described {
        bytes: snapshot.slot_bytes(),
        contents: if counts_as_key(&snapshot.slot) { Contents::PrivateKey } else { Contents::RawSlot },
        origin: Origin::Device,
        public: snapshot.slot.key().map(|read| read.key.public_key()),
    }
}

fn describe<'a>(context: Context<'_>, device: &DeviceRef, what: Described<'a>) -> Backup<'a> {
    let Described { bytes, contents, origin, public } = what;
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: 1,
        contents,
        origin,
        device_id: device.device_id,
        device_id_source: device.device_id_source,
        fingerprint: public.as_ref().map(PublicKey::fingerprint),
        bootloader: device.bootloader.to_string(),
        simulated: device.simulated,
        offset: u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX),
        length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        sha256: sha256_hex(bytes),
        created_at: context.timestamp(),
        tool: concat!("duo-provision ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Backup { bytes, public_pem: public.map(|public| public.to_pem()), manifest }
}
