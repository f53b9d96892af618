//! The machine itself: `udevRule` and `installUdevRule`.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::addon::call::{on_bus, plain, read, settle};
use crate::addon::grammar;
use crate::error::Error;
use crate::workflow;

/// The udev rule (Linux) that lets whoever sits at the machine open a Duo, and that keeps ModemManager from its
/// serial port.
#[napi(ts_return_type = "UdevRule")]
pub fn udev_rule(env: &Env) -> napi::Result<Unknown<'_>> {
    plain(env, &workflow::udev_rule())
}

/// Writes the udev rule to /etc/udev/rules.d, as root, and has udev take it up (`udevadm`, the only program that is
/// ever started from here). A file of that name with other contents is left alone. Never becomes root by itself.
#[napi(ts_return_type = "Promise<UdevInstallResult>")]
pub fn install_udev_rule<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "UdevInstallOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared: Result<_, Error> = read(env, options)
        .map(|given: grammar::UdevInstallOptions| workflow::Machine::at(given.root.map(Into::into)));
    let work = prepared.map(|machine| {
        move |remote: &_| on_bus(remote, None, |context| workflow::install_udev_rule(context, &machine))
    });
    settle(env, control, work)
}
