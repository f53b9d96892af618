//! Exports `rotateKey`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go};
use crate::addon::grammar::RotateOptions;
use crate::workflow;

impl Given for RotateOptions {
    type Options = workflow::RotateOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::RotateOptions {
            target: self.which.target()?,
            product_id: self.product_id,
            api_url: self.cloud.api_url,
            allow_http: self.cloud.allow_http.unwrap_or_default(),
            allow_other_cloud: self.cloud.allow_other_cloud.unwrap_or_default(),
            token_file: self.cloud.token_file,
            token: self.cloud.token,
            no_verify: self.no_verify.unwrap_or_default(),
            server_key: self.server_key.map(Into::into),
            host: self.host,
            port: self.port,
            archive: self.archive,
            dry_run: self.dry_run.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
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
    go::<RotateOptions, _>(env, options, control, |context, options| {
        workflow::rotate(context, options, &workflow::make_key)
    })
}
