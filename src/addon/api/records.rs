//! Exports the functions for backups and past operations: `listBackups`, `status`, `history`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go};
use crate::addon::grammar::{BackupsOptions, HistoryOptions, StatusOptions};
use crate::workflow;

fn backups_options(given: BackupsOptions) -> Mapped<workflow::BackupsOptions> {
    let device = given.device.as_deref().map(str::parse).transpose()?;
    Ok((workflow::BackupsOptions { archive: given.archive, device }, None))
}

fn status_options(given: StatusOptions) -> Mapped<workflow::StatusOptions> {
    let device = given.device.as_deref().map(str::parse).transpose()?;
    Ok((workflow::StatusOptions { device, dismiss: given.dismiss }, None))
}

fn history_options(given: HistoryOptions) -> Mapped<workflow::HistoryOptions> {
    let device = given.device.as_deref().map(str::parse).transpose()?;
    Ok((workflow::HistoryOptions { device, limit: given.limit }, None))
}

/// Lists the backups in the archive, by name, with the device and the key of each, and those that were saved in other
/// places on this machine. Needs no Duo.
///
/// @example
/// ```js
/// const { backups } = await listBackups()
/// ```
#[napi(
    ts_args_type = "options?: BackupsOptions, control?: Control",
    ts_return_type = "Promise<BackupsResult>"
)]
pub fn list_backups<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, backups_options, workflow::backups)
}

/// Says what was in flight when a process or a machine stopped, and what to type next. Reads the open operations in the
/// journal in the user's data directory. With `dismiss` it first dismisses what one operation left open, if that is
/// only whether a cloud took a key (else `CANNOT_DISMISS`). Needs no Duo.
///
/// @example
/// ```js
/// const { inFlight } = await status()
/// for (const { meaning, next } of inFlight) console.log(meaning, next)
/// ```
#[napi(ts_args_type = "options?: StatusOptions, control?: Control", ts_return_type = "Promise<StatusResult>")]
pub fn status<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, status_options, workflow::status)
}

/// Lists what was done to which Duo, the newest first. Reads the journal in the user's data directory. Needs no Duo.
///
/// @example
/// ```js
/// const { operations } = await history({ deviceId: '30001a000347343432313031', limit: 10 })
/// ```
#[napi(
    ts_args_type = "options?: HistoryOptions, control?: Control",
    ts_return_type = "Promise<HistoryResult>"
)]
pub fn history<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, history_options, workflow::history)
}
