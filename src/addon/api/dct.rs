//! Exports the functions that read and write the DCT: `backupDct`, `showDct`, `restoreDct`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go, go_all};
use crate::addon::grammar::{DctBackupOptions, DctRestoreOptions, DctShowOptions, write_options};
use crate::workflow;

fn dct_backup_options(given: DctBackupOptions) -> Mapped<workflow::DctBackupOptions> {
    let options = workflow::DctBackupOptions {
        target: given.which.target()?,
        file: given.file.map(Into::into),
        whole: given.whole.unwrap_or_default(),
        archive: given.archive,
        timeout: given.timeout,
    };
    Ok((options, given.which.usbip))
}

fn dct_show_options(given: DctShowOptions) -> Mapped<workflow::ShowOptions> {
    let DctShowOptions { file, which, timeout } = given;
    let options = workflow::ShowOptions { target: which.target()?, file: file.map(Into::into), timeout };
    Ok((options, which.usbip))
}

fn dct_restore_options(given: DctRestoreOptions) -> Mapped<workflow::DctRestoreOptions> {
    let options = workflow::DctRestoreOptions {
        write: write_options(&given.which, given.before, given.timeout)?,
        file: given.file.into(),
        fields: given.fields.unwrap_or_default(),
        whole: given.whole.unwrap_or_default(),
        leave: given.leave.unwrap_or_default(),
        allow_other_device: given.allow_other_device.unwrap_or_default(),
    };
    Ok((options, given.which.usbip))
}

/// Saves the Duo's DCT to a new file: its application section, or both copies whole. The DCT is read twice and
/// compared; the file is for its owner only, synced and read back. It is a secret. Writes nothing to the Duo.
///
/// @example
/// ```js
/// const { file } = await backupDct({ whole: true })
/// ```
#[napi(
    ts_args_type = "options?: DctBackupOptions, control?: Control",
    ts_return_type = "Promise<DctBackupResult>"
)]
pub fn backup_dct<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, dct_backup_options, workflow::backup_dct)
}

/// Does what `backupDct` does with every connected Duo, up to 16 at a time; each backup goes to the archive. The
/// promise is also fulfilled if some are not saved: `counts` and `duos` say so.
///
/// @example
/// ```js
/// const { counts } = await backupAllDcts({ whole: true })
/// console.log(`${counts.done} of ${counts.total} saved`)
/// ```
#[napi(
    ts_args_type = "options?: Omit<DctBackupOptions, 'file' | 'deviceId' | 'path' | 'wait'> & AllDuos, control?: Control",
    ts_return_type = "Promise<AllDctBackupResult>"
)]
pub fn backup_all_dcts<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go_all(env, options, control, dct_backup_options, workflow::backup_all_dcts)
}

/// Says what the fields of a DCT hold, from the attached Duo or from a file. Shows no secret: for a private key its
/// fingerprint, for a claim code only whether there is one. Reads only.
///
/// @example
/// ```js
/// const { dct } = await showDct({ file: 'whole.bin' })
/// for (const { name, description } of dct.fields) console.log(name, description)
/// ```
#[napi(
    ts_args_type = "options?: DctShowOptions, control?: Control",
    ts_return_type = "Promise<DctShowResult>"
)]
pub fn show_dct<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, dct_show_options, workflow::show_dct)
}

/// Writes fields of a dump back to the Duo, each in one block, each read back and compared; or, with `whole`, the whole
/// DCT as it was read. The DCT is backed up first. What holds the dump's bytes already is left alone, so the same call
/// continues an interrupted one.
///
/// @example
/// ```js
/// await restoreDct({ file: 'whole.bin', fields: ['server-public-key'] })
/// ```
#[napi(
    ts_args_type = "options: DctRestoreOptions, control?: Control",
    ts_return_type = "Promise<DctRestoreResult>"
)]
pub fn restore_dct<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, dct_restore_options, workflow::restore_dct)
}
