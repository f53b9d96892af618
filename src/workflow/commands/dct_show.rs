//! `dct show`: shows the fields of a DCT, of a Duo or of a file, as a table. Reads only, and shows no secret.

use crate::workflow::describe::dct::DctReport;
use std::path::PathBuf;

use crate::dct::{DeviceId, Dump};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::workflow::context::{Context, DeviceRef, ShowOptions};
use crate::workflow::device::opened::Opened;
use crate::workflow::input::dump_file::{self, DumpFile};

/// The DCT of a Duo or of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctShowResult", rename_all = "camelCase")]
pub struct DctShown {
    /// The Duo, if it was read from one.
    pub device: Option<DeviceRef>,
    /// The file, if it was read from one; absolute.
    #[serde(rename = "file", serialize_with = "crate::disk::lossy")]
    pub path: Option<PathBuf>,
    /// The device that it belongs to, if that is known.
    pub device_id: Option<DeviceId>,
    /// The fields.
    pub dct: DctReport,
}

/// Reads the application section from a Duo or from a file, and describes its fields.
pub fn show_dct(context: Context<'_>, options: &ShowOptions) -> Result<DctShown, Error> {
    let context = context.within(options.timeout)?;
    if let Some(path) = &options.file {
        dump_file::no_device(&options.target)?;
        let file = DumpFile::read(context, path)?;
        let dump = file.dump().ok_or_else(|| {
            let message = format!("{}: it is no dump of a DCT", plain_path(path));
            let unknown = Error::new(Code::KeyUnrecognized, message).hint(
                "a dump has 4,290, 8,423, 16,350, 16,384 or 32,768 bytes, or 1 MiB of the whole flash; for other files: \
                 duo-provision inspect FILE",
            );
            file.given.instead(path).unwrap_or(unknown).during("reading the file")
        })?;
        let device_id = file.device_id();
        let dct = DctReport::of(&dump, device_id);
        return Ok(DctShown { device: None, path: Some(dump_file::absolute(path)), device_id, dct });
    }
    let mut opened = Opened::find_any_board(context, &options.target)?;
    let snapshot = opened.section()?;
    let device_id = opened.device.device_id.or_else(|| snapshot.image().device_id());
    let dct = DctReport::of(&Dump::of_section(snapshot.image().bytes()), device_id);
    Ok(DctShown { device: Some(opened.device), path: None, device_id, dct })
}
