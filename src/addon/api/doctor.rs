//! `doctor` and its result.

use napi::Env;
use napi::bindgen_prelude::{Object, PromiseRaw, Unknown};
use napi_derive::napi;

use crate::addon::call::{on_bus, read, settle};
use crate::addon::grammar;
use crate::workflow::{self, AskOptions, Target};

/// Looks at every Duo in DFU mode, at the archive and at the journal, asks the cloud about each Duo where a token is
/// given or `cloud` is true, and says what is wrong and what to type. Reads only; problems are findings, not errors,
/// and so is a cloud that cannot be reached.
#[napi(ts_return_type = "Promise<DoctorResult>")]
pub fn doctor<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "DoctorOptions")] options: Option<Unknown<'_>>,
    #[napi(ts_arg_type = "Control")] control: Option<Object<'_>>,
) -> napi::Result<PromiseRaw<'env, Unknown<'env>>> {
    let prepared = read(env, options).and_then(|given: grammar::DoctorOptions| {
        let options = workflow::DoctorOptions {
            target: Target::parse(given.device.as_deref(), given.path.as_deref())?
                .brought(given.enter_dfu, given.wait),
            archive: given.archive,
            cloud: AskOptions {
                ask: given.cloud,
                api_url: given.api_url,
                allow_http: given.allow_http.unwrap_or_default(),
                token_file: given.token_file,
                token: given.token,
            },
            timeout: given.timeout,
        };
        Ok((options, given.usbip))
    });
    let work = prepared.map(|(options, usbip)| {
        move |remote: &_| on_bus(remote, usbip.as_deref(), |context| workflow::doctor(context, &options))
    });
    settle(env, control, work)
}
