//! Converts values to plain JavaScript objects through JSON: absent members are left out, never null.

use napi::Env;
use napi::bindgen_prelude::{Function, Unknown};
use serde::Serialize;

use crate::error::{Code, Error};

/// How JavaScript reads it: members that are null are removed.
pub(super) const PARSE: &str = "(text) => JSON.parse(text, (_, value) => value ?? undefined)";

/// A value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(Code::Internal, error.to_string()))
}

/// JSON as an object.
pub(super) fn parse<'env>(env: &'env Env, text: String) -> napi::Result<Unknown<'env>> {
    let parse: Function<'_, String, Unknown<'env>> = env.run_script(PARSE)?;
    parse.call(text)
}

/// A value as an object.
pub fn plain<'env>(env: &'env Env, value: &impl Serialize) -> napi::Result<Unknown<'env>> {
    let text = json(value).map_err(|error| napi::Error::from_reason(error.to_string()))?;
    parse(env, text)
}
