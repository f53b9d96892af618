//! A private key that is given or returned as bytes instead of a file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use zeroize::Zeroizing;

/// The bytes of a key file that exists only in memory. Wiped when dropped; never shown.
#[derive(Clone)]
pub struct KeyBytes(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyBytes({} bytes, redacted)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for KeyBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = KeyBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Uint8Array")
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<KeyBytes, E> {
        Ok(KeyBytes(Zeroizing::new(bytes)))
    }
}

/// Serializes nothing: key bytes never become text.
pub fn nothing<T, S: serde::Serializer>(_: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// The type of such bytes in the API.
#[cfg(feature = "schema")]
pub fn bytes(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "tsType": "Uint8Array" })
}

/// The same for bytes that may be left out.
#[cfg(feature = "schema")]
pub fn maybe_bytes(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "anyOf": [bytes(generator), { "type": "null" }] })
}
