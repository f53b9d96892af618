//! `inspect`: says what a key file holds. Offline, and never shows a private number.

use std::path::{Path, PathBuf};

use super::Context;
use super::passphrase::{PassphraseOptions, Passphrases};
use super::source::{READING, load};
use crate::archive::{Manifest, manifest_beside, sha256_hex};
use crate::dct::DeviceId;
use crate::error::Error;
use crate::keys::{EncryptedKey, Fingerprint, Form, KeyError, KeyFile, firmware};

/// What `inspect` is asked for.
#[derive(Clone, Debug, Default)]
pub struct InspectOptions {
    /// The file.
    pub file: PathBuf,
    /// The passphrase; without one an encrypted key is described from outside.
    pub passphrase: PassphraseOptions,
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
    /// How it is encrypted, in words; `None` where it is not.
    pub encryption: Option<String>,
    /// Bytes behind the key.
    pub trailing: usize,
    /// SHA-256 of the key's SubjectPublicKeyInfo; `None` for an encrypted key that was not opened.
    pub fingerprint: Option<Fingerprint>,
    /// The public key as PEM; `None` likewise.
    pub public_key: Option<String>,
    /// Whether the firmware would read these very bytes as this key; `None` for a public key.
    pub firmware_reads_as_is: Option<bool>,
    /// The device the manifest beside it names.
    pub device_id: Option<DeviceId>,
    /// The key that the manifest beside it names.
    pub manifest_fingerprint: Option<Fingerprint>,
}

/// Reads a key file and describes it. Nobody is asked for a passphrase.
pub fn inspect(context: Context<'_>, options: &InspectOptions) -> Result<Inspection, Error> {
    let path = &options.file;
    let bytes = load(path)?;
    let named = |error: KeyError| Error::key_file(&error, path).during(READING);
    let (file, encryption) = match KeyFile::read(&bytes) {
        Err(KeyError::Encrypted) => {
            let encrypted = EncryptedKey::read(&bytes).map_err(named)?;
            let mut passphrases = Passphrases::new(context, &options.passphrase);
            let given = passphrases.given().map_err(|error| error.during(READING))?;
            let opened = given.map(|passphrase| encrypted.open(&passphrase)).transpose().map_err(named)?;
            (opened.map(KeyFile::Private), Some(encrypted.to_string()))
        }
        other => (Some(other.map_err(named)?), None),
    };
    let public = file.as_ref().map(KeyFile::public_key);
    let (private, form, trailing, as_is) = match &file {
        None => (true, Form::Encrypted.to_string(), 0, Some(false)),
        Some(KeyFile::Private(read)) => {
            let reads = firmware::gate(&bytes, &read.key).is_ok();
            (true, read.form.to_string(), read.behind, Some(reads))
        }
        Some(KeyFile::Public(_)) => (false, "SubjectPublicKeyInfo".to_owned(), 0, None),
    };
    let manifest = manifest_of(path, &sha256_hex(&bytes));
    Ok(Inspection {
        path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
        private,
        form,
        encryption,
        trailing,
        fingerprint: public.as_ref().map(crate::keys::PublicKey::fingerprint),
        public_key: public.map(|public| public.to_pem()),
        firmware_reads_as_is: as_is,
        device_id: manifest.as_ref().and_then(|manifest| manifest.device_id),
        manifest_fingerprint: manifest.and_then(|manifest| manifest.fingerprint),
    })
}

/// The manifest beside the file, where it describes these bytes.
fn manifest_of(path: &Path, sha256: &str) -> Option<Manifest> {
    let manifest: Manifest = manifest_beside(path).ok()??.manifest.ok()?;
    Some(manifest).filter(|manifest| manifest.sha256 == sha256)
}
