//! What a cloud is asked about a device, and what its answer says of it.
//!
//! `GET {api}/v1/devices/{deviceID}`. The members of the answer are those of `DeviceInfo` in particle-iot/particle-api-js
//! (`src/types/responses.ts`), `deviceToAPI` in Brewskey/spark-server (`src/lib/deviceToAPI.ts`) and
//! `get_core_attributes` in particle-iot/spark-server (`js/views/api_v1.js`), which has the fewest. No HTTP here, no
//! clock and no token: a reply is judged as plain data.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::excerpt::excerpt;
use super::provisioning::RequestError;
use super::reply::{Complaint, Question, Refusal, Reply, plain, read, unexpected};

/// One device: what does the cloud know of it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRequest {
    device_id: String,
}

impl RecordRequest {
    /// `device_id`: 24 hexadecimal digits, sent in lower case.
    pub fn new(device_id: &str) -> Result<Self, RequestError> {
        if device_id.len() != 24 || !device_id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(RequestError::DeviceId);
        }
        Ok(Self { device_id: device_id.to_ascii_lowercase() })
    }
}

/// What a cloud knows of a device that it has for the account. The public key is not among it: no server tells that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The name that its owner gave it: printable, short, and without the token.
    pub name: Option<String>,
    /// Whether the cloud takes it to be connected.
    pub online: Option<bool>,
    /// When the cloud heard from it.
    pub last_heard: LastHeard,
    /// The product that it belongs to. Particle gives a device of no product its platform's number.
    pub product_id: Option<u32>,
    /// Which kind of board it is; 88 is a Duo.
    pub platform_id: Option<u32>,
}

/// When a cloud last heard from a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastHeard {
    /// Then.
    At(OffsetDateTime),
    /// Never: the member is `null`.
    Never,
    /// It does not say (particle-iot/spark-server), or not so that it can be read.
    Untold,
}

impl Question for RecordRequest {
    type Answer = DeviceRecord;

    const CHANGES: bool = false;

    fn path(&self) -> String {
        format!("v1/devices/{}", self.device_id)
    }

    fn form(&self) -> Option<String> {
        None
    }

    /// Known is what a 2xx names by its id, and nothing else.
    fn judge(&self, reply: &Reply<'_>, secret: &str) -> Result<DeviceRecord, Refusal> {
        // Particle answers 403 "Permission Denied" for an id that it does not know, too (particle-iot/particle-cli,
        // issue 228); the open servers answer 404, Brewskey's 403 for another's device. A web server that knows
        // nothing of this API has no complaint in JSON.
        // spark-server's is a text and no object, and says no more than that it has not read its files since.
        let unknown = |complaint: &Complaint, show: &dyn Fn(&str) -> String| {
            let detail = show(&complaint.words());
            match reply.status {
                404 if complaint.is_text => Some(Refusal::UnlistedDevice { detail }),
                403 | 404 => Some(Refusal::UnknownDevice { detail }),
                _ => None,
            }
        };
        let json = read(reply, secret, unknown)?;
        let Some(Value::Object(members)) = &json else {
            return Err(unexpected(reply, json.is_some(), secret));
        };
        match members.get("id") {
            Some(Value::String(id)) if id.eq_ignore_ascii_case(&self.device_id) => {
                Ok(record(members, secret))
            }
            Some(id) => Err(Refusal::OtherDevice { id: excerpt(plain(id).as_bytes(), secret) }),
            None => Err(unexpected(reply, true, secret)),
        }
    }
}

/// Members that are missing, or of another type than theirs, are not told.
fn record(members: &Map<String, Value>, secret: &str) -> DeviceRecord {
    let flag = |name: &str| members.get(name).and_then(Value::as_bool);
    // Brewskey's server has -1 where it does not know.
    let number = |name: &str| members.get(name)?.as_u64()?.try_into().ok();
    let name = members.get("name").and_then(Value::as_str);
    DeviceRecord {
        name: name.map(|name| excerpt(name.as_bytes(), secret)).filter(|name| !name.is_empty()),
        online: flag("online").or_else(|| flag("connected")),
        last_heard: match members.get("last_heard") {
            Some(Value::Null) => LastHeard::Never,
            Some(Value::String(text)) => {
                OffsetDateTime::parse(text, &Rfc3339).map_or(LastHeard::Untold, LastHeard::At)
            }
            _ => LastHeard::Untold,
        },
        product_id: number("product_id"),
        platform_id: number("platform_id"),
    }
}
