//! Options of what is done with the DCT, and with the cloud's public key in it.

use clap::Args;
use serde::{Deserialize, Serialize};

/// Options of `backupDct`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctBackupOptions {
    /// The file to write; beside it go the public key (.pub.pem) and a manifest (.json). Nothing is ever
    /// overwritten. Without it the backup goes to the archive.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Both copies of the DCT, 32 KiB of the internal flash, in place of its application section. They hold the
    /// Wi-Fi passwords, too.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub whole: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no
    /// cloud's public key in its slot. Only for a Duo whose server key's slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `showDct`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctShowOptions {
    /// A dump of a DCT, in place of an attached Duo.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `showServerKey`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeyShowOptions {
    /// A cloud's public key, with or without an address behind it, or a dump of a DCT; in place of an attached Duo.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `setServerKey`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeySetOptions {
    /// The cloud's public key, RSA with 2048 bits, as DER or PEM; an address may stand behind it, as in the DCT.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The cloud's name or IPv4 address; `$id` in it stands for the device id. Else the one in the file, else the
    /// one in the Duo is kept.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// The TCP port that devices connect to; with `--host`, 5683 unless given.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    /// Write no address, so that the Duo looks for its cloud at device.spark.io, as the firmware does then.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub no_address: Option<bool>,
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is there now. If the write fails, that is lost. With bootloaders
    /// r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
    /// a power cut can leave neither the old key nor the new one.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub i_accept_that_the_key_may_be_lost: Option<bool>,
    /// Check everything and say what would be done; write nothing anywhere.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no
    /// cloud's public key in its slot. Only for a Duo whose server key's slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreServerKey`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeyRestoreOptions {
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is there now. If the write fails, that is lost. With bootloaders
    /// r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
    /// a power cut can leave neither the old key nor the new one.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub i_accept_that_the_key_may_be_lost: Option<bool>,
    /// Check everything and say what would be done; write nothing anywhere.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no
    /// cloud's public key in its slot. Only for a Duo whose server key's slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreDct`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctRestoreOptions {
    /// The dump of a DCT: a backup, or what other tools read out of one.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The fields to restore: device-private-key, server-public-key, …; without it, the error lists them.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub fields: Option<Vec<String>>,
    /// All of the DCT, both copies, as they were read into a dump of 32 KiB: everything that was written to the Duo
    /// since is lost.
    #[arg(long, num_args = 0, default_missing_value = "true", conflicts_with = "fields")]
    pub whole: Option<bool>,
    /// Write what is known to be another device's.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_other_device: Option<bool>,
    /// Leave DFU mode once it is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is there now. If the write fails, that is lost. With bootloaders
    /// r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
    /// a power cut can leave neither the old key nor the new one.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub i_accept_that_the_key_may_be_lost: Option<bool>,
    /// Check everything and say what would be done; write nothing anywhere.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no
    /// cloud's public key in its slot. Only for a Duo whose server key's slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}
