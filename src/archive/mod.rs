//! Keeps backups: atomic, for their owner only, never overwritten, and found again.
//!
//! Knows files, names and manifests; knows nothing of USB and asks no questions. A backup is up to three files. They
//! are made in this order, so that a crash leaves the most important ones: the bytes, the public key as PEM, the JSON
//! manifest. A key without its manifest is a valid backup.

mod entry;
mod location;
mod manifest;
mod names;
mod told;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use entry::{Beside, Description, Entry, described_by, manifest_beside, public_key_beside, read_entry};
pub use location::ARCHIVE_VARIABLE;
pub use manifest::{
    Contents, FORMAT, MAX_BYTES as MAX_MANIFEST_BYTES, Manifest, ManifestError, Origin, hex, sha256_hex,
};
pub use names::{is_pem_name, rfc3339};

pub use crate::dct::DeviceIdSource;
pub use crate::disk::{
    FileError, Owner, Privacy, check_writable, create_folder, create_new, create_new_public, ensure_folder,
    is_kept, is_superuser, read_bounded,
};
use crate::disk::{check_name, is_too_long};

use manifest::MAX_BACKUP_BYTES;
use names::{has_backups_name, name_of, sibling};

use crate::dct::DeviceId;
use crate::keys::{EncryptedKey, Fingerprint, Passphrase, PrivateKey};

/// The most encrypted backups of the same key that are opened to find one that makes a new one unnecessary. To open one
/// takes as long as its file demands.
const MAX_OPENED: usize = 3;

/// What to store: bytes, and what describes them.
#[derive(Debug)]
pub struct Backup<'a> {
    /// The bytes of the file: as they were read, or the encrypted key.
    pub bytes: &'a [u8],
    /// The key that an encrypted file must hold, and the passphrase that opens it; `None` if nothing is encrypted.
    pub opens: Option<Opens<'a>>,
    /// The public key as PEM, if the bytes hold a key.
    pub public_pem: Option<String>,
    /// What describes the bytes.
    pub manifest: Manifest,
}

/// What an encrypted backup must hold.
#[derive(Clone, Copy, Debug)]
pub struct Opens<'a> {
    /// The passphrase.
    pub passphrase: &'a Passphrase,
    /// The key.
    pub key: &'a PrivateKey,
}

impl Opens<'_> {
    /// True if these bytes are the key, encrypted with the passphrase. Opens them, and compares every number.
    fn holds(self, bytes: &[u8]) -> bool {
        EncryptedKey::read(bytes)
            .and_then(|encrypted| encrypted.open(self.passphrase))
            .is_ok_and(|read| read.key == *self.key)
    }
}

/// The files of a backup. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The bytes.
    pub path: PathBuf,
    /// The public key's PEM.
    pub public_key: Option<PathBuf>,
    /// The manifest.
    pub manifest: Option<PathBuf>,
    /// SHA-256 of the file with the bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// True if the same bytes of the same device were there already, and nothing was written.
    pub already_there: bool,
    /// Who can read the bytes, if they were written now.
    pub privacy: Privacy,
}

/// The result of a search of the archive.
#[derive(Debug, Default, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "Survey", rename_all = "camelCase")]
pub struct Survey {
    /// The backups, by name.
    #[serde(rename = "backups")]
    pub entries: Vec<Entry>,
    /// The files that have a backup's name and cannot be read, each with the reason.
    #[serde(serialize_with = "in_words")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub unreadable: Vec<FileError>,
}

fn in_words<S: serde::Serializer>(errors: &[FileError], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(errors.iter().map(ToString::to_string))
}

/// The folder that automatic backups go to.
#[derive(Clone, Debug)]
pub struct Archive {
    folder: PathBuf,
    owner: Owner,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum NoArchive {
    /// No home folder, so no data directory either.
    #[error("this user has no home folder to keep backups in")]
    NoHome,
    /// Its folder has a name that cannot be used.
    #[error("the folder of the backups: {0}")]
    Name(#[from] FileError),
}

impl Archive {
    /// The archive that `option`, the environment or the user's data directory names. Touches nothing.
    pub fn locate(option: Option<&Path>, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, NoArchive> {
        let owner = Owner::detect(env);
        let folder = location::locate(option, env, &owner).ok_or(NoArchive::NoHome)?;
        check_name(&folder)?;
        Ok(Self { folder, owner })
    }

    /// True if the option or the variable names the folder.
    pub fn is_named(option: Option<&Path>, env: &dyn Fn(&str) -> Option<OsString>) -> bool {
        location::named(option, env).is_some()
    }

    /// Its absolute path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder if it is missing, and checks that a file can be made in it.
    pub fn prepare(&self) -> Result<(), FileError> {
        ensure_folder(&self.folder, &self.owner)?;
        check_writable(&self.folder)
    }

    /// Stores a backup under one of the archive's own names: `<id>-<fingerprint8>-<time>.der` for a key, `….pem` for an
    /// encrypted one, `<id>-raw-<time>.bin` for a slot without one, `<id>-dct-<time>.bin` for an application section of
    /// the DCT and `<id>-dct32-<time>.bin` for a whole one. The same bytes of the same device are not stored twice, nor
    /// is a key that the same passphrase opens.
    pub fn store(&self, backup: &Backup) -> Result<Stored, FileError> {
        // It may be gone since it was prepared.
        create_folder(&self.folder, &self.owner)?;
        if let Some(entry) = self.held(backup)? {
            return Ok(Stored {
                public_key: existing(sibling(&entry.path, "pub.pem")),
                manifest: existing(sibling(&entry.path, "json")),
                path: entry.path,
                sha256: entry.sha256,
                already_there: true,
                privacy: Privacy::OwnerAlone,
            });
        }
        let name = name_of(&backup.manifest);
        for attempt in 1..100 {
            let stem = if attempt == 1 { name.0.clone() } else { format!("{}-{attempt}", name.0) };
            match store_at(&self.folder.join(format!("{stem}.{}", name.1)), backup, &self.owner) {
                Err(FileError::Exists(_)) => {}
                other => return other,
            }
        }
        Err(FileError::Exists(self.folder.join(format!("{}.{}", name.0, name.1))))
    }

    /// Every readable backup in the archive, by name; none if there is no folder.
    pub fn entries(&self) -> Result<Vec<Entry>, FileError> {
        self.survey().map(|survey| survey.entries)
    }

    /// Every file in the archive that has a backup's name; none if there is no folder.
    pub fn survey(&self) -> Result<Survey, FileError> {
        let unreadable = |source| FileError::Unreadable { path: self.folder.clone(), source };
        let listing = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Survey::default()),
            other => other.map_err(unreadable)?,
        };
        let mut survey = Survey::default();
        for item in listing {
            let path = item.map_err(unreadable)?.path();
            if has_backups_name(&path) {
                match read_entry(&path) {
                    Ok(entry) => survey.entries.push(entry),
                    Err(error) => survey.unreadable.push(error),
                }
            }
        }
        survey.entries.sort_by(|a, b| a.path.cmp(&b.path));
        survey.unreadable.sort_by_cached_key(ToString::to_string);
        Ok(survey)
    }

    /// The devices to which the archive's backups assign this key.
    pub fn devices_of(&self, fingerprint: Fingerprint) -> Result<Vec<DeviceId>, FileError> {
        let mut devices: Vec<DeviceId> = self
            .entries()?
            .into_iter()
            .filter(|entry| entry.fingerprint == Some(fingerprint))
            .filter_map(|entry| entry.device_id)
            .collect();
        devices.sort_unstable();
        devices.dedup();
        Ok(devices)
    }

    /// An existing backup that makes this one unnecessary. It is always checked: its bytes are compared, or an
    /// encrypted file is opened and its key is compared.
    fn held(&self, backup: &Backup) -> Result<Option<Entry>, FileError> {
        let manifest = &backup.manifest;
        let mut candidates = self.entries()?.into_iter().filter(|entry| {
            entry.device_id == manifest.device_id
                && entry.simulated == manifest.simulated
                && entry.path.extension() == Some(OsStr::new(name_of(manifest).1))
        });
        let Some(opens) = backup.opens else {
            return Ok(candidates.find(|entry| {
                // A backup that its manifest contradicts would have to be repaired before it can be restored.
                matches!(entry.description, Description::Sound | Description::Missing)
                    && entry.sha256 == manifest.sha256
                    && is_kept(&entry.path, backup.bytes)
            }));
        };
        let mut candidates: Vec<Entry> = candidates
            .filter(|entry| {
                entry.description == Description::Sound && entry.fingerprint == manifest.fingerprint
            })
            .collect();
        candidates.sort_by(|a, b| b.created_at.cmp(&a.created_at));
        Ok(candidates.into_iter().take(MAX_OPENED).find(|entry| {
            read_bounded(&entry.path, MAX_BACKUP_BYTES)
                .is_ok_and(|bytes| is_kept(&entry.path, &bytes) && opens.holds(&bytes))
        }))
    }
}

/// Stores a backup at a path that the caller chose, with its siblings `.pub.pem` and `.json`. None of the three may
/// exist.
pub fn store_at(path: &Path, backup: &Backup, owner: &Owner) -> Result<Stored, FileError> {
    let Backup { bytes, opens, public_pem, manifest } = backup;
    store_files(path, bytes, *opens, public_pem.as_deref(), Some(manifest), owner)
}

/// The same for a key that belongs to no device yet: without a manifest, which would have nothing to say.
pub fn store_files(
    path: &Path,
    bytes: &[u8],
    opens: Option<Opens<'_>>,
    public_pem: Option<&str>,
    manifest: Option<&Manifest>,
    owner: &Owner,
) -> Result<Stored, FileError> {
    let unresolved = |source| FileError::NotWritable { path: path.to_owned(), source };
    let path = std::path::absolute(path).map_err(unresolved)?;
    let (public_key_path, manifest_path) = (sibling(&path, "pub.pem"), sibling(&path, "json"));
    check_free(&path)?;

    let privacy = create_new(&path, bytes, owner)?;
    if let Some(opens) = opens
        && !opens.holds(&read_bounded(&path, MAX_BACKUP_BYTES)?)
    {
        return Err(FileError::ReadBackDiffers(path));
    }
    // From here on there is a valid backup, even if the files that describe it fail.
    let written = |sibling: PathBuf, text: &str| {
        create_new(&sibling, text.as_bytes(), owner).is_ok().then_some(sibling)
    };
    Ok(Stored {
        path,
        public_key: public_pem.and_then(|pem| written(public_key_path, pem)),
        manifest: manifest.and_then(|manifest| written(manifest_path, &manifest.to_json())),
        sha256: sha256_hex(bytes),
        already_there: false,
        privacy,
    })
}

/// Checks, before a device is touched, that none of a backup's three files exists and that they can be made.
pub fn check_free(path: &Path) -> Result<(), FileError> {
    check_name(path)?;
    for candidate in [path.to_owned(), sibling(path, "pub.pem"), sibling(path, "json")] {
        match candidate.symlink_metadata() {
            Ok(_) => return Err(FileError::Exists(candidate)),
            Err(error) if error.kind() == ErrorKind::InvalidFilename || is_too_long(&candidate) => {
                return Err(FileError::NameTooLong(path.to_owned()));
            }
            Err(_) => {}
        }
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() { check_writable(folder) } else { Err(FileError::NotFound(folder.to_owned())) }
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::{Archive, Backup, Contents, FORMAT, Manifest, Origin, sha256_hex};

    fn backup(bytes: &[u8], simulated: bool) -> Backup<'_> {
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: 1,
            contents: Contents::RawSlot,
            origin: Origin::Device,
            device_id: None,
            device_id_source: None,
            fingerprint: None,
            bootloader: "r5-r6".to_owned(),
            copy_rule: None,
            simulated,
            offset: 34,
            length: 4,
            sha256: sha256_hex(bytes),
            created_at: "2026-01-31T12:00:00Z".to_owned(),
            tool: "test".to_owned(),
        };
        Backup { bytes, opens: None, public_pem: None, manifest }
    }

    fn archive(folder: &tempfile::TempDir) -> Archive {
        Archive::locate(Some(&folder.path().join("archive")), &|_| None).unwrap()
    }

    #[test]
    fn the_same_bytes_of_the_same_device_are_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder);
        let first = archive.store(&backup(b"slot", false)).unwrap();
        let second = archive.store(&backup(b"slot", false)).unwrap();
        assert!(!first.already_there && second.already_there);
        assert_eq!(first.path, second.path);
    }

    #[test]
    fn a_virtual_duos_backup_does_not_stand_in_for_a_real_ones() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder);
        let of_virtual = archive.store(&backup(b"slot", true)).unwrap();
        let of_real = archive.store(&backup(b"slot", false)).unwrap();
        assert!(!of_real.already_there);
        assert_ne!(of_virtual.path, of_real.path);
    }

    #[cfg(unix)]
    #[test]
    fn what_others_could_have_changed_or_replaced_is_not_relied_on() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder);
        let open = archive.store(&backup(b"slot", false)).unwrap().path;
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
        let kept = archive.store(&backup(b"slot", false)).unwrap();
        assert!(!kept.already_there);

        let elsewhere = folder.path().join("elsewhere");
        std::fs::rename(&kept.path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &kept.path).unwrap();
        assert!(!archive.store(&backup(b"slot", false)).unwrap().already_there);
    }
}
