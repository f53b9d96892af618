//! Backs up what is in a Duo, before anything else is done to it.

use std::path::{Path, PathBuf};

use getrandom::SysRng;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

use crate::archive::{
    Archive, Backup, Contents, FORMAT, Manifest, NoArchive, Opens, Origin, Owner, Privacy, Stored,
    check_free, is_pem_name, sha256_hex, store_at,
};
use crate::bootloader::session::whole_dct_address;
use crate::dct::{CopyRule, DEVICE_PRIVATE_KEY};
use crate::disk::plain_path;
use crate::error::{Code, Error, KeyState};
use crate::keys::{Passphrase, PrivateKey, PublicKey, Slot, SlotImage};
use crate::workflow::context::{Context, DeviceRef, Event, Phase, Snapshot, WholeHeld};
use crate::workflow::record::journal::OperationRecord;

/// Where a backup goes, and whether it is encrypted.
pub(in crate::workflow) struct Destination {
    pub place: Place,
    /// The passphrase that a key is encrypted with; `None` if it is not encrypted.
    pub encrypt: Option<Passphrase>,
}

/// Where a backup goes.
pub(in crate::workflow) enum Place {
    /// The archive, under a name that the archive makes.
    Archive(Archive),
    /// A file that the user named.
    File(PathBuf),
}

/// The archive that the options and the environment name. It is read once here: identifying its files takes time, and
/// no Duo should be held open meanwhile. Errors of that read are reported where the archive is needed.
pub(in crate::workflow) fn locate_archive(
    context: Context<'_>,
    option: Option<&str>,
) -> Result<Archive, Error> {
    let located = Archive::locate(option.map(Path::new), &context.env);
    let archive = located.map_err(|missing| {
        let code = match &missing {
            NoArchive::NoHome => Code::FileNotFound,
            NoArchive::Name(_) => Code::InvalidArgument,
        };
        Error::new(code, missing.to_string()).hint("name a folder for backups with --archive DIR")
    })?;
    let _ = archive.survey();
    Ok(archive)
}

/// Checks that a backup can be kept, before the device is touched: in the named file, or in the archive.
pub(in crate::workflow) fn prepare(
    context: Context<'_>,
    file: Option<&Path>,
    archive: Option<&str>,
) -> Result<Place, Error> {
    let Some(file) = file else {
        let archive = locate_archive(context, archive)?;
        archive.prepare()?;
        return Ok(Place::Archive(archive));
    };
    check_free(file)?;
    Ok(Place::File(file.to_owned()))
}

/// Bytes of a Duo to back up, and what they are.
#[derive(Clone)]
pub(in crate::workflow) struct BackupItem<'a> {
    pub bytes: &'a [u8],
    pub contents: Contents,
    /// Where they begin: in the DCT; for a whole DCT, in the internal flash.
    pub offset: u32,
    /// Their number in the Duo, before encryption.
    pub length: usize,
    /// Whether they were read, or are a key that was made for the device.
    pub origin: Origin,
    /// For a whole DCT: the rule that determines which copy counts.
    pub copy_rule: Option<CopyRule>,
    /// The device's key in them.
    pub public: Option<PublicKey>,
    /// What opens them, if they are encrypted.
    pub opens: Option<Opens<'a>>,
}

impl<'a> BackupItem<'a> {
    /// The key slot.
    pub fn key_slot(snapshot: &'a Snapshot) -> Result<Self, Error> {
        let slot = snapshot.image().private_key_slot();
        let bytes = slot.ok_or_else(|| Error::new(Code::Internal, "the DCT was read short"))?;
        Ok(Self {
            bytes,
            length: bytes.len(),
            copy_rule: None,
            opens: None,
            contents: if counts_as_key(&snapshot.slot) { Contents::PrivateKey } else { Contents::RawSlot },
            offset: u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX),
            origin: Origin::Device,
            public: key_of(&snapshot.slot),
        })
    }

    /// The application section, as it was read.
    pub fn section(snapshot: &'a Snapshot) -> Self {
        let bytes = snapshot.image().bytes();
        Self::dump(bytes, Contents::Dct, 0, &snapshot.slot)
    }

    /// A DCT or a part of it, as it was read.
    pub fn dump(bytes: &'a [u8], contents: Contents, offset: u32, slot: &Slot) -> Self {
        Self::of_bytes(bytes, contents, offset, key_of(slot))
    }

    /// Both copies of a DCT, as they were read. The key is the one in the copy that counts.
    pub fn whole(held: &'a WholeHeld, device: &DeviceRef) -> Self {
        let public = held.current.as_ref().and_then(|current| key_of(&current.slot));
        let offset = whole_dct_address(device.bootloader);
        let kept = Self::of_bytes(&held.bytes, Contents::WholeDct, offset, public);
        Self { copy_rule: Some(held.rule), ..kept }
    }

    fn of_bytes(bytes: &'a [u8], contents: Contents, offset: u32, public: Option<PublicKey>) -> Self {
        let length = bytes.len();
        Self { bytes, contents, offset, length, copy_rule: None, origin: Origin::Device, public, opens: None }
    }

    /// A key that was made for the device.
    fn new_key(image: &'a SlotImage, public: PublicKey) -> Self {
        Self {
            bytes: image.as_bytes(),
            contents: Contents::PrivateKey,
            offset: u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX),
            length: image.as_bytes().len(),
            copy_rule: None,
            origin: Origin::NewKey,
            public: Some(public),
            opens: None,
        }
    }

    /// The key alone, as PEM.
    fn in_text<'s>(&'s self, text: &'s Text<'a>) -> BackupItem<'s> {
        let contents =
            if text.opens.is_some() { Contents::EncryptedPrivateKey } else { Contents::PrivateKey };
        BackupItem { bytes: &text.pem, contents, opens: text.opens, ..self.clone() }
    }
}

/// Backs up the slot's bytes as they were read, or the key in it encrypted. They are on the disk, synced and read back,
/// before this returns.
pub(in crate::workflow) fn back_up_slot(
    context: Context<'_>,
    device: &DeviceRef,
    snapshot: &Snapshot,
    destination: &Destination,
    record: &mut OperationRecord<'_>,
) -> Result<Stored, Error> {
    keep_slot(context, device, snapshot, destination, record, None).map(|kept| kept.0)
}

/// The same, and stores `beside` first, once the key is known to be one that can be kept.
fn keep_slot(
    context: Context<'_>,
    device: &DeviceRef,
    snapshot: &Snapshot,
    destination: &Destination,
    record: &mut OperationRecord<'_>,
    beside: Option<&BackupItem<'_>>,
) -> Result<(Stored, Option<Stored>), Error> {
    let on_it = |error: Error| error.during("keeping a backup").on(device, KeyState::Unchanged);
    let text = destination.text(context, snapshot).map_err(on_it)?;
    let slot = BackupItem::key_slot(snapshot)?;
    let item = text.as_ref().map_or_else(|| slot.clone(), |text| slot.in_text(text));
    context.phase(Phase::Backup);
    let beside = beside.map(|beside| store(context, device, beside, &destination.place)).transpose()?;
    let stored = store(context, device, &item, &destination.place)?;
    record.backed_up(&stored).map_err(|error| error.on(device, KeyState::Unchanged))?;
    Ok((stored, beside))
}

/// The same for any bytes of a Duo.
pub(in crate::workflow) fn back_up_bytes(
    context: Context<'_>,
    device: &DeviceRef,
    item: &BackupItem<'_>,
    place: &Place,
    record: &mut OperationRecord<'_>,
) -> Result<Stored, Error> {
    context.phase(Phase::Backup);
    let stored = store(context, device, item, place)?;
    record.backed_up(&stored).map_err(|error| error.on(device, KeyState::Unchanged))?;
    Ok(stored)
}

/// Stores bytes of a Duo on the disk, and reports the file.
fn store(
    context: Context<'_>,
    device: &DeviceRef,
    item: &BackupItem<'_>,
    place: &Place,
) -> Result<Stored, Error> {
    let backup = describe(context, device, item);
    let stored = match place {
        Place::Archive(archive) => archive.store(&backup),
        Place::File(path) => store_at(path, &backup, &Owner::detect(&context.env)),
    };
    let stored = stored
        .map_err(|error| Error::from(error).during("keeping a backup").on(device, KeyState::Unchanged))?;
    if stored.manifest.is_none() && !stored.already_there {
        context.note("the bytes are saved, but the manifest beside them could not be written");
    }
    warn_of_readers(context, &stored.path, stored.privacy);
    let event = Event::BackedUp { path: stored.path.clone(), already_there: stored.already_there };
    context.control.event(event);
    Ok(stored)
}

/// The backups that are made before a write; none with `--no-backup`.
#[derive(Default)]
pub(in crate::workflow) struct Backups {
    /// Of what will be overwritten: the key slot, or the DCT.
    pub first: Option<PathBuf>,
    /// The application section, with the bytes beside those that are written.
    pub section: Option<PathBuf>,
}

/// The automatic backup before the key is written. The section is kept with it, for the bytes beside the slot. If the
/// key is encrypted, the slot in the section is blanked.
pub(in crate::workflow) fn back_up_key(
    context: Context<'_>,
    device: &DeviceRef,
    section: &Snapshot,
    destination: &Destination,
    record: &mut OperationRecord<'_>,
) -> Result<Backups, Error> {
    let blanked = destination.encrypt.as_ref().map(|_| section.without_key()).transpose()?;
    let beside = BackupItem::section(blanked.as_ref().unwrap_or(section));
    let (key, beside) = keep_slot(context, device, section, destination, record, Some(&beside))?;
    Ok(Backups { first: Some(key.path), section: beside.map(|stored| stored.path) })
}

/// The same before other fields are written: the whole application section, as `dct backup` keeps it.
pub(in crate::workflow) fn back_up_section(
    context: Context<'_>,
    device: &DeviceRef,
    section: &Snapshot,
    destination: &Destination,
    record: &mut OperationRecord<'_>,
) -> Result<Backups, Error> {
    let item = BackupItem::section(section);
    let stored = back_up_bytes(context, device, &item, &destination.place, record)?;
    Ok(Backups { first: Some(stored.path.clone()), section: Some(stored.path) })
}

/// The same before a whole DCT is written: each key in a file of its own, including one that the firmware misreads, and
/// then both copies.
pub(in crate::workflow) fn back_up_whole(
    context: Context<'_>,
    device: &DeviceRef,
    held: &WholeHeld,
    destination: &Destination,
    record: &mut OperationRecord<'_>,
) -> Result<Backups, Error> {
    let uncounted = held.uncounted();
    for copy in held.current.iter().chain(&uncounted).filter(|copy| copy.slot.key().is_some()) {
        back_up_slot(context, device, copy, destination, record)?;
    }
    let stored =
        back_up_bytes(context, device, &BackupItem::whole(held, device), &destination.place, record)?;
    Ok(Backups { first: Some(stored.path), section: None })
}

/// Stores a key that was made here, before it is sent anywhere. Returns its file.
pub(in crate::workflow) fn store_new_key(
    context: Context<'_>,
    device: &DeviceRef,
    image: &SlotImage,
    public: PublicKey,
    archive: &Archive,
) -> Result<PathBuf, Error> {
    let stored = archive
        .store(&describe(context, device, &BackupItem::new_key(image, public)))
        .map_err(|error| Error::from(error).during("keeping the new key").on(device, KeyState::Unchanged))?;
    warn_of_readers(context, &stored.path, stored.privacy);
    Ok(stored.path)
}

/// Warns if others can read a file that is meant for its owner only.
pub(in crate::workflow) fn warn_of_readers(context: Context<'_>, path: &Path, privacy: Privacy) {
    if privacy == Privacy::Others {
        context.note(format!(
            "others on this machine may be able to read {}: {}",
            plain_path(path),
            if cfg!(windows) {
                "its folder's access list lets them, or the file system that it is on keeps none"
            } else {
                "the file system that it is on keeps no access rights"
            }
        ));
    }
}

fn key_of(slot: &Slot) -> Option<PublicKey> {
    slot.key().map(|read| read.key.public_key())
}

/// True if the slot is saved as a key. This includes a key in a form that the firmware misreads.
pub(in crate::workflow) const fn counts_as_key(slot: &Slot) -> bool {
    matches!(slot, Slot::Key(_) | Slot::Misread(..))
}

/// A key as PEM, and what opens it if it is encrypted.
struct Text<'a> {
    pem: Zeroizing<Vec<u8>>,
    opens: Option<Opens<'a>>,
}

impl Destination {
    /// The key in a slot as PEM, if it is kept so: encrypted, or in a file with a PEM name. `None` if the bytes are
    /// kept as they were read.
    fn text<'a>(&'a self, context: Context<'_>, snapshot: &'a Snapshot) -> Result<Option<Text<'a>>, Error> {
        let sealed = self.encrypt.as_ref().map(|passphrase| seal(context, snapshot, passphrase));
        let sealed = sealed.transpose()?.flatten();
        if sealed.is_some() || !matches!(&self.place, Place::File(path) if is_pem_name(path)) {
            return Ok(sealed);
        }
        let read = snapshot.slot.key().ok_or_else(|| {
            let holds = &snapshot.slot;
            Error::new(
                Code::InvalidArgument,
                format!("the key slot holds {holds}, and only a key can be PEM"),
            )
            .hint("give the file a name that ends in .bin")
        })?;
        say_what_is_lost(context, snapshot, &read.key);
        Ok(Some(Text { pem: plain_pem(&read.key)?, opens: None }))
    }
}

/// Encrypts the key in a slot, and notes if the slot holds more than the key. `None` if the slot holds no secret.
/// Anything else is refused, since only a key can be encrypted.
fn seal<'a>(
    context: Context<'_>,
    snapshot: &'a Snapshot,
    passphrase: &'a Passphrase,
) -> Result<Option<Text<'a>>, Error> {
    let Some(read) = snapshot.slot.key() else {
        if snapshot.slot_bytes().iter().all(|byte| matches!(byte, 0 | 0xff)) {
            context.note("the slot holds no secret: its bytes are kept as they are, not encrypted");
            return Ok(None);
        }
        return Err(not_encryptable(&snapshot.slot));
    };
    say_what_is_lost(context, snapshot, &read.key);
    let pem = Zeroizing::new(encrypt(&read.key, passphrase)?.as_bytes().to_vec());
    Ok(Some(Text { pem, opens: Some(Opens { passphrase, key: &read.key }) }))
}

/// Notes if a slot holds more than its key, since only the key is kept.
fn say_what_is_lost(context: Context<'_>, snapshot: &Snapshot, key: &PrivateKey) {
    let rebuilt = SlotImage::of_key(key).is_ok_and(|image| image.as_bytes() == snapshot.slot_bytes());
    if !rebuilt {
        context.note(
            "the slot held the key in another form than the Duo's own, or other bytes behind it: the key is kept whole, \
             but a slot rebuilt from this backup differs from the one that was read",
        );
    }
}

/// A key as unencrypted PEM.
pub(in crate::workflow) fn plain_pem(key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Error> {
    let pem = key.to_pkcs8_pem().map_err(|error| Error::new(Code::Internal, error.to_string()))?;
    Ok(Zeroizing::new(pem.as_bytes().to_vec()))
}

/// Refuses a PEM file name for bytes that are not PEM.
pub(in crate::workflow) fn refuse_pem_name(path: Option<&Path>, what: &str) -> Result<(), Error> {
    match path.filter(|path| is_pem_name(path)) {
        None => Ok(()),
        Some(path) => Err(Error::new(
            Code::InvalidArgument,
            format!("{}: {what} is no PEM, which is what the name promises", plain_path(path)),
        )
        .hint("give the file a name that ends in .bin")),
    }
}

/// The error for a slot without a key, which cannot be saved as an encrypted key.
pub(in crate::workflow) fn not_encryptable(slot: &Slot) -> Error {
    let code = Error::key_slot(slot).map_or(Code::Internal, |error| error.code());
    Error::new(code, format!("the key slot holds {slot}, and only a key can be encrypted"))
        .hint("leave --encrypt out: the bytes are then saved as they are")
}

/// A key as PEM, encrypted with a passphrase.
pub(in crate::workflow) fn encrypt(
    key: &PrivateKey,
    passphrase: &Passphrase,
) -> Result<Zeroizing<String>, Error> {
    key.to_encrypted_pem(passphrase, &mut UnwrapErr(SysRng))
        .map_err(|error| Error::new(Code::Internal, format!("the key could not be encrypted: {error}")))
}

fn describe<'a>(context: Context<'_>, device: &DeviceRef, item: &BackupItem<'a>) -> Backup<'a> {
    let (bytes, public) = (item.bytes, item.public.as_ref());
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: 1,
        contents: item.contents,
        origin: item.origin,
        device_id: device.device_id,
        device_id_source: device.device_id_source,
        fingerprint: public.map(PublicKey::fingerprint),
        bootloader: device.bootloader_name.to_string(),
        copy_rule: item.copy_rule,
        simulated: device.simulated,
        offset: item.offset,
        length: u32::try_from(item.length).unwrap_or(u32::MAX),
        sha256: sha256_hex(bytes),
        created_at: context.timestamp(),
        tool: concat!("duo-provision ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let opens = item.opens;
    Backup { bytes, opens, public_pem: public.map(PublicKey::to_pem), manifest }
}
