//! `restore`: writes a saved key to a Duo, and knows that it is there.

use std::path::PathBuf;

use super::cancel::interrupted;
use super::command::{flag, restore_from};
use super::device::{DeviceRef, Opened, Snapshot, Target};
use super::journaled::{Beginning, Journaled, Ledger, absolute};
use super::keep::{Destination, Place, keep_before_write, locate_archive};
use super::leave::leave;
use super::passphrase::{PassphraseOptions, Passphrases, WantedBackup};
use super::patch::Patch;
use super::plan::{Action, Evidence, Plan};
use super::recovery::{Back, Recovery};
use super::source::{KeySource, public_slot};
use super::unbacked::check_unbacked;
use super::write::write_verified;
use super::{Context, Phase, Timeout};
use crate::archive::Archive;
use crate::archive::journal::{OperationKind, Request};
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::keys::{Fingerprint, Form};

/// What `restore` is asked for.
// One a word that can be typed; they are independent of each other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// Which Duo.
    pub target: Target,
    /// The key file.
    pub file: PathBuf,
    /// Leave DFU mode afterwards.
    pub leave: bool,
    /// Write a key that is known to be another device's.
    pub allow_other_device: bool,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Make no backup of what is there.
    pub no_backup: bool,
    /// Accept, with `no_backup`, that a power cut can leave no key at all.
    pub accepts_key_loss: bool,
    /// Put the backup of what is there behind a passphrase.
    pub encrypt: bool,
    /// The passphrase, of the key file and of the backup.
    pub passphrase: PassphraseOptions,
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// Seconds a step.
    pub timeout: Option<u32>,
}

/// A key that is in place: read back and compared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "RestoreResult", rename_all = "camelCase")]
pub struct RestoreDone {
    /// The Duo.
    pub device: DeviceRef,
    /// The key that was there, where there was one.
    #[serde(rename = "previousFingerprint")]
    pub previous: Option<Fingerprint>,
    /// The key that is there now (in a dry run: that would be).
    pub fingerprint: Fingerprint,
    /// Why the key is taken to be this Duo's.
    #[serde(flatten, serialize_with = "crate::workflow::shown_evidence")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::workflow::ShownEvidence"))]
    pub evidence: Evidence,
    /// The backup of what was there; absolute.
    #[serde(rename = "backupPath", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// False where the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
    /// True where the Duo was told to leave DFU mode, and did.
    pub left: bool,
    /// True where nothing was to be written.
    pub dry_run: bool,
}

/// Gates the file, backs up what is there, asks, writes, reads back, compares.
pub fn restore(context: Context<'_>, options: &RestoreOptions) -> Result<RestoreDone, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    let mut passphrases = Passphrases::new(context, &options.passphrase);
    let source = KeySource::read(&options.file, &mut passphrases)?;
    source.note(context);
    if source.form != Form::Encrypted && options.passphrase.is_given() && !options.encrypt {
        context.note("the key file is not encrypted, and without --encrypt the backup is not: the passphrase is not used");
    }
    // Named even with --no-backup: it may know the key as another device's.
    let archive = locate_archive(context, options.archive.as_deref());
    let keeps = !options.no_backup && !options.dry_run;
    if keeps {
        archive.as_ref().map_or(Ok(()), Archive::prepare)?;
    }
    let wanted =
        WantedBackup { encrypt: options.encrypt, no_backup: options.no_backup, dry_run: options.dry_run };
    let encrypt = passphrases.for_backup(&wanted)?;
    let ledger = if options.dry_run { None } else { Some(Ledger::required(context)?) };

    let mut opened = Opened::find_any_board(context, &options.target, timeout)?;
    check_unbacked(&opened, options.no_backup, options.accepts_key_loss)?;
    let snapshot = opened.section_before_write()?;
    let evidence = source
        .evidence(&opened.device, &snapshot, archive.as_ref().ok(), options.allow_other_device)
        .map_err(|error| error.on(&opened.device, KeyState::Unchanged))?;
    let owner = source.owner(&opened.device, &snapshot, archive.as_ref().ok())?;
    let previous = snapshot.slot.key().map(|read| read.key.public_key().fingerprint());
    let done = RestoreDone {
        device: opened.device.clone(),
        previous,
        fingerprint: source.fingerprint,
        evidence,
        backup: None,
        written: false,
        left: false,
        dry_run: options.dry_run,
    };
    let Some(ledger) = ledger else { return Ok(done) };
    let beginning = Beginning {
        operation: OperationKind::Restore,
        device: (&opened.device).into(),
        before: previous,
        after: Some(source.fingerprint),
        request: Request {
            file: Some(absolute(&source.path)),
            leave: options.leave,
            allow_other_device: options.allow_other_device,
            allow_unproven_address: options.target.allow_unproven_address,
            encrypt: options.encrypt,
            archive: options.archive.as_ref().map(absolute),
            usbip: context.bus.address(),
            owner,
            ..Request::default()
        },
    };
    let backup = if keeps { Some(Destination { place: Place::Archive(archive?), encrypt }) } else { None };
    let job = Job { source: &source, backup: backup.as_ref(), owner, leave: options.leave };
    ledger.follow(context, beginning, |journaled| write(opened, &snapshot, &job, done, journaled))
}

/// What is written, and what goes with it.
struct Job<'a> {
    source: &'a KeySource,
    /// Where the backup goes; `None` where none is wanted.
    backup: Option<&'a Destination>,
    owner: Option<DeviceId>,
    leave: bool,
}

fn write(
    mut opened: Opened<'_>,
    snapshot: &Snapshot,
    job: &Job<'_>,
    mut done: RestoreDone,
    journaled: &mut Journaled<'_>,
) -> Result<RestoreDone, Error> {
    let context = opened.context;
    let patch = Patch::key(&job.source.image);
    if patch.is_in(snapshot) {
        context.note("the Duo holds exactly this key already; nothing is written");
    } else {
        let kept = keep_before_write(&opened, snapshot, job.backup, journaled)?;
        let backup = kept.key;
        let plan = plan(&opened, snapshot, job.source, done.evidence, backup.clone());
        confirm(context, &plan)?;
        let again = again(job, done.evidence);
        let back = Back::to_key(snapshot, backup.as_deref());
        let unproven = opened.unproven;
        let recovery = Recovery { again, back, owner: job.owner, section: kept.section, unproven };
        (opened, _) = write_verified(opened, snapshot, &patch, &recovery, journaled)?;
        done.written = true;
        done.backup = backup;
    }
    if job.leave {
        leave(opened, "nothing else is left to do", journaled)?;
        done.left = true;
    }
    Ok(done)
}

/// The command that writes the key once more.
fn again(job: &Job<'_>, evidence: Evidence) -> String {
    let allowed = flag("allow-other-device", evidence == Evidence::AllowedOtherDevice);
    let encrypt = flag("encrypt", job.backup.is_some_and(|backup| backup.encrypt.is_some()));
    format!("{}{allowed}{encrypt}", restore_from(&job.source.path))
}

/// Asks, and takes anything but true for a refusal.
pub(super) fn confirm(context: Context<'_>, plan: &Plan) -> Result<(), Error> {
    if context.control.asks() {
        context.phase(Phase::Confirm);
    }
    if context.control.confirm(plan) {
        return Ok(());
    }
    if context.control.cancel().is_requested() {
        return Err(interrupted().during("asking before the write").on(&plan.device, KeyState::Unchanged));
    }
    Err(Error::new(Code::ConfirmationRefused, "the write was not confirmed")
        .on(&plan.device, KeyState::Unchanged)
        .hint("nothing was written; run the same command again when you are sure"))
}

fn plan(
    opened: &Opened<'_>,
    snapshot: &Snapshot,
    source: &KeySource,
    evidence: Evidence,
    backup: Option<PathBuf>,
) -> Plan {
    Plan {
        action: Action::Restore,
        device: opened.device.clone(),
        current: snapshot.slot.key().map(|read| read.key.public_key().fingerprint()),
        current_words: snapshot.slot.to_string(),
        new: Some(source.fingerprint),
        evidence: Some(evidence),
        public_slot: public_slot(snapshot).filter(|public| *public != source.fingerprint),
        changes: Vec::new(),
        cautions: Vec::new(),
        cloud: None,
        backup,
    }
}
