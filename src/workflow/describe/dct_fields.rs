//! Describes the fields of a DCT in words: what each of them holds, without secrets.
//!
//! A private key is shown as its fingerprint. Of a claim code, only its presence is shown. The Wi-Fi passwords are
//! outside of the application section, so they are in no field.

use crate::dct::{self, DeviceId, Dump, FIELDS, Field, Layouts};
use crate::keys::{Fingerprint, PublicKey, SLOT_LEN, Slot};
use crate::workflow::describe::server::ServerReport;

/// A field of a DCT, described; no secret is shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctFieldInfo", rename_all = "camelCase")]
pub struct FieldReport {
    /// Its name in the firmware's `dct.h`, with hyphens.
    pub name: String,
    /// Bytes from the start of the application section.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
    /// What it holds, in words.
    #[serde(rename = "description")]
    pub holds: String,
    /// The fingerprint of the key in it.
    pub fingerprint: Option<Fingerprint>,
}

/// Describes every field that the dump has.
pub fn describe(dump: &Dump<'_>, id: Option<DeviceId>) -> Vec<FieldReport> {
    describe_these(&FIELDS, dump, id)
}

/// Describes those of these fields that the dump has.
pub fn describe_these(fields: &[Field], dump: &Dump<'_>, id: Option<DeviceId>) -> Vec<FieldReport> {
    let report = |field: &Field| {
        let bytes = dump.field(field)?;
        let (holds, fingerprint) = match *field {
            dct::DEVICE_PRIVATE_KEY => private_key(bytes),
            dct::DEVICE_PUBLIC_KEY => public_key(bytes, dump),
            dct::SERVER_PUBLIC_KEY => server_key(dump, id),
            _ => (words(field, bytes), None),
        };
        let Field { offset, size, .. } = *field;
        Some(FieldReport { name: field.kebab_name(), offset, size, holds, fingerprint })
    };
    fields.iter().filter_map(report).collect()
}

fn private_key(bytes: &[u8]) -> (String, Option<Fingerprint>) {
    let Ok(slot) = <&[u8; SLOT_LEN]>::try_from(bytes) else { return (String::new(), None) };
    let slot = Slot::classify(slot);
    (slot.to_string(), slot.key().map(|read| read.key.public_key().fingerprint()))
}

fn public_key(bytes: &[u8], dump: &Dump<'_>) -> (String, Option<Fingerprint>) {
    let Ok(key) = PublicKey::read(bytes) else {
        return (unset(bytes).unwrap_or("no public key").to_owned(), None);
    };
    let private = dump.field(&dct::DEVICE_PRIVATE_KEY).and_then(|slot| private_key(slot).1);
    let fingerprint = key.fingerprint();
    let whose = match private {
        Some(private) if private == fingerprint => "the public half of the private key",
        Some(_) => "the public half of another key: the firmware puts it right when its cloud code starts",
        None => "an RSA-1024 public key",
    };
    (whose.to_owned(), Some(fingerprint))
}

fn server_key(dump: &Dump<'_>, id: Option<DeviceId>) -> (String, Option<Fingerprint>) {
    let Some(server) = ServerReport::of_dump(dump, id) else { return (String::new(), None) };
    (format!("{}; address: {}", server.words(), server.address_words()), server.fingerprint)
}

/// Values as redbear/firmware `dct.h`, `dct_hal.h` and `spark_wiring_wifi.h` define them.
fn words(field: &Field, bytes: &[u8]) -> String {
    if let Some(unset) = unset(bytes)
        && !matches!(
            *field,
            dct::FEATURE_FLAGS | dct::CLAIMED | dct::ANTENNA_SELECTION | dct::CLOUD_TRANSPORT
        )
    {
        return unset.to_owned();
    }
    match (*field, bytes) {
        (dct::VERSION, [low, high]) => u16::from_le_bytes([*low, *high]).to_string(),
        (dct::FEATURE_FLAGS, [a, b, c, d]) => format!("{:#010x}", u32::from_le_bytes([*a, *b, *c, *d])),
        (dct::CLAIM_CODE, _) => "a claim code, not shown".to_owned(),
        (dct::CLAIMED, [byte]) => if *byte == b'1' { "yes" } else { "no" }.to_owned(),
        (dct::ANTENNA_SELECTION, [byte]) => match byte {
            0 => "internal".to_owned(),
            1 => "external".to_owned(),
            3 => "automatic".to_owned(),
            0xFF => NEVER_SET.to_owned(),
            other => format!("{other}, which means nothing"),
        },
        (dct::CLOUD_TRANSPORT, [byte]) => match byte {
            0 => "TCP".to_owned(),
            1 => "UDP".to_owned(),
            0xFF => "never set: the platform's own, TCP".to_owned(),
            other => format!("{other}, which means nothing"),
        },
        (dct::SSID_PREFIX, [length, text @ ..]) => text
            .get(..usize::from(*length))
            .and_then(shown)
            .unwrap_or_else(|| format!("{} bytes that are no text", bytes.len())),
        (dct::COUNTRY_CODE | dct::DEVICE_CODE | dct::VERSION_STRING, _) => {
            shown(bytes).unwrap_or_else(|| format!("{} bytes that are no text", bytes.len()))
        }
        (dct::DEVICE_ID, _) => {
            let id = bytes.try_into().ok().and_then(DeviceId::from_bytes);
            id.map_or_else(|| NEVER_SET.to_owned(), |id| id.to_string())
        }
        (dct::ALT_DEVICE_PRIVATE_KEY, _) => "something, not shown".to_owned(),
        _ if field.layouts == Layouts::Until031 => "set; not used from system firmware 0.3.2 on".to_owned(),
        _ => "set".to_owned(),
    }
}

const NEVER_SET: &str = "never set";

/// What erased or cleared flash holds.
fn unset(bytes: &[u8]) -> Option<&'static str> {
    if bytes.iter().all(|&byte| byte == 0xFF) {
        Some(NEVER_SET)
    } else if bytes.iter().all(|&byte| byte == 0) {
        Some("empty")
    } else {
        None
    }
}

/// A text of printable ASCII up to its first zero. The file is not trusted, so other text is not shown.
fn shown(bytes: &[u8]) -> Option<String> {
    let text = bytes.split(|&byte| byte == 0 || byte == 0xFF).next()?;
    let plain = !text.is_empty() && text.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    plain.then(|| String::from_utf8_lossy(text).into_owned())
}
