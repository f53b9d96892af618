//! Reads objects from JavaScript safely: only their own properties, each once, whatever a getter does. Makes plain ones
//! from JSON, in which absent members are left out, never null.
//!
//! The caller did not set a property that every object inherits (`Object.prototype.noBackup = true`), and a getter may
//! throw. JavaScript code handles both, since it can catch a throw, before Rust reads anything.

use napi::Env;
use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};
use serde::Serialize;

use crate::error::{Code, Error};

/// Gives `{ copy }`, without a prototype, or `{ thrown }`, or `{ malformed }`: the name of a property whose text has
/// half of a character, or the U+FFFD that Node puts in place of bytes that are not UTF-8.
const COPY: &str = "(given) => {
    try {
        if (given === undefined || given === null) return { __proto__: null, copy: Object.create(null) };
        if (typeof given !== 'object' || Array.isArray(given)) return { __proto__: null, copy: given };
        const copy = Object.assign(Object.create(null), given);
        const broken = (value) => typeof value === 'string' && /\\p{Cs}|\\ufffd/u.test(value);
        const malformed = Object.keys(copy).find((key) => [copy[key]].flat().some(broken));
        return { __proto__: null, ...(malformed === undefined ? { copy } : { malformed }) };
    } catch (error) {
        let thrown = 'something that is no error';
        try { thrown = String(error); } catch {}
        return { __proto__: null, thrown };
    }
}";

/// A copy of an options or control object; `what` names it in errors. `undefined` and `null` count as an empty object.
pub(super) fn copied<'env>(
    env: &'env Env,
    given: Option<Unknown<'_>>,
    what: &str,
) -> Result<Unknown<'env>, Error> {
    let refused =
        |reason: &str| Error::new(Code::InvalidArgument, format!("{what} cannot be used: {reason}"));
    let defect = |error: napi::Error| Error::new(Code::Internal, error.reason.clone());
    let copy: Function<'_, Option<Unknown<'_>>, Object<'_>> = env.run_script(COPY).map_err(defect)?;
    let outcome = copy.call(given).map_err(defect)?;
    if let Some(reason) = outcome.get::<String>("thrown").map_err(defect)? {
        return Err(refused(&format!("reading them threw {reason}"))
            .hint("give a plain object, whose properties can be read"));
    }
    if let Some(name) = outcome.get::<String>("malformed").map_err(defect)? {
        return Err(refused(&format!("{name} is not UTF-8, or has U+FFFD in it"))
            .hint("Node has U+FFFD in the place of bytes that are not UTF-8, so such a name cannot be given: rename the file"));
    }
    outcome.get_named_property("copy").map_err(defect)
}

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
