//! Options of what is done with the key in a device, and of finding one.

use clap::Args;
use serde::{Deserialize, Serialize};

/// Options of `listDevices`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
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
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
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
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
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

/// Options of `restoreKey`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
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
    /// Do not back up what is in the key slot now. If the write fails, that key is lost. With bootloaders
    /// r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
    /// a power cut can leave neither the old key nor the new one.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub i_accept_that_the_key_may_be_lost: Option<bool>,
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

/// Options of `resetKey`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResetOptions {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is in the key slot now. That key is then lost. With bootloaders
    /// r3 to r5, `--i-accept-that-the-key-may-be-lost` has to be given as well.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so
    /// a power cut can leave neither the old key nor the new one.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub i_accept_that_the_key_may_be_lost: Option<bool>,
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

/// Options of `rotateKey`.
#[cfg_attr(feature = "addon", napi_derive::napi(object))]
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
    /// Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no
    /// cloud's public key in its slot. Only for a Duo whose server key's slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
    /// Seconds that one step (reading, sending with all retries, writing, proving, leaving) may take, 1 to 3600;
    /// 30 unless given.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub timeout: Option<u32>,
}
