//! `dct restore --whole`: writes a whole DCT, both copies, back to a Duo as it was read.
//!
//! A sector that already holds the right bytes is not written, so the same command continues after an interruption.
//! `dct` decides in which order the rest is written, and explains why the Duo always has one whole copy.

use crate::archive::Archive;
use crate::dct::{COPY_SIZE, DEVICE_PRIVATE_KEY, DeviceId, Dump, FIELDS, Field, Known, SERVER_PUBLIC_KEY};
use crate::error::{Code, Error, KeyState};
use crate::journal::{DeviceMark, Operation, OperationKind, Reached, Request, open};
use crate::keys::{Fingerprint, Slot};
use crate::workflow::commands::dct_restore::options::{ALREADY, DctRestoreOptions, DctRestored, terms};
use crate::workflow::context::{Action, Context, DeviceRef, Evidence, Plan, Snapshot, WholeHeld};
use crate::workflow::describe::restored_field::{RestoredField, fields_against};
use crate::workflow::describe::server::is_for_particle;
use crate::workflow::device::opened::Opened;
use crate::workflow::device::whole_dct;
use crate::workflow::input::dump_file::DumpFile;
use crate::workflow::input::key_file::public_slot;
use crate::workflow::input::whole_dct::WholeImage;
use crate::workflow::network::other_key;
use crate::workflow::next::{Rollback, SoFar, rollback};
use crate::workflow::record::journal::{absolute, operations};
use crate::workflow::write::{Proposal, Transaction, WholeDct};

/// Checks the image, backs up what is there, asks, and writes what differs.
pub fn restore_whole(context: Context<'_>, options: &DctRestoreOptions) -> Result<DctRestored, Error> {
    let context = context.within(options.write.timeout)?;
    let file = DumpFile::read(context, &options.file)?;
    let reading = |error: Error| error.during("reading the image");
    let candidate = WholeImage::for_any(&file, &options.file).map_err(reading)?;

    let mut transaction = Transaction::open(context, terms(options))?;
    let archive = transaction.archive.clone();
    let device = transaction.opened.device.clone();
    let looked = candidate
        .check_generation(device.bootloader)
        .and_then(|()| look(&mut transaction.opened, &file, archive.as_ref(), options))
        .map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let done = looked.done(device, options.write.dry_run);
    let mut plan = looked.plan(&done);
    let keys = (counted(&looked.held), done.fingerprint);
    let request = Request {
        file: Some(absolute(&options.file)),
        whole: true,
        allow_other_device: options.allow_other_device,
        owner: looked.owner,
        ..Request::default()
    };
    let started = transaction.started(OperationKind::DctRestore, keys, request);
    let server = is_for_particle(looked.image.dump.field(&SERVER_PUBLIC_KEY));
    plan.cautions.extend(other_key::caution(context, &started, server));
    let rollback = looked.rollback(&done);
    let Looked { held, image, known, .. } = looked;
    let writing = WholeDct { held, image: image.dump.bytes(), new: image.key.fingerprint, known };
    let proposal = Proposal { rollback, ..Proposal::new(started, writing, plan, ALREADY) };
    let outcome = transaction.commit(proposal)?;
    Ok(done.with(outcome, |_| true))
}

/// What is in the Duo, and what that means for the image.
struct Looked<'f> {
    held: WholeHeld,
    /// The image as this Duo's firmware reads it.
    image: WholeImage<'f>,
    known: Known,
    /// The first attempt, if this one continues it.
    first: Option<Operation>,
    evidence: Evidence,
    /// The device that the keys identify, if the Duo reports no id.
    owner: Option<DeviceId>,
    cautions: Vec<String>,
}

/// Reads the Duo; an error if the image must not be written to it.
fn look<'f>(
    opened: &mut Opened<'_>,
    file: &'f DumpFile,
    archive: Option<&Archive>,
    options: &DctRestoreOptions,
) -> Result<Looked<'f>, Error> {
    opened.session.check_whole_dct_is_writable()?;
    let held = whole_dct::read(opened)?;
    check_held(&held)?;
    let image = WholeImage::of(file, &options.file, held.rule)?;
    let blank = Snapshot::of_section(&[0xFF; COPY_SIZE])?;
    let section = held.current.as_ref().unwrap_or(&blank);
    let evidence = image.evidence(&opened.device, section, archive, options.allow_other_device)?;
    let owner = image.key.owner(&opened.device, section, archive)?;
    let cautions = image.cautions(evidence, held.current.is_some());
    let first = first_attempt(opened.context, &opened.device, counted(&held), options.write.dry_run)?;
    let known = Known { rule: held.rule, erased: [false; 2], after_cut: first.is_some() };
    Ok(Looked { held, image, known, first, evidence, owner, cautions })
}

/// The oldest attempt on this Duo that is still open.
fn first_attempt(
    context: Context<'_>,
    device: &DeviceRef,
    key: Option<Fingerprint>,
    dry_run: bool,
) -> Result<Option<Operation>, Error> {
    let mark = DeviceMark::from(device);
    let known = operations(context, Some(&mark));
    let known = if dry_run { known.unwrap_or_default() } else { known? };
    let is_one = |earlier: &&Operation| {
        earlier.is_whole() && earlier.has(Reached::Writing) && earlier.worked_on(&mark, key)
    };
    Ok(open(&known).into_iter().find(is_one).cloned())
}

impl Looked<'_> {
    /// What a write would do.
    fn done(&self, device: DeviceRef, dry_run: bool) -> DctRestored {
        let image = &self.image;
        DctRestored {
            whole: true,
            written: false,
            fields: changed(&self.held, image, &device),
            previous: self.held.current.as_ref().and_then(Snapshot::fingerprint),
            fingerprint: Some(image.key.fingerprint),
            evidence: Some(self.evidence),
            backup: None,
            left: false,
            dry_run,
            device,
        }
    }

    fn plan(&self, done: &DctRestored) -> Plan {
        let current = self.held.current.as_ref();
        let key = DEVICE_PRIVATE_KEY.kebab_name();
        let changes = done.fields.iter().filter(|field| field.name != key).map(RestoredField::change);
        Plan {
            new: done.fingerprint,
            evidence: done.evidence,
            public_slot: current.and_then(public_slot).filter(|public| Some(*public) != done.fingerprint),
            changes: changes.collect(),
            cautions: self.cautions.clone(),
            ..Plan::of(Action::RestoreWholeDct, &done.device, current)
        }
    }

    /// If this attempt continues an earlier one: how to go back to what was there before the first attempt.
    fn rollback(&self, done: &DctRestored) -> Option<Rollback> {
        let first = self.first.as_ref()?;
        // Another Duo may have been in its port at that time.
        if done.device.device_id.is_none() && counted(&self.held).is_none() {
            return Some(Rollback::None(Some(
                "which backup leads back cannot be told: the Duo tells no device id, and no key is found in it \
                 (`duo-provision backups` lists those that were made)",
            )));
        }
        let so_far = SoFar { backup: first.backup.as_deref(), wrote: true, told: false };
        Some(rollback(&first.started, so_far))
    }
}

/// The key that was there, if the firmware reads it.
fn counted(held: &WholeHeld) -> Option<Fingerprint> {
    let current = held.current.as_ref()?;
    matches!(current.slot, Slot::Key(_)).then(|| current.fingerprint()).flatten()
}

/// If every byte of the flash reads the same, it was not read or was never written: there is nothing to save.
fn check_held(held: &WholeHeld) -> Result<(), Error> {
    let one_byte = held.bytes.windows(2).all(|pair| pair[0] == pair[1]);
    if !one_byte {
        return Ok(());
    }
    Err(Error::new(Code::DctUnreadable, "every byte of the whole DCT reads the same").hint(
        "start the Duo with RESET, which fills an erased DCT, put it into DFU mode again and run the same command; if that \
         does not help, try another cable or USB port",
    ))
}

/// The fields that the image changes.
fn changed(held: &WholeHeld, image: &WholeImage<'_>, device: &DeviceRef) -> Vec<RestoredField> {
    let Some(current) = &held.current else { return Vec::new() };
    let here = Dump::of_section(current.image().bytes());
    let differs = |field: &&Field| here.field(field) != image.dump.field(field);
    let fields: Vec<Field> = FIELDS.iter().filter(differs).copied().collect();
    fields_against(&fields, current, device, &image.dump, image.device_id())
}
