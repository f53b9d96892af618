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
pub struct Destination {
    pub place: Place,
    /// The passphrase that a key is encrypted with; `None` if it is not encrypted.
    pub encrypt: Option<Passphrase>,
}

/// Where a backup goes.
pub enum Place {
    /// The archive, under a name that the archive makes.
    Archive(Archive),
    /// A file that the user named.
    File(PathBuf),
}

/// The archive that the options and the environment name. It is read once here: identifying its files takes time, and
/// no Duo should be held open meanwhile. Errors of that read are reported where the archive is needed.
pub fn locate_archive(context: Context<'_>, option: Option<&str>) -> Result<Archive, Error> {
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
pub fn prepare(context: Context<'_>, file: Option<&Path>, archive: Option<&str>) -> Result<Place, Error> {
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
pub struct BackupItem<'a> {
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
    fn new(bytes: &'a [u8], contents: Contents, offset: u32, public: Option<PublicKey>) -> Self {
        let length = bytes.len();
        Self { bytes, contents, offset, length, copy_rule: None, origin: Origin::Device, public, opens: None }
    }

    /// The contents of the key slot.
    fn in_slot(bytes: &'a [u8], contents: Contents, public: Option<PublicKey>) -> Self {
        Self::new(bytes, contents, u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX), public)
    }

    /// The key slot.
    fn key_slot(snapshot: &'a Snapshot) -> Result<Self, Error> {
        let slot = snapshot.image().private_key_slot();
        let bytes = slot.ok_or_else(|| Error::internal("the DCT was read short"))?;
        let contents = if counts_as_key(&snapshot.slot) { Contents::PrivateKey } else { Contents::RawSlot };
        Ok(Self::in_slot(bytes, contents, key_of(&snapshot.slot)))
    }

    /// The application section, as it was read.
    pub fn section(snapshot: &'a Snapshot) -> Self {
        Self::new(snapshot.image().bytes(), Contents::Dct, 0, key_of(&snapshot.slot))
    }

    /// Both copies of a DCT, as they were read. The key is the one in the copy that counts.
    pub fn whole(held: &'a WholeHeld, device: &DeviceRef) -> Self {
        let public = held.current.as_ref().and_then(|current| key_of(&current.slot));
        let offset = whole_dct_address(device.bootloader);
        Self { copy_rule: Some(held.rule), ..Self::new(&held.bytes, Contents::WholeDct, offset, public) }
    }

    /// A key that was made for the device.
    fn new_key(image: &'a SlotImage, public: PublicKey) -> Self {
        let key = Self::in_slot(image.as_bytes(), Contents::PrivateKey, Some(public));
        Self { origin: Origin::NewKey, ..key }
    }

    /// The key alone, as PEM.
    fn in_text<'s>(&'s self, text: &'s Text<'a>) -> BackupItem<'s> {
        let contents =
            if text.opens.is_some() { Contents::EncryptedPrivateKey } else { Contents::PrivateKey };
        BackupItem { bytes: &text.pem, contents, opens: text.opens, ..self.clone() }
    }
}

/// The backups that are made before a write; none with `--no-backup`.
#[derive(Default)]
pub struct Backups {
    /// Of what will be overwritten: the key slot, or the DCT.
    pub first: Option<PathBuf>,
    /// The application section, with the bytes beside those that are written.
    pub section: Option<PathBuf>,
}

/// Backs up what is in one Duo, for one operation. All of it is on the disk, synced and read back, when a method
/// returns.
pub struct Keeper<'k, 'a> {
    pub device: &'k DeviceRef,
    pub to: &'k Destination,
    pub record: &'k mut OperationRecord<'a>,
}

impl Keeper<'_, '_> {
    /// The slot's bytes as they were read, or the key in it encrypted.
    pub fn slot(&mut self, snapshot: &Snapshot) -> Result<Stored, Error> {
        self.slot_and(snapshot, None).map(|kept| kept.0)
    }

    /// The same, and stores `beside` first, once the key is known to be one that can be kept.
    fn slot_and(
        &mut self,
        snapshot: &Snapshot,
        beside: Option<&BackupItem<'_>>,
    ) -> Result<(Stored, Option<Stored>), Error> {
        let context = self.record.context;
        let text = self.to.text(context, snapshot);
        let text = text.map_err(|error| self.unchanged(error.during("keeping a backup")))?;
        let slot = BackupItem::key_slot(snapshot)?;
        let item = text.as_ref().map_or_else(|| slot.clone(), |text| slot.in_text(text));
        context.phase(Phase::Backup);
        let beside = beside.map(|beside| self.store(beside)).transpose()?;
        Ok((self.recorded(&item)?, beside))
    }

    /// Any bytes of a Duo.
    pub fn bytes(&mut self, item: &BackupItem<'_>) -> Result<Stored, Error> {
        self.record.context.phase(Phase::Backup);
        self.recorded(item)
    }

    /// The automatic backup before the key is written. The section is kept with it, for the bytes beside the slot. If
    /// the key is encrypted, the slot in the section is blanked.
    pub fn key(&mut self, section: &Snapshot) -> Result<Backups, Error> {
        let blanked = self.to.encrypt.as_ref().map(|_| section.without_key()).transpose()?;
        let beside = BackupItem::section(blanked.as_ref().unwrap_or(section));
        let (key, beside) = self.slot_and(section, Some(&beside))?;
        Ok(Backups { first: Some(key.path), section: beside.map(|stored| stored.path) })
    }

    /// The same before other fields are written: the whole application section, as `dct backup` keeps it.
    pub fn section(&mut self, section: &Snapshot) -> Result<Backups, Error> {
        let stored = self.bytes(&BackupItem::section(section))?;
        Ok(Backups { first: Some(stored.path.clone()), section: Some(stored.path) })
    }

    /// The same before a whole DCT is written: each key in a file of its own, including one that the firmware misreads,
    /// and then both copies.
    pub fn whole(&mut self, held: &WholeHeld) -> Result<Backups, Error> {
        let uncounted = held.uncounted();
        for copy in held.current.iter().chain(&uncounted).filter(|copy| copy.slot.key().is_some()) {
            self.slot(copy)?;
        }
        let stored = self.bytes(&BackupItem::whole(held, self.device))?;
        Ok(Backups { first: Some(stored.path), section: None })
    }

    /// Stores bytes as the backup that the journal names.
    fn recorded(&mut self, item: &BackupItem<'_>) -> Result<Stored, Error> {
        let stored = self.store(item)?;
        self.record.backed_up(&stored).map_err(|error| self.unchanged(error))?;
        Ok(stored)
    }

    /// Stores bytes on the disk, and reports the file.
    fn store(&self, item: &BackupItem<'_>) -> Result<Stored, Error> {
        let context = self.record.context;
        let backup = describe(context, self.device, item);
        let stored = match &self.to.place {
            Place::Archive(archive) => archive.store(&backup),
            Place::File(path) => store_at(path, &backup, &Owner::detect(&context.env)),
        };
        let stored = stored.map_err(|error| self.unchanged(Error::from(error).during("keeping a backup")))?;
        if stored.manifest.is_none() && !stored.already_there {
            context.note("the bytes are saved, but the manifest beside them could not be written");
        }
        warn_of_readers(context, &stored.path, stored.privacy);
        let event = Event::BackedUp { path: stored.path.clone(), already_there: stored.already_there };
        context.control.event(event);
        Ok(stored)
    }

    fn unchanged(&self, error: Error) -> Error {
        error.on(self.device, KeyState::Unchanged)
    }
}

/// Stores a key that was made here, before it is sent anywhere. Returns its file.
pub fn store_new_key(
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
pub fn warn_of_readers(context: Context<'_>, path: &Path, privacy: Privacy) {
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
pub const fn counts_as_key(slot: &Slot) -> bool {
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
            Error::invalid(format!("the key slot holds {holds}, and only a key can be PEM"))
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
pub fn plain_pem(key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, Error> {
    let pem = key.to_pkcs8_pem().map_err(Error::internal)?;
    Ok(Zeroizing::new(pem.as_bytes().to_vec()))
}

/// Refuses a PEM file name for bytes that are not PEM.
pub fn refuse_pem_name(path: Option<&Path>, what: &str) -> Result<(), Error> {
    match path.filter(|path| is_pem_name(path)) {
        None => Ok(()),
        Some(path) => Err(Error::invalid(format!(
            "{}: {what} is no PEM, which is what the name promises",
            plain_path(path)
        ))
        .hint("give the file a name that ends in .bin")),
    }
}

/// The error for a slot without a key, which cannot be saved as an encrypted key.
pub fn not_encryptable(slot: &Slot) -> Error {
    let code = Error::key_slot(slot).map_or(Code::Internal, |error| error.code());
    Error::new(code, format!("the key slot holds {slot}, and only a key can be encrypted"))
        .hint("leave --encrypt out: the bytes are then saved as they are")
}

/// A key as PEM, encrypted with a passphrase.
pub fn encrypt(key: &PrivateKey, passphrase: &Passphrase) -> Result<Zeroizing<String>, Error> {
    key.to_encrypted_pem(passphrase, &mut UnwrapErr(SysRng))
        .map_err(|error| Error::internal(format!("the key could not be encrypted: {error}")))
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
