//! Defines the options of the commands for the key in a device, and of those that find a device.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::workflow::KeyBytes;

use super::groups::{BeforeWrite, NewPassphrase, WhichCloud, WhichDuo, WrittenDuo};

/// Options of `listDevices`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListOptions {
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WhichDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `enterDfu`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DfuOptions {
    /// The device id of the Duo, 24 hexadecimal digits. System firmware up to 0.2.4 does not tell it: with that, give
    /// it together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// If no Duo is connected, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, restarting) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `backupKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupOptions {
    /// The file to write, as PEM if its name ends in .pem. The public key (.pub.pem) and a manifest (.json) go beside
    /// it. Nothing is ever overwritten. Without it the backup goes to the archive.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Save the bytes of the key slot even if they are no key.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub raw: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: NewPassphrase,
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

/// Options of `readKey`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadKeyOptions {
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading) may take, 1 to 3600; 30 unless given.
    pub timeout: Option<u32>,
}

/// Options of `restoreKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreOptions {
    /// The key file: a backup, or a private key as PKCS#1 or PKCS#8, DER or PEM.
    #[arg(value_name = "FILE", required = true)]
    pub file: Option<String>,
    /// The bytes of such a file, in place of a file: for code that stores keys itself. Only in the API.
    #[arg(skip)]
    #[serde(serialize_with = "crate::workflow::nothing")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::workflow::maybe_bytes"))]
    pub key: Option<KeyBytes>,
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// Write the key even though it is known to be another device's.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_other_device: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub before: BeforeWrite,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: NewPassphrase,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `resetKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetOptions {
    #[command(flatten)]
    #[serde(flatten)]
    pub before: BeforeWrite,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: NewPassphrase,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `rotateKey`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateOptions {
    /// The product id; 88, the Duo's, unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub product_id: Option<u32>,
    /// The folder of the archive, for the old and the new key; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not prove the keys by the Duo's own handshake before the Duo is written: for a cloud whose device port this
    /// machine cannot reach.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_verify: Option<bool>,
    /// Check everything and say what would be done; make no key, write and send nothing.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub cloud: WhichCloud,
    /// A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Without it, the one in the Duo.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub server_key: Option<String>,
    /// The cloud's name or IPv4 address for devices. Without it, the one in the Duo, or device.spark.io.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// The TCP port that devices connect to. Without it, the one in the Duo, or 5683.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (reading, sending with all retries, writing, proving, leaving) may take, 1 to 3600;
    /// 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}
