//! Reads a backup that exists: from its manifest or, without one, from its bytes and its name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::manifest::{
    Contents, MAX_BACKUP_BYTES, MAX_BYTES as MAX_MANIFEST_BYTES, Manifest, ManifestError, Origin, sha256_hex,
};
use super::names::{extended, rfc3339, sibling};
use super::told;
use crate::dct::DeviceId;
use crate::disk::{FileError, read_bounded};
use crate::keys::{Fingerprint, PublicKey};

/// A backup in the archive.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ArchivedBackup", rename_all = "camelCase")]
pub struct Entry {
    /// The file with the bytes; absolute.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// What it holds: a key, the bytes of a slot without one, the application section of a DCT, or all of it.
    pub contents: Contents,
    /// The device: from the manifest, else from the file's name.
    pub device_id: Option<DeviceId>,
    /// The fingerprint of the device's key; absent if the file holds none, or an encrypted key without a manifest or a
    /// public key beside it.
    pub fingerprint: Option<Fingerprint>,
    /// True if the key is encrypted with a passphrase.
    pub encrypted: bool,
    /// SHA-256 of the file as it is now, 64 hexadecimal digits.
    #[serde(skip)]
    pub sha256: String,
    /// When the bytes were read or made, RFC 3339, if that is known.
    pub created_at: Option<String>,
    /// True if the manifest says that it was made by `rotateKey` and not read from a Duo.
    #[serde(rename = "newKey", serialize_with = "is_new")]
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub origin: Origin,
    /// True if the manifest says that the Duo was a virtual one.
    pub simulated: bool,
    /// The manifest beside the file. A backup without a manifest is still a backup.
    #[serde(flatten, serialize_with = "shown_description")]
    #[cfg_attr(feature = "schema", schemars(with = "ShownDescription"))]
    pub description: Description,
}

// serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_new<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*origin == Origin::NewKey)
}

/// The state of the manifest beside a backup. A key without one is still a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ManifestState", rename_all = "kebab-case")]
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

/// A [`Description`] as results show it.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct ShownDescription {
    /// The manifest beside the file. A backup without a manifest is still a backup.
    manifest: Description,
    /// The same in words.
    manifest_description: &'static str,
}

// serde passes references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn shown_description<S: Serializer>(description: &Description, serializer: S) -> Result<S::Ok, S::Error> {
    let shown = ShownDescription { manifest: *description, manifest_description: description.words() };
    shown.serialize(serializer)
}

impl Description {
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

/// A file in the place of a backup's manifest.
#[derive(Debug)]
pub struct Beside {
    /// The file.
    pub path: PathBuf,
    /// Its contents.
    pub manifest: Result<Manifest, ManifestError>,
}

/// The manifest beside a backup, if there is one. Another program's JSON does not count.
pub fn manifest_beside(path: &Path) -> Result<Option<Beside>, FileError> {
    let beside = sibling(path, "json");
    if beside == path {
        return Ok(None);
    }
    let bytes = match read_bounded(&beside, MAX_MANIFEST_BYTES) {
        // This tool writes no file of that length.
        Err(FileError::NotFound(_) | FileError::TooLarge { .. }) => return Ok(None),
        other => other?,
    };
    match Manifest::parse(&bytes) {
        Ok(manifest) if is_of_another(path, &manifest) => Ok(None),
        Err(_) if Manifest::is_foreign(&bytes) => Ok(None),
        manifest => Ok(Some(Beside { manifest, path: beside })),
    }
}

/// True for a `duo.pem` that another program made from the backup `duo.der`: the manifest is about the latter.
fn is_of_another(path: &Path, manifest: &Manifest) -> bool {
    let is_described =
        || read_bounded(path, MAX_BACKUP_BYTES).is_ok_and(|bytes| sha256_hex(&bytes) == manifest.sha256);
    path.extension() == Some(OsStr::new("pem"))
        && manifest.contents != Contents::EncryptedPrivateKey
        && ["der", "bin"].iter().any(|extension| path.with_extension(extension).exists())
        && !is_described()
}

/// The file beside a manifest with the same name, without `.json`.
pub fn described_by(manifest: &Path) -> Option<PathBuf> {
    let names = ["der", "pem", "bin", ""].map(|extension| manifest.with_extension(extension));
    names.into_iter().find(|path| path != manifest && path.is_file())
}

/// Reads what the file of a backup is.
pub fn read_entry(path: &Path) -> Result<Entry, FileError> {
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
    let encrypted = contents == Contents::EncryptedPrivateKey;
    Ok(Entry {
        path,
        contents,
        device_id,
        fingerprint,
        encrypted,
        sha256,
        created_at,
        origin,
        simulated,
        description,
    })
}

/// The public key beside a backup.
pub fn public_key_beside(path: &Path) -> Option<PublicKey> {
    let bytes = read_bounded(&sibling(path, "pub.pem"), MAX_BACKUP_BYTES).ok()?;
    PublicKey::read(&bytes).ok()
}
