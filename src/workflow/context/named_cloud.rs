//! The cloud that a Duo names in its DCT: its server key, and the address beside it.

use serde::Serialize;

use crate::keys::Fingerprint;

/// The cloud that a Duo names in its DCT. The server key says which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NamedCloud {
    /// True if its server key is that of Particle's own cloud; absent if the slot holds no key of a cloud, so that the
    /// cloud is not known.
    pub particle: Option<bool>,
    /// SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fingerprint: Option<Fingerprint>,
    /// Host and port that the Duo connects to.
    pub server: Option<String>,
    /// All of it in words.
    pub description: String,
}
