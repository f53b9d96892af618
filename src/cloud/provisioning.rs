//! Builds the request that provisions a device at a cloud, and judges the answer.
//!
//! `POST {api}/v1/provisioning/{deviceID}` is not a documented call. Its fields are those of
//! particle-iot/device-provisioning-helper (`main.js`) and particle-cli; the answers are those of Particle's
//! API, particle-iot/spark-server and Brewskey/spark-server. No HTTP here, no clock and no token: a reply is
//! judged as plain data.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::excerpt::excerpt;
use super::reply::{Complaint, Question, Refusal, Reply, plain, read, unexpected};

/// The product that Particle's cloud knows the Duo as (redbear/Duo, provisioning guide).
pub const DUO_PRODUCT_ID: u32 = 88;

/// The longest PEM taken, in bytes. An RSA-2048 public key has about 450.
const MAX_PEM: usize = 8 * 1024;

/// The content of a request: one device and its public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisioningRequest {
    device_id: String,
    public_key: String,
    product_id: u32,
    order_ms: u64,
}

/// Why no request can be made of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The device id is not 24 hexadecimal digits.
    #[error("the device id is not 24 hexadecimal digits")]
    DeviceId,
    /// The PEM holds a private key. Brewskey's server may take one, so it is refused here.
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
        let device_id = checked_id(device_id)?;
        if product_id == 0 {
            return Err(RequestError::ProductId);
        }
        check_public_pem(public_key)?;
        Ok(Self { device_id, public_key: public_key.to_owned(), product_id, order_ms: now_ms })
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

    /// The body, `application/x-www-form-urlencoded`: the fields of the helper script in their order, then `algorithm`,
    /// which particle-cli adds.
    pub fn body(&self) -> String {
        let fields = [
            ("deviceID", &*self.device_id),
            ("publicKey", &self.public_key),
            ("order", &format!("script_{}", self.order_ms)),
            ("filename", "script"),
            ("product_id", &self.product_id.to_string()),
            ("algorithm", "rsa"),
        ];
        Serializer::new(String::new()).extend_pairs(fields).finish()
    }
}

impl Question for ProvisioningRequest {
    type Answer = Accepted;

    const CHANGES: bool = true;

    fn path(&self) -> String {
        format!("v1/provisioning/{}", self.device_id)
    }

    fn form(&self) -> Option<String> {
        Some(self.body())
    }

    fn judge(&self, reply: &Reply<'_>, secret: &str) -> Result<Accepted, Refusal> {
        judge(&self.device_id, reply, secret)
    }
}

/// 24 hexadecimal digits, in lower case.
pub(super) fn checked_id(id: &str) -> Result<String, RequestError> {
    let is_id = id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { Ok(id.to_ascii_lowercase()) } else { Err(RequestError::DeviceId) }
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

/// Judges a reply to a request about `device_id`. `secret` (the token) is kept out of every text.
///
/// Success takes both a 2xx status and a body that says so; a body that complains outweighs any status.
pub fn judge(device_id: &str, reply: &Reply<'_>, secret: &str) -> Result<Accepted, Refusal> {
    // A 2xx without a complaint: does it say yes, and for our device?
    let confirmation = match read(reply, secret, about_key)? {
        Some(Value::String(_)) => Confirmation::Success,
        Some(Value::Object(object)) => {
            // Particle's and Brewskey's own names for it; a body that has none of them is Particle's.
            let ids = ["id", "deviceID", "device_id"].into_iter().filter_map(|name| object.get(name));
            let mut confirmation = Confirmation::NoError;
            for id in ids {
                if !id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(device_id)) {
                    return Err(Refusal::OtherDevice(excerpt(plain(id).as_bytes(), secret)));
                }
                confirmation = Confirmation::Device;
            }
            confirmation
        }
        other => return Err(unexpected(reply, other.is_some(), secret)),
    };
    Ok(Accepted { status: reply.status, confirmation })
}

/// A complaint about the key, or about the id beside it.
fn about_key(complaint: &Complaint, show: &dyn Fn(&str) -> String) -> Option<Refusal> {
    let error = complaint.error.to_ascii_lowercase();
    let about_key = error.starts_with("key error")
        || error.contains("no key provided")
        || error.contains("no deviceid provided");
    about_key.then(|| Refusal::KeyRejected(show(&complaint.words())))
}
