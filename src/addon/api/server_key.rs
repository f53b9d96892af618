//! The functions of the API that write other fields than the key, and what they return.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::addon::call::{on_bus, read, settle};
use crate::addon::grammar;
use crate::workflow::{self, Target};

/// Writes a cloud's public key and address to the Duo, so that it connects to that cloud: the DCT is backed up
/// first, and the write counts once it was read back and compared. A bare key keeps the address in the Duo.
#[napi(ts_return_type = "Promise<ServerKeyWriteResult>")]
pub fn set_server_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ServerKeySetOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::ServerKeySetOptions| {
        let options = workflow::ServerKeySetOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: Some(given.file.into()),
            host: given.host,
            port: given.port,
            no_address: given.no_address.unwrap_or_default(),
            leave: given.leave.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| workflow::set_server_key(context, &options))
        }
    });
    settle(env, control, work)
}

/// Writes the public key and the address of Particle's own cloud to the Duo, which are built in; otherwise as
/// `setServerKey`.
#[napi(ts_return_type = "Promise<ServerKeyWriteResult>")]
pub fn restore_server_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ServerKeyRestoreOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::ServerKeyRestoreOptions| {
        let options = workflow::ServerKeySetOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            leave: given.leave.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
            ..workflow::ServerKeySetOptions::default()
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| workflow::set_server_key(context, &options))
        }
    });
    settle(env, control, work)
}

/// Writes fields out of a dump back to the Duo, each in one block, each read back and compared; or, with `whole`, all
/// of the DCT as it was read. The DCT is backed up first. What holds the dump's bytes already is left alone, so the
/// same call goes on where one was cut short.
#[napi(ts_return_type = "Promise<DctRestoreResult>")]
pub fn restore_dct<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DctRestoreOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::DctRestoreOptions| {
        let options = workflow::DctRestoreOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: given.file.into(),
            fields: given.fields.unwrap_or_default(),
            whole: given.whole.unwrap_or_default(),
            leave: given.leave.unwrap_or_default(),
            allow_other_device: given.allow_other_device.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::restore_dct(context, &options))
    });
    settle(env, control, work)
}
