//! A backup that is there: what its manifest says of it, or, where that is missing, its bytes and its name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::manifest::{Contents, MAX_BYTES as MAX_MANIFEST_BYTES, Manifest, ManifestError, Origin};
use super::names::{extended, rfc3339, sibling};
use super::{MAX_BACKUP_BYTES, sha256_hex, told};
use crate::dct::DeviceId;
use crate::disk::{FileError, read_bounded};
use crate::keys::{Fingerprint, PublicKey};

/// A backup found in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file with the bytes.
    pub path: PathBuf,
    /// What it holds: from the manifest, else from the bytes themselves.
    pub contents: Contents,
    /// The device: from the manifest, else from the file's name.
    pub device_id: Option<DeviceId>,
    /// The key's fingerprint: from the manifest, else from the key itself, else, where that is encrypted, from the
    /// public key beside it.
    pub fingerprint: Option<Fingerprint>,
    /// SHA-256 of the file as it is now, 64 hexadecimal digits.
    pub sha256: String,
    /// True where the manifest says that the device was a simulated one.
    pub simulated: bool,
    /// Where the bytes come from, as far as the manifest says.
    pub origin: Origin,
    /// When the bytes were read or made, RFC 3339: from the manifest, else from the file's name.
    pub created_at: Option<String>,
    /// What stands beside the file.
    pub description: Description,
}

/// What becomes of the manifest beside a backup. A key without one is a backup all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Description {
    /// It describes the file.
    Sound,
    /// There is none.
    Missing,
    /// It cannot be read.
    Invalid,
    /// It describes other bytes.
    OfOtherBytes,
}

impl Description {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::OfOtherBytes => "of-other-bytes",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Sound => "it describes the file",
            Self::Missing => {
                "missing: the backup is good without it, its device is taken from the file's name"
            }
            Self::Invalid => "it cannot be read: to restore the backup, move the manifest away",
            Self::OfOtherBytes => "it describes other bytes than the file has",
        }
    }
}

/// A file where the manifest of a backup would be.
#[derive(Debug)]
pub struct Beside {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub manifest: Result<Manifest, ManifestError>,
}

/// The manifest beside a backup, where there is one.
pub fn manifest_beside(path: &Path) -> Result<Option<Beside>, FileError> {
    let beside = sibling(path, "json");
    if beside == path {
        return Ok(None);
    }
    match read_bounded(&beside, MAX_MANIFEST_BYTES).map(|bytes| Manifest::parse(&bytes)) {
        Ok(Ok(manifest)) if is_of_another(path, &manifest) => Ok(None),
        Ok(manifest) => Ok(Some(Beside { manifest, path: beside })),
        Err(FileError::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// `duo.pem` that another program has made of the backup `duo.der`: the manifest is about the latter.
fn is_of_another(path: &Path, manifest: &Manifest) -> bool {
    path.extension() == Some(OsStr::new("pem"))
        && manifest.contents != Contents::EncryptedPrivateKey
        && ["der", "bin"].iter().any(|extension| path.with_extension(extension).exists())
}

/// What an archived file is.
pub(super) fn read_entry(path: &Path) -> Result<Entry, FileError> {
    let bytes = read_bounded(path, MAX_BACKUP_BYTES)?;
    let sha256 = sha256_hex(&bytes);
    let (manifest, description) = match manifest_beside(path) {
        Ok(None) => (None, Description::Missing),
        Ok(Some(Beside { manifest: Ok(manifest), .. })) if manifest.sha256 == sha256 => {
            (Some(manifest), Description::Sound)
        }
        Ok(Some(Beside { manifest: Ok(_), .. })) => (None, Description::OfOtherBytes),
        Ok(Some(Beside { manifest: Err(_), .. })) | Err(_) => (None, Description::Invalid),
    };
    let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let simulated = manifest.as_ref().is_some_and(|manifest| manifest.simulated);
    let origin = manifest.as_ref().map(|manifest| manifest.origin).unwrap_or_default();
    let (contents, device_id, fingerprint, created_at) = if let Some(manifest) = manifest {
        (manifest.contents, manifest.device_id, manifest.fingerprint, rfc3339(&manifest.created_at))
    } else {
        let (contents, fingerprint) = match told::by(&sha256, &bytes) {
            (Contents::EncryptedPrivateKey, _) => {
                (Contents::EncryptedPrivateKey, public_key_beside(path).map(|public| public.fingerprint()))
            }
            told => told,
        };
        let device_id = stem.split('-').next().and_then(|id| id.parse().ok());
        (contents, device_id, fingerprint, stem.split('-').nth(2).and_then(extended))
    };
    let path = path.to_owned();
    Ok(Entry { path, contents, device_id, fingerprint, sha256, simulated, origin, created_at, description })
}

/// The public key that stands beside a backup.
fn public_key_beside(path: &Path) -> Option<PublicKey> {
    let bytes = read_bounded(&sibling(path, "pub.pem"), MAX_BACKUP_BYTES).ok()?;
    PublicKey::read(&bytes).ok()
}
