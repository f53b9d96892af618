//! Computes the three servers' answers to `GET /v1/devices/{id}`. Written from the servers themselves and independently
//! of [`cloud`](crate::cloud): particle-iot/particle-api-js (`DeviceInfo` in `src/types/responses.ts`) and
//! particle-iot/particle-cli (issue 228) for Particle's API, `js/views/api_v1.js` of particle-iot/spark-server,
//! `src/lib/deviceToAPI.ts` and `src/managers/DeviceManager.ts` of Brewskey/spark-server.

use std::time::SystemTime;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::behavior::Answer;

/// The Duo's platform number at Particle. It is also the product id of a Duo without a product.
const DUO: u32 = 88;

/// A device that the server has.
pub(super) struct Known<'a> {
    /// The id, as the server stores it.
    pub id: &'a str,
    /// `product_id`, as it was sent with its key.
    pub product_id: Option<u32>,
    /// When it last performed its handshake.
    pub heard: Option<SystemTime>,
}

impl Known<'_> {
    fn heard(&self) -> Value {
        let time = self.heard.map(|heard| OffsetDateTime::from(heard).format(&Rfc3339).unwrap_or_default());
        time.into()
    }
}

/// Particle's API. It answers "Permission Denied" for every device that is not in the account, and repeats the token.
pub(super) fn of_particle(known: Option<&Known<'_>>, token: &str) -> Answer {
    let Some(known) = known else {
        let info = format!(
            "I didn't recognize that device name or ID, try opening https://api.particle.io/v1/devices?access_token={token}"
        );
        return Answer::json(403, &json!({ "error": "Permission Denied", "info": info }));
    };
    let heard = known.heard();
    Answer::json(
        200,
        &json!({
            "id": known.id,
            "name": null,
            "last_app": null,
            "last_heard": heard,
            "last_handshake_at": heard,
            "online": false,
            "connected": false,
            "platform_id": DUO,
            "product_id": known.product_id.unwrap_or(DUO),
            "cellular": false,
            "functions": [],
            "variables": {},
            "notes": null,
        }),
    )
}

/// particle-iot/spark-server, which treats all accounts the same.
pub(super) fn of_spark(known: Option<&Known<'_>>) -> Answer {
    match known {
        None => Answer::json(404, &json!("Oops, I couldn't find that core in the database")),
        Some(known) => Answer::json(
            200,
            &json!({ "id": known.id, "name": null, "connected": false, "variables": null, "functions": null }),
        ),
    }
}

/// Brewskey/spark-server. It does not know platform and product before the device connects, and answers -1.
pub(super) fn of_brewskey(known: Option<&Known<'_>>, is_anothers: bool) -> Answer {
    match known {
        None => Answer::json(404, &json!({ "error": "No device found", "ok": false })),
        Some(_) if is_anothers => {
            Answer::json(403, &json!({ "error": "User doesn't have access", "ok": false }))
        }
        Some(known) => Answer::json(
            200,
            &json!({
                "id": known.id,
                "name": "",
                "cellular": false,
                "connected": false,
                "current_build_target": -1,
                "functions": null,
                "imei": "",
                "last_app": null,
                "last_heard": known.heard(),
                "last_iccid": "",
                "last_ip_address": null,
                "platform_id": -1,
                "product_firmware_version": -1,
                "product_id": -1,
                "status": "normal",
                "variables": null,
            }),
        ),
    }
}
