//! The functions of the API. Each checks its options, hands them to a workflow, and decides nothing.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::grammar;
use super::kept::{BackupsResult, HistoryResult, StatusResult};
use super::looked_at::InspectResult;
use super::results::{
    BackupResult, EnterDfuResult, ListResult, ProvisionResult, ResetResult, RestoreResult, VerifyResult,
};
use super::run::{on_bus, read, spawn};
use crate::dct::WhichCopy;
use crate::error::Error;
use crate::workflow::{self, PassphraseOptions, Target};

/// What an options object says about a passphrase.
pub(super) fn passphrase(passphrase: Option<String>, file: Option<String>) -> PassphraseOptions {
    PassphraseOptions { passphrase: passphrase.map(Zeroizing::new), file }
}

/// The version of this package.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Lists the Duos in DFU mode with the fingerprints of their keys. Reads only. One that cannot be opened or
/// read is listed with the reason; none at all is an empty list.
#[napi(ts_return_type = "Promise<ListResult>")]
pub fn list_devices<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ListOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, ListResult>> {
    let prepared = read(env, options).and_then(|given: grammar::ListOptions| {
        let options = workflow::ListOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::list(context, &options))
    });
    spawn(env, control, work)
}

/// Puts a Duo that runs its firmware into DFU mode through its serial port, and waits until it is there. One that is
/// there already is left alone. Neither its key nor anything else in its flash is touched.
#[napi(ts_return_type = "Promise<EnterDfuResult>")]
pub fn enter_dfu<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DfuOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, EnterDfuResult>> {
    let prepared = read(env, options).and_then(|given: grammar::DfuOptions| {
        let options = workflow::EnterOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?.brought(None, given.wait),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::enter_dfu(context, &options))
    });
    spawn(env, control, work)
}

/// Saves the Duo's private key to a new file: read twice and compared, mode 0600, synced and read back, with
/// its public key and a manifest beside it. Writes nothing to the Duo.
#[napi(ts_return_type = "Promise<BackupResult>")]
pub fn backup_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "BackupOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, BackupResult>> {
    let prepared = read(env, options).and_then(|given: grammar::BackupOptions| {
        let options = workflow::BackupOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            file: given.file.map(PathBuf::from),
            raw: given.raw.unwrap_or_default(),
            encrypt: given.encrypt.unwrap_or_default(),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
            archive: given.archive,
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::backup(context, &options))
    });
    spawn(env, control, work)
}

/// Writes a saved private key to the Duo: what is there is backed up first, and the write counts once it was
/// read back and compared.
#[napi(ts_return_type = "Promise<RestoreResult>")]
pub fn restore_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "RestoreOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, RestoreResult>> {
    let prepared = read(env, options).and_then(|given: grammar::RestoreOptions| {
        let options = workflow::RestoreOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            file: given.file.into(),
            leave: given.leave.unwrap_or_default(),
            allow_other_device: given.allow_other_device.unwrap_or_default(),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            encrypt: given.encrypt.unwrap_or_default(),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::restore(context, &options))
    });
    spawn(env, control, work)
}

/// Erases the Duo's private key after a backup, verifies it and restarts the Duo, which then makes a new key
/// and has to be provisioned again.
#[napi(ts_return_type = "Promise<ResetResult>")]
pub fn reset_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ResetOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, ResetResult>> {
    let prepared = read(env, options).and_then(|given: grammar::ResetOptions| {
        let options = workflow::ResetOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            archive: given.archive,
            no_backup: given.no_backup.unwrap_or_default(),
            accepts_key_loss: given.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            encrypt: given.encrypt.unwrap_or_default(),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::reset(context, &options))
    });
    spawn(env, control, work)
}

/// Says what a file holds: a key in any form, a dump of a DCT, a cloud's public key, a manifest; and whether the
/// Duo's firmware would read the key. Takes one field out of a dump, to a new file. Needs no Duo.
#[napi(ts_return_type = "Promise<InspectResult>")]
pub fn inspect_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "InspectOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, InspectResult>> {
    let prepared = read(env, options).and_then(|given: grammar::InspectOptions| {
        let extract = given.extract.as_deref().map(str::parse).transpose()?;
        Ok(workflow::InspectOptions {
            file: given.file.into(),
            extract,
            copy: given.copy.map(|copy| match copy {
                grammar::CopyName::First => WhichCopy::First,
                grammar::CopyName::Second => WhichCopy::Second,
            }),
            out: given.out.map(PathBuf::from),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
        })
    });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::inspect(context, &options))
    });
    spawn(env, control, work)
}

/// Lists the backups in the archive, by name, with the device and the key of each. Needs no Duo.
#[napi(ts_return_type = "Promise<BackupsResult>")]
pub fn list_backups<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "BackupsOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, BackupsResult>> {
    let prepared = read(env, options).and_then(|given: grammar::BackupsOptions| {
        let device = given.device.as_deref().map(str::parse).transpose()?;
        Ok(workflow::BackupsOptions { archive: given.archive, device })
    });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::backups(context, &options))
    });
    spawn(env, control, work)
}

/// Says what was in flight when a process or a machine stopped, and what to type next: reads what is open in the
/// journal in the user's data directory. Needs no Duo.
#[napi(ts_return_type = "Promise<StatusResult>")]
pub fn status<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "StatusOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, StatusResult>> {
    let prepared = read(env, options).and_then(|given: grammar::StatusOptions| {
        let device = given.device.as_deref().map(str::parse).transpose()?;
        Ok(workflow::StatusOptions { device })
    });
    let work = prepared
        .map(|options| move |remote: &_| on_bus(remote, None, |context| workflow::status(context, &options)));
    spawn(env, control, work)
}

/// Lists what was done to which Duo, the newest first: reads the journal in the user's data directory. Needs no Duo.
#[napi(ts_return_type = "Promise<HistoryResult>")]
pub fn history<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "HistoryOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, HistoryResult>> {
    let prepared = read(env, options).and_then(|given: grammar::HistoryOptions| {
        let device = given.device.as_deref().map(str::parse).transpose()?;
        Ok(workflow::HistoryOptions { device, limit: given.limit })
    });
    let work = prepared.map(|options| {
        move |remote: &_| on_bus(remote, None, |context| workflow::history(context, &options))
    });
    spawn(env, control, work)
}

/// Sends the Duo's public key to the cloud, and succeeds when the cloud says that it took it.
#[napi(ts_return_type = "Promise<ProvisionResult>")]
pub fn provision<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "ProvisionOptions")] options: Unknown<'_>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, ProvisionResult>> {
    let prepared: Result<_, Error> = read(env, options).map(|given: grammar::ProvisionOptions| {
        let options = workflow::ProvisionOptions {
            device_id: given.device_id,
            key_file: given.key_file,
            passphrase: passphrase(given.passphrase, given.passphrase_file),
            from_device: given.from_device.unwrap_or_default(),
            product_id: given.product_id,
            api_url: given.api_url,
            allow_http: given.allow_http.unwrap_or_default(),
            token_file: given.token_file,
            token: given.token,
            path: given.path,
            enter_dfu: given.enter_dfu.unwrap_or_default(),
            allow_unproven_address: given.allow_unproven_address.unwrap_or_default(),
            wait: given.wait.unwrap_or_default(),
            usbip: given.usbip.is_some(),
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        (options, given.usbip)
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::provision(context, &options))
    });
    spawn(env, control, work)
}

/// Proves that the Duo's private key and the cloud's public key for it are a pair, by the Duo's own handshake.
/// Fulfilled only if the server has the private half of the server key that the Duo names, knows this device,
/// and knows it by the public half of this key. Writes nothing anywhere.
#[napi(ts_return_type = "Promise<VerifyResult>")]
pub fn verify_pairing<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "VerifyOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, VerifyResult>> {
    let prepared = read(env, options).and_then(|given: grammar::VerifyOptions| {
        let options = workflow::VerifyOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            key_file: given.key.map(PathBuf::from),
            passphrase: passphrase(given.passphrase, given.passphrase_file),
            server_key: given.server_key.map(PathBuf::from),
            host: given.host,
            port: given.port,
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::verify(context, &options))
    });
    spawn(env, control, work)
}
