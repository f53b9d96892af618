//! `inspect`: says what a file holds. Offline, and never shows a private number.

mod extract;

use std::path::{Path, PathBuf};

use self::extract::{Extract, Source};
use crate::archive::{Contents, Manifest, described_by, read_bounded, rfc3339, sha256_hex};
use crate::dct::{DeviceId, Dump, Field, WhichCopy};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{EncryptedKey, Fingerprint, Form, KeyError, KeyFile, Slot, firmware, to_utf8};
use crate::workflow::context::Context;
use crate::workflow::describe::dct::DctReport;
use crate::workflow::describe::server::ServerReport;
use crate::workflow::input::dump_file::{DumpFile, absolute};
use crate::workflow::input::key_file::READING;
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases};

/// How many bytes are read at most of a file that a manifest describes.
const MAX_DESCRIBED: u64 = 64 * 1024;

/// The hint for JSON of another program.
const OF_ANOTHER: &str = "it says nothing that is needed here; look at the key file beside it";

/// The options of `inspect`.
#[derive(Clone, Debug, Default)]
pub struct InspectOptions {
    /// The file.
    pub file: PathBuf,
    /// The passphrase; without it, an encrypted key is described without opening it.
    pub passphrase: PassphraseOptions,
    /// The copy of a whole DCT to look at, whether it counts or not.
    pub copy: Option<WhichCopy>,
    /// The field to take out.
    pub extract: Option<Field>,
    /// The file to write it to; beside the source file by default.
    pub out: Option<PathBuf>,
}

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "FileKind", rename_all = "kebab-case")]
pub enum FileKind {
    /// A device's private key, in any form.
    PrivateKey,
    /// A device's public key.
    PublicKey,
    /// A cloud's public key, with or without an address.
    ServerKey,
    /// A DCT, or a part of one.
    Dct,
    /// The manifest of a backup.
    Manifest,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "InspectResult", rename_all = "camelCase")]
pub struct Inspection {
    /// The file; absolute.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: PathBuf,
    /// The kind of the file.
    pub kind: FileKind,
    /// True if it holds a device's private key.
    pub private: bool,
    /// The encoding, in words.
    pub form: String,
    /// How a key is encrypted, in words; absent if it is not encrypted.
    pub encryption: Option<String>,
    /// Bytes of trailing data after a key.
    pub trailing: usize,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits: of the device's key, or of the cloud's if the
    /// file holds a cloud's key. Absent if a dump holds no key, and for an encrypted key without its passphrase.
    pub fingerprint: Option<Fingerprint>,
    /// The device's public key as PEM.
    pub public_key: Option<String>,
    /// Whether the Duo's firmware would read exactly these bytes as this key; absent without a private key. A restore
    /// writes the form that the firmware reads.
    pub firmware_reads_as_is: Option<bool>,
    /// The device that it belongs to, from the manifest beside it or from the DCT in it.
    pub device_id: Option<DeviceId>,
    /// The fields of a dump.
    pub dct: Option<DctReport>,
    /// The cloud's key and address, from a dump or a file with a cloud's key.
    pub server: Option<ServerReport>,
    /// What a manifest says, and whether it is true.
    pub manifest: Option<ManifestReport>,
    /// The key that the manifest beside the file names.
    pub manifest_fingerprint: Option<Fingerprint>,
    /// The file that the field was written to; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub extracted: Option<PathBuf>,
}

/// What a manifest says, and whether it is true.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ManifestInfo", rename_all = "camelCase")]
pub struct ManifestReport {
    /// What the backup contains.
    pub contents: Contents,
    /// Size of the backup in bytes.
    pub length: u32,
    /// When the bytes were read, RFC 3339.
    pub created_at: Option<String>,
    /// True for a backup of a virtual Duo.
    pub simulated: bool,
    /// The file beside the manifest; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub file: Option<PathBuf>,
    /// Whether that file has the bytes that the manifest describes.
    pub matches: Option<bool>,
}

/// Reads a file and describes it; takes a field out of it, if requested. Never asks for a passphrase.
pub fn inspect(context: Context<'_>, options: &InspectOptions) -> Result<Inspection, Error> {
    if options.out.is_some() && options.extract.is_none() {
        return Err(Error::invalid("--out names a file for a field, and no field is named")
            .hint("name it with --extract FIELD, device-private-key for one"));
    }
    let path = &options.file;
    let file = DumpFile::read(context, path)?;
    let (inspection, source) = describe(context, options, &file)?;
    if options.copy.is_some() && !matches!(&source, Source::Dump(dump) if dump.whole().is_some()) {
        return Err(Error::invalid("--copy names a copy of a whole DCT, and the file is none")
            .hint("leave --copy out"));
    }
    let Some(field) = options.extract else { return Ok(inspection) };
    let extract = Extract::take(&source, field)?;
    let extracted = extract.write(context, path, field, options.out.as_deref())?;
    Ok(Inspection { extracted: Some(extracted), ..inspection })
}

fn describe<'a>(
    context: Context<'_>,
    options: &InspectOptions,
    file: &'a DumpFile,
) -> Result<(Inspection, Source<'a>), Error> {
    let path = &options.file;
    let bytes = &file.given.bytes;
    let text = to_utf8(bytes);
    let text = text.as_ref().unwrap_or(bytes);
    if text.trim_ascii_start().starts_with(b"{") && !holds_key(bytes) {
        return Ok((of_manifest(path, bytes)?, Source::Other("a manifest")));
    }
    if let Some(dump) = file.dump() {
        let dump = options.copy.map_or(dump, |copy| dump.of_copy(copy.index()));
        return Ok((of_dump(path, file, &dump), Source::Dump(dump)));
    }
    match KeyFile::read(bytes) {
        Ok(key) => Ok((of_key(path, file, &key), Source::Key(Box::new(key)))),
        Err(KeyError::Encrypted) => of_encrypted(context, options, file),
        Err(error) => {
            if let Ok(server) = ServerReport::of_key_file(bytes) {
                return Ok((of_server_key(path, file, server), Source::Other("a cloud's public key")));
            }
            let unknown = || Error::key_file(&error, path);
            Err(file.given.instead(path).unwrap_or_else(unknown).during("reading the key file"))
        }
    }
}

/// Whether JSON that is not a manifest contains a key as PEM: for example, another cloud server's record of a device.
fn holds_key(bytes: &[u8]) -> bool {
    Manifest::is_foreign(bytes)
        && (!matches!(KeyFile::read(bytes), Err(KeyError::Json)) || ServerReport::of_key_file(bytes).is_ok())
}

fn blank(path: &Path, kind: FileKind, form: String) -> Inspection {
    Inspection {
        path: absolute(path),
        kind,
        private: false,
        form,
        encryption: None,
        trailing: 0,
        fingerprint: None,
        public_key: None,
        firmware_reads_as_is: None,
        device_id: None,
        dct: None,
        server: None,
        manifest: None,
        manifest_fingerprint: None,
        extracted: None,
    }
}

/// An encrypted key: described after opening it if the passphrase is given, else without opening it.
fn of_encrypted<'a>(
    context: Context<'_>,
    options: &InspectOptions,
    file: &'a DumpFile,
) -> Result<(Inspection, Source<'a>), Error> {
    let path = &options.file;
    let named = |error: KeyError| Error::key_file(&error, path).during(READING);
    let encrypted = EncryptedKey::read(&file.given.bytes).map_err(named)?;
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let given = passphrases.given().map_err(|error| error.during(READING))?;
    let opened = given.map(|passphrase| encrypted.open(&passphrase)).transpose().map_err(named)?;
    let key = opened.map(KeyFile::Private);
    let seen = match &key {
        Some(key) => of_key(path, file, key),
        None => Inspection {
            private: true,
            firmware_reads_as_is: Some(false),
            device_id: file.device_id(),
            manifest_fingerprint: file.manifest.as_ref().and_then(|manifest| manifest.fingerprint),
            ..blank(path, FileKind::PrivateKey, Form::Encrypted.to_string())
        },
    };
    let found = key.map_or(Source::Other("a key behind a passphrase that was not given"), |key| {
        Source::Key(Box::new(key))
    });
    Ok((Inspection { encryption: Some(encrypted.to_string()), ..seen }, found))
}

fn of_key(path: &Path, file: &DumpFile, key: &KeyFile) -> Inspection {
    let public = key.public_key();
    let (kind, form, trailing, as_is) = match key {
        KeyFile::Private(read) => {
            let reads = firmware::gate(&file.given.bytes, &read.key).is_ok();
            (FileKind::PrivateKey, read.form.to_string(), read.behind, Some(reads))
        }
        KeyFile::Public(_) => (FileKind::PublicKey, public_form(&file.given.bytes), 0, None),
    };
    Inspection {
        private: kind == FileKind::PrivateKey,
        trailing,
        fingerprint: Some(public.fingerprint()),
        public_key: Some(public.to_pem()),
        firmware_reads_as_is: as_is,
        device_id: file.device_id(),
        manifest_fingerprint: file.manifest.as_ref().and_then(|manifest| manifest.fingerprint),
        ..blank(path, kind, form)
    }
}

fn of_dump(path: &Path, file: &DumpFile, dump: &Dump<'_>) -> Inspection {
    let device_id = file.device_id();
    let slot = dump.private_key_slot().map(Slot::classify);
    let public = slot.as_ref().and_then(Slot::key).map(|read| read.key.public_key());
    let dct = DctReport::of(dump, device_id);
    Inspection {
        private: public.is_some() || dct.copies.iter().any(|copy| copy.fingerprint.is_some()),
        fingerprint: public.as_ref().map(crate::keys::PublicKey::fingerprint),
        firmware_reads_as_is: public.as_ref().map(|_| matches!(slot, Some(Slot::Key(_)))),
        public_key: public.map(|public| public.to_pem()),
        device_id,
        dct: Some(dct),
        server: ServerReport::of_dump(dump, device_id),
        ..blank(path, FileKind::Dct, dump_form(dump))
    }
}

fn public_form(bytes: &[u8]) -> String {
    if Manifest::is_foreign(bytes) { "PEM in another program's JSON" } else { "SubjectPublicKeyInfo" }
        .to_owned()
}

/// The kind of the dump, and where it was found.
fn dump_form(dump: &Dump<'_>) -> String {
    let kind = dump.kind();
    dump.address().map_or_else(
        || kind.to_string(),
        |at| format!("{kind}, at {at:#010x} in an image of the whole flash"),
    )
}

fn of_server_key(path: &Path, file: &DumpFile, server: ServerReport) -> Inspection {
    let form = if server.names_address {
        "SubjectPublicKeyInfo of RSA-2048, with an address behind it"
    } else {
        "SubjectPublicKeyInfo of RSA-2048"
    };
    Inspection {
        fingerprint: server.fingerprint,
        device_id: file.device_id(),
        server: Some(server),
        ..blank(path, FileKind::ServerKey, form.to_owned())
    }
}

fn of_manifest(path: &Path, bytes: &[u8]) -> Result<Inspection, Error> {
    let manifest = Manifest::parse(bytes).map_err(|error| {
        let name = plain_path(path);
        let (message, hint) = if Manifest::is_foreign(bytes) {
            (
                format!(
                    "{name}: it is another program's JSON: no manifest of duo-provision, and no key is in it"
                ),
                OF_ANOTHER,
            )
        } else {
            (format!("{name}: {error}"), "a backup is good without its manifest: look at the backup itself")
        };
        Error::new(Code::ManifestInvalid, message).during("reading the manifest").hint(hint)
    })?;
    let file = described_by(path);
    let matches = file.as_ref().map(|file| {
        read_bounded(file, MAX_DESCRIBED).is_ok_and(|bytes| sha256_hex(&bytes) == manifest.sha256)
    });
    Ok(Inspection {
        fingerprint: manifest.fingerprint,
        device_id: manifest.device_id,
        manifest: Some(ManifestReport {
            contents: manifest.contents,
            length: manifest.length,
            created_at: rfc3339(&manifest.created_at),
            simulated: manifest.simulated,
            file: file.as_deref().map(absolute),
            matches,
        }),
        ..blank(path, FileKind::Manifest, "the manifest of a backup".to_owned())
    })
}
