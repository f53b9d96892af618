//! `reset`: erases the key of a Duo, so that its firmware makes a new one.

use std::path::PathBuf;

use crate::error::Error;
use crate::journal::{OperationKind, Request};
use crate::keys::{Fingerprint, SlotImage};
use crate::workflow::context::{Action, Context, DUO, DeviceRef, Plan};
use crate::workflow::describe::server::ServerReport;
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases, check_used};
use crate::workflow::network::unpaired::cloud_of;
use crate::workflow::next::tell_cloud_of;
use crate::workflow::record::journal::selection;
use crate::workflow::write::{Fields, Patch, Proposal, Terms, Transaction, WriteOptions};

/// The options of `reset`.
#[derive(Clone, Debug, Default)]
pub struct ResetOptions {
    /// Which Duo, and the options that every write has.
    pub write: WriteOptions,
    /// Encrypt the backup of what is there with a passphrase.
    pub encrypt: bool,
    /// The passphrase.
    pub passphrase: PassphraseOptions,
}

/// The key slot now holds the reset image, and the Duo has left DFU mode.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ResetResult", rename_all = "camelCase")]
pub struct ResetDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The key that was there, if there was one.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The backup of what was there; absolute.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// False in a dry run, and if the slot already held the reset image.
    pub written: bool,
    /// True in a dry run: nothing was written.
    pub dry_run: bool,
    /// The command that sends the new key to the Duo's cloud. It is for later, when the Duo is in DFU mode again.
    pub provision_command: String,
}

/// Backs up what is there, asks, writes the reset image, reads back, compares, leaves DFU mode.
pub fn reset(context: Context<'_>, options: &ResetOptions) -> Result<ResetDone, Error> {
    let write = &options.write;
    let context = context.within(write.timeout)?;
    check_used(&options.passphrase, options.encrypt)?;
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let encrypt = passphrases.for_backup(options.encrypt, write.no_backup, write.dry_run)?;
    let terms = Terms { options: write, boards: &[DUO], encrypt, leave: true };
    let mut transaction = Transaction::open(context, terms)?;
    let held = transaction.opened.section_before_write()?;
    let (device, previous) = (transaction.opened.device.clone(), held.fingerprint());
    let started = transaction.started(OperationKind::Reset, (previous, None), Request::default());
    let particle = ServerReport::named_by(&held, device.device_id).particle.unwrap_or_default();
    let cloud = cloud_of(context, device.device_id, particle);
    let provision_command =
        tell_cloud_of(device.device_id, &(&device).into(), selection(context, &write.target), cloud);
    let plan = Plan::of(Action::Reset, &device, Some(&held));
    let writing = Fields::key(held, Patch::key(&SlotImage::reset()));
    let already = "the key slot is reset already; the Duo makes a new key when it starts";
    let then = "it then makes a new key, and has to be provisioned again";
    let proposal = Proposal { then, ..Proposal::new(started, writing, plan, already) };
    let outcome = transaction.commit(proposal)?;
    let (backup, written) = (outcome.backup, outcome.written);
    Ok(ResetDone { device, previous, backup, written, dry_run: write.dry_run, provision_command })
}
