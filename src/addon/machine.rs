//! The machine itself: `udevRule` and `installUdevRule`.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use schemars::JsonSchema;

use super::grammar;
use super::results::text;
use super::run::{on_bus, read, spawn};
use crate::error::Error;
use crate::workflow;

/// The udev rule that lets users open a Duo without being root.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct UdevRule {
    /// Where it goes.
    pub path: String,
    /// The whole file.
    pub contents: String,
}

/// A udev rule that is in place, and that udev has taken up.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct UdevInstallResult {
    /// The file.
    pub path: String,
    /// False where it was there already, with these very contents.
    pub written: bool,
}

/// The udev rule (Linux) that lets whoever sits at the machine open a Duo, and that keeps ModemManager from its
/// serial port.
#[napi]
pub fn udev_rule() -> UdevRule {
    let workflow::UdevRule { path, contents } = workflow::udev_rule();
    UdevRule { path: text(&path), contents }
}

/// Writes the udev rule to /etc/udev/rules.d, as root, and has udev take it up (`udevadm`, the only program that is
/// ever started from here). A file of that name with other contents is left alone. Never becomes root by itself.
#[napi(ts_return_type = "Promise<UdevInstallResult>")]
pub fn install_udev_rule<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "UdevInstallOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, UdevInstallResult>> {
    let prepared: Result<_, Error> = read(env, options)
        .map(|given: grammar::UdevInstallOptions| workflow::Machine::at(given.root.map(Into::into)));
    let work = prepared.map(|machine| {
        move |remote: &_| on_bus(remote, None, |context| workflow::install_udev_rule(context, &machine))
    });
    spawn(env, control, work)
}

impl From<workflow::UdevInstalled> for UdevInstallResult {
    fn from(done: workflow::UdevInstalled) -> Self {
        Self { path: text(&done.path), written: done.written }
    }
}
