//! What the API returns of files and of a Duo's DCT that were looked at.
//!
//! Only shapes and conversions: each type mirrors one of a workflow.

use napi_derive::napi;
use schemars::JsonSchema;

use super::results::{DuoInfo, optional, text};
use super::schema::words;
use crate::workflow;

/// What a file holds.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct InspectResult {
    /// The file; absolute.
    pub path: String,
    /// What kind of thing it is.
    #[napi(ts_type = "FileKind")]
    #[schemars(extend("enum" = words::FILE))]
    pub kind: String,
    /// True where it holds a device's private key.
    pub private: bool,
    /// The encoding, in words.
    pub form: String,
    /// How a key is encrypted, in words; absent where it is not.
    pub encryption: Option<String>,
    /// Bytes behind a key.
    pub trailing: u32,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits: of the device's key, or of a cloud's where
    /// the file is one. Absent where a dump holds no key, and for an encrypted key without its passphrase.
    pub fingerprint: Option<String>,
    /// The device's public key as PEM.
    pub public_key: Option<String>,
    /// Whether the Duo's firmware would read these very bytes as this key; absent without a private key. A
    /// restore writes the form that it does read.
    pub firmware_reads_as_is: Option<bool>,
    /// The device that it belongs to: as the manifest beside it names it, or the DCT in it.
    pub device_id: Option<String>,
    /// The fields of a dump.
    pub dct: Option<DctInfo>,
    /// The cloud's key and address, of a dump or of a cloud's key.
    pub server: Option<ServerKeyInfo>,
    /// What a manifest says, and whether it is so.
    pub manifest: Option<ManifestInfo>,
    /// The key that the manifest beside the file names.
    pub manifest_fingerprint: Option<String>,
    /// The file that the field was written to; absolute.
    pub extracted: Option<String>,
}

/// What a manifest says, and whether it is so.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ManifestInfo {
    /// What stands in the backup.
    #[napi(ts_type = "BackupContents")]
    #[schemars(extend("enum" = words::CONTENTS))]
    pub contents: String,
    /// Bytes of the backup.
    pub length: u32,
    /// When the bytes were read, RFC 3339.
    pub created_at: Option<String>,
    /// True for a virtual Duo's.
    pub simulated: bool,
    /// The file beside the manifest; absolute.
    pub file: Option<String>,
    /// Whether that file has the bytes that the manifest describes.
    pub matches: Option<bool>,
}

/// A DCT, described.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DctInfo {
    /// What was read, and from where.
    #[napi(ts_type = "DctDumpKind")]
    #[schemars(extend("enum" = words::DUMP))]
    pub kind: String,
    /// The copy that the fields are of, 0 or 1, of a whole DCT; absent if neither counts, or if which one does depends on
    /// the Duo's firmware.
    pub current_copy: Option<u32>,
    /// Both copies, of a whole DCT.
    pub copies: Option<Vec<DctCopyInfo>>,
    /// True where every byte is zero, or 0xFF: what a Duo answers that cannot read its DCT.
    pub unreadable: bool,
    /// The fields, by offset.
    pub fields: Vec<DctFieldInfo>,
}

/// One of the two copies of a whole DCT.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DctCopyInfo {
    /// Which one.
    #[napi(ts_type = "CopyName")]
    #[schemars(extend("enum" = words::COPY))]
    pub copy: String,
    /// What is in its place.
    #[napi(ts_type = "DctHalfKind")]
    #[schemars(extend("enum" = words::HALF))]
    pub holds: String,
    /// The bootloaders whose firmware reads this copy, by their rule.
    #[napi(ts_type = "Array<DctReader>")]
    #[schemars(extend("items" = serde_json::json!({ "type": "string", "enum": words::READER })))]
    pub read_by: Vec<String>,
    /// The fingerprint of the device's key in it.
    pub fingerprint: Option<String>,
}

/// A field of a DCT, described; nothing of what is secret in it is shown.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DctFieldInfo {
    /// Its name in the firmware's `dct.h`, with hyphens.
    pub name: String,
    /// Bytes from the start of the application section.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// What it holds, in words.
    pub description: String,
    /// The fingerprint of the key in it.
    pub fingerprint: Option<String>,
}

/// A cloud's public key and its address.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ServerKeyInfo {
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits; absent where there is no key to be used.
    pub fingerprint: Option<String>,
    /// True where it is the key of Particle's own cloud.
    pub particle: bool,
    /// Why there is no key to be used.
    pub key_problem: Option<String>,
    /// True where an address is named; otherwise it is the firmware's own.
    pub names_address: bool,
    /// The cloud's name or IPv4 address as it stands there; `$id` in it stands for the device id.
    pub host: Option<String>,
    /// The same for this very device, where it is known.
    pub connects_to: Option<String>,
    /// The TCP port.
    pub port: Option<u32>,
    /// Why the address cannot be used.
    pub address_problem: Option<String>,
}

/// The DCT of a Duo or of a file.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DctShowResult {
    /// The Duo, where it was read from one.
    pub device: Option<DuoInfo>,
    /// The file, where it was read from one; absolute.
    pub path: Option<String>,
    /// The device that it is of, where that is known.
    pub device_id: Option<String>,
    /// What is there.
    pub dct: DctInfo,
}

/// The cloud that a Duo or a file names.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ServerKeyShowResult {
    /// The Duo, where it was read from one.
    pub device: Option<DuoInfo>,
    /// The file, where it was read from one; absolute.
    pub path: Option<String>,
    /// What is there.
    pub server: ServerKeyInfo,
}

/// A size or an offset; none comes near what 32 bits hold.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<workflow::Inspection> for InspectResult {
    fn from(seen: workflow::Inspection) -> Self {
        Self {
            path: text(&seen.path),
            kind: seen.kind.name().to_owned(),
            private: seen.private,
            form: seen.form,
            encryption: seen.encryption,
            trailing: count(seen.trailing),
            fingerprint: optional(seen.fingerprint),
            public_key: seen.public_key,
            firmware_reads_as_is: seen.firmware_reads_as_is,
            device_id: optional(seen.device_id),
            dct: seen.dct.map(Into::into),
            server: seen.server.map(Into::into),
            manifest: seen.manifest.map(Into::into),
            manifest_fingerprint: optional(seen.manifest_fingerprint),
            extracted: seen.extracted.as_deref().map(text),
        }
    }
}

impl From<workflow::ManifestReport> for ManifestInfo {
    fn from(report: workflow::ManifestReport) -> Self {
        Self {
            contents: report.contents.name().to_owned(),
            length: report.length,
            created_at: report.created_at,
            simulated: report.simulated,
            file: report.file.as_deref().map(text),
            matches: report.matches,
        }
    }
}

impl From<workflow::DctReport> for DctInfo {
    fn from(report: workflow::DctReport) -> Self {
        let field = |field: workflow::FieldReport| DctFieldInfo {
            name: field.name,
            offset: count(field.offset),
            size: count(field.size),
            description: field.holds,
            fingerprint: optional(field.fingerprint),
        };
        Self {
            kind: report.kind.name().to_owned(),
            current_copy: report.current_copy.map(count),
            copies: Some(report.copies.into_iter().map(Into::into).collect())
                .filter(|copies: &Vec<_>| !copies.is_empty()),
            unreadable: report.unreadable,
            fields: report.fields.into_iter().map(field).collect(),
        }
    }
}

impl From<workflow::CopyReport> for DctCopyInfo {
    fn from(report: workflow::CopyReport) -> Self {
        Self {
            copy: report.copy.name().to_owned(),
            holds: report.half.name().to_owned(),
            read_by: report.read_by.iter().map(|rule| rule.name().to_owned()).collect(),
            fingerprint: optional(report.fingerprint),
        }
    }
}

impl From<workflow::ServerReport> for ServerKeyInfo {
    fn from(report: workflow::ServerReport) -> Self {
        Self {
            fingerprint: optional(report.fingerprint),
            particle: report.particle,
            key_problem: report.key_problem,
            names_address: report.names_address,
            host: report.host,
            connects_to: report.connects_to,
            port: report.port.map(Into::into),
            address_problem: report.address_problem,
        }
    }
}

impl From<workflow::DctShown> for DctShowResult {
    fn from(shown: workflow::DctShown) -> Self {
        Self {
            device: shown.device.map(Into::into),
            path: shown.path.as_deref().map(text),
            device_id: optional(shown.device_id),
            dct: shown.dct.into(),
        }
    }
}

impl From<workflow::ServerKeyShown> for ServerKeyShowResult {
    fn from(shown: workflow::ServerKeyShown) -> Self {
        Self {
            device: shown.device.map(Into::into),
            path: shown.path.as_deref().map(text),
            server: shown.server.into(),
        }
    }
}
