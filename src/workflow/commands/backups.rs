//! `backups`: what the archive holds, and what else was kept on this machine. Offline.

use std::path::{Path, PathBuf};

use crate::archive::{Archive, Entry, FileError, Survey};
use crate::dct::DeviceId;
use crate::error::Error;
use crate::journal::Operation;
use crate::workflow::context::Context;
use crate::workflow::record::backup::locate_archive;
use crate::workflow::record::journal::{operations, past, pasts};
use crate::workflow::record::kept::kept_elsewhere;

/// What `backups` is asked for.
#[derive(Clone, Debug, Default)]
pub struct BackupsOptions {
    /// The archive's folder.
    pub archive: Option<String>,
    /// Only the backups of this device.
    pub device: Option<DeviceId>,
}

/// What the archive holds, and what is known of other places.
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
    /// Backups in other places that were made on this machine, while their files are as they were written. Empty if a
    /// folder was named.
    pub elsewhere: Vec<Entry>,
}

/// Looks through the archive, and in the journal for backups in other places, unless the folder was named: whoever keeps
/// several archives means that one. A folder that was typed has to be there; the usual one comes with the first backup.
pub fn backups(context: Context<'_>, options: &BackupsOptions) -> Result<BackupsFound, Error> {
    let archive = locate_archive(context, options.archive.as_deref())?;
    if options.archive.is_some() && !archive.folder().exists() {
        return Err(FileError::NotFound(archive.folder().to_owned()).into());
    }
    let mut survey = archive.survey()?;
    let named = Archive::is_named(options.archive.as_deref().map(Path::new), &context.env);
    let known = if named { Vec::new() } else { known(context, options.device) };
    let mut elsewhere = kept_elsewhere(&known, &survey.entries);
    elsewhere.sort_by(|one, other| one.path.cmp(&other.path));
    let wanted = |entry: &Entry| options.device.is_none_or(|wanted| entry.device_id == Some(wanted));
    survey.entries.retain(wanted);
    elsewhere.retain(wanted);
    Ok(BackupsFound { folder: archive.folder().to_owned(), survey, elsewhere })
}

/// What the journal knows of a device, or of all. One that cannot be read hides no backup of the archive.
fn known(context: Context<'_>, device: Option<DeviceId>) -> Vec<Operation> {
    let settled = match device {
        Some(id) => past(context, id).collect(),
        None => pasts(context),
    };
    settled.into_iter().chain(operations(context, None).unwrap_or_default()).collect()
}
