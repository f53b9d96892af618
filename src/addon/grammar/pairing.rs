//! Defines the options of the commands that pair a device with its cloud, or check the pair.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::groups::{KeyPassphrase, WhichCloud, WhichDuo, WrittenDuo};

/// Options of `doctor`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoctorOptions {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WhichDuo,
    /// Prove by each Duo's own handshake that its key and its cloud's are a pair. Without it, no Duo is reported as
    /// paired.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub verify: Option<bool>,
    /// Ask the cloud what it knows of each Duo, with the token of `--token-file`, PARTICLE_ACCESS_TOKEN or the login
    /// of particle-cli. Without it the cloud is asked only if one of the first two is given; with the variable
    /// alone, Particle's cloud is asked only about a Duo that is meant for it. In the API, false never asks.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub cloud: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which_cloud: WhichCloud,
    /// Seconds that one step (finding, reading, asking with all retries) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `doctor` on the command line.
#[derive(Args, Serialize)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub look: DoctorOptions,
    /// Offer to fix what can be fixed, one thing after the other. Each asks before it writes.
    #[arg(long)]
    pub fix: bool,
}

/// Options of `provision`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionOptions {
    /// The device id of the Duo, 24 hexadecimal digits.
    #[arg(value_name = "DEVICE_ID", required = true)]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub device_id: Option<String>,
    /// A key file whose public half is sent: public or private, PEM or DER. Without it and without `--from-device` the
    /// generic key is sent, as device-provisioning-helper did.
    #[arg(value_name = "KEY_FILE")]
    pub key_file: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: KeyPassphrase,
    /// Send the public key that belongs to the private key in the attached Duo, read over USB. Recommended if you have
    /// the Duo.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub from_device: Option<bool>,
    /// With `--from-device` or a private key file: prove afterwards, by the Duo's own handshake, that the cloud has the
    /// key. Succeeds only then.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub verify: Option<bool>,
    /// With `--verify`: a file with the cloud's public key, RSA with 2048 bits, PEM or DER. Without it, the one in the
    /// Duo; with a key file, Particle's own.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub server_key: Option<String>,
    /// With `--verify`: the cloud's name or IPv4 address for devices. Without it, the one in the Duo, or
    /// device.spark.io.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// With `--verify`: the TCP port that devices connect to. Without it, the one in the Duo, or 5683.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    /// The product id; 88, the Duo's, unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub product_id: Option<u32>,
    #[command(flatten)]
    #[serde(flatten)]
    pub cloud: WhichCloud,
    /// With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// With `--from-device`: if the Duo runs its firmware, put it into DFU mode first, through its
    /// serial port.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// With `--from-device`: if no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
    /// cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// With `--from-device`: work on a virtual Duo, the USB/IP server of a running `simulate`.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (reading, or sending with all retries) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
    /// Check everything and say what would be sent; send nothing.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
}

/// Options of `verifyPairing`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyOptions {
    /// A file with the private key, in any form; `--device` says whose it is. Without it, the key is read from the
    /// attached Duo.
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub passphrase: KeyPassphrase,
    /// A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Without it, the one in the Duo; with
    /// `--key`, Particle's own.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub server_key: Option<String>,
    /// The cloud's name or IPv4 address. Without it, the one in the Duo, or device.spark.io.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// The TCP port that devices connect to. Without it, the one in the Duo, or 5683.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    #[command(flatten)]
    #[serde(flatten)]
    pub which: WrittenDuo,
    /// Seconds that one step (reading, or the whole handshake) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}
