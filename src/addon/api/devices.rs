//! Exports the functions that find Duos and examine them: `listDevices`, `enterDfu`, `doctor`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go};
use crate::addon::grammar::{DfuOptions, DoctorOptions, ListOptions};
use crate::workflow::{self, AskOptions, EnterOptions, Target};

impl Given for ListOptions {
    type Options = workflow::ListOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::ListOptions { target: self.which.target()?, timeout: self.timeout };
        Ok((options, self.which.usbip))
    }
}

impl Given for DfuOptions {
    type Options = EnterOptions;

    fn mapped(self) -> Mapped<Self> {
        let target = Target::parse(self.device.as_deref(), self.path.as_deref())?.brought(None, self.wait);
        Ok((EnterOptions { target, timeout: self.timeout }, self.usbip))
    }
}

impl Given for DoctorOptions {
    type Options = workflow::DoctorOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::DoctorOptions {
            target: self.which.target()?,
            archive: self.archive,
            cloud: AskOptions {
                ask: self.cloud,
                api_url: self.api_url,
                allow_http: self.allow_http.unwrap_or_default(),
                allow_other_cloud: self.allow_other_cloud.unwrap_or_default(),
                token_file: self.token_file,
                token: self.token,
            },
            verify: self.verify.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
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
    go::<ListOptions, _>(env, options, control, workflow::list)
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
    go::<DfuOptions, _>(env, options, control, workflow::enter_dfu)
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
    go::<DoctorOptions, _>(env, options, control, workflow::doctor)
}
