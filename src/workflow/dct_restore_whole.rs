//! `dct restore --whole`: writes a whole DCT, both copies, back to a Duo as it was read.
//!
//! What the Duo holds already is left alone, sector by sector, so the same command goes on where it was cut short. In
//! which order the rest is written, and why the Duo has a whole copy all the while, is `dct`'s to say.

use std::path::PathBuf;

use super::command;
use super::dct_restore::{DctRestoreOptions, DctRestored, RestoredField, fields_against};
use super::device::{DeviceRef, Opened, Snapshot};
use super::dump_file::DumpFile;
use super::journaled::{Beginning, Journaled, Ledger, absolute, operations};
use super::keep::{Destination, Keepsake, Place, keep, keep_bytes, locate_archive};
use super::leave::leave;
use super::plan::{Action, Change, Evidence, Plan};
use super::recovery::{Back, Recovery};
use super::restore::confirm;
use super::source::public_slot;
use super::unbacked::check_unbacked;
use super::whole_held::WholeHeld;
use super::whole_image::WholeImage;
use super::write_whole::{Rewrite, rewrite};
use super::{Context, Timeout};
use crate::archive::Archive;
use crate::dct::{COPY_SIZE, DEVICE_PRIVATE_KEY, DeviceId, Dump, FIELDS, Field, Known, next_step};
use crate::error::{Code, Error, KeyState};
use crate::journal::{DeviceMark, Operation, OperationKind, Reached, Request, open};
use crate::keys::{Fingerprint, Slot};

/// Checks the image, backs up what is there, asks, and writes what differs.
pub(super) fn restore_whole(context: Context<'_>, options: &DctRestoreOptions) -> Result<DctRestored, Error> {
    let timeout = Timeout::from_seconds(options.timeout)?;
    let file = DumpFile::read(&options.file)?;
    let reading = |error: Error| error.during("reading the image");
    let candidate = WholeImage::for_any(&file, &options.file).map_err(reading)?;
    // Named even with --no-backup: it may know the key as another device's.
    let archive = locate_archive(context, options.archive.as_deref());
    let keeps = !options.no_backup && !options.dry_run;
    if keeps {
        archive.as_ref().map_or(Ok(()), Archive::prepare)?;
    }
    let ledger = if options.dry_run { None } else { Some(Ledger::required(context)?) };

    let mut opened = Opened::find(context, &options.target, timeout)?;
    check_unbacked(&opened, options.no_backup, options.accepts_key_loss)?;
    let looked = candidate
        .check_generation(opened.device.bootloader)
        .and_then(|()| look(&mut opened, &file, archive.as_ref().ok(), options))
        .map_err(|error| error.on(&opened.device, KeyState::Unchanged))?;
    if looked.writes() && (options.dry_run || !context.control.asks()) {
        for caution in &looked.cautions {
            context.note(caution);
        }
    }
    let done = looked.done(&opened, options);
    let Some(ledger) = ledger else { return Ok(done) };
    let request = Request {
        file: Some(absolute(&options.file)),
        whole: true,
        leave: options.leave,
        allow_other_device: options.allow_other_device,
        archive: options.archive.as_ref().map(absolute),
        usbip: context.bus.address(),
        owner: looked.owner,
        ..Request::default()
    };
    let beginning = Beginning {
        operation: OperationKind::DctRestore,
        device: (&opened.device).into(),
        before: done.previous,
        after: done.fingerprint,
        request: request.clone(),
    };
    let archive = if keeps { Some(archive?) } else { None };
    let job = Job { looked: &looked, request, archive };
    ledger.follow(context, beginning, |journaled| job.write(opened, done, journaled))
}

/// What is in the Duo, and what that means for the image.
struct Looked<'f> {
    held: WholeHeld,
    /// As this Duo's firmware reads it.
    image: WholeImage<'f>,
    known: Known,
    /// The first attempt, where this one goes on from what that has left.
    first: Option<Operation>,
    evidence: Evidence,
    /// The device that the keys stand in for, where the Duo tells no id.
    owner: Option<DeviceId>,
    cautions: Vec<String>,
}

/// Reads what is in the Duo; an error where the image must not go to it.
fn look<'f>(
    opened: &mut Opened<'_>,
    file: &'f DumpFile,
    archive: Option<&Archive>,
    options: &DctRestoreOptions,
) -> Result<Looked<'f>, Error> {
    opened.session.check_whole_dct_is_writable()?;
    let held = WholeHeld::read(opened)?;
    check_held(&held)?;
    let image = WholeImage::of(file, &options.file, held.rule)?;
    let blank = Snapshot::of_section(&[0xFF; COPY_SIZE])?;
    let section = held.current.as_ref().unwrap_or(&blank);
    let evidence = image.evidence(&opened.device, section, archive, options.allow_other_device)?;
    let owner = image.key.owner(&opened.device, section, archive)?;
    let cautions = image.cautions(evidence, held.current.is_some());
    let previous = held.current.as_ref().and_then(Snapshot::fingerprint);
    let first = first_attempt(opened.context, &opened.device, previous, options.dry_run)?;
    let known = Known { rule: held.rule, erased: [false; 2], after_cut: first.is_some() };
    Ok(Looked { held, image, known, first, evidence, owner, cautions })
}

/// The oldest attempt on this Duo that is not known to have come to an end.
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
    /// Whether anything has to be written.
    fn writes(&self) -> bool {
        next_step(&self.held.bytes, self.image.dump.bytes(), self.known).is_some()
    }

    /// What would be done.
    fn done(&self, opened: &Opened<'_>, options: &DctRestoreOptions) -> DctRestored {
        let image = &self.image;
        DctRestored {
            device: opened.device.clone(),
            whole: true,
            written: false,
            fields: changed(&self.held, image, &opened.device),
            previous: self.held.current.as_ref().and_then(Snapshot::fingerprint),
            fingerprint: Some(image.key.fingerprint),
            evidence: Some(self.evidence),
            backup: None,
            left: false,
            dry_run: options.dry_run,
        }
    }
}

/// A flash that reads as one byte throughout was not read, or was never written: there is nothing to be kept of it.
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

/// The fields that the image changes, in words.
fn changed(held: &WholeHeld, image: &WholeImage<'_>, device: &DeviceRef) -> Vec<RestoredField> {
    let Some(current) = &held.current else { return Vec::new() };
    let here = Dump::of_section(current.image().bytes());
    let differs = |field: &&Field| here.field(field) != image.dump.field(field);
    let fields: Vec<Field> = FIELDS.iter().filter(differs).copied().collect();
    fields_against(&fields, current, device, &image.dump, image.device_id())
}

/// What is written, and what goes with it.
struct Job<'a> {
    looked: &'a Looked<'a>,
    request: Request,
    /// Where the backups go; `None` where none are wanted.
    archive: Option<Archive>,
}

impl Job<'_> {
    fn write(
        &self,
        mut opened: Opened<'_>,
        mut done: DctRestored,
        journaled: &mut Journaled<'_>,
    ) -> Result<DctRestored, Error> {
        let context = opened.context;
        if self.looked.writes() {
            done.backup = self.keep(&opened, journaled)?;
            confirm(context, &self.plan(&done))?;
            let recovery = Recovery {
                again: command::dct_restore(&self.request),
                back: self.back(&done),
                owner: self.request.owner,
                section: None,
                unproven: false,
            };
            let rewriting = Rewrite {
                image: self.looked.image.dump.bytes(),
                before: &self.looked.held.bytes,
                known: self.looked.known,
                old: done.previous,
                new: self.looked.image.key.fingerprint,
                recovery: &recovery,
            };
            opened = rewrite(opened, &rewriting, journaled)?;
            done.written = true;
            for field in &mut done.fields {
                field.written = true;
            }
        } else {
            context.note("the Duo holds exactly these bytes already; nothing is written");
            journaled.verified();
        }
        if self.request.leave {
            leave(opened, "nothing else is left to do", journaled)?;
            done.left = true;
        }
        Ok(done)
    }

    /// The way back: to what was there before the first attempt, if this one goes on from what that has left.
    fn back(&self, done: &DctRestored) -> Back {
        match &self.looked.first {
            // Another Duo may have been in its port then.
            Some(_) if done.device.device_id.is_none() && done.previous.is_none() => Back::None(
                "which backup leads back cannot be told: the Duo tells no device id, and no key is found in it \
                 (`duo-provision backups` lists those that were made)"
                    .to_owned(),
            ),
            Some(first) => Back::to_whole(first.started.before.is_some(), first.backup.as_deref()),
            None => Back::to_whole(
                self.looked.held.current.as_ref().is_some_and(|current| matches!(current.slot, Slot::Key(_))),
                done.backup.as_deref(),
            ),
        }
    }

    /// Each key in a file of its own, one that the firmware misreads as well, and then both copies.
    fn keep(&self, opened: &Opened<'_>, journaled: &mut Journaled<'_>) -> Result<Option<PathBuf>, Error> {
        let context = opened.context;
        let Some(archive) = &self.archive else {
            context.note("no backup is made (--no-backup): what is written over is lost");
            return Ok(None);
        };
        let destination = Destination { place: Place::Archive(archive.clone()), encrypt: None };
        let held = &self.looked.held;
        let uncounted = held.uncounted();
        for copy in held.current.iter().chain(&uncounted).filter(|copy| copy.slot.key().is_some()) {
            keep(context, &opened.device, copy, &destination, journaled)?;
        }
        let keepsake = Keepsake::whole(&self.looked.held, &opened.device);
        let place = Place::Archive(archive.clone());
        keep_bytes(context, &opened.device, &keepsake, &place, journaled).map(|stored| Some(stored.path))
    }

    fn plan(&self, done: &DctRestored) -> Plan {
        let current = self.looked.held.current.as_ref();
        let change = |field: &RestoredField| Change {
            what: field.name.clone(),
            now: field.previous.clone(),
            then: if field.previous == field.holds {
                format!("{}, with other bytes", field.holds)
            } else {
                field.holds.clone()
            },
        };
        let key = DEVICE_PRIVATE_KEY.kebab_name();
        Plan {
            action: Action::RestoreWholeDct,
            device: done.device.clone(),
            current: done.previous,
            current_words: current
                .map_or_else(|| "no copy of the DCT counts".to_owned(), |current| current.slot.to_string()),
            new: done.fingerprint,
            evidence: done.evidence,
            public_slot: current.and_then(public_slot).filter(|public| Some(*public) != done.fingerprint),
            changes: done.fields.iter().filter(|field| field.name != key).map(change).collect(),
            cautions: self.looked.cautions.clone(),
            cloud: None,
            backup: done.backup.clone(),
        }
    }
}
