//! Fuzzes how a cloud's replies are judged: the reply to a key that was sent, and the reply to a question about a
//! device.
//!
//! Two bytes of status, one of flags, the lengths of two header fields, the fields, then the body.

use std::time::{Duration, SystemTime};

use duo_provision::cloud::device_record::RecordRequest;
use duo_provision::cloud::excerpt::MAX_CHARS;
use duo_provision::cloud::provisioning::judge;
use duo_provision::cloud::reply::{Question, Refusal, Reply};
use duo_provision::cloud::retry::retry_after;
use serde_json::Value;

use super::tape::Tape;

/// The device that the question is about.
pub const DEVICE: &str = "2a0048001951343334363138";
/// A token of no account; seeds hold it, so that mutations of them echo it.
pub const TOKEN: &str = "dead0123beef4567dead0123beef4567dead0123";

/// Judges one reply.
pub fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let (status, flags) = (tape.u16(), tape.u8());
    let lengths = [usize::from(tape.u8()), usize::from(tape.u8())];
    let [content_type, location] = lengths.map(|length| String::from_utf8_lossy(tape.take(length)));
    let wait = retry_after(&location, SystemTime::UNIX_EPOCH);
    let reply = Reply {
        status,
        content_type: (flags & 1 != 0).then_some(content_type.as_ref()),
        location: (flags & 2 != 0).then_some(location.as_ref()),
        retry_after: (flags & 4 != 0).then(|| wait.unwrap_or(Duration::from_secs(u64::from(flags)))),
        truncated: flags & 8 != 0,
        body: tape.rest(),
    };
    as_record(&reply);
    match judge(DEVICE, &reply, TOKEN) {
        Ok(accepted) => {
            assert!((200..300).contains(&status) && !reply.truncated, "{status}");
            assert_eq!(accepted.status, status);
            assert!(says_yes(reply.body), "{}", String::from_utf8_lossy(reply.body));
        }
        Err(refusal) => {
            shown_safely(&refusal.to_string());
            echoes_no_token(&format!("{refusal:?}"));
            assert_eq!(refusal.is_transient(), status == 429 || may_be_server_error(status, &refusal));
            assert!(refusal.retry_after().is_none_or(|wait| Some(wait) == reply.retry_after));
        }
    }
}

/// Judges the same reply as the answer to a question about a device.
fn as_record(reply: &Reply<'_>) {
    match RecordRequest::new(DEVICE).unwrap().judge(reply, TOKEN) {
        Ok(record) => {
            assert!((200..300).contains(&reply.status) && !reply.truncated, "{}", reply.status);
            let object: Value = serde_json::from_slice(reply.body).unwrap();
            assert!(object["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(DEVICE)));
            shown_safely(record.name.as_deref().unwrap_or_default());
            echoes_no_token(&format!("{record:?}"));
        }
        Err(refusal) => {
            shown_safely(&refusal.to_string());
            echoes_no_token(&format!("{refusal:?}"));
        }
    }
}

/// A narrow reading of "the body says so": the forms of the three servers, without any complaint in the body.
fn says_yes(body: &[u8]) -> bool {
    let object = match serde_json::from_slice(body) {
        Ok(Value::String(text)) => return text == "Success!",
        Ok(Value::Object(object)) => object,
        _ => return false,
    };
    let nothing = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let ours = |id: &Value| id.as_str().is_some_and(|id| id.to_ascii_lowercase() == DEVICE);
    object.get("error").is_none_or(nothing)
        && object.get("errors").is_none_or(empty)
        && ["ok", "success"].iter().all(|name| object.get(*name) != Some(&Value::Bool(false)))
        && ["id", "deviceID", "device_id"].iter().all(|name| object.get(*name).is_none_or(ours))
}

/// 5xx, unless the body says something more precise.
fn may_be_server_error(status: u16, refusal: &Refusal) -> bool {
    assert!(!matches!(refusal, Refusal::ServerError { .. }) || (500..600).contains(&status));
    matches!(refusal, Refusal::ServerError { .. })
}

fn shown_safely(text: &str) {
    echoes_no_token(text);
    assert!(text.chars().count() <= MAX_CHARS + 100, "{} characters", text.chars().count());
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', '\u{feff}']), "{text:?}");
}

fn echoes_no_token(text: &str) {
    assert!(!text.to_ascii_lowercase().contains(TOKEN), "{text}");
}
