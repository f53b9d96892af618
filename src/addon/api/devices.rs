//! Exports the functions that find Duos and examine them: `listDevices`, `enterDfu`, `doctor`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go};
use crate::addon::grammar::{DfuOptions, DoctorOptions, ListOptions};
use crate::workflow::{self, AskOptions, Target};

fn list_options(given: ListOptions) -> Mapped<workflow::TargetOptions> {
    let options = workflow::TargetOptions { target: given.which.target()?, timeout: given.timeout };
    Ok((options, given.which.usbip))
}

fn dfu_options(given: DfuOptions) -> Mapped<workflow::TargetOptions> {
    let target = Target::parse(given.device.as_deref(), given.path.as_deref())?.brought(None, given.wait);
    Ok((workflow::TargetOptions { target, timeout: given.timeout }, given.usbip))
}

fn doctor_options(given: DoctorOptions) -> Mapped<workflow::DoctorOptions> {
    let options = workflow::DoctorOptions {
        target: given.which.target()?,
        archive: given.archive,
        cloud: AskOptions { ask: given.cloud, cloud: given.which_cloud.into() },
        verify: given.verify.unwrap_or_default(),
        timeout: given.timeout,
    };
    Ok((options, given.which.usbip))
}

/// Lists the Duos: those in DFU mode with the fingerprints of their keys, and those that run their firmware. Reads
/// only. A Duo that cannot be opened or read is listed with the reason. If there are none, the list is empty.
///
/// @example
/// ```js
/// const { devices } = await listDevices()
/// for (const { path, deviceId, state, problem } of devices) console.log(path, deviceId, state, problem?.code)
/// ```
#[napi(ts_args_type = "options?: ListOptions, control?: Control", ts_return_type = "Promise<ListResult>")]
pub fn list_devices<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, list_options, workflow::list)
}

/// Puts a Duo that runs its firmware into DFU mode through its serial port, and waits until it is there. A Duo in DFU
/// mode is left alone. Neither its key nor anything else in its flash is touched.
///
/// @example
/// ```js
/// await enterDfu({ deviceId: '30001a000347343432313031' })
/// ```
#[napi(ts_args_type = "options?: DfuOptions, control?: Control", ts_return_type = "Promise<EnterDfuResult>")]
pub fn enter_dfu<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, dfu_options, workflow::enter_dfu)
}

/// Looks at every Duo in DFU mode, at the archive and at the journal, and says what is wrong and what to type. Asks the
/// cloud about each Duo if a token is given or `cloud` is true. With `verify` it proves that each Duo's key and its
/// cloud's are a pair. Reads only. Problems are findings, not errors, and so is a cloud that cannot be reached.
///
/// @example
/// ```js
/// const { problems, duos } = await doctor()
/// if (problems > 0) console.log(duos.flatMap(({ findings }) => findings.map(({ message }) => message)))
/// ```
#[napi(ts_args_type = "options?: DoctorOptions, control?: Control", ts_return_type = "Promise<DoctorResult>")]
pub fn doctor<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, doctor_options, workflow::doctor)
}
