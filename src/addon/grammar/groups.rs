//! Defines the options that several commands share. A struct of options flattens them into itself, for JavaScript and
//! for the command line. The outer struct refuses unknown properties, so it must have `deny_unknown_fields`.

use clap::Args;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::workflow::{CloudOptions, PassphraseOptions, ServerOptions, Target, WriteOptions};

/// Options of a command that works on one Duo, or on all.
#[derive(Args, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneOrAll<O: Args> {
    #[command(flatten)]
    #[serde(flatten)]
    pub one: O,
    /// Do it with every connected Duo, up to 16 at a time. Those that fail do not stop the others.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub all: Option<bool>,
    #[command(flatten)]
    #[serde(flatten)]
    pub every: AllDuos,
}

/// Options for all connected Duos.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AllDuos {
    /// With `--all`: a file with a line `path,id` for each Duo that does not tell its id (bootloaders r3 and r4).
    #[arg(long, value_name = "FILE", requires = "all", help_heading = "Which Duo")]
    pub paths: Option<String>,
}

/// Options for all Duos, as JavaScript gives them. Options that select one Duo are refused later.
#[derive(Deserialize)]
pub struct OfAll<O> {
    #[serde(flatten)]
    pub every: AllDuos,
    /// Read last, since it refuses unknown options.
    #[serde(flatten)]
    pub each: O,
}

/// Which Duo a command reads.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhichDuo {
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
    /// together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// If the Duo runs its firmware, put it into DFU mode first, through its serial port.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
}

impl WhichDuo {
    /// These options, for a workflow.
    pub fn target(&self) -> Result<Target, Error> {
        let target = Target::parse(self.device.as_deref(), self.path.as_deref())?;
        Ok(target.brought(self.enter_dfu, self.wait))
    }
}

/// The Duo that a command reads, and mostly writes.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WrittenDuo {
    /// The device id of the Duo, 24 hexadecimal digits. Bootloaders r3 and r4 do not tell it: for them, give it
    /// together with `--path`.
    #[arg(long, value_name = "ID", help_heading = "Which Duo")]
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
    /// The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4.
    #[arg(long, value_name = "BUS-PORT", help_heading = "Which Duo")]
    pub path: Option<String>,
    /// If the Duo runs its firmware, put it into DFU mode first, through its serial port.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub enter_dfu: Option<bool>,
    /// If no Duo is in DFU mode, show what to press and wait for one, up to ten minutes.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub wait: Option<bool>,
    /// Go on although nothing shows that the Duo reads from the right address: it tells no device id over USB, and no
    /// cloud's public key is in its slot. Only for a Duo whose server key slot is known to be blank or damaged.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which Duo")]
    pub allow_unproven_address: Option<bool>,
    /// Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only.
    #[arg(long, value_name = "127.0.0.1:PORT", help_heading = "Which Duo")]
    pub usbip: Option<String>,
}

impl WrittenDuo {
    /// These options, for a workflow.
    pub fn target(&self) -> Result<Target, Error> {
        let target = Target::parse(self.device.as_deref(), self.path.as_deref())?;
        Ok(target.brought(self.enter_dfu, self.wait).unproven(self.allow_unproven_address))
    }
}

/// Options for what happens before a write.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BeforeWrite {
    /// The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<String>,
    /// Do not back up what is there now: what is written over is in no new backup. With bootloaders r3 to r5,
    /// `--i-accept-that-the-key-may-be-lost` is needed too.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub no_backup: Option<bool>,
    /// With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place,
    /// so a power cut can leave neither the old key nor the new one.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub i_accept_that_the_key_may_be_lost: Option<bool>,
    /// Check everything and say what would be done; write nothing anywhere.
    #[arg(long, num_args = 0, default_missing_value = "true")]
    pub dry_run: Option<bool>,
}

/// Options to encrypt the key that is saved, with a passphrase.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewPassphrase {
    /// Encrypt the key file that this command makes with a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Passphrase")]
    pub encrypt: Option<bool>,
    /// A file whose first line is the passphrase of every key file that this command makes or reads, or - for standard
    /// input. Else DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
}

/// Options to open a key file.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyPassphrase {
    /// A file whose first line is the passphrase of the key file, or - for standard input. Else
    /// DUO_PROVISION_PASSPHRASE, which the same user's processes can read; else a terminal asks for it.
    #[arg(long, value_name = "FILE", help_heading = "Passphrase")]
    pub passphrase_file: Option<String>,
    /// The passphrase itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub passphrase: Option<String>,
}

/// Options for the cloud, and for the token.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WhichCloud {
    /// The cloud's API; https://api.particle.io, or that of your particle-cli profile when its token is
    /// used, unless given.
    #[arg(long, value_name = "URL", help_heading = "Which cloud")]
    pub api_url: Option<String>,
    /// Send the token over plain HTTP to another machine, for your own cloud on a network you trust.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub allow_http: Option<bool>,
    /// Use this cloud although the Duo's server key is another cloud's. The Duo still connects to the other one.
    #[arg(long, num_args = 0, default_missing_value = "true", help_heading = "Which cloud")]
    pub allow_other_cloud: Option<bool>,
    /// A file that holds the access token, or - for standard input. Else PARTICLE_ACCESS_TOKEN, else the
    /// login of particle-cli.
    #[arg(long, value_name = "FILE", help_heading = "Which cloud")]
    pub token_file: Option<String>,
    /// The access token itself; only in the API, since a command line is no place for a secret.
    #[arg(skip)]
    pub token: Option<String>,
}

impl From<WhichCloud> for CloudOptions {
    fn from(given: WhichCloud) -> Self {
        Self {
            api_url: given.api_url,
            allow_http: given.allow_http.unwrap_or_default(),
            allow_other_cloud: given.allow_other_cloud.unwrap_or_default(),
            token_file: given.token_file,
            token: given.token,
        }
    }
}

/// Makes passphrase options from what an options object says.
pub fn passphrase(passphrase: Option<String>, file: Option<String>) -> PassphraseOptions {
    PassphraseOptions { passphrase: passphrase.map(Zeroizing::new), file }
}

/// Makes the options for a device port from what an options object says.
pub fn server(key_file: Option<String>, host: Option<String>, port: Option<u16>) -> ServerOptions {
    ServerOptions { key_file: key_file.map(Into::into), host, port }
}

/// Makes the options that every write has from what an options object says.
pub fn write_options(
    which: &WrittenDuo,
    before: BeforeWrite,
    timeout: Option<u32>,
) -> Result<WriteOptions, Error> {
    Ok(WriteOptions {
        target: which.target()?,
        archive: before.archive,
        no_backup: before.no_backup.unwrap_or_default(),
        accepts_key_loss: before.i_accept_that_the_key_may_be_lost.unwrap_or_default(),
        dry_run: before.dry_run.unwrap_or_default(),
        timeout,
    })
}
