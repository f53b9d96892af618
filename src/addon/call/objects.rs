//! Objects that JavaScript gives: their own properties alone, read once, whatever reading them does.
//!
//! A property that every object has by inheritance was set by nobody who calls (`Object.prototype.noBackup = true`), and
//! a getter may throw. Both are settled in JavaScript, where a throw can be caught, before Rust looks at anything.

use napi::Env;
use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};

use crate::error::{Code, Error};

/// Gives `{ copy }`, without a prototype, or `{ thrown }`, or `{ malformed }`: the name of a text with half of a
/// character, or with the U+FFFD that Node has in the place of bytes that are not UTF-8.
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

/// A copy of an options or control object; `what` names it in errors. Nothing at all is taken for an empty object.
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
