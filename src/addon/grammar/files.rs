//! Defines the options of the commands for key files and the archive, which need no device.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::groups::{KeyPassphrase, NewPassphrase};

/// One of the two copies of a whole DCT.
#[cfg_attr(feature = "addon", napi_derive::napi(string_enum = "lowercase"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CopyName {
    /// The copy at the lower address.
    First,
    /// The other copy.
    Second,
}

/// Options of `inspectKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InspectOptions {
    /// The file to look at: a key in any form, a backup, a dump of a DCT, a cloud's public key, or a manifest.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Write one field of a dump to a new file: device-private-key, server-public-key, …; an unknown name lists them
    /// all. A private key is written in the form that the Duo's firmware reads.
    #[arg(long, value_name = "FIELD")]
    pub extract: Option<String>,
    /// For a whole DCT: look at this copy, even if the Duo's firmware would not read it. Without it, at the copy that
    /// the firmware reads; if that depends on the firmware, a field is taken only from a copy that you name.
    #[arg(long, value_name = "first|second", hide_possible_values = true)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::dct::WhichCopy>"))]
    pub copy: Option<CopyName>,
    /// The file for the field; without it, a file beside the dump, named after both. Nothing is ever overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// A file whose first line is the passphrase of the key file, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read. Without a passphrase, only the outside of an
    /// encrypted key is described.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
}

/// Options of `newKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKeyOptions {
    /// The file to write, as PEM if its name ends in .pem. The public key (.pub.pem) goes beside it. Nothing is ever
    /// overwritten. Without it, the file is named after the key's fingerprint, in the current folder.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: NewPassphrase,
}

/// Options of `publicKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicKeyOptions {
    /// The key file: public or private, PEM or DER, a backup, or a dump that begins with a key.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Also write the public key to this new file: as DER if its name ends in .der, else as PEM.
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: KeyPassphrase,
}

/// Options of `listBackups`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupsOptions {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Only the backups of this Duo: its device id, 24 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
}

/// Options of `status`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusOptions {
    /// Only what was done to this Duo: its device id, 24 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
    /// Dismiss what this operation left open, by the id that `status` prints: whether a cloud took a key, if nothing
    /// else settles that. It stays in the history. If it left the Duo's key or a field wrong or unknown, or the cloud
    /// with a key that the Duo does not have, it cannot be dismissed.
    #[arg(long, value_name = "OPERATION")]
    pub dismiss: Option<String>,
}

/// Options of `history`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryOptions {
    /// Only what was done to this Duo: its device id, 24 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
    /// List at most this many operations, the newest; 100 unless given.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
}
