//! Defines the lines of a ledger: one JSON object each. Never a token, nor anything of a private key.

use serde::{Deserialize, Serialize};

use super::stamp::Stamp;
use crate::dct::DeviceId;
use crate::fleet::shard::Shard;
use crate::keys::Fingerprint;

/// The version of the lines that this crate writes and reads.
pub const VERSION: u32 = 1;

/// A run begins, with these options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`VERSION`].
    pub v: u32,
    /// The run's name: 16 hexadecimal digits.
    pub run: String,
    /// The time, RFC 3339.
    pub at: String,
    /// The manifest; absolute, or `-` for standard input.
    pub manifest: String,
    /// SHA-256 of the manifest.
    pub sha256: String,
    /// How many rows the manifest has.
    pub rows: u64,
    /// How many of them are this shard's.
    pub mine: u64,
    /// How many of those can be sent: they are valid and have no `problem`.
    pub sound: u64,
    /// The part of the devices that this ledger is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The cloud's API.
    pub api: String,
    /// The program and its version.
    pub tool: String,
}

/// A request for a device, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRecord {
    /// The device.
    pub id: DeviceId,
    /// The fingerprint of the key.
    pub key: Fingerprint,
    /// The product.
    pub product: u32,
    /// The time, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The key file's state when it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Stamp>,
    /// Why it is not done.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// Why a device is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The stable code of the error: capitals and underscores.
    pub code: String,
    /// The error in words.
    pub message: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// A run begins.
    Run(Box<RunRecord>),
    /// The request is about to be sent.
    Sending(RowRecord),
    /// The cloud said that it took the key.
    Done(RowRecord),
    /// The cloud did not take the key.
    Failed(RowRecord),
    /// The cloud may have taken the key or not.
    Unknown(RowRecord),
}

impl Record {
    /// The line, with its line feed.
    pub fn to_line(&self) -> Vec<u8> {
        // Plain strings and numbers cannot fail to be written.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}
