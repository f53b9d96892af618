//! Divides the devices of one manifest between several machines.
//!
//! Only the device id counts, so it does not matter how the rows are sorted, or whether some were added.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dct::DeviceId;

/// The most shards.
const MAX: u32 = 1000;

/// Part `index` of `count`, from 1; written `2/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    /// Which one, from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

/// A text that names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shard is K/N, with K from 1 to N and N at most {MAX}: 2/5")]
pub struct ShardError;

impl Shard {
    /// The shard of a device: the first 8 bytes of the SHA-256 of its id (24 digits in lower case), as a number, modulo
    /// `count`, plus 1.
    pub fn of(device: DeviceId, count: u32) -> Self {
        let hash = Sha256::digest(device.to_string());
        let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let index = number % u64::from(count.max(1));
        Self { index: u32::try_from(index).unwrap_or_default() + 1, count: count.max(1) }
    }

    /// True if the device is in it.
    pub fn has(self, device: DeviceId) -> bool {
        Self::of(device, self.count) == self
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').ok_or(ShardError)?;
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|_| plain).ok_or(ShardError)
        };
        let (index, count) = (number(index)?, number(count)?);
        if (1..=MAX).contains(&count) && (1..=count).contains(&index) {
            Ok(Self { index, count })
        } else {
            Err(ShardError)
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}
