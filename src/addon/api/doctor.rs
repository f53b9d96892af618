//! Exports `doctor`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go};
use crate::addon::grammar::DoctorOptions;
use crate::workflow::{self, AskOptions};

impl Given for DoctorOptions {
    type Options = workflow::DoctorOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::DoctorOptions {
            target: self.which.target()?,
            archive: self.archive,
            cloud: AskOptions {
                ask: self.cloud,
                api_url: self.api_url,
                allow_http: self.allow_http.unwrap_or_default(),
                allow_other_cloud: self.allow_other_cloud.unwrap_or_default(),
                token_file: self.token_file,
                token: self.token,
            },
            verify: self.verify.unwrap_or_default(),
            timeout: self.timeout,
        };
        Ok((options, self.which.usbip))
    }
}

/// Looks at every Duo in DFU mode, at the archive and at the journal, and says what is wrong and what to type. Asks the
/// cloud about each Duo if a token is given or `cloud` is true. With `verify` it proves that each Duo's key and its
/// cloud's are a pair. Reads only. Problems are findings, not errors, and so is a cloud that cannot be reached.
///
/// @example
/// ```js
/// const { problems, duos } = await doctor()
/// if (problems > 0) console.log(duos.flatMap(({ findings }) => findings.map(({ message }) => message)))
/// ```
#[napi(ts_args_type = "options?: DoctorOptions, control?: Control", ts_return_type = "Promise<DoctorResult>")]
pub fn doctor<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go::<DoctorOptions, _>(env, options, control, workflow::doctor)
}
