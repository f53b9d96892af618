//! `rotateKey` and its result.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;
use schemars::JsonSchema;

use super::grammar;
use super::results::{DuoInfo, optional, text};
use super::run::{on_bus, read, spawn};
use crate::error::Error;
use crate::workflow::{self, Target};

/// A new key: the cloud took it, it is in the Duo, read back and compared, and was proven to pair.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct RotateResult {
    /// The Duo.
    pub device: DuoInfo,
    /// The device id that the cloud was told the key of.
    pub device_id: String,
    /// The key that was there, where there was one.
    pub previous_fingerprint: Option<String>,
    /// The key that is there now; absent in a dry run that would make one.
    pub fingerprint: Option<String>,
    /// Where the new key lies in the archive; absolute. Absent in a dry run.
    pub new_key_path: Option<String>,
    /// True where an earlier attempt, which was cut short, had made it.
    pub taken_up: bool,
    /// The backup of what was there; absolute.
    pub backup_path: Option<String>,
    /// The product id.
    pub product_id: u32,
    /// The cloud's API.
    pub api_url: String,
    /// Host and port where the pairing was proven (in a dry run: would be); absent with `noVerify`.
    pub server: Option<String>,
    /// False where the Duo held the new key already, and in a dry run.
    pub written: bool,
    /// True where nothing was to be changed.
    pub dry_run: bool,
}

/// Gives the Duo and the cloud a new key. The old key is backed up and the new one kept in the archive; `confirm` is
/// asked; the cloud is told; only when it has said that it took the key is the Duo written, read back and compared;
/// at last the pairing is proven by the Duo's own handshake, and the Duo leaves DFU mode. A refusal by the cloud
/// leaves both as they were. What was cut short is taken up, with the same new key, by the same call.
#[napi(ts_return_type = "Promise<RotateResult>")]
pub fn rotate_key<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "RotateOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, RotateResult>> {
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
    spawn(env, control, work)
}

impl From<workflow::RotateDone> for RotateResult {
    fn from(done: workflow::RotateDone) -> Self {
        Self {
            device: done.device.into(),
            device_id: done.device_id.to_string(),
            previous_fingerprint: optional(done.previous),
            fingerprint: optional(done.fingerprint),
            new_key_path: done.new_key.as_deref().map(text),
            taken_up: done.taken_up,
            backup_path: done.backup.as_deref().map(text),
            product_id: done.product_id,
            api_url: done.api_url,
            server: done.server,
            written: done.written,
            dry_run: done.dry_run,
        }
    }
}
