//! Exports the functions that read and write the key in a Duo: `backupKey`, `readKey`, `restoreKey`, `resetKey`,
//! `rotateKey`.

use napi::bindgen_prelude::Buffer;
use napi::{Env, JsValue, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go, go_all, on_bus, plain, read, spawn};
use crate::addon::grammar::{
    BackupOptions, ReadKeyOptions, ResetOptions, RestoreOptions, RotateOptions, passphrase, server,
    write_options,
};
use crate::error::{Code, Error};
use crate::workflow;

fn backup_options(given: BackupOptions) -> Mapped<workflow::BackupOptions> {
    let options = workflow::BackupOptions {
        target: given.which.target()?,
        file: given.file.map(Into::into),
        raw: given.raw.unwrap_or_default(),
        encrypt: given.passphrase.encrypt.unwrap_or_default(),
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
        archive: given.archive,
        timeout: given.timeout,
    };
    Ok((options, given.which.usbip))
}

fn read_key_options(given: ReadKeyOptions) -> Mapped<workflow::TargetOptions> {
    let options = workflow::TargetOptions { target: given.which.target()?, timeout: given.timeout };
    Ok((options, given.which.usbip))
}

fn restore_options(given: RestoreOptions) -> Mapped<workflow::RestoreOptions> {
    if given.file.is_some() == given.key.is_some() {
        let message = "restoreKey needs a file, or a key, and not both";
        return Err(Error::new(Code::InvalidArgument, message).hint("give one of them"));
    }
    let options = workflow::RestoreOptions {
        write: write_options(&given.which, given.before, given.timeout)?,
        file: given.file.unwrap_or_default().into(),
        key: given.key,
        leave: given.leave.unwrap_or_default(),
        allow_other_device: given.allow_other_device.unwrap_or_default(),
        encrypt: given.passphrase.encrypt.unwrap_or_default(),
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
    };
    Ok((options, given.which.usbip))
}

fn reset_options(given: ResetOptions) -> Mapped<workflow::ResetOptions> {
    let options = workflow::ResetOptions {
        write: write_options(&given.which, given.before, given.timeout)?,
        encrypt: given.passphrase.encrypt.unwrap_or_default(),
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
    };
    Ok((options, given.which.usbip))
}

fn rotate_options(given: RotateOptions) -> Mapped<workflow::RotateOptions> {
    let options = workflow::RotateOptions {
        target: given.which.target()?,
        product_id: given.product_id,
        cloud: given.cloud.into(),
        no_verify: given.no_verify.unwrap_or_default(),
        server: server(given.server_key, given.host, given.port),
        archive: given.archive,
        dry_run: given.dry_run.unwrap_or_default(),
        timeout: given.timeout,
    };
    Ok((options, given.which.usbip))
}

/// Saves the Duo's private key to a new file. The key is read twice and compared; the file is for its owner only,
/// synced and read back, with the public key and a manifest beside it. Writes nothing to the Duo.
///
/// @example
/// ```js
/// const { file, fingerprint } = await backupKey({ file: 'duo.der' })
/// ```
#[napi(ts_args_type = "options?: BackupOptions, control?: Control", ts_return_type = "Promise<BackupResult>")]
pub fn backup_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, backup_options, workflow::backup)
}

/// Does what `backupKey` does with every connected Duo, up to 16 at a time; each backup goes to the archive. The
/// promise is also fulfilled if some are not saved: `counts` and `duos` say so.
///
/// @example
/// ```js
/// const { counts, duos } = await backupAll()
/// for (const { path, problem } of duos) if (problem) console.error(path, problem.message)
/// ```
#[napi(
    ts_args_type = "options?: Omit<BackupOptions, 'file' | 'deviceId' | 'path' | 'wait'> & AllDuos, control?: Control",
    ts_return_type = "Promise<AllBackupResult>"
)]
pub fn backup_all<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go_all(env, options, control, backup_options, workflow::backup_all)
}

/// Reads the Duo's private key and returns its bytes: for code that stores keys itself, for example in a vault. Only
/// this function gives out a private key other than in a file, so treat the result as a secret. In all other cases use
/// `backupKey`. Writes nothing anywhere.
///
/// @example
/// ```js
/// const { key, fingerprint } = await readKey()
/// await vault.put(`duo/${fingerprint}`, key)
/// ```
#[napi(
    ts_args_type = "options?: ReadKeyOptions, control?: Control",
    ts_return_type = "Promise<ReadKeyResult>"
)]
pub fn read_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    let work = read(env, options).and_then(read_key_options);
    let work = work.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::read_key(context, &options))
    });
    spawn(env, control, work, |env, found: workflow::KeyRead| {
        let mut result = plain(env, &found)?.coerce_to_object()?;
        result.set("key", Buffer::from(found.key.as_slice()))?;
        Ok(result.to_unknown())
    })
}

/// Writes a saved private key to the Duo. The present key is backed up first, and the write succeeds only if it is read
/// back and compared.
///
/// @example
/// ```js
/// const { written, backupFile } = await restoreKey(
///   { file: 'duo.der', leave: true },
///   { confirm: (plan) => plan.evidence !== 'none' },
/// )
/// ```
#[napi(
    ts_args_type = "options: RestoreOptions & ({ file: string } | { key: Uint8Array }), control?: Control",
    ts_return_type = "Promise<RestoreResult>"
)]
pub fn restore_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, restore_options, workflow::restore)
}

/// Erases the Duo's private key after a backup, verifies that, and restarts the Duo. The Duo then makes a new key and
/// has to be provisioned again.
///
/// @example
/// ```js
/// const { backupFile } = await resetKey({ deviceId: '30001a000347343432313031' })
/// ```
#[napi(ts_args_type = "options?: ResetOptions, control?: Control", ts_return_type = "Promise<ResetResult>")]
pub fn reset_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, reset_options, workflow::reset)
}

/// Gives the Duo and the cloud a new key. The old key is backed up, and the new one is stored in the archive. `confirm`
/// is asked, and sees whether the old key and the cloud's are a pair. The new key is sent to the cloud, and this
/// machine proves with the Duo's own handshake that the cloud has it. Only then is the Duo written, read back and
/// compared, and it leaves DFU mode. If the cloud refuses, both stay as they were. The same call resumes an interrupted
/// one, with the same new key.
///
/// @example
/// ```js
/// const { fingerprint, newKeyFile } = await rotateKey({}, { signal: AbortSignal.timeout(120_000) })
/// ```
#[napi(ts_args_type = "options?: RotateOptions, control?: Control", ts_return_type = "Promise<RotateResult>")]
pub fn rotate_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, rotate_options, |context, options| {
        workflow::rotate(context, options, &workflow::make_key)
    })
}
