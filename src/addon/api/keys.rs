//! Exports the functions that read and write the key in a Duo: `backupKey`, `readKey`, `restoreKey`, `resetKey`.

use napi::bindgen_prelude::Buffer;
use napi::{Env, JsValue, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go, go_all, on_bus, plain, read, spawn};
use crate::addon::grammar::{BackupOptions, ReadKeyOptions, ResetOptions, RestoreOptions, passphrase};
use crate::error::{Code, Error};
use crate::workflow;

impl Given for BackupOptions {
    type Options = workflow::BackupOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::BackupOptions {
            target: self.which.target()?.unproven(None),
            file: self.file.map(Into::into),
            raw: self.raw.unwrap_or_default(),
            encrypt: self.passphrase.encrypt.unwrap_or_default(),
            passphrase: self.passphrase.given(),
            archive: self.archive,
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
}

impl Given for ReadKeyOptions {
    type Options = workflow::TargetOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::TargetOptions { target: self.which.target()?, timeout: self.timeout };
        Ok((options, self.which.usbip))
    }
}

impl Given for RestoreOptions {
    type Options = workflow::RestoreOptions;

    fn mapped(self) -> Mapped<Self> {
        if self.file.is_some() == self.key.is_some() {
            let message = "restoreKey needs a file, or a key, and not both";
            return Err(Error::new(Code::InvalidArgument, message).hint("give one of them"));
        }
        let options = workflow::RestoreOptions {
            target: self.which.target()?,
            file: self.file.unwrap_or_default().into(),
            key: self.key,
            leave: self.leave.unwrap_or_default(),
            allow_other_device: self.allow_other_device.unwrap_or_default(),
            archive: self.archive,
            no_backup: self.no_backup.unwrap_or_default(),
            accepts_key_loss: self.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            encrypt: self.encrypt.unwrap_or_default(),
            passphrase: passphrase(self.passphrase, self.passphrase_file),
            dry_run: self.dry_run.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
}

impl Given for ResetOptions {
    type Options = workflow::ResetOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::ResetOptions {
            target: self.which.target()?,
            archive: self.archive,
            no_backup: self.no_backup.unwrap_or_default(),
            accepts_key_loss: self.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            encrypt: self.encrypt.unwrap_or_default(),
            passphrase: passphrase(self.passphrase, self.passphrase_file),
            dry_run: self.dry_run.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
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
    go::<BackupOptions, _>(env, options, control, workflow::backup)
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
    go_all::<BackupOptions, _>(env, options, control, workflow::backup_all)
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
    let work = read(env, options).and_then(ReadKeyOptions::mapped);
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
    go::<RestoreOptions, _>(env, options, control, workflow::restore)
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
    go::<ResetOptions, _>(env, options, control, workflow::reset)
}
