//! The request for a passphrase.

/// A request for a passphrase.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PassphraseRequest", rename_all = "camelCase")]
pub struct PassphraseRequest {
    /// To open a key file, or to encrypt a key with a new one.
    pub purpose: PassphrasePurpose,
    /// The key file to open.
    #[serde(rename = "file")]
    pub path: Option<String>,
    /// True if the last answer did not open it.
    pub again: bool,
}

/// What a passphrase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "PassphrasePurpose", rename_all = "kebab-case")]
pub enum PassphrasePurpose {
    /// To open a key file.
    Open,
    /// To encrypt a key with a new passphrase. After a typing error, nobody could open the key.
    Encrypt,
}
