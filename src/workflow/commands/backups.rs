//! `backups`: lists what the archive holds, and the other backups on this machine. Offline.

use std::path::{Path, PathBuf};

use crate::archive::{Archive, Entry, FileError, Survey};
use crate::dct::DeviceId;
use crate::error::Error;
use crate::journal::Operation;
use crate::workflow::context::Context;
use crate::workflow::record::backup::locate_archive;
use crate::workflow::record::journal::{operations, past, pasts};
use crate::workflow::record::kept::kept_elsewhere;

/// The options of `backups`.
#[derive(Clone, Debug, Default)]
pub struct BackupsOptions {
    /// The archive's folder.
    pub archive: Option<String>,
    /// Only the backups of this device.
    pub device: Option<DeviceId>,
}

/// What the archive holds, and which backups are known in other places.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "BackupsResult", rename_all = "camelCase")]
pub struct BackupsFound {
    /// The archive's folder; absolute. It may not exist.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub folder: PathBuf,
    /// The archive's contents.
    #[serde(flatten)]
    pub survey: Survey,
    /// Backups that were made on this machine in other places, if their files are unchanged. Empty if a folder was
    /// named.
    pub elsewhere: Vec<Entry>,
}

/// Looks through the archive, and, unless a folder was named, in the journal for backups in other places. A user with
/// several archives means the one that is named. A folder that was typed has to exist; the default one is created with
/// the first backup.
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

/// What the journal knows of one device, or of all. If the journal cannot be read, the backups in the archive are still
/// listed.
fn known(context: Context<'_>, device: Option<DeviceId>) -> Vec<Operation> {
    let settled = match device {
        Some(id) => past(context, id).collect(),
        None => pasts(context),
    };
    settled.into_iter().chain(operations(context, None).unwrap_or_default()).collect()
}
