//! `reset`: erases the key of a Duo, so that its firmware makes a new one.

use std::path::PathBuf;

use super::command::flag;
use super::device::{DeviceRef, Opened, Snapshot, Target};
use super::journaled::{Beginning, Journaled, Ledger, absolute};
use super::keep::{Destination, Place, keep_before_write, locate_archive};
use super::leave::leave;
use super::passphrase::{PassphraseOptions, Passphrases, WantedBackup, check_used};
use super::patch::Patch;
use super::plan::{Action, Plan};
use super::recovery::{Back, Recovery};
use super::restore::confirm;
use super::unbacked::check_unbacked;
use super::write::write_verified;
use super::{Context, Timeout};
use crate::archive::journal::{OperationKind, Request};
use crate::error::Error;
use crate::keys::{Fingerprint, SlotImage};

/// What `reset` is asked for.
// One a word that can be typed; they are independent of each other.
#[allow(clippy::struct_excessive_bools)]
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
    /// Put the backup of what is there behind a passphrase.
    pub encrypt: bool,
    /// The passphrase.
    pub passphrase: PassphraseOptions,
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// A key slot that holds the reset image, of a Duo that has left DFU mode.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "ResetResult", rename_all = "camelCase")]
pub struct ResetDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The key that was there, where there was one.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The backup of what was there; absolute.
    #[serde(rename = "backupPath", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// False where the slot held the reset image already, and in a dry run.
    pub written: bool,
    /// True where nothing was to be written.
    pub dry_run: bool,
}

/// Backs up what is there, asks, writes the reset image, reads back, compares, leaves DFU mode.
pub fn reset(context: Context<'_>, options: &ResetOptions) -> Result<ResetDone, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    check_used(&options.passphrase, options.encrypt)?;
    let archive = if options.no_backup || options.dry_run {
        None
    } else {
        let archive = locate_archive(context, options.archive.as_deref())?;
        archive.prepare()?;
        Some(archive)
    };
    let wanted =
        WantedBackup { encrypt: options.encrypt, no_backup: options.no_backup, dry_run: options.dry_run };
    let encrypt = Passphrases::new(context, &options.passphrase).for_backup(&wanted)?;
    let backup = archive.map(|archive| Destination { place: Place::Archive(archive), encrypt });

    let ledger = if options.dry_run { None } else { Some(Ledger::required(context)?) };

    let mut opened = Opened::find(context, &options.target, timeout)?;
    check_unbacked(&opened, options.no_backup, options.accepts_key_loss)?;
    let snapshot = opened.section_before_write()?;
    let device = opened.device.clone();
    let previous = snapshot.slot.key().map(|read| read.key.public_key().fingerprint());
    let done = ResetDone { device, previous, backup: None, written: false, dry_run: options.dry_run };
    let Some(ledger) = ledger else { return Ok(done) };
    let beginning = Beginning {
        operation: OperationKind::Reset,
        device: (&opened.device).into(),
        before: previous,
        after: None,
        request: Request {
            leave: true,
            allow_unproven_address: options.target.allow_unproven_address,
            encrypt: options.encrypt,
            archive: options.archive.as_ref().map(absolute),
            usbip: context.bus.address(),
            ..Request::default()
        },
    };
    ledger.follow(context, beginning, |journaled| erase(opened, &snapshot, backup.as_ref(), done, journaled))
}

fn erase(
    mut opened: Opened<'_>,
    snapshot: &Snapshot,
    backup: Option<&Destination>,
    mut done: ResetDone,
    journaled: &mut Journaled<'_>,
) -> Result<ResetDone, Error> {
    let context = opened.context;
    let patch = Patch::key(&SlotImage::reset());
    if patch.is_in(snapshot) {
        context.note("the key slot is reset already; the Duo makes a new key when it starts");
    } else {
        let kept = keep_before_write(&opened, snapshot, backup, journaled)?;
        done.backup = kept.key;
        let plan = Plan {
            action: Action::Reset,
            device: opened.device.clone(),
            current: done.previous,
            current_words: snapshot.slot.to_string(),
            new: None,
            evidence: None,
            public_slot: None,
            changes: Vec::new(),
            cautions: Vec::new(),
            cloud: None,
            backup: done.backup.clone(),
        };
        confirm(context, &plan)?;
        let encrypt = flag("encrypt", backup.is_some_and(|backup| backup.encrypt.is_some()));
        let again = format!("duo-provision reset{encrypt}");
        let back = Back::to_key(snapshot, done.backup.as_deref());
        let unproven = opened.unproven;
        let recovery = Recovery { again, back, owner: None, section: kept.section, unproven };
        (opened, _) = write_verified(opened, snapshot, &patch, &recovery, journaled)?;
        done.written = true;
    }
    leave(opened, "it then makes a new key, and has to be provisioned again", journaled)?;
    Ok(done)
}
