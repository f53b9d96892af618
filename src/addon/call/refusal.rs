//! Says why options cannot be read, in JavaScript's terms.

use napi::bindgen_prelude::{JsObjectValue, Object, Unknown};
use napi::{Env, JsValue, ValueType};
use serde::de::DeserializeOwned;

/// Why `T` cannot be read from these options. `reason` is the deserializer's error.
pub(super) fn in_words<T: DeserializeOwned>(env: &Env, options: Unknown<'_>, reason: &str) -> String {
    if let Some(name) = quoted(reason, "unknown field `") {
        return format!("there is no option {name}");
    }
    if let Some(name) = quoted(reason, "missing field `") {
        return format!("the option {name} is missing");
    }
    let Some(name) = culprit::<T>(env, options, reason) else {
        return "they have to be an object".to_owned();
    };
    match reason.split_once("expected ") {
        Some((_, expected)) => format!("{name} has to be {}", words(expected)),
        None => format!("{name} is of a type that no option has"),
    }
}

/// The property that causes this error: without it, the error is another one, or none.
fn culprit<T: DeserializeOwned>(env: &Env, options: Unknown<'_>, reason: &str) -> Option<String> {
    if !matches!(options.get_type(), Ok(ValueType::Object)) {
        return None;
    }
    let mut options = options.coerce_to_object().ok()?;
    Object::keys(&options).ok()?.into_iter().find(|name| {
        let Ok(value) = options.get_named_property::<Unknown<'_>>(name) else { return true };
        let _ = options.delete_named_property(name);
        let without = env.from_js_value::<T, _>(options.to_unknown());
        let _ = options.set_named_property(name, value);
        without.err().is_none_or(|error| error.reason != reason)
    })
}

fn words(expected: &str) -> String {
    match expected {
        "a string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u16" => format!("a whole number from 0 to {}", u16::MAX),
        // The words of a closed list.
        other => other.replace('`', "'"),
    }
}

/// The text in backquotes after `before`.
fn quoted<'a>(reason: &'a str, before: &str) -> Option<&'a str> {
    reason.split_once(before)?.1.split_once('`').map(|(name, _)| name)
}
