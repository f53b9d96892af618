//! Exports the functions that send to a cloud and ask it: `provision`, `verifyPairing`, and both for all Duos.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go, go_all};
use crate::addon::grammar::{ProvisionOptions, VerifyOptions, passphrase, server};
use crate::error::{Code, Error};
use crate::workflow;

fn provision_options(given: ProvisionOptions) -> Mapped<workflow::ProvisionOptions> {
    let options = workflow::ProvisionOptions {
        device_id: given.device_id.unwrap_or_default(),
        key_file: given.key_file,
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
        from_device: given.from_device.unwrap_or_default(),
        verify: given.verify.unwrap_or_default(),
        server: server(given.server_key, given.host, given.port),
        product_id: given.product_id,
        cloud: given.cloud.into(),
        path: given.path,
        enter_dfu: given.enter_dfu.unwrap_or_default(),
        allow_unproven_address: given.allow_unproven_address.unwrap_or_default(),
        wait: given.wait.unwrap_or_default(),
        usbip: given.usbip.is_some(),
        dry_run: given.dry_run.unwrap_or_default(),
        timeout: given.timeout,
    };
    Ok((options, given.usbip))
}

fn verify_options(given: VerifyOptions) -> Mapped<workflow::VerifyOptions> {
    let options = workflow::VerifyOptions {
        target: given.which.target()?,
        key_file: given.key.map(Into::into),
        passphrase: passphrase(given.passphrase.passphrase, given.passphrase.passphrase_file),
        server: server(given.server_key, given.host, given.port),
        timeout: given.timeout,
    };
    Ok((options, given.which.usbip))
}

/// Sends the Duo's public key to the cloud. Succeeds if the cloud says that it took the key; with `verify`, only if a
/// handshake also proves it.
///
/// @example
/// ```js
/// await provision({ deviceId: '30001a000347343432313031', fromDevice: true })
/// ```
#[napi(
    ts_args_type = "options: ProvisionOptions, control?: Control",
    ts_return_type = "Promise<ProvisionResult>"
)]
pub fn provision<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, of_one, workflow::provision)
}

/// Options for one Duo. They must name it; for all Duos there is no name.
fn of_one(given: ProvisionOptions) -> Mapped<workflow::ProvisionOptions> {
    if given.device_id.is_none() {
        let message = "the options cannot be used: the option deviceId is missing";
        return Err(Error::new(Code::InvalidArgument, message)
            .hint("the names and types of all options are in index.d.ts"));
    }
    provision_options(given)
}

/// Does what `provision` does, with the own key of every connected Duo, up to 16 at a time. All Duos are read, then
/// `confirmAll` of the control is asked once, then the keys are sent. Two Duos with one id are not sent. The promise is
/// also fulfilled if some Duos failed: `counts` and `duos` say so.
///
/// @example
/// ```js
/// const { counts } = await provisionAll({ fromDevice: true }, { confirmAll: ({ duos }) => duos.length === 40 })
/// console.log(`${counts.done} of ${counts.total} sent`)
/// ```
#[napi(
    ts_args_type = "options: Omit<ProvisionOptions, 'deviceId' | 'keyFile' | 'passphrase' | 'passphraseFile' | 'path' | 'wait'> & AllDuos & { fromDevice: true }, control?: Control",
    ts_return_type = "Promise<AllProvisionResult>"
)]
pub fn provision_all<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go_all(env, options, control, provision_options, workflow::provision_all)
}

/// Proves that the Duo's private key and the cloud's public key for it are a pair, by the Duo's own handshake.
/// Fulfilled only if the server has the private half of the server key that the Duo names, knows this device, and knows
/// it by the public half of this key. Writes nothing anywhere.
///
/// @example
/// ```js
/// const { server } = await verifyPairing()
/// ```
#[napi(ts_args_type = "options?: VerifyOptions, control?: Control", ts_return_type = "Promise<VerifyResult>")]
pub fn verify_pairing<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, verify_options, workflow::verify)
}

/// Does what `verifyPairing` does with every connected Duo, up to 16 at a time. The promise is also fulfilled if some
/// pairs are not proven: `counts` and `duos` say so.
///
/// @example
/// ```js
/// const { counts } = await verifyAll()
/// console.log(`${counts.done} of ${counts.total} proven`)
/// ```
#[napi(
    ts_args_type = "options?: Omit<VerifyOptions, 'key' | 'passphrase' | 'passphraseFile' | 'deviceId' | 'path' | 'wait'> & AllDuos, control?: Control",
    ts_return_type = "Promise<AllVerifyResult>"
)]
pub fn verify_all<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go_all(env, options, control, verify_options, workflow::verify_all)
}
