//! Reads a private key from a file, and says what is known about whose key it is.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::archive::{Archive, Manifest, manifest_beside, read_bounded};
use crate::dct::{DeviceId, Dump};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{
    EncryptedKey, Fingerprint, Form, KeyError, KeyFile, PrivateKey, PublicKey, ReadKey, SlotImage,
};
use crate::workflow::context::{Context, DeviceRef, Evidence, Snapshot};
use crate::workflow::input::given_file::{GivenFile, MAX_FILE};
use crate::workflow::input::passphrase::Passphrases;
use crate::workflow::next::command_line::inspect;

/// What errors call a key that was given as bytes.
const NO_FILE: &str = "the key that was given";

/// The phase for all errors here.
pub const READING: &str = "reading the key file";

/// The bytes of a key file as they are.
pub fn load(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    read_bounded(path, MAX_FILE).map_err(|error| Error::from(error).during(READING))
}

/// Reads a file with a public or private key, encrypted or not. Returns the file, too.
pub fn read_key_file(path: &Path, passphrases: &mut Passphrases<'_>) -> Result<(GivenFile, KeyFile), Error> {
    let file = GivenFile::read(passphrases.context(), path, READING)?;
    let key = opened(path, &file, passphrases, KeyFile::read, KeyFile::Private)?;
    Ok((file, key))
}

/// The result of `read` on the bytes. If the key is encrypted: the result of `of_key` on the key that the passphrase
/// opens.
fn opened<T>(
    path: &Path,
    file: &GivenFile,
    passphrases: &mut Passphrases<'_>,
    read: impl FnOnce(&[u8]) -> Result<T, KeyError>,
    of_key: impl FnOnce(ReadKey) -> T,
) -> Result<T, Error> {
    let named = |error: KeyError| no_key(&error, path, file).during(READING);
    match read(&file.bytes) {
        Err(KeyError::Encrypted) => {
            let encrypted = EncryptedKey::read(&file.bytes).map_err(named)?;
            passphrases.open(&encrypted, path).map(of_key).map_err(|error| error.during(READING))
        }
        other => other.map_err(named),
    }
}

/// The error for a file that is no key file. A dump of a DCT has a key in it, but counts as a key file only if it
/// begins with the key.
pub fn no_key(error: &KeyError, path: &Path, file: &GivenFile) -> Error {
    if let Some(instead) = file.instead(path) {
        return instead;
    }
    if Dump::recognise(&file.bytes).is_none() {
        return Error::key_file(error, path);
    }
    Error::new(Code::KeyUnrecognized, format!("{}: it is a dump of a DCT, not a key file", plain_path(path)))
        .hint(format!("take the key out of it first: {} --extract device-private-key", inspect(path)))
}

/// A key that may be written to a Duo.
pub struct WritableKey {
    pub path: PathBuf,
    /// The bytes to write: the key in the form that the firmware reads, and nothing after it.
    pub image: SlotImage,
    pub form: Form,
    /// Number of bytes after the key in the file.
    pub trailing: usize,
    pub fingerprint: Fingerprint,
    manifest: Option<Manifest>,
    /// The device id in the dump that the key was taken from.
    in_dump: Option<DeviceId>,
}

impl WritableKey {
    /// Reads a key file and refuses what must never be written.
    pub fn read(path: &Path, passphrases: &mut Passphrases<'_>) -> Result<Self, Error> {
        let file = GivenFile::read(passphrases.context(), path, READING)?;
        let key = Self::in_file(path, &file, passphrases)?;
        Ok(Self { manifest: checked_manifest(path, &file)?, ..key })
    }

    /// The same for bytes that were not read from a file.
    pub fn of_bytes(bytes: &[u8], passphrases: &mut Passphrases<'_>) -> Result<Self, Error> {
        if bytes.len() as u64 > MAX_FILE {
            let message = format!("{NO_FILE} has {} bytes, which no key has", bytes.len());
            return Err(Error::new(Code::KeyUnrecognized, message).during(READING));
        }
        Self::in_file(Path::new(NO_FILE), &GivenFile::of_bytes(bytes), passphrases)
    }

    /// The key, without a manifest.
    fn in_file(path: &Path, file: &GivenFile, passphrases: &mut Passphrases<'_>) -> Result<Self, Error> {
        let read = opened(path, file, passphrases, PrivateKey::read, |read| read)?;
        Self::new(path, &read).map_err(|error| error.during(READING))
    }

    fn new(path: &Path, read: &ReadKey) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_owned(),
            image: SlotImage::of_key(&read.key)?,
            form: read.form,
            trailing: read.behind,
            fingerprint: read.key.public_key().fingerprint(),
            manifest: None,
            in_dump: None,
        })
    }

    /// The key in a dump of a DCT. The dump may say by itself whose key it is.
    pub fn of_dump(path: &Path, dump: &Dump<'_>, manifest: Option<Manifest>) -> Result<Self, Error> {
        let named = |error: Error| error.during("reading the key in the dump");
        let slot = dump.private_key_slot().ok_or_else(|| {
            named(Error::new(Code::DumpUnusable, format!("{} has no key slot", plain_path(path))))
        })?;
        let read = PrivateKey::read(slot).map_err(|error| named(Error::key_file(&error, path)))?;
        Self::of_key_in(path, &read, dump, manifest).map_err(named)
    }

    /// The same for a key that was read from it.
    pub fn of_key_in(
        path: &Path,
        read: &ReadKey,
        dump: &Dump<'_>,
        manifest: Option<Manifest>,
    ) -> Result<Self, Error> {
        Ok(Self { manifest, trailing: 0, in_dump: dump.device_id(), ..Self::new(path, read)? })
    }

    /// Why the key may be written to this device; an error if it is known to be another's.
    pub fn evidence(
        &self,
        device: &DeviceRef,
        snapshot: &Snapshot,
        archive: Option<&Archive>,
        allow_other_device: bool,
    ) -> Result<Evidence, Error> {
        let by_manifest = self.manifest.as_ref().and_then(|manifest| manifest.device_id);
        let by_archive = archive.map(|archive| archive.devices_of(self.fingerprint)).transpose()?;
        let by_archive = by_archive.unwrap_or_default();
        let Some(target) = device.device_id else {
            let known: Vec<DeviceId> =
                by_manifest.into_iter().chain(by_archive).chain(self.in_dump).collect();
            return self.evidence_without_id(device, snapshot, archive, &known, allow_other_device);
        };
        if by_manifest == Some(target) {
            return Ok(Evidence::Manifest);
        }
        if by_archive.contains(&target) {
            return Ok(Evidence::Archive);
        }
        if self.in_dump == Some(target) {
            return Ok(Evidence::Dump);
        }
        let by_archive = by_archive.first().copied();
        let told = by_manifest.map(|id| (id, "the manifest beside the file"));
        let told = told.or(by_archive.map(|id| (id, "the archive")));
        match told.or(self.in_dump.map(|id| (id, "the device id in the dump"))) {
            None => Ok(public_slot_evidence(self.fingerprint, snapshot)),
            Some(_) if allow_other_device => Ok(Evidence::AllowedOtherDevice),
            Some((other, who)) => Err(other_device(other, target, who)),
        }
    }

    /// The same for a Duo that does not tell its id (bootloaders r3 and r4): there, the keys identify it. A key that is
    /// `known` as some device's is not written to a Duo unless something shows that it is that device.
    fn evidence_without_id(
        &self,
        device: &DeviceRef,
        snapshot: &Snapshot,
        archive: Option<&Archive>,
        known: &[DeviceId],
        allow_other_device: bool,
    ) -> Result<Evidence, Error> {
        let by_slot = public_slot_evidence(self.fingerprint, snapshot);
        let (Some(owner), Evidence::None) = (known.first(), by_slot) else { return Ok(by_slot) };
        let here = devices_of_current(snapshot, archive)?;
        if here.iter().any(|id| known.contains(id)) {
            return Ok(Evidence::Archive);
        }
        if allow_other_device {
            return Ok(Evidence::AllowedOtherDevice);
        }
        if let Some(target) = here.first() {
            return Err(other_device(*owner, *target, "the archive"));
        }
        let message = format!(
            "the key is known as the one of {owner}, and the Duo at {} does not tell its device id \
             (bootloader r3 or r4)",
            device.path
        );
        Err(Error::new(Code::DeviceIdUnverifiable, message)
            .hint(format!("if it is that Duo, say so: add --device {owner} --path {}", device.path)))
    }

    /// The device that owns both this key and the one in the Duo. For a Duo that does not tell its id.
    pub fn owner(
        &self,
        device: &DeviceRef,
        snapshot: &Snapshot,
        archive: Option<&Archive>,
    ) -> Result<Option<DeviceId>, Error> {
        let (Some(archive), None) = (archive, device.device_id) else { return Ok(None) };
        let here = devices_of_current(snapshot, Some(archive))?;
        let by_manifest = self.manifest.as_ref().and_then(|manifest| manifest.device_id);
        let mut known =
            by_manifest.into_iter().chain(archive.devices_of(self.fingerprint)?).chain(self.in_dump);
        Ok(known.find(|id| here.contains(id)))
    }

    /// Notes what is unusual about the file.
    pub fn note(&self, context: Context<'_>) {
        if self.form == Form::Pkcs8 {
            context.note(
                "the file is PKCS#8, which the Duo's firmware misreads; it is written in the Duo's own form",
            );
        }
        let der = matches!(self.form, Form::Device | Form::Pkcs1 | Form::Pkcs1Loose | Form::Pkcs8);
        if der && self.trailing > 1216 {
            context.note(format!(
                "only the key is taken from the file: the {} bytes behind it are other fields of the DCT, \
                 which stay as they are in the Duo",
                self.trailing
            ));
        }
    }
}

/// The devices that own the key in the Duo, by the archive.
pub fn devices_of_current(snapshot: &Snapshot, archive: Option<&Archive>) -> Result<Vec<DeviceId>, Error> {
    let devices = archive
        .zip(snapshot.fingerprint())
        .map(|(archive, current)| archive.devices_of(current))
        .transpose()?;
    Ok(devices.unwrap_or_default())
}

/// The manifest beside a file; an error if it cannot be read, or describes other bytes.
pub fn checked_manifest(path: &Path, file: &GivenFile) -> Result<Option<Manifest>, Error> {
    let Some(beside) = manifest_beside(path)? else { return Ok(None) };
    let manifest = beside.manifest.map_err(|error| {
        Error::new(Code::ManifestInvalid, format!("{}: {error}", plain_path(&beside.path))).hint(
            "if you trust the key file all the same, move the .json file away and run the command again",
        )
    })?;
    if file.is_described_by(&manifest) {
        return Ok(Some(manifest));
    }
    let message = format!("{} describes other bytes than {} has", plain_path(&beside.path), plain_path(path));
    Err(Error::new(Code::ManifestMismatch, message)
        .hint("look for an untouched backup with the same name; or, if you trust this key file, move the .json away"))
}

fn other_device(other: DeviceId, target: DeviceId, who: &str) -> Error {
    Error::new(Code::KeyOfOtherDevice, format!("{who} says that the key is of {other}, not of {target}"))
        .hint(format!("choose a backup of {target}; if you really mean it, add --allow-other-device"))
}

fn public_slot_evidence(key: Fingerprint, snapshot: &Snapshot) -> Evidence {
    if public_slot(snapshot) == Some(key) { Evidence::PublicKeySlot } else { Evidence::None }
}

/// What the DCT holds in the slot of the public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicSlot {
    /// Its own public key.
    Own,
    /// Nothing: the firmware has not written it yet.
    Empty,
    /// Something else.
    Foreign,
}

/// What the public key slot holds, compared with this key.
pub fn beside(snapshot: &Snapshot, key: Fingerprint) -> PublicSlot {
    let blank = |slot: &[u8]| [0, 0xff].iter().any(|fill| slot.iter().all(|byte| byte == fill));
    match snapshot.image().public_key_slot() {
        _ if public_slot(snapshot) == Some(key) => PublicSlot::Own,
        Some(slot) if !blank(slot) => PublicSlot::Foreign,
        _ => PublicSlot::Empty,
    }
}

/// The public key in the DCT. The firmware rewrites it when its cloud code starts, so it may be stale.
pub fn public_slot(snapshot: &Snapshot) -> Option<Fingerprint> {
    let slot = snapshot.image().public_key_slot()?;
    PublicKey::read(slot).ok().map(|key| key.fingerprint())
}
