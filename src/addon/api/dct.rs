//! The functions of the API that read a DCT, and what they return beside `looked_at`.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::addon::call::{on_bus, read, settle};
use crate::addon::grammar;
use crate::workflow::{self, Target};

/// Saves the Duo's DCT to a new file: its application section, or both copies whole; read twice and compared, mode
/// 0600, synced and read back. It is a secret. Writes nothing to the Duo.
#[napi(ts_return_type = "Promise<DctBackupResult>")]
pub fn backup_dct<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DctBackupOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::DctBackupOptions| {
        let options = workflow::DctBackupOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: given.file.map(PathBuf::from),
            whole: given.whole.unwrap_or_default(),
            archive: given.archive,
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::backup_dct(context, &options))
    });
    settle(env, control, work)
}

/// Says what the fields of a DCT hold, of the attached Duo or of a file. Shows no secret: a private key as its
/// fingerprint, a claim code as being there or not. Reads only.
#[napi(ts_return_type = "Promise<DctShowResult>")]
pub fn show_dct<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DctShowOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::DctShowOptions| {
        let options = workflow::DctShowOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            file: given.file.map(PathBuf::from),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::show_dct(context, &options))
    });
    settle(env, control, work)
}

/// Says which cloud the attached Duo, or a file, names: the cloud's public key and its address. Reads only.
#[napi(ts_return_type = "Promise<ServerKeyShowResult>")]
pub fn show_server_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ServerKeyShowOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::ServerKeyShowOptions| {
        let options = workflow::ServerKeyShowOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            file: given.file.map(PathBuf::from),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| workflow::show_server_key(context, &options))
        }
    });
    settle(env, control, work)
}
