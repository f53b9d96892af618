//! Exports the functions for the cloud that a Duo names: `showServerKey`, `setServerKey`, `restoreServerKey`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go};
use crate::addon::grammar::{
    ServerKeyRestoreOptions, ServerKeySetOptions, ServerKeyShowOptions, write_options,
};
use crate::workflow;

fn server_key_show_options(given: ServerKeyShowOptions) -> Mapped<workflow::ShowOptions> {
    let ServerKeyShowOptions { file, which, timeout } = given;
    let options = workflow::ShowOptions { target: which.target()?, file: file.map(Into::into), timeout };
    Ok((options, which.usbip))
}

fn server_key_set_options(given: ServerKeySetOptions) -> Mapped<workflow::ServerKeySetOptions> {
    let options = workflow::ServerKeySetOptions {
        write: write_options(&given.which, given.before, given.timeout)?,
        file: Some(given.file.into()),
        host: given.host,
        port: given.port,
        no_address: given.no_address.unwrap_or_default(),
        leave: given.leave.unwrap_or_default(),
    };
    Ok((options, given.which.usbip))
}

/// Without a file, the key and address are Particle's own.
fn server_key_restore_options(given: ServerKeyRestoreOptions) -> Mapped<workflow::ServerKeySetOptions> {
    let options = workflow::ServerKeySetOptions {
        write: write_options(&given.which, given.before, given.timeout)?,
        leave: given.leave.unwrap_or_default(),
        ..workflow::ServerKeySetOptions::default()
    };
    Ok((options, given.which.usbip))
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
    go(env, options, control, server_key_show_options, workflow::show_server_key)
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
    go(env, options, control, server_key_set_options, workflow::set_server_key)
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
    go(env, options, control, server_key_restore_options, workflow::set_server_key)
}
