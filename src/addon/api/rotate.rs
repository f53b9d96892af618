//! `rotateKey` and its result.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::addon::call::{on_bus, read, settle};
use crate::addon::grammar;
use crate::error::Error;
use crate::workflow::{self, Target};

/// Gives the Duo and the cloud a new key. The old key is backed up and the new one kept in the archive; `confirm` is
/// asked; the cloud is told; only when it has said that it took the key is the Duo written, read back and compared;
/// at last the pairing is proven by the Duo's own handshake, and the Duo leaves DFU mode. A refusal by the cloud
/// leaves both as they were. What was cut short is taken up, with the same new key, by the same call.
#[napi(ts_return_type = "Promise<RotateResult>")]
pub fn rotate_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "RotateOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared: Result<_, Error> = read(env, options).and_then(|given: grammar::RotateOptions| {
        let options = workflow::RotateOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait)
                .unproven(given.allow_unproven_address),
            product_id: given.product_id,
            api_url: given.api_url,
            allow_http: given.allow_http.unwrap_or_default(),
            token_file: given.token_file,
            token: given.token,
            no_verify: given.no_verify.unwrap_or_default(),
            server_key: given.server_key.map(PathBuf::from),
            host: given.host,
            port: given.port,
            archive: given.archive,
            dry_run: given.dry_run.unwrap_or_default(),
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| {
            on_bus(remote, usbip.as_deref(), |context| {
                workflow::rotate(context, &options, &workflow::make_key)
            })
        }
    });
    settle(env, control, work)
}
