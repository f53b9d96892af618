//! Reads a cloud's reply to any question: it is an answer, a complaint, or nonsense.
//!
//! The answers are those of Particle's API, particle-iot/spark-server and Brewskey/spark-server. No HTTP here, no clock
//! and no token: a reply is read as plain data. The question reads an answer without a complaint:
//! [`provisioning`](super::provisioning), [`device_record`](super::device_record).

use std::time::Duration;

use serde_json::Value;

use super::excerpt::{excerpt, told};

/// What a cloud can be asked.
pub trait Question {
    /// The type of the answer.
    type Answer;

    /// True if the request changes something, so that it matters whether it arrived.
    const CHANGES: bool;

    /// The path below the API's URL, without a leading slash.
    fn path(&self) -> String;

    /// The body of a POST, `application/x-www-form-urlencoded`; `None` for a GET.
    fn form(&self) -> Option<String>;

    /// Judges a reply. `secret` (the token) is kept out of every text.
    fn judge(&self, reply: &Reply<'_>, secret: &str) -> Result<Self::Answer, Refusal>;
}

/// The part of a server's answer that is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Type`; only shown, never trusted.
    pub content_type: Option<&'a str>,
    /// `Location`.
    pub location: Option<&'a str>,
    /// How long `Retry-After` asks to wait.
    pub retry_after: Option<Duration>,
    /// The body, or the beginning of it.
    pub body: &'a [u8],
    /// True if `body` is only the beginning: the server sent more than is read, or stopped midway.
    pub truncated: bool,
}

/// The cloud answered, but did not give what was asked for.
///
/// Every text in it is an [`excerpt`]: printable, short, and without the token. If a variant does not say what its text
/// is, it is the cloud's own words, maybe empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 403, or the body says "Permission denied": the id is unknown, the device belongs to another account, or the
    /// product is not this account's. Servers do not say which.
    #[error("the cloud denied permission{}", told(.0))]
    PermissionDenied(String),
    /// 401, or `invalid_token`, or `invalid_grant`.
    #[error("the cloud does not accept the access token{}", told(.0))]
    TokenInvalid(String),
    /// `expired_token`.
    #[error("the access token has expired{}", told(.0))]
    TokenExpired(String),
    /// 403 or 404 with a complaint, to a question about a device: this account has no such device. Servers do not say
    /// whether another account has it.
    #[error("the cloud does not have this device for this account{}", told(.0))]
    UnknownDevice(String),
    /// 404 from particle-iot/spark-server, to a question about a device: it does not list the device. It lists a newly
    /// provisioned device only after its next start, but answers the device's handshake before that.
    #[error("the cloud does not list this device{}", told(.0))]
    UnlistedDevice(String),
    /// 404: mostly a wrong API URL.
    #[error("the cloud knows no such address (404){}", told(.0))]
    NotFound(String),
    /// The cloud read the request and does not like the key or the id in it.
    #[error("the cloud rejected the key: {0}")]
    KeyRejected(String),
    /// 408.
    #[error("the cloud gave up waiting for the request (408)")]
    Timeout,
    /// 429, with how long it asks to wait.
    #[error("the cloud asks for fewer requests (429){}", wait(*.0))]
    RateLimited(Option<Duration>),
    /// 5xx.
    #[error("the cloud has a problem of its own ({status}){}", told(.detail))]
    ServerError {
        /// The status code.
        status: u16,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
        /// The cloud's words, maybe empty.
        detail: String,
    },
    /// 3xx. Never followed: the token is for the first host only.
    #[error("the cloud redirects elsewhere ({status}){}; redirects are not followed", to(.location.as_ref()))]
    Redirect {
        /// The status code.
        status: u16,
        /// The new location, if the reply names one.
        location: Option<String>,
    },
    /// A reply about another device than the one asked about, with the id in it.
    #[error("the cloud answered for another device: {0}")]
    OtherDevice(String),
    /// An error that is none of the above.
    #[error("the cloud refused ({status}): {message}")]
    Refused {
        /// The status code.
        status: u16,
        /// The cloud's words.
        message: String,
    },
    /// Longer than the most that is read, so it is no answer to this question. With its status code.
    #[error("the cloud's answer ({0}) is far longer than any answer to this request")]
    TooLarge(u16),
    /// Something that is not an answer to the question: a web page, nothing, half a JSON text, …
    #[error("the cloud's answer makes no sense ({status}, {kind}){}", told(.excerpt))]
    Unexpected {
        /// The status code.
        status: u16,
        /// What it is instead.
        kind: Unexpected,
        /// Its beginning, maybe empty.
        excerpt: String,
    },
}

/// What an answer is that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unexpected {
    /// Nothing, or white space.
    Empty,
    /// A web page: a proxy, a login page, or a web server where the API was expected.
    Html,
    /// Text that is no JSON.
    NotJson,
    /// JSON that says neither yes nor no.
    OtherJson,
}

impl std::fmt::Display for Unexpected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Html => "a web page",
            Self::NotJson => "not JSON",
            Self::OtherJson => "JSON, but no answer",
        })
    }
}

impl Refusal {
    /// True if the same request may succeed later: 429 and 5xx.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::ServerError { .. })
    }

    /// True if the cloud says that it did not take the key of this very request.
    pub fn is_no(&self) -> bool {
        matches!(
            self,
            Self::PermissionDenied(_)
                | Self::TokenInvalid(_)
                | Self::TokenExpired(_)
                | Self::UnknownDevice(_)
                | Self::UnlistedDevice(_)
                | Self::NotFound(_)
                | Self::KeyRejected(_)
                | Self::RateLimited(_)
                | Self::Refused { .. }
        )
    }

    /// How long the cloud asks to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(retry_after) | Self::ServerError { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn to(location: Option<&String>) -> String {
    location.map(|l| format!(", to {l}")).unwrap_or_default()
}

fn wait(after: Option<Duration>) -> String {
    after.map(|d| format!("; it says to wait {} s", d.as_secs())).unwrap_or_default()
}

/// Reads a reply: returns the JSON of a 2xx without a complaint, `None` if the body is no JSON. `secret` (the token) is
/// kept out of every text. `particular` reads the complaints that only this question can cause; the `show` that it gets
/// makes their words fit to be shown. It is called after the check for complaints about the token, and before all other
/// checks.
///
/// A complaint in the body counts more than the status.
pub(super) fn read(
    reply: &Reply<'_>,
    secret: &str,
    particular: impl Fn(&Complaint, &dyn Fn(&str) -> String) -> Option<Refusal>,
) -> Result<Option<Value>, Refusal> {
    let show = |text: &str| excerpt(text.as_bytes(), secret);
    let success = (200..300).contains(&reply.status);
    if (300..400).contains(&reply.status) {
        return Err(Refusal::Redirect { status: reply.status, location: reply.location.map(show) });
    }
    if success && reply.truncated {
        return Err(Refusal::TooLarge(reply.status));
    }
    let json: Option<Value> = serde_json::from_slice(reply.body).ok();
    let complaint = json.as_ref().and_then(Complaint::find);
    let by_words = |complaint: &Complaint| {
        let about_token = complaint.about_token(&show);
        about_token.or_else(|| particular(complaint, &show)).or_else(|| complaint.denied(&show))
    };
    let by_status_alone = match reply.status {
        408 => Some(Refusal::Timeout),
        429 => Some(Refusal::RateLimited(reply.retry_after)),
        _ => None,
    };
    if let Some(refusal) = by_status_alone.or_else(|| by_words(complaint.as_ref()?)) {
        return Err(refusal);
    }
    if success && complaint.is_none() {
        return Ok(json);
    }
    let detail = match &complaint {
        Some(complaint) => show(&complaint.words()),
        None => excerpt(reply.body, secret),
    };
    Err(match (reply.status, complaint) {
        (401, _) => Refusal::TokenInvalid(detail),
        (403, _) => Refusal::PermissionDenied(detail),
        (404, _) => Refusal::NotFound(detail),
        (status @ 500..600, _) => Refusal::ServerError { status, retry_after: reply.retry_after, detail },
        (status, Some(_)) => Refusal::Refused { status, message: detail },
        (_, None) => unexpected(reply, json.is_some(), secret),
    })
}

/// An error found in a body.
pub(super) struct Complaint {
    /// The server's name for it, or its words.
    pub error: String,
    description: Option<String>,
    /// True if the body is a text and no object.
    pub is_text: bool,
}

impl Complaint {
    /// `error` (anything but `null` and `false`), a non-empty `errors`, `ok: false` or `success: false` in an
    /// object; any string but `"Success!"`.
    fn find(json: &Value) -> Option<Self> {
        let object = match json {
            Value::String(text) if text != "Success!" => {
                return Some(Self { error: text.clone(), description: None, is_text: true });
            }
            Value::Object(object) => object,
            _ => return None,
        };
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let description = text("error_description").or_else(|| text("info")).or_else(|| text("message"));
        let named = object.get("error").filter(|e| !matches!(e, Value::Null | Value::Bool(false)));
        let several = object.get("errors").filter(|e| e.as_array().is_none_or(|list| !list.is_empty()));
        if let Some(error) = named.or(several.filter(|e| !e.is_null())) {
            return Some(Self { error: plain(error), description, is_text: false });
        }
        let denied = |name: &str| object.get(name) == Some(&Value::Bool(false));
        let not_ok = ["ok", "success"].into_iter().find(|name| denied(name))?;
        Some(Self { error: format!("{not_ok}: false"), description, is_text: false })
    }

    /// Its full text.
    pub fn words(&self) -> String {
        match &self.description {
            Some(description) => format!("{}: {description}", self.error),
            None => self.error.clone(),
        }
    }

    /// The refusal if the complaint is about the token, with any status.
    fn about_token(&self, show: &dyn Fn(&str) -> String) -> Option<Refusal> {
        let error = self.error.to_ascii_lowercase();
        let detail = show(self.description.as_deref().filter(|text| !text.is_empty()).unwrap_or(&self.error));
        // particle-iot/spark-server says `invalid_grant`, with 400. Nothing logs in here, so that can only mean the
        // token.
        let about_token = matches!(error.as_str(), "invalid_token" | "invalid_grant");
        if error == "expired_token" || (about_token && self.said().contains("expired")) {
            return Some(Refusal::TokenExpired(detail));
        }
        about_token.then_some(Refusal::TokenInvalid(detail))
    }

    /// The refusal if the complaint is "Permission denied", with any status.
    fn denied(&self, show: &dyn Fn(&str) -> String) -> Option<Refusal> {
        let denied = self.said().contains("permission denied");
        denied.then(|| Refusal::PermissionDenied(show(&self.words())))
    }

    /// Its full text, in lower case.
    fn said(&self) -> String {
        let description = self.description.as_deref().unwrap_or_default();
        format!("{} {description}", self.error).to_ascii_lowercase()
    }
}

/// A JSON value as text: a string without its quotes, an object by its `message`.
pub(super) fn plain(value: &Value) -> String {
    let inner = value.get("message").unwrap_or(value);
    inner.as_str().map_or_else(|| inner.to_string(), str::to_owned)
}

/// Classifies an answer that says neither yes nor no.
pub(super) fn unexpected(reply: &Reply<'_>, is_json: bool, secret: &str) -> Refusal {
    let text = reply.body.trim_ascii();
    let html = reply.content_type.is_some_and(|t| t.to_ascii_lowercase().contains("html"));
    let kind = match text.first() {
        None => Unexpected::Empty,
        Some(_) if is_json => Unexpected::OtherJson,
        Some(b'<') => Unexpected::Html,
        Some(_) if html => Unexpected::Html,
        Some(_) => Unexpected::NotJson,
    };
    Refusal::Unexpected { status: reply.status, kind, excerpt: excerpt(text, secret) }
}
