//! `backups`: what the archive holds. Offline.

use std::path::PathBuf;

use crate::archive::{FileError, Survey};
use crate::dct::DeviceId;
use crate::error::Error;
use crate::workflow::context::Context;
use crate::workflow::record::backup::locate_archive;

/// What `backups` is asked for.
#[derive(Clone, Debug, Default)]
pub struct BackupsOptions {
    /// The archive's folder.
    pub archive: Option<String>,
    /// Only the backups of this device.
    pub device: Option<DeviceId>,
}

/// What the archive holds.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "BackupsResult", rename_all = "camelCase")]
pub struct BackupsFound {
    /// The archive's folder; absolute. It need not be there.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub folder: PathBuf,
    /// What is in it.
    #[serde(flatten)]
    pub survey: Survey,
}

/// Looks through the archive. A folder that was typed has to be there; the usual one comes with the first backup.
pub fn backups(context: Context<'_>, options: &BackupsOptions) -> Result<BackupsFound, Error> {
    let archive = locate_archive(context, options.archive.as_deref())?;
    if options.archive.is_some() && !archive.folder().exists() {
        return Err(FileError::NotFound(archive.folder().to_owned()).into());
    }
    let mut survey = archive.survey()?;
    survey.entries.retain(|entry| options.device.is_none_or(|wanted| entry.device_id == Some(wanted)));
    Ok(BackupsFound { folder: archive.folder().to_owned(), survey })
}
