//! Exports the functions that find Duos: `listDevices`, `enterDfu`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go};
use crate::addon::grammar::{DfuOptions, ListOptions};
use crate::workflow::{self, Target};

impl Given for ListOptions {
    type Options = workflow::TargetOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::TargetOptions { target: self.which.target()?, timeout: self.timeout };
        Ok((options, self.which.usbip))
    }
}

impl Given for DfuOptions {
    type Options = workflow::TargetOptions;

    fn mapped(self) -> Mapped<Self> {
        let target = Target::parse(self.device.as_deref(), self.path.as_deref())?.brought(None, self.wait);
        Ok((workflow::TargetOptions { target, timeout: self.timeout }, self.usbip))
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
