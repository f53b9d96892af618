//! Exports the functions for the machine itself: `udevRule` and `installUdevRule`.

use napi::bindgen_prelude::Unknown;
use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go, plain};
use crate::addon::grammar::UdevInstallOptions;
use crate::workflow::{self, Machine};

fn udev_install_options(given: UdevInstallOptions) -> Mapped<Machine> {
    Ok((Machine::at(given.root.map(Into::into)), None))
}

/// The udev rule (Linux) that lets the user who sits at the machine open a Duo, and keeps ModemManager from its serial
/// port.
///
/// @example
/// ```js
/// const { file, contents } = udevRule()
/// ```
#[napi(ts_return_type = "UdevRule")]
pub fn udev_rule(env: &Env) -> Result<Unknown<'_>> {
    plain(env, &workflow::udev_rule())
}

/// Writes the udev rule to /etc/udev/rules.d, as root, and reloads udev's rules (with `udevadm`, the only program that
/// this package ever starts). An existing file with other contents is left alone. Never becomes root by itself.
///
/// @example
/// ```js
/// const { file, written } = await installUdevRule()
/// ```
#[napi(
    ts_args_type = "options?: UdevInstallOptions, control?: Control",
    ts_return_type = "Promise<UdevInstallResult>"
)]
pub fn install_udev_rule<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, udev_install_options, workflow::install_udev_rule)
}
