//! The one grammar: every option is declared here once and serves three readers.
//!
//! A struct is an options object of the API (`napi(object)`, and the JSDoc of `index.d.ts`), the options of a
//! command (`clap::Args`, and the text of `--help`), and the shape that objects from JavaScript are checked
//! against (`serde`, unknown properties refused). Defaults are not here: they live in the workflows, where both
//! readers meet them. Fields that several structs share are repeated: napi does not flatten, and a macro would
//! hide their comments from it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use napi_derive::napi;
use serde::{Deserialize, Serialize};

/// Options of `listDevices`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListOptions {
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

/// Options of `enterDfu`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DfuOptions {
    /// The device id of the Duo, 24 hexadecimal digits. System firmware up to 0.2.4 does not tell it: there it is taken
    /// as your word, together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// Where no Duo is connected, show what to press and wait for one, up to ten minutes.
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
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupOptions {
    /// The file to write; beside it go the public key (.pub.pem) and a manifest (.json). Nothing is ever
    /// overwritten. Without it the backup goes to the archive.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Save the bytes of the key slot even when they are no key.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub raw: Option<bool>,
    /// Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Passphrase")]
    pub encrypt: Option<bool>,
    /// A file whose first line is the passphrase, or - for standard input. Else DUO_PROVISION_PASSPHRASE, which the
    /// same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreKey`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreOptions {
    /// The key file: a backup, or a private key as PKCS#1 or PKCS#8, DER or PEM.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// Write the key even though it is known to be another device's.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_other_device: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is in the key slot now. If the write fails, that key is lost.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Passphrase")]
    pub encrypt: Option<bool>,
    /// A file whose first line is the passphrase, of the key file and of the backup, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `resetKey`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetOptions {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is in the key slot now. That key is then lost.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Passphrase")]
    pub encrypt: Option<bool>,
    /// A file whose first line is the passphrase, or - for standard input. Else DUO_PROVISION_PASSPHRASE, which the
    /// same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `backupDct`.
#[napi(object)]
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `showDct`.
#[napi(object)]
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
#[napi(object)]
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
#[napi(object)]
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
    /// Do not back up what is there now. If the write fails, that is lost.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreServerKey`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerKeyRestoreOptions {
    /// Leave DFU mode once the key is in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is there now. If the write fails, that is lost.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `restoreDct`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DctRestoreOptions {
    /// The dump of a DCT: a backup, or what other tools read out of one.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The fields to restore: device-private-key, server-public-key, …; without it, the error lists them.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub fields: Option<Vec<String>>,
    /// Write what is known to be another device's.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub allow_other_device: Option<bool>,
    /// Leave DFU mode once the fields are in place and verified.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub leave: Option<bool>,
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is there now. If the write fails, that is lost.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `inspectKey`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InspectOptions {
    /// The file to look at: a key in any form, a backup, a dump of a DCT, a cloud's public key, or a manifest.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Write one field of a dump to a new file: device-private-key, server-public-key, …; a name that there is
    /// not lists them all. A private key is written in the form that the Duo's firmware reads.
    #[arg(long, value_name = "FIELD")]
    pub extract: Option<String>,
    /// The file for the field; beside the dump, and named for both, unless given. Nothing is ever overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// A file whose first line is the passphrase of the key file, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else an encrypted key is described from
    /// outside.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
}

/// Options of `newKey`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKeyOptions {
    /// The file to write; beside it goes the public key (.pub.pem). Nothing is ever overwritten. Without it the file
    /// is called after the key's fingerprint, in the current folder.
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Passphrase")]
    pub encrypt: Option<bool>,
    /// A file whose first line is the passphrase, or - for standard input. Else DUO_PROVISION_PASSPHRASE, which the
    /// same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
}

/// Options of `publicKey`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicKeyOptions {
    /// The key file: public or private, PEM or DER, a backup, or a dump that begins with a key.
    #[arg(value_name = "FILE")]
    pub file: String,
    /// Write the public key to this new file, too.
    #[arg(long, value_name = "FILE")]
    pub out: Option<String>,
    /// A file whose first line is the passphrase of the key file, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
}

/// Options of `listBackups`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupsOptions {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Only the backups of this Duo: its device id, 24 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
}

/// Options of `doctor`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoctorOptions {
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
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (finding, reading) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// What `doctor` takes.
#[derive(Args, Serialize)]
pub struct DoctorArgs {
    /// Where to look.
    #[command(flatten)]
    pub look: DoctorOptions,
    /// Offer to put right what can be put right, one thing after the other. Each asks before it writes.
    #[arg(long)]
    pub fix: bool,
}

/// Options of `status`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusOptions {
    /// Only what was done to this Duo: its device id, 24 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
}

/// Options of `provision`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionOptions {
    /// The device id of the Duo, 24 hexadecimal digits.
    #[arg(value_name = "DEVICE_ID")]
    pub device_id: String,
    /// A key file whose public half is sent: public or private, PEM or DER. Without it and without
    /// `--from-device` the generic key is sent, as device-provisioning-helper did.
    #[arg(value_name = "KEY_FILE")]
    pub key_file: Option<String>,
    /// A file whose first line is the passphrase of the key file, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
    /// Send the public key that belongs to the private key in the attached Duo, read over USB.
    /// Recommended where the Duo is at hand.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub from_device: Option<bool>,
    /// The product id; 88, the Duo's, unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub product_id: Option<u32>,
    /// The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
    /// used, unless given.
    #[arg(long, value_name = "URL", help_heading = "Which cloud")]
    pub api_url: Option<String>,
    /// Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub allow_http: Option<bool>,
    /// A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
    /// login of particle-cli.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub token_file: Option<String>,
    /// The access token itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub token: Option<String>,
    /// With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// With `--from-device`: put the Duo into DFU mode through its serial port where it runs its firmware.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// With `--from-device`: where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
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
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyOptions {
    /// A file with the private key, in any form; else the key is read from the attached Duo.
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// A file whose first line is the passphrase of the key file, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else it is asked for, on a terminal.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
    /// A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Else the one in the Duo; with `--key`,
    /// Particle's own.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub server_key: Option<String>,
    /// The cloud's name or IPv4 address. Else the one in the Duo, or device.spark.io.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// The TCP port that devices connect to. Else the one in the Duo, or 5683.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: there it is taken
    /// as your word, together with `--path`. With `--key` it says whose key that is.
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
    /// Seconds that one step (reading, or the whole handshake) may take, 1 to 3600; 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// Options of `rotateKey`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateOptions {
    /// The product id; 88, the Duo's, unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub product_id: Option<u32>,
    /// The folder of the archive, which the old key and the new one go to; else DUO_PROVISION_ARCHIVE, else your
    /// data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not prove the pairing by the Duo's own handshake at the end: for a cloud whose device port cannot be
    /// reached from here.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_verify: Option<bool>,
    /// Check everything and say what would be done; make no key, write and send nothing.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
    /// The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
    /// used, unless given.
    #[arg(long, value_name = "URL", help_heading = "Which cloud")]
    pub api_url: Option<String>,
    /// Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub allow_http: Option<bool>,
    /// A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
    /// login of particle-cli.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub token_file: Option<String>,
    /// The access token itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub token: Option<String>,
    /// A file with the cloud's public key, RSA with 2048 bits, PEM or DER. Else the one in the Duo.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub server_key: Option<String>,
    /// The cloud's name or IPv4 address for devices. Else the one in the Duo, or device.spark.io.
    #[arg(long, value_name = "NAME", help_heading = "Which cloud")]
    pub host: Option<String>,
    /// The TCP port that devices connect to. Else the one in the Duo, or 5683.
    #[arg(long, value_name = "PORT", help_heading = "Which cloud")]
    pub port: Option<u16>,
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
    /// Seconds that one step (reading, sending with all retries, writing, proving, leaving) may take, 1 to 3600;
    /// 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}

/// A release of the Duo's bootloader.
#[napi(string_enum = "lowercase")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bootloader {
    /// System firmware up to 0.2.4.
    R3,
    /// System firmware up to 0.2.4.
    R4,
    /// System firmware from 0.3.0.
    R5,
    /// System firmware from 0.3.1.
    R6,
}

/// What a virtual Duo does whenever it starts.
#[napi(string_enum = "lowercase")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DuoMode {
    /// It stays in DFU mode, as if somebody held its buttons.
    Dfu,
    /// It runs its firmware.
    Normal,
}

/// Whose answers a local cloud gives.
#[napi(string_enum = "lowercase")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloudFlavor {
    /// api.particle.io.
    Particle,
    /// particle-iot/spark-server.
    Spark,
    /// Brewskey/spark-server.
    Brewskey,
}

/// A board that shares the Duo's bootloader and the layout of its DCT.
#[napi(string_enum = "lowercase")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoardName {
    /// RedBear's Duo.
    Duo,
    /// Particle's Photon.
    Photon,
    /// Particle's P1.
    P1,
    /// Particle's Electron.
    Electron,
}

/// Options of `VirtualDuo.start`, and of the virtual Duos of `simulate`.
#[napi(object)]
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualDuoOptions {
    /// How many Duos, 1 to 16; 1 unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub duos: Option<u32>,
    /// Another board that is laid out as a Duo, to be in their place.
    #[arg(long, value_enum, value_name = "BOARD")]
    pub board: Option<BoardName>,
    /// The bootloader they have; r6 unless given.
    #[arg(long, value_enum, value_name = "RELEASE")]
    pub bootloader: Option<Bootloader>,
    /// What they do whenever they start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given.
    #[arg(long, value_enum, value_name = "MODE")]
    pub mode: Option<DuoMode>,
    /// The port of the USB/IP server on 127.0.0.1; a free one unless given (3240 is USB/IP's own).
    #[arg(long = "usbip", value_name = "PORT")]
    pub usbip_port: Option<u16>,
    /// A fault that every Duo is armed with: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from
    /// there on, and KIND@dfu7 counts DFU's requests alone. May be repeated. A mistyped one lists the kinds.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Option<Vec<String>>,
}

/// Options of `LocalCloud.start`, and of the local cloud of `simulate`.
#[napi(object)]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalCloudOptions {
    /// Whose answers to give; particle unless given.
    #[arg(long, value_enum, value_name = "SERVER")]
    pub flavor: Option<CloudFlavor>,
    /// The port on 127.0.0.1; a free one unless given (8080 is a local cloud's usual one).
    #[arg(long = "cloud", value_name = "PORT")]
    pub cloud_port: Option<u16>,
    /// Serve the devices' own handshake too, with which `verify` proves a pairing, on this port of 127.0.0.1; 0
    /// takes a free one (5683 is a cloud's usual one). Starting takes up to a second longer, for the cloud's key.
    #[arg(long, value_name = "PORT")]
    pub device_port: Option<u16>,
    /// The access token to accept; a new random one unless given.
    #[arg(skip)]
    pub token: Option<String>,
}

/// The command line.
#[derive(Parser)]
#[command(
    name = "duo-provision",
    version,
    about = "Back up, restore, reset and provision the keys of a RedBear Duo.",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "COMMAND",
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = TOP_EXAMPLES
)]
pub struct CommandLine {
    /// What to do; without it, provision.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// `duo-provision <device-id> [key-file]`, the old script's form.
    #[command(flatten)]
    pub provision: Option<ProvisionOptions>,
    /// Print one JSON object a line on standard output: events, then one result or error.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Do not ask before a write.
    #[arg(long, short = 'y', global = true, help_heading = "Everywhere")]
    pub yes: bool,
    /// Name the causes of an error too.
    #[arg(long, short = 'v', global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub verbose: u8,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Send the Duo's public key to the cloud
    #[command(after_help = PROVISION_EXAMPLES)]
    Provision(ProvisionOptions),
    /// List the Duos in DFU mode, with their keys' fingerprints
    #[command(after_help = LIST_EXAMPLES)]
    List(ListOptions),
    /// Put a Duo that runs its firmware into DFU mode, without its buttons
    #[command(after_help = DFU_EXAMPLES)]
    Dfu(DfuOptions),
    /// Save the Duo's private key to a new file
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup(BackupOptions),
    /// Write a saved private key to the Duo, and read it back
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(RestoreOptions),
    /// Erase the Duo's private key, so that the Duo makes a new one
    #[command(after_help = RESET_EXAMPLES)]
    Reset(ResetOptions),
    /// Give the Duo and the cloud a new key, in the one order in which neither is left alone
    #[command(after_help = ROTATE_EXAMPLES)]
    Rotate(RotateOptions),
    /// Save, show and restore the Duo's device configuration table (DCT), which holds its keys
    #[command(subcommand, arg_required_else_help = false)]
    Dct(DctCommand),
    /// Show or set which cloud the Duo connects to: its public key and its address
    #[command(subcommand, arg_required_else_help = false)]
    ServerKey(ServerKeyCommand),
    /// Say what a file holds: a key, a dump of a DCT, a manifest; and whether the Duo's firmware would read it
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectOptions),
    /// Make a new key file, or take the public key out of one
    #[command(subcommand, arg_required_else_help = false)]
    Key(KeyCommand),
    /// Prove that the Duo's key and the cloud's are a pair, by the Duo's own handshake
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyOptions),
    /// List the backups in the archive, with their devices and keys
    #[command(after_help = BACKUPS_EXAMPLES)]
    Backups(BackupsOptions),
    /// Say what was in flight when a command was cut short, and what to type next
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusOptions),
    /// Say what is wrong with the Duos in DFU mode, and what to type
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Run virtual Duos and a local cloud until Ctrl-C
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Show the whole story on a virtual Duo and a local cloud; needs no hardware
    Demo,
    /// Print a completion script
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// The commands about key files.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a new RSA-1024 key file, in the form that the Duo's firmware reads
    #[command(after_help = KEY_NEW_EXAMPLES)]
    New(NewKeyOptions),
    /// Print the public key of any key file, as PEM
    #[command(after_help = KEY_PUBLIC_EXAMPLES)]
    Public(PublicKeyOptions),
}

/// What is done with a DCT.
#[derive(Subcommand)]
pub enum DctCommand {
    /// Save the application section of the DCT to a new file, or all of it
    #[command(after_help = DCT_BACKUP_EXAMPLES)]
    Backup(DctBackupOptions),
    /// Show what the fields of the DCT hold, but for what is secret in them
    #[command(after_help = DCT_SHOW_EXAMPLES)]
    Show(DctShowOptions),
    /// Write fields of a dump back to the Duo; backs up what is there first
    #[command(after_help = DCT_RESTORE_EXAMPLES)]
    Restore(DctRestoreOptions),
}

/// What is done with a cloud's public key.
#[derive(Subcommand)]
pub enum ServerKeyCommand {
    /// Show the cloud's public key and its address, of the Duo or of a file
    #[command(after_help = SERVER_KEY_SHOW_EXAMPLES)]
    Show(ServerKeyShowOptions),
    /// Write a cloud's public key and its address to the Duo; backs up what is there first
    #[command(after_help = SERVER_KEY_SET_EXAMPLES)]
    Set(ServerKeySetOptions),
    /// Write the key and the address of Particle's own cloud to the Duo; backs up what is there first
    #[command(after_help = SERVER_KEY_RESTORE_EXAMPLES)]
    Restore(ServerKeyRestoreOptions),
}

/// What `simulate` takes.
#[derive(Args, Serialize)]
pub struct SimulateArgs {
    /// The Duos.
    #[command(flatten)]
    pub duo: VirtualDuoOptions,
    /// The cloud.
    #[command(flatten)]
    pub cloud: LocalCloudOptions,
}

const VERIFY_EXAMPLES: &str = "\
Succeeds only if three things are proven: the server has the private half of the server key that the
Duo names, it knows this device, and it knows it by the public half of the Duo's private key. That is
what a Duo needs to connect. Nothing is written to the Duo. A device that is online may be disconnected,
and a cloud that was last sent the generic key may take the key that it sees here from now on.

Examples:
  duo-provision verify                                    the Duo in DFU mode, with the cloud that it names
  duo-provision verify --key duo.der                      the key in a backup, with Particle's cloud
  duo-provision verify --server-key own.pem --host 192.168.1.10";

const TOP_EXAMPLES: &str = "\
Examples:
  duo-provision demo                                    see it all work without hardware
  duo-provision list                                    which Duos are in DFU mode
  duo-provision backup                                  save the key of the one that is
  duo-provision 30001a000347343432313031 --from-device  send its own public key to the cloud
  duo-provision 30001a000347343432313031                the same with the generic key

Where the Duo is at hand, --from-device is the better choice: anyone can hold the private half
of the generic key.
DFU mode: hold both buttons, release RESET, and release SETUP when the LED blinks yellow.
A Duo that runs normally needs no buttons: `duo-provision dfu`, or --enter-dfu with any command.

Exit codes:
  0 done                       5 device fault, its key unchanged       8 cloud trouble
  2 arguments, key file        6 the device's key is wrong or unknown  9 files and folders
  3 no, several, wrong device  7 the cloud refused, or no pair       130 interrupted
  4 USB access
(After LEAVE_FAILED, a 5, the key is as it was asked for.)";

const PROVISION_EXAMPLES: &str = "\
Examples:
  duo-provision provision 30001a000347343432313031 --from-device
  duo-provision provision 30001a000347343432313031 duo.pub.pem
  duo-provision provision 30001a000347343432313031 --api-url http://192.168.1.20:8080 --allow-http
  pass show particle | duo-provision provision 30001a000347343432313031 --token-file -";

const LIST_EXAMPLES: &str = "\
Examples:
  duo-provision list
  duo-provision list --json";

const DFU_EXAMPLES: &str = "\
Examples:
  duo-provision dfu                         the Duo that is connected
  duo-provision backup --enter-dfu          the same, and a backup
  duo-provision list --wait                 show what to press, and wait for it
The firmware restarts into DFU mode when its serial port is opened at 14400 baud. Its key is not touched.";

const BACKUP_EXAMPLES: &str = "\
Examples:
  duo-provision backup                      into the archive, under a name of its own
  duo-provision backup duo.der              duo.der, duo.pub.pem and duo.json
  duo-provision backup --path 1-2           the Duo at that port, when there are several
  duo-provision backup safe.pem --encrypt   behind a passphrase; safe.pem, safe.pub.pem and safe.json";

const RESTORE_EXAMPLES: &str = "\
Examples:
  duo-provision restore duo.der --leave     write, verify, and start the Duo
  duo-provision restore duo.der --dry-run   check everything, write nothing";

const RESET_EXAMPLES: &str = "\
Examples:
  duo-provision reset                       back up, erase, verify, restart
After it the Duo blinks white while it makes a new key, and has to be provisioned again.";

const DCT_BACKUP_EXAMPLES: &str = "\
Examples:
  duo-provision dct backup                  the application section: keys, server, settings
  duo-provision dct backup --whole          both copies, as they lie in the flash
Either is a secret: it holds the Duo's private key, and the whole DCT its Wi-Fi passwords, too.";

const DCT_SHOW_EXAMPLES: &str = "\
Examples:
  duo-provision dct show                    the Duo in DFU mode
  duo-provision dct show dump.bin           a file that dfu-util or `dct backup` has written
No secret is shown: a private key as its fingerprint, a claim code as being there.";

const SERVER_KEY_SHOW_EXAMPLES: &str = "\
Examples:
  duo-provision server-key show             the cloud of the Duo in DFU mode
  duo-provision server-key show server_public_key.der";

const DCT_RESTORE_EXAMPLES: &str = "\
Examples:
  duo-provision dct restore dct.bin --fields server-public-key
  duo-provision dct restore dct.bin --fields device-private-key,claim-code --dry-run
  duo-provision dct restore dct.bin         which fields there are
Run again, it goes on where it was cut short. What tells the bootloader what to do is never restored.";

const SERVER_KEY_SET_EXAMPLES: &str = "\
Examples:
  duo-provision server-key set own.pub.pem --host 192.168.1.10
  duo-provision server-key set own.pub.pem  a bare key: the address in the Duo is kept
  duo-provision server-key set own.der      with an address behind the key: that one";

const SERVER_KEY_RESTORE_EXAMPLES: &str = "\
Examples:
  duo-provision server-key restore --leave  back to Particle's cloud";

const ROTATE_EXAMPLES: &str = "\
The old key is backed up and the new one kept in the archive before anything else is done. Then the
cloud is told; only when it has said that it took the new key is the Duo written. At last the pairing
is proven as `verify` does it, and the Duo starts. A refusal leaves both as they were; what was cut
short is taken up, with the same new key, by the same command.

Examples:
  duo-provision rotate                      the Duo in DFU mode, with the cloud of your token
  duo-provision rotate --dry-run            check everything, change nothing
  duo-provision rotate --api-url http://192.168.1.20:8080 --allow-http --no-verify";

const INSPECT_EXAMPLES: &str = "\
Examples:
  duo-provision inspect device_private_key.der
  duo-provision inspect dump.bin --extract device-private-key --out duo.der";

const KEY_NEW_EXAMPLES: &str = "\
Examples:
  duo-provision key new duo.der             duo.der, as a backup would be, and duo.pub.pem
  duo-provision key new safe.pem --encrypt  behind a passphrase
Then: duo-provision restore duo.der, and duo-provision DEVICE_ID duo.pub.pem";

const KEY_PUBLIC_EXAMPLES: &str = "\
Examples:
  duo-provision key public duo.der
  duo-provision key public duo.pem --out duo.pub.pem";

const BACKUPS_EXAMPLES: &str = "\
Examples:
  duo-provision backups
  duo-provision backups --device 30001a000347343432313031";

const STATUS_EXAMPLES: &str = "\
Examples:
  duo-provision status                      after a crash: what was in flight, and what to type
It reads the journal in your data directory, and asks no Duo.";

const DOCTOR_EXAMPLES: &str = "\
It looks at the bootloader, the DCT, the key and the public key beside it, the cloud that the Duo is
meant for, its device id, the archive and the journal. It writes nothing, and asks no cloud: whether
the keys are a pair is told by `verify`. Its exit code is 5 where it found a problem.

Examples:
  duo-provision doctor
  duo-provision doctor --fix                offer to put right what can be put right";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  duo-provision simulate --duos 2 --usbip 3240 --cloud 8080
  duo-provision simulate --fault timeout-after@dfu13   one answer gets lost
  duo-provision list --usbip 127.0.0.1:3240            in another terminal";
