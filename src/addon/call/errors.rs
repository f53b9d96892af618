//! Converts errors to JavaScript's.

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, JsError, JsValue};

use super::objects::plain;
use crate::addon::error_name::ErrorName;
use crate::error::{Code, Error};

/// A JavaScript `Error` with the properties of a [`Problem`](crate::error::Problem) and its causes. `aborted` is the
/// reason of the operation's signal; it becomes the cause if the signal stopped the operation.
pub fn rejection(env: &Env, error: &Error, aborted: Option<Unknown<'_>>) -> napi::Error {
    let build = || -> napi::Result<Unknown<'_>> {
        let made = JsError::from(napi::Error::from_reason(error.to_string())).into_unknown(*env);
        let mut object: Object<'_> = made.coerce_to_object()?;
        object.set("name", ErrorName::of(error.code()).to_string())?;
        let problem = plain(env, &error.problem())?.coerce_to_object()?;
        for member in Object::keys(&problem)? {
            object.set(&member, problem.get::<Unknown<'_>>(&member)?)?;
        }
        if let (Code::Interrupted, Some(reason)) = (error.code(), aborted) {
            object.set("cause", reason)?;
        } else if let Some(cause) = std::error::Error::source(error) {
            let reason = napi::Error::<napi::Status>::from_reason(cause.to_string());
            object.set("cause", JsError::from(reason).into_unknown(*env))?;
        }
        Ok(object.to_unknown())
    };
    build().map_or_else(|failure| failure, napi::Error::from)
}
