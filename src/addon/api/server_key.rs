//! Exports the functions for the cloud that a Duo names: `showServerKey`, `setServerKey`, `restoreServerKey`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go};
use crate::addon::grammar::{ServerKeyRestoreOptions, ServerKeySetOptions, ServerKeyShowOptions};
use crate::workflow;

impl Given for ServerKeyShowOptions {
    type Options = workflow::ShowOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::ShowOptions {
            target: self.which.target()?,
            file: self.file.map(Into::into),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
}

impl Given for ServerKeySetOptions {
    type Options = workflow::ServerKeySetOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::ServerKeySetOptions {
            target: self.which.target()?,
            file: Some(self.file.into()),
            host: self.host,
            port: self.port,
            no_address: self.no_address.unwrap_or_default(),
            leave: self.leave.unwrap_or_default(),
            archive: self.before.archive,
            no_backup: self.before.no_backup.unwrap_or_default(),
            accepts_key_loss: self.before.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: self.before.dry_run.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
}

impl Given for ServerKeyRestoreOptions {
    type Options = workflow::ServerKeySetOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::ServerKeySetOptions {
            target: self.which.target()?,
            leave: self.leave.unwrap_or_default(),
            archive: self.before.archive,
            no_backup: self.before.no_backup.unwrap_or_default(),
            accepts_key_loss: self.before.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
            dry_run: self.before.dry_run.unwrap_or_default(),
            timeout: self.timeout,
            ..workflow::ServerKeySetOptions::default()
        };
        Ok((options, self.which.usbip))
    }
}

/// Says which cloud the attached Duo, or a file, names: the cloud's public key and its address. Reads only.
///
/// @example
/// ```js
/// const { server } = await showServerKey()
/// console.log(server.particle, server.host)
/// ```
#[napi(
    ts_args_type = "options?: ServerKeyShowOptions, control?: Control",
    ts_return_type = "Promise<ServerKeyShowResult>"
)]
pub fn show_server_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go::<ServerKeyShowOptions, _>(env, options, control, workflow::show_server_key)
}

/// Writes a cloud's public key and address to the Duo, so that it connects to that cloud. The DCT is backed up first,
/// and the write succeeds only if it is read back and compared. With a file that has no address, the Duo keeps its own.
///
/// @example
/// ```js
/// await setServerKey({ file: 'server.pub.pem', host: 'cloud.example.org' })
/// ```
#[napi(
    ts_args_type = "options: ServerKeySetOptions, control?: Control",
    ts_return_type = "Promise<ServerKeyWriteResult>"
)]
pub fn set_server_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go::<ServerKeySetOptions, _>(env, options, control, workflow::set_server_key)
}

/// Writes the built-in public key and address of Particle's own cloud to the Duo; otherwise the same as `setServerKey`.
///
/// @example
/// ```js
/// await restoreServerKey({ leave: true })
/// ```
#[napi(
    ts_args_type = "options?: ServerKeyRestoreOptions, control?: Control",
    ts_return_type = "Promise<ServerKeyWriteResult>"
)]
pub fn restore_server_key<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go::<ServerKeyRestoreOptions, _>(env, options, control, workflow::set_server_key)
}
