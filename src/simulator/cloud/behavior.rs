//! Computes the answers of the three servers, without sockets: here to `POST /v1/provisioning/{id}`, in `device_info`
//! to `GET /v1/devices/{id}`, and in `login` to `POST /oauth/token`.
//!
//! Written from the servers themselves (particle-iot/spark-server, Brewskey/spark-server, the errors in the
//! documentation of Particle's API), and independently of [`cloud`](crate::cloud), so that a mistake there is not
//! repeated here.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use rsa::PublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use serde_json::{Value, json};

use super::Options;
use super::device_info::{self, Known};
use super::login;

/// The key that device-provisioning-helper sends for every device (its `main.js`).
const GENERIC: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDBLiA/XITqywdja3J2dCPLfqcU
jdacNaGBys6Xz1TJCyq4NSUtr8RU7AkWP3e/ePKp5Lg/vJnEBo1Z8gPR1QMWAWup
Gqz+S9DxIBwCIeVXovZE6ZFRZ6m0dsCBnZ36UuME2vBS70cL6yzfu71fRDeGg4Lh
yr+GNspjRSDkqgeBUQIDAQAB
-----END PUBLIC KEY-----";

/// The error for a form without a key.
const NO_KEY: &str = "No key provided";

/// How long particle-iot's server waits before it answers about a device that is offline.
const OFFLINE_WAIT: Duration = Duration::from_millis(30_100);

/// The user of the token that is made at start.
pub const USER: &str = "you@simulated.invalid";

/// Which server is imitated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavor {
    /// Particle's API. Refuses other owners' devices.
    #[default]
    Particle,
    /// particle-iot/spark-server: takes the id from the body, answers `"Success!"`.
    Spark,
    /// Brewskey/spark-server: takes the id from the path unchanged, overwrites key and owner without asking, answers
    /// with the device.
    Brewskey,
}

/// A device that the cloud knew before it was provisioned here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// 24 hexadecimal digits.
    pub id: String,
    /// The user who claimed it.
    pub owner: Option<String>,
}

/// A device that was provisioned at a local cloud.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ProvisionedDevice", rename_all = "camelCase")]
pub struct Provisioned {
    /// The device id, as it was sent.
    pub device_id: String,
    /// The public key as PEM, as it was sent.
    pub public_key: String,
    /// The product id, as it was sent.
    pub product_id: Option<String>,
    /// The order, as it was sent.
    pub order: Option<String>,
    /// `filename`.
    #[serde(skip)]
    pub filename: Option<String>,
    /// `algorithm`.
    #[serde(skip)]
    pub algorithm: Option<String>,
    /// The user whose token it was.
    #[serde(skip)]
    pub user: String,
    /// When.
    #[serde(skip)]
    pub at: SystemTime,
}

/// The parts of a request that the servers read.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The text after the `?`, or nothing.
    pub query: &'a str,
    /// The `Authorization` field.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// How long the server takes to answer.
    pub after: Duration,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let content_type = "application/json; charset=utf-8";
        Self { status, content_type, body: body.to_string(), after: Duration::ZERO }
    }

    pub(super) fn error(status: u16, error: &str) -> Self {
        Self::json(status, &json!({ "error": error }))
    }
}

/// Everything that a local cloud knows. No `Debug`: it holds tokens.
pub(super) struct State {
    flavor: Flavor,
    pub token: String,
    users: HashMap<String, String>,
    expired: Vec<String>,
    owners: HashMap<String, Option<String>>,
    known_devices_only: bool,
    product_id: Option<u32>,
    offline_wait: Duration,
    pub provisioned: Vec<Provisioned>,
    /// The index of each device in `provisioned`, for lists of a hundred thousand.
    places: HashMap<String, usize>,
    /// The time of each device's last handshake, by id in lower case.
    heard: HashMap<String, SystemTime>,
    /// How often each device was turned away since its key was provisioned, by id in lower case.
    early: HashMap<String, u32>,
    /// The number of provisionings.
    pub total: usize,
}

type Form = HashMap<String, String>;

impl State {
    pub(super) fn new(options: &Options, token: String) -> Self {
        let mut users: HashMap<String, String> = options.accounts.iter().cloned().collect();
        users.insert(token.clone(), USER.to_owned());
        let owners = options.devices.iter().map(|d| (d.id.to_ascii_lowercase(), d.owner.clone()));
        Self {
            flavor: options.flavor,
            token,
            users,
            expired: options.expired_tokens.clone(),
            owners: owners.collect(),
            known_devices_only: options.known_devices_only,
            product_id: options.product_id,
            offline_wait: options.offline_wait.unwrap_or(OFFLINE_WAIT),
            provisioned: Vec::new(),
            places: HashMap::new(),
            heard: HashMap::new(),
            early: HashMap::new(),
            total: 0,
        }
    }

    /// The public key to encrypt to for a device that reports the id `id` and the key `own`; `None` if it is turned
    /// away.
    ///
    /// Particle's cloud replaces the generic key with the device's own one (RedBear's provisioning guide).
    /// particle-iot's server does not compare the keys; the others turn away a device with another key.
    pub(super) fn key_for_handshake(
        &mut self,
        id: &str,
        own: &PublicKey,
        now: SystemTime,
    ) -> Option<PublicKey> {
        let known = self.provisioned.iter_mut().find(|known| known.device_id.eq_ignore_ascii_case(id))?;
        let held = PublicKey::from_public_key_pem(known.public_key.trim()).ok()?;
        let key = if held == *own || self.flavor == Flavor::Spark {
            held
        } else if self.flavor == Flavor::Particle
            && held == PublicKey::from_public_key_pem(GENERIC.trim()).ok()?
        {
            known.public_key = own.to_public_key_pem(rsa::pkcs8::LineEnding::LF).ok()?;
            own.clone()
        } else {
            return None;
        };
        self.heard.insert(id.to_ascii_lowercase(), now);
        Some(key)
    }

    /// True for the first `times` calls since a key was provisioned.
    pub(super) fn is_early(&mut self, id: &str, times: u32) -> bool {
        let early = self.early.entry(id.to_ascii_lowercase()).or_insert(times);
        let is_early = *early < times;
        *early = early.saturating_add(1);
        is_early
    }

    /// Answers one request, and remembers its contents.
    pub(super) fn answer(&mut self, asked: &Asked<'_>, now: SystemTime) -> Answer {
        let one =
            |below: &str| asked.path.strip_prefix(below).filter(|id| !id.is_empty() && !id.contains('/'));
        match asked.method {
            "GET" if asked.path == "/" => return text(200, WELCOME),
            "POST" if asked.path == "/oauth/token" => {
                let form = parse_form(&String::from_utf8_lossy(asked.body));
                return login::answer(self.flavor, asked.authorization, &form, &self.token);
            }
            "GET" => one("/v1/devices/").map(|id| self.device_info(id, asked)),
            "POST" => one("/v1/provisioning/").map(|id| self.provision(id, asked, now)),
            _ => None,
        }
        .unwrap_or_else(|| match self.flavor {
            Flavor::Brewskey => text(404, "Not Found"),
            _ => Answer::error(404, "not_found"),
        })
    }

    fn device_info(&self, path_id: &str, asked: &Asked<'_>) -> Answer {
        let (user, token) = match self.authorize(asked, &parse_form(&String::from_utf8_lossy(asked.body))) {
            Ok(account) => account,
            Err(refusal) => return refusal,
        };
        let id = decode(path_id, false);
        let lower = id.to_ascii_lowercase();
        let told = self.provisioned.iter().find(|known| match self.flavor {
            // It stores ids unchanged.
            Flavor::Brewskey => known.device_id == id,
            _ => known.device_id.eq_ignore_ascii_case(&id),
        });
        let owner = self.owners.get(&lower);
        let known = (told.is_some() || owner.is_some()).then(|| Known {
            id: told.map_or(&lower, |told| &told.device_id),
            product_id: told.and_then(|told| told.product_id.as_ref()?.parse().ok()),
            heard: self.heard.get(&lower).copied(),
        });
        // Claiming is a separate call (`POST /v1/devices`), which this cloud does not have. A device without an owner
        // belongs to the user who provisioned its key.
        let is_own = match owner.filter(|owner| owner.is_some()) {
            Some(owner) => owner.as_ref() == Some(&user),
            None => told.is_some_and(|told| told.user == user),
        };
        match self.flavor {
            Flavor::Particle => device_info::of_particle(known.as_ref().filter(|_| is_own), &token),
            // It reads its files only when it starts. It uses devices that were provisioned since, but does not list
            // them. It asks the device, and waits.
            Flavor::Spark => {
                let listed = owner.is_some();
                let answer = device_info::of_spark(known.as_ref().filter(|_| listed));
                Answer { after: if listed { self.offline_wait } else { Duration::ZERO }, ..answer }
            }
            Flavor::Brewskey => device_info::of_brewskey(known.as_ref(), !is_own),
        }
    }

    fn provision(&mut self, path_id: &str, asked: &Asked<'_>, now: SystemTime) -> Answer {
        let form = parse_form(&String::from_utf8_lossy(asked.body));
        let user = match self.authorize(asked, &form) {
            Ok((user, _)) => user,
            Err(refusal) => return refusal,
        };
        let path_id = decode(path_id, false);
        match self.flavor {
            Flavor::Particle => self.as_particle(&path_id, &form, user, now),
            Flavor::Spark => self.as_spark(&form, user, now),
            Flavor::Brewskey => self.as_brewskey(path_id, &form, user, now),
        }
    }

    /// The token of a request, and its user. OAuth 2 (RFC 6750 §2) has three places for the token, and allows only one
    /// at a time.
    fn authorize(&self, asked: &Asked<'_>, form: &Form) -> Result<(String, String), Answer> {
        let bearer = asked.authorization.and_then(|a| a.strip_prefix("Bearer ")).map(str::to_owned);
        let places =
            [bearer, form.get("access_token").cloned(), parse_form(asked.query).remove("access_token")];
        let mut tokens = places.into_iter().flatten();
        let token = match (tokens.next(), tokens.next()) {
            (Some(token), None) => token,
            (None, _) if self.flavor == Flavor::Brewskey => return Err(text(401, "")),
            (None, _) => {
                return Err(self.unauthorized(400, "invalid_request", "The access token was not found"));
            }
            (Some(_), Some(_)) => {
                let words =
                    "Only one method may be used to authenticate at a time (Auth header, POST or GET).";
                return Err(self.unauthorized(400, "invalid_request", words));
            }
        };
        let (status, invalid, expired) = match self.flavor {
            Flavor::Particle => (401, "invalid_token", "expired_token"),
            Flavor::Spark => (400, "invalid_grant", "invalid_grant"),
            Flavor::Brewskey => (401, "invalid_token", "invalid_token"),
        };
        if self.expired.contains(&token) {
            return Err(self.unauthorized(status, expired, "The access token provided has expired."));
        }
        match self.users.get(&token) {
            Some(user) => Ok((user.clone(), token)),
            None => Err(self.unauthorized(status, invalid, "The access token provided is invalid.")),
        }
    }

    /// The open servers run node-oauth2-server, which repeats the status in the body.
    fn unauthorized(&self, status: u16, error: &str, words: &str) -> Answer {
        let mut body = json!({ "error": error, "error_description": words });
        if self.flavor != Flavor::Particle {
            body["code"] = status.into();
        }
        Answer::json(status, &body)
    }

    fn as_particle(&mut self, path_id: &str, form: &Form, user: String, now: SystemTime) -> Answer {
        let denied = || Answer::error(403, "Permission Denied");
        let is_id = path_id.len() == 24 && path_id.bytes().all(|b| b.is_ascii_hexdigit());
        let same = form.get("deviceID").is_some_and(|id| id.eq_ignore_ascii_case(path_id));
        if !is_id || !same {
            return denied();
        }
        let id = path_id.to_ascii_lowercase();
        match self.owners.get(&id) {
            Some(Some(owner)) if *owner != user => return denied(),
            None if self.known_devices_only => return denied(),
            _ => {}
        }
        let product = form.get("product_id").and_then(|p| p.parse().ok());
        if self.product_id.is_some() && product != self.product_id {
            return denied();
        }
        match checked_key(form) {
            Ok(key) => self.remember(id, key, form, user, now),
            Err(error) => return Answer::error(400, &error),
        }
        Answer::json(200, &json!({ "ok": true }))
    }

    fn as_spark(&mut self, form: &Form, user: String, now: SystemTime) -> Answer {
        let Some(id) = form.get("deviceID").filter(|id| !id.is_empty()).cloned() else {
            return Answer::error(400, "No deviceID provided");
        };
        match checked_key(form) {
            Ok(key) => self.remember(id, key, form, user, now),
            Err(error) if error == NO_KEY => {
                return Answer::error(400, "Key error TypeError: Cannot read property of undefined");
            }
            Err(error) => return Answer::error(400, &error),
        }
        Answer::json(200, &json!("Success!"))
    }

    fn as_brewskey(&mut self, id: String, form: &Form, user: String, now: SystemTime) -> Answer {
        let key = match checked_key(form).or_else(|error| private_key(form).ok_or(error)) {
            Ok(key) => key,
            Err(error) => return Answer::json(400, &json!({ "error": error, "ok": false })),
        };
        self.owners.insert(id.to_ascii_lowercase(), Some(user.clone()));
        let device = json!({
            "id": id,
            "connected": false,
            "last_ip_address": null,
            "name": null,
            "platform_id": form.get("product_id").and_then(|p| p.parse::<u32>().ok()),
            "status": "normal",
        });
        self.remember(id, key, form, user, now);
        Answer::json(200, &device)
    }

    fn remember(&mut self, device_id: String, key: String, form: &Form, user: String, now: SystemTime) {
        let field = |name: &str| form.get(name).cloned();
        self.early.insert(device_id.to_ascii_lowercase(), 0);
        let entry = Provisioned {
            device_id,
            public_key: key,
            product_id: field("product_id"),
            order: field("order"),
            filename: field("filename"),
            algorithm: field("algorithm"),
            user,
            at: now,
        };
        let next = self.provisioned.len();
        let at = *self.places.entry(entry.device_id.clone()).or_insert(next);
        match self.provisioned.get_mut(at) {
            Some(old) => *old = entry,
            None => self.provisioned.push(entry),
        }
        self.total += 1;
    }
}

const WELCOME: &str = "This is a simulation: a local cloud run by duo-provision, on this machine only.\n\
    Nothing provisioned here is known to any real cloud.\n";

fn text(status: u16, body: &str) -> Answer {
    let content_type = "text/plain; charset=utf-8";
    Answer { status, content_type, body: body.to_owned(), after: Duration::ZERO }
}

/// Brewskey's server also accepts a private key. For that reason, none is ever sent.
fn private_key(form: &Form) -> Option<String> {
    form.get("publicKey").filter(|pem| pem.contains(" PRIVATE KEY-----")).cloned()
}

/// The key of a form, if it is an RSA public key; otherwise the servers' error.
fn checked_key(form: &Form) -> Result<String, String> {
    let pem = form.get("publicKey").filter(|key| !key.is_empty()).ok_or(NO_KEY)?;
    match PublicKey::from_public_key_pem(pem) {
        Ok(_) => Ok(pem.clone()),
        Err(_) => Err("Key error Error: not an RSA public key in PEM form".to_owned()),
    }
}

/// `application/x-www-form-urlencoded` (WHATWG URL §5.1). If a name occurs several times, the first field counts.
fn parse_form(text: &str) -> Form {
    let mut form = Form::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        form.entry(decode(name, true)).or_insert_with(|| decode(value, true));
    }
    form
}

/// Undoes percent-encoding; in forms a plus sign is a space.
fn decode(text: &str, plus_is_space: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) if plus_is_space => out.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
