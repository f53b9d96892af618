//! Defines the options of the commands for the DCT, and for the cloud's public key in it.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::groups::{BeforeWrite, WhichDuo, WrittenDuo};

/// Options of `backupDct`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctBackupOptions {
    /// The file to write. The public key (.pub.pem) and a manifest (.json) go beside it. Nothing is ever overwritten.
    /// Without it the backup goes to the archive.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Save both copies of the DCT, 32 KiB of the internal flash, in place of its application section. They also hold
    /// the Wi-Fi passwords.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub whole: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `showDct`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctShowOptions {
    /// A dump of a DCT, in place of an attached Duo.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WhichDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `showServerKey`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeyShowOptions {
    /// A cloud's public key, with or without an address after it, or a dump of a DCT; in place of an attached Duo.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WhichDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `setServerKey`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeySetOptions {
    /// The cloud's public key, RSA with 2048 bits, as DER or PEM; an address may follow it, as in the DCT.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The cloud's name or IPv4 address; `$id` in it stands for the device id. Without it, the one in the file, else
    /// the one in the Duo is kept.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// The TCP port that devices connect to; with `--host`, 5683 unless given.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    /// Write no address. The firmware then looks for the cloud at device.spark.io.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub no_address: Option<bool>,
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub before: BeforeWrite,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreServerKey`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeyRestoreOptions {
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub before: BeforeWrite,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreDct`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctRestoreOptions {
    /// The dump of a DCT: a backup, or what other tools read out of one.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The fields to restore: device-private-key, server-public-key, …; without it, the error lists them.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub fields: Option<Vec<String>>,
    /// Restore the whole DCT, both copies, from a dump of 32 KiB: everything that was written to the Duo since is lost.
    #[arg(long, num_args = 0, default_missing_value = "true", conflicts_with = "fields")]
    pub whole: Option<bool>,
    /// Write data that is known to be another device's.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_other_device: Option<bool>,
    /// Leave DFU mode once everything is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub before: BeforeWrite,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}
