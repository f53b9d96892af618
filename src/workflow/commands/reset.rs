//! `reset`: erases the key of a Duo, so that its firmware makes a new one.

use std::path::PathBuf;

use crate::error::Error;
use crate::journal::{OperationKind, Request};
use crate::keys::{Fingerprint, SlotImage};
use crate::workflow::context::{Action, Context, DUO, DeviceRef, Plan, Target};
use crate::workflow::input::passphrase::{PassphraseOptions, Passphrases, check_used};
use crate::workflow::write::{Fields, Patch, Proposal, Terms, Transaction};

/// The options of `reset`.
#[derive(Clone, Debug, Default)]
pub struct ResetOptions {
    /// Which Duo.
    pub target: Target,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Make no backup of what is there.
    pub no_backup: bool,
    /// Accept, with `no_backup`, that a power cut can leave no key at all.
    pub accepts_key_loss: bool,
    /// Encrypt the backup of what is there with a passphrase.
    pub encrypt: bool,
    /// The passphrase.
    pub passphrase: PassphraseOptions,
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// Seconds for each step.
    pub timeout: Option<u32>,
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
}

/// Backs up what is there, asks, writes the reset image, reads back, compares, leaves DFU mode.
pub fn reset(context: Context<'_>, options: &ResetOptions) -> Result<ResetDone, Error> {
    let context = context.within(options.timeout)?;
    check_used(&options.passphrase, options.encrypt)?;
    let terms = Terms {
        target: &options.target,
        boards: &[DUO],
        archive: options.archive.as_deref(),
        no_backup: options.no_backup,
        accepts_key_loss: options.accepts_key_loss,
        encrypt: Passphrases::new(context, &options.passphrase).for_backup(
            options.encrypt,
            options.no_backup,
            options.dry_run,
        )?,
        leave: true,
        dry_run: options.dry_run,
    };
    let mut transaction = Transaction::open(context, terms)?;
    let held = transaction.opened.section_before_write()?;
    let (device, previous) = (transaction.opened.device.clone(), held.fingerprint());
    let started = transaction.started(OperationKind::Reset, (previous, None), Request::default());
    let plan = Plan::of(Action::Reset, &device, Some(&held));
    let writing = Fields::key(held, Patch::key(&SlotImage::reset()));
    let already = "the key slot is reset already; the Duo makes a new key when it starts";
    let then = "it then makes a new key, and has to be provisioned again";
    let proposal = Proposal { then, ..Proposal::new(started, writing, plan, already) };
    let outcome = transaction.commit(proposal)?;
    let (backup, written) = (outcome.backup, outcome.written);
    Ok(ResetDone { device, previous, backup, written, dry_run: options.dry_run })
}
