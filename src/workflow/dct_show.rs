//! `dct show`: the fields of a DCT as a table, of a Duo or of a file. Reads only, and shows no secret.

use std::path::PathBuf;

use super::dct_fields::{FieldReport, describe};
use super::device::{DeviceRef, Opened, Target};
use super::dump_file::{self, DumpFile};
use super::{Context, Timeout};
use crate::dct::{CopyRule, DeviceId, Dump, DumpKind, Half, WhichCopy};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{Fingerprint, Slot};

/// What `dct show` is asked for.
#[derive(Clone, Debug, Default)]
pub struct DctShowOptions {
    /// Which Duo, where no file is given.
    pub target: Target,
    /// A dump of a DCT.
    pub file: Option<PathBuf>,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// A DCT, described.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctInfo", rename_all = "camelCase")]
pub struct DctReport {
    /// What was read, and from where.
    pub kind: DumpKind,
    /// The copy that the fields are of, 0 or 1, of a whole DCT; absent if neither counts, or if which one does depends on
    /// the Duo's firmware.
    pub current_copy: Option<usize>,
    /// Both copies, of a whole DCT.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyReport>,
    /// True where every byte is zero, or 0xFF: what a Duo answers that cannot read its DCT.
    pub unreadable: bool,
    /// The fields, by offset.
    pub fields: Vec<FieldReport>,
}

/// One of the two copies of a whole DCT.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctCopyInfo", rename_all = "camelCase")]
pub struct CopyReport {
    /// Which one.
    pub copy: WhichCopy,
    /// What is in its place.
    #[serde(rename = "holds")]
    pub half: Half,
    /// The bootloaders whose firmware reads this copy, by their rule.
    pub read_by: Vec<CopyRule>,
    /// The fingerprint of the device's key in it.
    pub fingerprint: Option<Fingerprint>,
}

impl CopyReport {
    fn of(dump: &Dump<'_>, copy: WhichCopy) -> Option<Self> {
        let whole = dump.whole()?;
        let half = whole.copies()[copy.index()].half();
        let reads = |rule: &CopyRule| whole.current(*rule) == Some(copy.index());
        let slot = dump.of_copy(copy.index()).private_key_slot().map(Slot::classify);
        let key = slot.as_ref().filter(|_| half == Half::Copy).and_then(Slot::key);
        Some(Self {
            copy,
            half,
            read_by: CopyRule::ALL.into_iter().filter(reads).collect(),
            fingerprint: key.map(|read| read.key.public_key().fingerprint()),
        })
    }
}

/// The DCT of a Duo or of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctShowResult", rename_all = "camelCase")]
pub struct DctShown {
    /// The Duo, where it was read from one.
    pub device: Option<DeviceRef>,
    /// The file, where it was read from one; absolute.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub path: Option<PathBuf>,
    /// The device that it is of, where that is known.
    pub device_id: Option<DeviceId>,
    /// What is there.
    pub dct: DctReport,
}

impl DctReport {
    /// Describes a dump.
    pub(super) fn of(dump: &Dump<'_>, id: Option<DeviceId>) -> Self {
        Self {
            kind: dump.kind(),
            current_copy: dump.copy(),
            copies: WhichCopy::BOTH.into_iter().filter_map(|copy| CopyReport::of(dump, copy)).collect(),
            unreadable: dump.is_unreadable(),
            fields: describe(dump, id),
        }
    }
}

/// Reads the application section from a Duo or from a file, and describes its fields.
pub fn show_dct(context: Context<'_>, options: &DctShowOptions) -> Result<DctShown, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    if let Some(path) = &options.file {
        dump_file::no_device(&options.target)?;
        let file = DumpFile::read(path)?;
        let dump = file.dump().ok_or_else(|| {
            Error::new(Code::KeyUnrecognized, format!("{}: it is no dump of a DCT", plain_path(path)))
                .during("reading the file")
                .hint("a dump has 4,290, 8,423, 16,350, 16,384 or 32,768 bytes; for other files: duo-provision inspect FILE")
        })?;
        let device_id = file.device_id();
        let dct = DctReport::of(&dump, device_id);
        return Ok(DctShown { device: None, path: Some(dump_file::absolute(path)), device_id, dct });
    }
    let mut opened = Opened::find_any_board(context, &options.target, timeout)?;
    let snapshot = opened.section()?;
    let device_id = opened.device.device_id.or_else(|| snapshot.image().device_id());
    let dct = DctReport::of(&Dump::of_section(snapshot.image().bytes()), device_id);
    Ok(DctShown { device: Some(opened.device), path: None, device_id, dct })
}
