//! Asks a cloud about a device, and reads what the answer says of it.
//!
//! `GET {api}/v1/devices/{deviceID}`. The members of the answer are those of `DeviceInfo` in
//! particle-iot/particle-api-js (`src/types/responses.ts`), `deviceToAPI` in Brewskey/spark-server
//! (`src/lib/deviceToAPI.ts`) and `get_core_attributes` in particle-iot/spark-server (`js/views/api_v1.js`), which has
//! the fewest. No HTTP here, no clock and no token: a reply is judged as plain data.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::excerpt::excerpt;
use super::provisioning::{RequestError, checked_id};
use super::reply::{Complaint, Question, Refusal, Reply, plain, read, unexpected};

/// The question what the cloud knows of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRequest {
    device_id: String,
}

impl RecordRequest {
    /// `device_id`: 24 hexadecimal digits, sent in lower case.
    pub fn new(device_id: &str) -> Result<Self, RequestError> {
        Ok(Self { device_id: checked_id(device_id)? })
    }
}

/// What a cloud knows of a device of this account. It has no public key: no server returns that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// The name that its owner gave it: printable, short, and without the token.
    pub name: Option<String>,
    /// True if the cloud considers it connected.
    pub online: Option<bool>,
    /// When the cloud heard from it.
    pub last_heard: LastHeard,
    /// Its product. Particle gives a device without a product its platform's number.
    pub product_id: Option<u32>,
    /// Which kind of board it is; 88 is a Duo.
    pub platform_id: Option<u32>,
}

/// When a cloud last heard from a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastHeard {
    /// At this time.
    At(OffsetDateTime),
    /// Never: the member is `null`.
    Never,
    /// It does not say (particle-iot/spark-server), or not in a readable form.
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

    /// A device is known only if a 2xx names its id.
    fn judge(&self, reply: &Reply<'_>, secret: &str) -> Result<DeviceRecord, Refusal> {
        // Particle answers 403 "Permission Denied" for an id that it does not know, too (particle-iot/particle-cli,
        // issue 228). The open servers answer 404, Brewskey's 403 for a device of another account. A web server that
        // does not know this API sends no complaint in JSON. spark-server's complaint is a string, not an object, and
        // only says that it has not read its files since.
        let unknown = |complaint: &Complaint, show: &dyn Fn(&str) -> String| {
            let detail = show(&complaint.words());
            match reply.status {
                404 if complaint.is_text => Some(Refusal::UnlistedDevice(detail)),
                403 | 404 => Some(Refusal::UnknownDevice(detail)),
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
            Some(id) => Err(Refusal::OtherDevice(excerpt(plain(id).as_bytes(), secret))),
            None => Err(unexpected(reply, true, secret)),
        }
    }
}

/// Members that are missing or of a wrong type count as not said.
fn record(members: &Map<String, Value>, secret: &str) -> DeviceRecord {
    let flag = |name: &str| members.get(name).and_then(Value::as_bool);
    // Brewskey's server sends -1 if it does not know.
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
