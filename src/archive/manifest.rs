//! Defines the JSON manifest beside a backup: what the bytes are, and from which device they came.
//!
//! A manifest is a claim about a file, not a part of it. The SHA-256 ties it to the bytes, and a key without its
//! manifest is still a key. It comes from outside, so it is bounded, and checked strictly where it is used.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dct::{CopyRule, DeviceId, DeviceIdSource};
use crate::disk::{shown, unfit_json};
use crate::keys::{Fingerprint, to_utf8};

/// The `format` that every manifest names.
pub const FORMAT: &str = "duo-provision backup";

/// The most bytes a manifest may have; a real one has about 600.
pub const MAX_BYTES: u64 = 16 * 1024;

/// The most bytes of a backup that are read in a search of the archive; a slot has 1,216, a whole DCT 32,768.
pub(super) const MAX_BACKUP_BYTES: u64 = 64 * 1024;

/// What is in the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "BackupContents", rename_all = "kebab-case")]
pub enum Contents {
    /// The device's private key.
    PrivateKey,
    /// The device's private key, encrypted with a passphrase: PKCS#8 with PBES2, as PEM.
    EncryptedPrivateKey,
    /// The bytes of a key slot that holds no key.
    RawSlot,
    /// The application section of the DCT, from address 0.
    Dct,
    /// The whole DCT, both copies.
    WholeDct,
}

impl Contents {
    /// True for a DCT or a part of it, false for the contents of a key slot.
    pub const fn is_dump(self) -> bool {
        matches!(self, Self::Dct | Self::WholeDct)
    }

    /// True if the file is a key and nothing else.
    pub const fn is_key_alone(self) -> bool {
        matches!(self, Self::PrivateKey | Self::EncryptedPrivateKey)
    }
}

/// Where the bytes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// They were read from the device.
    #[default]
    Device,
    /// A new key, made for the device by `rotate`. It was stored before the device got it; the manifest does not say
    /// whether the device did.
    NewKey,
}

impl Origin {
    /// True if it was read from a device; then the manifest has no `origin`.
    pub fn is_device(&self) -> bool {
        *self == Self::Device
    }
}

/// A backup's manifest, as it is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format; 1.
    pub version: u32,
    /// What is in the file.
    pub contents: Contents,
    /// Where the bytes come from.
    #[serde(default, skip_serializing_if = "Origin::is_device")]
    pub origin: Origin,
    /// The device that the bytes were read from or made for, if it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known.
    pub device_id_source: Option<DeviceIdSource>,
    /// SHA-256 of the SubjectPublicKeyInfo of the device's key in it, 64 hexadecimal digits.
    pub fingerprint: Option<Fingerprint>,
    /// The bootloader's generation, `r3-r4` or `r5-r6`.
    pub bootloader: String,
    /// For a whole DCT, the bootloaders whose rule decides which of its copies counts: `r3-r5` or `r6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_rule: Option<CopyRule>,
    /// True if the device was a simulated one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Offset in the DCT, in bytes; for a whole DCT, its address in the internal flash.
    pub offset: u32,
    /// Length in the DCT, in bytes.
    pub length: u32,
    /// SHA-256 of the file, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// When the bytes were read or made, RFC 3339 in UTC.
    pub created_at: String,
    /// The program and its version.
    pub tool: String,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of this shape.
    #[error("not a manifest of duo-provision: {0}")]
    Malformed(String),
    /// Another format or a newer version.
    #[error("format {0:?}, version {1}, is not known to this version of duo-provision")]
    Unknown(String, u32),
}

impl Manifest {
    /// Reads a manifest. Unknown members are ignored, so that later versions may add some.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let text = to_utf8(bytes);
        let manifest: Self = serde_json::from_slice(text.as_deref().map_or(bytes, Vec::as_slice))
            .map_err(|error| ManifestError::Malformed(unfit_json(&error)))?;
        if manifest.format == FORMAT && manifest.version == 1 {
            Ok(manifest)
        } else {
            Err(ManifestError::Unknown(shown(&manifest.format), manifest.version))
        }
    }

    /// True for valid JSON that is no manifest but another program's. False for a damaged manifest.
    pub fn is_foreign(bytes: &[u8]) -> bool {
        let text = to_utf8(bytes);
        serde_json::from_slice::<serde_json::Value>(text.as_deref().map_or(bytes, Vec::as_slice))
            .is_ok_and(|json| json.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT))
    }

    /// The file's text: indented JSON and a line feed.
    pub fn to_json(&self) -> String {
        // Plain strings and numbers cannot fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// SHA-256 of some bytes, 64 hexadecimal digits in lower case.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
