//! Defines the options of the commands for many devices from a list.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::groups::WhichCloud;

/// Options of `fleetManifest`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetManifestOptions {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// A file with a device id on each line: makes a list of these ids, without keys.
    #[arg(long, value_name = "FILE")]
    pub ids: Option<String>,
}

/// Options of `provisionFleet`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetProvisionOptions {
    /// The list of devices: CSV, a JSON array or JSON lines, with device_id and key_file; - for standard input.
    #[arg(value_name = "LIST")]
    pub manifest: String,
    /// The ledger, which records the outcome of each device; beside the list, LIST.provision.jsonl unless given.
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<String>,
    /// Check the whole list and its keys, say how many would be sent, and send nothing.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
    /// The most requests in a second or (with /m) in a minute: 10, 10/s, 300/m, or none for no limit; 10 unless given.
    #[arg(long, value_name = "N[/s|/m]", help_heading = "Pace")]
    pub rate: Option<String>,
    /// How many are sent at the same time, 1 to 64; 8 unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Pace")]
    pub concurrency: Option<u32>,
    /// How many failures of the cloud or the network in a row stop the run; 50 unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Pace")]
    pub max_failures: Option<u32>,
    /// Send only part K of N, chosen by the device id: for several machines that share one list.
    #[arg(long, value_name = "K/N")]
    pub shard: Option<String>,
    /// Skip rows that are wrong, and send the rest.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub skip_invalid: Option<bool>,
    /// Send the generic key, as device-provisioning-helper did, for rows without a key_file.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_generic: Option<bool>,
    /// Send one key for several devices.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_shared_keys: Option<bool>,
    /// The product id for rows without one; 88, the Duo's, unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub product_id: Option<u32>,
    #[command(flatten)]
    #[serde(flatten)]
    pub cloud: WhichCloud,
    /// Seconds that one request may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `verifyFleet`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetVerifyOptions {
    /// The list of devices: CSV, a JSON array or JSON lines, with device_id; - for standard input.
    #[arg(value_name = "LIST")]
    pub manifest: String,
    /// Prove with the private keys of the list that the cloud has their public halves. This connects as the device: one
    /// that is online may be disconnected.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub handshake: Option<bool>,
    /// With `--handshake`: a file with the cloud's public key; Particle's own unless given.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub server_key: Option<String>,
    /// With `--handshake`: the cloud's name or IPv4 address; device.spark.io unless given.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// With `--handshake`: the TCP port that devices connect to; 5683 unless given.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    /// The most requests in a second or (with /m) in a minute: 10, 10/s, 300/m, or none for no limit; 10 unless given.
    #[arg(long, value_name = "N[/s|/m]", help_heading = "Pace")]
    pub rate: Option<String>,
    /// How many are asked at the same time, 1 to 64; 8 unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Pace")]
    pub concurrency: Option<u32>,
    #[command(flatten)]
    #[serde(flatten)]
    pub cloud: WhichCloud,
    /// Seconds that one request may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `fleetReport`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FleetReportOptions {
    /// The ledgers that `fleet provision` has written; for a list in parts, those of all parts.
    #[arg(value_name = "LEDGER", required = true)]
    pub ledgers: Vec<String>,
    /// The list of devices; without it, the one that the ledgers name.
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<String>,
    /// The format of the devices: text, csv, jsonl, or manifest for the list of the next round; text unless given.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Only devices with these outcomes: done, failed, unknown, not-reached, with commas between them. Without it, text
    /// has those that are not done, and every other format has all.
    #[arg(long, value_name = "OUTCOMES")]
    pub only: Option<String>,
    /// Write the report to this new file.
    #[arg(long, value_name = "FILE")]
    pub output: Option<String>,
}
