//! Defines the lines of the journal: one JSON object each, hostile until parsed.
//!
//! Pure: bytes in, records out. A record names its operation, the time, and the step that the operation reached. It
//! never holds a token, key bytes, or the words of a server.
//!
//! Unknown members are ignored, so that later versions may add some. A record of an unknown version or kind is refused:
//! it could be the one that says that a write had begun, and without it an operation would look better than it is.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::dct::{DeviceId, DeviceIdSource, Field};
use crate::disk::unfit_json_line;
use crate::keys::Fingerprint;
use crate::outcome::KeyState;

/// The version of the records that this crate writes and reads.
pub const VERSION: u32 = 1;

/// The most bytes of a line. A real one has some hundreds; two paths of 4,096 bytes each (`PATH_MAX` on Linux)
/// fit even if every byte of them has to be escaped as `\u0000`.
pub const MAX_LINE: usize = 64 * 1024;

/// The most bytes of one operation: some tens of records, each of some hundreds.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The name of one operation in the journal: 64 random bits, as 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct OperationId(String);

impl OperationId {
    /// Makes it from random bits.
    pub fn new(bits: u64) -> Self {
        Self(format!("{bits:016x}"))
    }

    /// The 16 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OperationId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 16 && text.bytes().all(digit) {
            Ok(Self(text))
        } else {
            Err("an operation's id has 16 hexadecimal digits")
        }
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kinds of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "OperationName", rename_all = "kebab-case")]
pub enum OperationKind {
    /// Saves the key; writes nothing to the device.
    Backup,
    /// Writes a saved key to the device.
    Restore,
    /// Erases the device's key.
    Reset,
    /// Sends a public key to the cloud.
    Provision,
    /// Saves the DCT; writes nothing to the device.
    DctBackup,
    /// Writes fields of a dump, or a whole dump, to the device.
    DctRestore,
    /// Writes a cloud's public key and address to the device.
    ServerKeySet,
    /// Gives the cloud and the device a new key.
    Rotate,
    /// Proved that a private key and a cloud's public key for the device are a pair. Recorded once it is proven.
    Verify,
    /// Sends the public keys of a list; the ledger has the outcome of each.
    FleetProvision,
}

/// Its name, as in a record.
impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl OperationKind {
    /// True if it writes to the device's flash.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Restore | Self::Reset | Self::DctRestore | Self::ServerKeySet | Self::Rotate)
    }
}

/// The device that an operation works on, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMark {
    /// The device id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DeviceId>,
    /// How the device id is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<DeviceIdSource>,
    /// Bus and ports, `1-2`; absent if no device is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// True for a virtual device.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

/// The options of the operation, as far as they are needed to run it again. Paths are absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The key file (restore, provision), or the file to save to (backup).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Leave DFU mode afterwards.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leave: bool,
    /// Write a key that is known to be another device's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_other_device: bool,
    /// Go on although nothing shows that the device reads from the address that was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_unproven_address: bool,
    /// Save bytes that are no key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// Encrypt the key with a passphrase.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub encrypt: bool,
    /// Both copies of the DCT, in place of its application section (backup) or of fields (restore).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// The fields to restore, by the names that are typed, in the order in which they are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The cloud's name or IPv4 address for devices, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The cloud's TCP port for devices, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Write no address of the cloud.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_address: bool,
    /// The archive's folder, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// The address of the USB/IP server, if the device is a virtual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usbip: Option<String>,
    /// The port, if it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The device that the keys identify, if the device itself does not tell its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<DeviceId>,
    /// The cloud's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
    /// Plain HTTP to another machine was allowed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_http: bool,
    /// Talk to a cloud that the device does not name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_other_cloud: bool,
    /// The product id, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<u32>,
    /// The public key comes from the attached device.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_device: bool,
    /// Prove the pairing afterwards.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub verify: bool,
    /// Do not prove the pairing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_verify: bool,
    /// The file with the cloud's public key, if it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_key: Option<String>,
    /// For a list of devices: how it is sent. The list itself is `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetRequest>,
}

/// How the keys of a list are sent, as far as it is needed to continue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetRequest {
    /// The ledger.
    pub ledger: String,
    /// True if the ledger's path was typed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ledger_typed: bool,
    /// The options that were typed.
    #[serde(flatten)]
    pub terms: FleetTerms,
}

/// The options that say how the keys of a list are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetTerms {
    /// The rate, if it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// How many requests at once, if it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// The part of the devices, if it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// How many failures in a row end the run, if it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failures: Option<u32>,
    /// Skip rows that are wrong, and send the rest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_invalid: bool,
    /// Send the generic key for rows that name no key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_generic: bool,
    /// Send one key for several devices.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_shared_keys: bool,
    /// Seconds that one request may take, if it was typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
}

/// An operation begins. Nothing was written anywhere yet, except what was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The kind of operation.
    pub operation: OperationKind,
    /// The device.
    pub device: DeviceMark,
    /// The key that was there; absent if there was none, or it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Fingerprint>,
    /// The key that is to be there afterwards, or whose public half is sent; absent for a reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Fingerprint>,
    /// The options.
    #[serde(default)]
    pub request: Request,
    /// The program and its version.
    pub tool: String,
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stable code of the error: capitals and underscores.
    pub code: String,
    /// What is known of the device's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyState>,
}

/// A step of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Step {
    /// It begins.
    Started(Box<Started>),
    /// What was there, in the key slot or in the DCT, is on the disk, synced and read back.
    BackedUp {
        /// The absolute path of the bytes.
        path: String,
        /// SHA-256 of the file, 64 hexadecimal digits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
    /// The first byte to the flash is about to be sent. Synced before that.
    Writing,
    /// What was written was read back and compared.
    Verified,
    /// The device left DFU mode.
    Left,
    /// The key that is to be there afterwards was made here. It is on the disk, synced and read back.
    NewKey {
        /// The absolute path of its bytes.
        path: String,
    },
    /// The request to the cloud is about to be sent.
    Sending,
    /// The cloud said that it took the public key; more steps follow.
    Accepted,
    /// The device's handshake proved that the cloud has the key, before the device has it.
    Proven,
    /// The request that gives the cloud the device's key again is about to be sent.
    SendingOld,
    /// The cloud has that key again: it said so, and it was proven.
    TakenBack,
    /// It is over.
    Ended {
        /// Why it failed; absent if it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// The user dismissed the doubt that it left about a cloud.
    Dismissed,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the record; [`VERSION`].
    pub v: u32,
    /// The operation it belongs to.
    pub id: OperationId,
    /// When it was written, RFC 3339.
    pub at: String,
    /// The step that the operation reached.
    #[serde(flatten)]
    pub step: Step,
}

/// Why a line is not a valid record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Longer than [`MAX_LINE`].
    #[error("it is longer than {MAX_LINE} bytes")]
    TooLong,
    /// Not JSON, or not of this shape, in the parser's words, which may quote the line.
    #[error("it is no record: {0}")]
    Malformed(String),
    /// Written by a later version of duo-provision.
    #[error("it is of version {0}, which a later duo-provision has written")]
    Newer(u32),
    /// A member has a value that no record has.
    #[error("its {0:?} cannot be one")]
    Value(&'static str),
    /// It belongs to an operation that has not begun, has ended, or begins a second time.
    #[error("{0}")]
    OutOfPlace(&'static str),
}

impl Record {
    /// The line, with its line feed.
    pub fn to_line(&self) -> Vec<u8> {
        // Plain strings and numbers cannot fail to be written.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Reads a line, without its line feed.
    pub fn parse(line: &[u8]) -> Result<Self, RecordError> {
        if line.len() > MAX_LINE {
            return Err(RecordError::TooLong);
        }
        // The version first: nothing else is known of a later one.
        let version: Version = parsed(line)?;
        version.check()?;
        let record: Self = parsed(line)?;
        record.check()?;
        Ok(record)
    }

    /// Reads the records of a settled operation.
    pub(super) fn parse_all(line: &[u8]) -> Result<Vec<Self>, RecordError> {
        let versions: Vec<Version> = parsed(line)?;
        versions.iter().try_for_each(Version::check)?;
        let records: Vec<Self> = parsed(line)?;
        records.iter().try_for_each(Self::check)?;
        Ok(records)
    }

    fn check(&self) -> Result<(), RecordError> {
        let require = |sound: bool, member| if sound { Ok(()) } else { Err(RecordError::Value(member)) };
        require(OffsetDateTime::parse(&self.at, &Rfc3339).is_ok(), "at")?;
        match &self.step {
            Step::Started(started) => {
                require(started.device.path.as_deref().is_none_or(is_port), "path")?;
                let fields = &started.request.fields;
                require(fields.iter().all(|name| name.parse::<Field>().is_ok()), "fields")?;
                require(started.tool.len() <= 100 && !started.tool.contains(char::is_control), "tool")
            }
            Step::Ended { error: Some(failure) } => {
                let plain = failure.code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
                require(plain && (1..=64).contains(&failure.code.len()), "code")
            }
            _ => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

impl Version {
    fn check(&self) -> Result<(), RecordError> {
        if self.v == VERSION { Ok(()) } else { Err(RecordError::Newer(self.v)) }
    }
}

fn parsed<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, RecordError> {
    // The error's position is one within the line, so it says "line 1" for every line.
    serde_json::from_slice(line).map_err(|error| RecordError::Malformed(unfit_json_line(&error)))
}

/// True for bus and ports, as they are shown and used in file names.
pub(super) fn is_port(path: &str) -> bool {
    let plain = path.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    plain && (1..=32).contains(&path.len())
}

/// How many bytes of `bytes` are whole lines. A crash tore the rest: the process or the machine stopped during a write.
/// So the line has no line feed, or, if the disk stored its end before its beginning, is no JSON. Only the last line
/// can be torn: each line is synced before the next, and a torn one is cut off first.
pub fn whole(bytes: &[u8]) -> usize {
    let line_start = |end: usize| {
        let before = bytes.get(..end).unwrap_or_default();
        before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
    };
    let Some(body) = bytes.strip_suffix(b"\n") else { return line_start(bytes.len()) };
    let start = line_start(body.len());
    let last = body.get(start..).unwrap_or_default();
    if serde_json::from_slice::<IgnoredAny>(last).is_ok() { bytes.len() } else { start }
}
