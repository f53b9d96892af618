//! What is asked of a cloud to provision a device, and what its answer means.
//!
//! `POST {api}/v1/provisioning/{deviceID}` is not a documented call. Its fields are those of
//! particle-iot/device-provisioning-helper (`main.js`) and particle-cli; the answers are those of Particle's
//! API, particle-iot/spark-server and Brewskey/spark-server. No HTTP here, no clock and no token: a reply is
//! judged as plain data.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::excerpt::excerpt;

/// The product that Particle's cloud knows the Duo as (redbear/Duo, provisioning guide).
pub const DUO_PRODUCT_ID: u32 = 88;

/// The longest PEM taken, in bytes. An RSA-2048 public key has about 450.
const MAX_PEM: usize = 8 * 1024;

/// One device, one public key: what the cloud is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisioningRequest {
    device_id: String,
    public_key: String,
    product_id: u32,
    order_ms: u64,
}

/// Why a request cannot be made of what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The device id is not 24 hexadecimal digits.
    #[error("the device id is not 24 hexadecimal digits")]
    DeviceId,
    /// The PEM holds a private key. Brewskey's server may take one, so it is stopped here.
    #[error("this is a private key; only public keys are sent to the cloud")]
    PrivateKey,
    /// The text is not one PEM block `PUBLIC KEY` (`SubjectPublicKeyInfo`, RFC 7468 §13).
    #[error("this is not a public key in PEM form")]
    NotAPublicKey,
    /// Product 0 is the helper script's "not filled in".
    #[error("the product id is 0")]
    ProductId,
}

impl ProvisioningRequest {
    /// `device_id`: 24 hexadecimal digits, sent in lower case. `public_key`: a `SubjectPublicKeyInfo` as PEM.
    /// `now_ms`: milliseconds since 1970, the number in the order's name.
    pub fn new(
        device_id: &str,
        public_key: &str,
        product_id: u32,
        now_ms: u64,
    ) -> Result<Self, RequestError> {
        if device_id.len() != 24 || !device_id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(RequestError::DeviceId);
        }
        if product_id == 0 {
            return Err(RequestError::ProductId);
        }
        check_public_pem(public_key)?;
        Ok(Self {
            device_id: device_id.to_ascii_lowercase(),
            public_key: public_key.to_owned(),
            product_id,
            order_ms: now_ms,
        })
    }

    /// The device id, in lower case.
    pub fn device_id(&self) -> &str {
        &self.device_id
    }

    /// The product id.
    pub fn product_id(&self) -> u32 {
        self.product_id
    }

    /// The public key, as PEM.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The path below the API's URL, without a leading slash.
    pub fn path(&self) -> String {
        format!("v1/provisioning/{}", self.device_id)
    }

    /// The body's fields, in the order of the helper script, and `algorithm`, which particle-cli adds.
    pub fn fields(&self) -> [(&'static str, String); 6] {
        [
            ("deviceID", self.device_id.clone()),
            ("publicKey", self.public_key.clone()),
            ("order", format!("script_{}", self.order_ms)),
            ("filename", "script".to_owned()),
            ("product_id", self.product_id.to_string()),
            ("algorithm", "rsa".to_owned()),
        ]
    }

    /// The body, `application/x-www-form-urlencoded`.
    pub fn body(&self) -> String {
        let pairs = self.fields().map(|(name, value)| format!("{name}={}", form_encoded(&value)));
        pairs.join("&")
    }
}

fn check_public_pem(pem: &str) -> Result<(), RequestError> {
    if pem.contains("PRIVATE KEY") {
        return Err(RequestError::PrivateKey);
    }
    let base64 = pem
        .trim()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
        .filter(|_| pem.len() <= MAX_PEM)
        .ok_or(RequestError::NotAPublicKey)?;
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=\r\n".contains(&b);
    if !base64.trim().is_empty() && base64.bytes().all(is_base64) {
        Ok(())
    } else {
        Err(RequestError::NotAPublicKey)
    }
}

/// The byte serializer of `application/x-www-form-urlencoded` (WHATWG URL §5.2).
fn form_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}

/// A server's answer, as much of it as is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    /// The status code.
    pub status: u16,
    /// `Content-Type`; only ever shown, never trusted.
    pub content_type: Option<&'a str>,
    /// `Location`.
    pub location: Option<&'a str>,
    /// How long `Retry-After` asks to wait.
    pub retry_after: Option<Duration>,
    /// The body, or the beginning of it.
    pub body: &'a [u8],
    /// True where `body` is only the beginning: the server sent more than is read, or stopped midway.
    pub truncated: bool,
}

/// The cloud has the key: the status was 2xx *and* the body said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The status code, 200 to 299.
    pub status: u16,
    /// How the body said so.
    pub confirmation: Confirmation,
}

/// The three ways in which servers say that a device is provisioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// A JSON object without an `error` (Particle).
    NoError,
    /// The JSON string `"Success!"` (spark-server).
    Success,
    /// An object that names our device (Brewskey).
    Device,
}

/// The cloud answered, and the answer was not that the key was taken.
///
/// Every text in it is an [`excerpt`]: printable, short, and without the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 403, or the body says "Permission denied": the id is unknown, the device is another's, or the product
    /// is not the account's. Servers do not say which.
    #[error("the cloud denied permission{}", told(.detail))]
    PermissionDenied {
        /// The cloud's words, maybe empty.
        detail: String,
    },
    /// 401, or `invalid_token`.
    #[error("the cloud does not accept the access token{}", told(.detail))]
    TokenInvalid {
        /// The cloud's words, maybe empty.
        detail: String,
    },
    /// `expired_token`.
    #[error("the access token has expired{}", told(.detail))]
    TokenExpired {
        /// The cloud's words, maybe empty.
        detail: String,
    },
    /// 404: mostly a wrong API URL.
    #[error("the cloud knows no such address (404){}", told(.detail))]
    NotFound {
        /// The cloud's words, maybe empty.
        detail: String,
    },
    /// The cloud read the request and does not like the key or the id in it.
    #[error("the cloud rejected the key: {reason}")]
    KeyRejected {
        /// The cloud's words.
        reason: String,
    },
    /// 408.
    #[error("the cloud gave up waiting for the request (408)")]
    Timeout,
    /// 429.
    #[error("the cloud asks for fewer requests (429){}", wait(*.retry_after))]
    RateLimited {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
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
    /// 3xx. Never followed: the token belongs to the host it was given for.
    #[error("the cloud redirects elsewhere ({status}){}; redirects are not followed", to(.location.as_ref()))]
    Redirect {
        /// The status code.
        status: u16,
        /// Where to, if it says so.
        location: Option<String>,
    },
    /// A reply about another device than the one asked about.
    #[error("the cloud answered for another device: {id}")]
    OtherDevice {
        /// The id in the answer.
        id: String,
    },
    /// An error that is none of the above.
    #[error("the cloud refused ({status}): {message}")]
    Refused {
        /// The status code.
        status: u16,
        /// The cloud's words.
        message: String,
    },
    /// More than is read of any answer, which is no answer to this question.
    #[error("the cloud's answer ({status}) is far longer than any answer to this request")]
    TooLarge {
        /// The status code.
        status: u16,
    },
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

/// What a senseless answer is.
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
    /// True where the same request may succeed later: 429 and 5xx.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::ServerError { .. })
    }

    /// True where the cloud says that it did not take the key: of this very request.
    pub fn is_no(&self) -> bool {
        matches!(
            self,
            Self::PermissionDenied { .. }
                | Self::TokenInvalid { .. }
                | Self::TokenExpired { .. }
                | Self::NotFound { .. }
                | Self::KeyRejected { .. }
                | Self::RateLimited { .. }
                | Self::Refused { .. }
        )
    }

    /// How long the cloud asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::ServerError { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn told(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

fn to(location: Option<&String>) -> String {
    location.map(|l| format!(", to {l}")).unwrap_or_default()
}

fn wait(after: Option<Duration>) -> String {
    after.map(|d| format!("; it says to wait {} s", d.as_secs())).unwrap_or_default()
}

/// Judges a reply to a request about `device_id`. `secret` (the token) is kept out of every text.
///
/// Success takes both a 2xx status and a body that says so; a body that complains outweighs any status.
pub fn judge(device_id: &str, reply: &Reply<'_>, secret: &str) -> Result<Accepted, Refusal> {
    let show = |text: &str| excerpt(text.as_bytes(), secret);
    let success = (200..300).contains(&reply.status);
    if (300..400).contains(&reply.status) {
        return Err(Refusal::Redirect { status: reply.status, location: reply.location.map(show) });
    }
    if success && reply.truncated {
        return Err(Refusal::TooLarge { status: reply.status });
    }
    let json: Option<Value> = serde_json::from_slice(reply.body).ok();
    let complaint = json.as_ref().and_then(Complaint::find);
    if let Some(refusal) = by_status_alone(reply).or_else(|| complaint.as_ref()?.refusal(&show)) {
        return Err(refusal);
    }
    if success && complaint.is_none() {
        return confirmed(device_id, reply, json.as_ref(), secret);
    }
    let detail = match &complaint {
        Some(complaint) => show(&complaint.words()),
        None => excerpt(reply.body, secret),
    };
    Err(match (reply.status, complaint) {
        (401, _) => Refusal::TokenInvalid { detail },
        (403, _) => Refusal::PermissionDenied { detail },
        (404, _) => Refusal::NotFound { detail },
        (status @ 500..600, _) => Refusal::ServerError { status, retry_after: reply.retry_after, detail },
        (status, Some(_)) => Refusal::Refused { status, message: detail },
        (_, None) => unexpected(reply, json.is_some(), secret),
    })
}

/// Statuses whose meaning no body changes.
fn by_status_alone(reply: &Reply<'_>) -> Option<Refusal> {
    match reply.status {
        408 => Some(Refusal::Timeout),
        429 => Some(Refusal::RateLimited { retry_after: reply.retry_after }),
        _ => None,
    }
}

/// An error found in a body.
struct Complaint {
    error: String,
    description: Option<String>,
}

impl Complaint {
    /// `error` (anything but `null` and `false`), a non-empty `errors`, `ok: false` or `success: false` in an
    /// object; any string but `"Success!"`.
    fn find(json: &Value) -> Option<Self> {
        let object = match json {
            Value::String(text) if text != "Success!" => {
                return Some(Self { error: text.clone(), description: None });
            }
            Value::Object(object) => object,
            _ => return None,
        };
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        let description = text("error_description").or_else(|| text("info")).or_else(|| text("message"));
        let named = object.get("error").filter(|e| !matches!(e, Value::Null | Value::Bool(false)));
        let several = object.get("errors").filter(|e| e.as_array().is_none_or(|list| !list.is_empty()));
        if let Some(error) = named.or(several.filter(|e| !e.is_null())) {
            return Some(Self { error: plain(error), description });
        }
        let denied = |name: &str| object.get(name) == Some(&Value::Bool(false));
        let not_ok = ["ok", "success"].into_iter().find(|name| denied(name))?;
        Some(Self { error: format!("{not_ok}: false"), description })
    }

    fn words(&self) -> String {
        match &self.description {
            Some(description) => format!("{}: {description}", self.error),
            None => self.error.clone(),
        }
    }

    /// The refusal that the words alone make, whatever the status.
    fn refusal(&self, show: &dyn Fn(&str) -> String) -> Option<Refusal> {
        let error = self.error.to_ascii_lowercase();
        let description = self.description.as_deref().unwrap_or_default();
        let said = format!("{error} {}", description.to_ascii_lowercase());
        let detail = show(if description.is_empty() { &self.error } else { description });
        if error == "expired_token" || (error == "invalid_token" && said.contains("expired")) {
            return Some(Refusal::TokenExpired { detail });
        }
        if error == "invalid_token" {
            return Some(Refusal::TokenInvalid { detail });
        }
        if said.contains("permission denied") {
            return Some(Refusal::PermissionDenied { detail: show(&self.words()) });
        }
        let about_key = error.starts_with("key error")
            || error.contains("no key provided")
            || error.contains("no deviceid provided");
        about_key.then(|| Refusal::KeyRejected { reason: show(&self.words()) })
    }
}

/// A JSON value as text: a string without its quotes, an object by its `message`.
fn plain(value: &Value) -> String {
    let inner = value.get("message").unwrap_or(value);
    inner.as_str().map_or_else(|| inner.to_string(), str::to_owned)
}

/// A 2xx without a complaint: does it say yes, and for our device?
fn confirmed(
    device_id: &str,
    reply: &Reply<'_>,
    json: Option<&Value>,
    secret: &str,
) -> Result<Accepted, Refusal> {
    let confirmation = match json {
        Some(Value::String(_)) => Confirmation::Success,
        Some(Value::Object(object)) => {
            // Particle's and Brewskey's own names for it; a body that has none of them is Particle's.
            let ids = ["id", "deviceID", "device_id"].into_iter().filter_map(|name| object.get(name));
            let mut confirmation = Confirmation::NoError;
            for id in ids {
                if !id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(device_id)) {
                    return Err(Refusal::OtherDevice { id: excerpt(plain(id).as_bytes(), secret) });
                }
                confirmation = Confirmation::Device;
            }
            confirmation
        }
        other => return Err(unexpected(reply, other.is_some(), secret)),
    };
    Ok(Accepted { status: reply.status, confirmation })
}

fn unexpected(reply: &Reply<'_>, is_json: bool, secret: &str) -> Refusal {
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
