//! `inspect`: says what a key file holds. Offline, and never shows a private number.

use std::path::{Path, PathBuf};

use super::source::read_key_file;
use crate::archive::{Manifest, manifest_beside, sha256_hex};
use crate::dct::DeviceId;
use crate::error::Error;
use crate::keys::{Fingerprint, KeyFile, firmware};

/// What `inspect` is asked for.
#[derive(Clone, Debug, Default)]
pub struct InspectOptions {
    /// The file.
    pub file: PathBuf,
}

/// What a key file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The file; absolute.
    pub path: PathBuf,
    /// True for a private key, false for a public one.
    pub private: bool,
    /// The encoding, in words.
    pub form: String,
    /// Bytes behind the key.
    pub trailing: usize,
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub fingerprint: Fingerprint,
    /// The public key as PEM.
    pub public_key: String,
    /// Whether the firmware would read these very bytes as this key; `None` for a public key.
    pub firmware_reads_as_is: Option<bool>,
    /// The device the manifest beside it names.
    pub device_id: Option<DeviceId>,
}

/// Reads a key file and describes it.
pub fn inspect(options: &InspectOptions) -> Result<Inspection, Error> {
    let path = &options.file;
    let (bytes, file) = read_key_file(path)?;
    let public = file.public_key();
    let (private, form, trailing, as_is) = match &file {
        KeyFile::Private(read) => {
            let reads = firmware::gate(&bytes, &read.key).is_ok();
            (true, read.form.to_string(), read.behind, Some(reads))
        }
        KeyFile::Public(_) => (false, "SubjectPublicKeyInfo".to_owned(), 0, None),
    };
    Ok(Inspection {
        path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
        private,
        form,
        trailing,
        fingerprint: public.fingerprint(),
        public_key: public.to_pem(),
        firmware_reads_as_is: as_is,
        device_id: device_id(path, &sha256_hex(&bytes)),
    })
}

fn device_id(path: &Path, sha256: &str) -> Option<DeviceId> {
    let manifest: Manifest = manifest_beside(path).ok()??.manifest.ok()?;
    manifest.device_id.filter(|_| manifest.sha256 == sha256)
}
