//! Exports the functions that send to a cloud and ask it: `provision`, `verifyPairing`, and both for all Duos.

use napi::{Env, Result};
use napi_derive::napi;
use serde::Deserialize;

use crate::addon::call::{Given, Mapped, Plain, Promised, go, go_all};
use crate::addon::grammar::{ProvisionOptions, VerifyOptions};
use crate::error::{Code, Error};
use crate::workflow;

impl Given for ProvisionOptions {
    type Options = workflow::ProvisionOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::ProvisionOptions {
            device_id: self.device_id.unwrap_or_default(),
            key_file: self.key_file,
            passphrase: self.passphrase.given(),
            from_device: self.from_device.unwrap_or_default(),
            verify: self.verify.unwrap_or_default(),
            server_key: self.server_key.map(Into::into),
            host: self.host,
            port: self.port,
            product_id: self.product_id,
            api_url: self.cloud.api_url,
            allow_http: self.cloud.allow_http.unwrap_or_default(),
            allow_other_cloud: self.cloud.allow_other_cloud.unwrap_or_default(),
            token_file: self.cloud.token_file,
            token: self.cloud.token,
            path: self.path,
            enter_dfu: self.enter_dfu.unwrap_or_default(),
            allow_unproven_address: self.allow_unproven_address.unwrap_or_default(),
            wait: self.wait.unwrap_or_default(),
            usbip: self.usbip.is_some(),
            dry_run: self.dry_run.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.usbip))
    }
}

impl Given for VerifyOptions {
    type Options = workflow::VerifyOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::VerifyOptions {
            target: self.which.target()?.unproven(None),
            key_file: self.key.map(Into::into),
            passphrase: self.passphrase.given(),
            server_key: self.server_key.map(Into::into),
            host: self.host,
            port: self.port,
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
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
    go::<One, _>(env, options, control, workflow::provision)
}

/// Options for one Duo. They must name it; for all Duos there is no name.
#[derive(Deserialize)]
#[serde(transparent)]
struct One(ProvisionOptions);

impl Given for One {
    type Options = workflow::ProvisionOptions;

    fn mapped(self) -> Mapped<Self> {
        if self.0.device_id.is_none() {
            let message = "the options cannot be used: the option deviceId is missing";
            return Err(Error::new(Code::InvalidArgument, message)
                .hint("the names and types of all options are in index.d.ts"));
        }
        self.0.mapped()
    }
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
    go_all::<ProvisionOptions, _>(env, options, control, workflow::provision_all)
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
    go::<VerifyOptions, _>(env, options, control, workflow::verify)
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
    go_all::<VerifyOptions, _>(env, options, control, workflow::verify_all)
}
