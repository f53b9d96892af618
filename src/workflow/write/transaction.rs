//! Runs the steps of every command that writes to a Duo in the order that keeps the promises: check that a backup and
//! the journal can be kept, find, read, stop here in a dry run, journal, back up, ask, write, read back, leave.
//!
//! A command opens a [`Transaction`], looks at the Duo in it, and commits a [`Proposal`]: what to write, and the words
//! that go with it.

use std::path::PathBuf;

use crate::archive::Archive;
use crate::dct::CopyRule;
use crate::error::{Code, Error, KeyState};
use crate::journal::{OperationKind, Request, Started, Step};
use crate::keys::{Fingerprint, Passphrase};
use crate::workflow::context::{Board, Context, Phase, Plan, Target, interrupted};
use crate::workflow::device::leave::leave;
use crate::workflow::device::opened::Opened;
use crate::workflow::next::{Recovery, Rollback, SoFar, rollback};
use crate::workflow::record::backup::{Backups, Destination, Keeper, Place, locate_archive};
use crate::workflow::record::journal::{OperationRecord, Records, absolute, started};

/// The options that every write has.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Which Duo.
    pub target: Target,
    /// The archive's folder.
    pub archive: Option<String>,
    /// Make no backup of what is there.
    pub no_backup: bool,
    /// Accept, with `no_backup`, that a power cut can leave no key at all.
    pub accepts_key_loss: bool,
    /// Write nothing anywhere.
    pub dry_run: bool,
    /// Seconds for each step.
    pub timeout: Option<u32>,
}

impl WriteOptions {
    /// True if a backup is wanted.
    const fn keeps(&self) -> bool {
        !self.no_backup && !self.dry_run
    }
}

/// How a command writes.
pub struct Terms<'o> {
    /// Which Duo, and what is done before the write.
    pub options: &'o WriteOptions,
    /// The boards that may be written.
    pub boards: &'static [Board],
    /// The passphrase that encrypts the backup of the key.
    pub encrypt: Option<Passphrase>,
    /// Leave DFU mode after the write.
    pub leave: bool,
}

/// A Duo that was found, after the check that a backup can be kept.
pub struct Transaction<'a, 'o> {
    pub opened: Opened<'a>,
    context: Context<'a>,
    terms: Terms<'o>,
    /// The archive, if there is one.
    pub archive: Option<Archive>,
    /// `None` in a dry run.
    journal: Option<Records>,
}

/// What a command writes.
pub trait Writing {
    /// The number of parts that are each read back and compared.
    fn parts(&self) -> usize;

    /// True if the Duo holds all of it already.
    fn is_there(&self) -> bool;

    /// Refuses what cannot be written, before the question and before anything is sent.
    fn check(&self, opened: &Opened<'_>) -> Result<(), Error>;

    /// Backs up what is there.
    fn back_up(&self, keeper: &mut Keeper<'_, '_>) -> Result<Backups, Error>;

    /// Writes what differs, and returns once all of it was read back and compared.
    fn write<'a>(
        &mut self,
        opened: Opened<'a>,
        recovery: &Recovery<'_>,
        record: &mut OperationRecord<'_>,
    ) -> Result<Opened<'a>, Error>;
}

/// What a command does in addition to the write, even if the Duo holds the data already.
pub trait Beside {
    /// Runs before the question, and can change the plan that the question shows.
    fn prepare(
        &mut self,
        opened: &Opened<'_>,
        plan: &mut Plan,
        record: &mut OperationRecord<'_>,
    ) -> Result<(), Error>;

    /// Runs after the question and before the first byte.
    fn before_write(&mut self, backups: &Backups, record: &mut OperationRecord<'_>) -> Result<(), Error>;

    /// The error of a failed write, with what was done before it.
    fn write_failed(&self, error: Error) -> Error;
}

/// The write that a command proposes after it has looked at the Duo.
pub struct Proposal<'c, W> {
    /// The operation, as the journal records it.
    pub started: Started,
    pub writing: W,
    /// The plan for the question; the transaction fills in the backup.
    pub plan: Plan,
    /// The note if the Duo holds all of it already.
    pub already: &'static str,
    /// What to do by hand if the Duo does not leave DFU mode.
    pub then: &'static str,
    /// How to undo the write, if not with the backup that is made now.
    pub rollback: Option<Rollback>,
    pub beside: Option<&'c mut dyn Beside>,
}

impl<W> Proposal<'_, W> {
    /// A write after which nothing else is left to do, and that the backup that is made now undoes.
    pub fn new(started: Started, writing: W, plan: Plan, already: &'static str) -> Self {
        let then = "nothing else is left to do";
        Self { started, writing, plan, already, then, rollback: None, beside: None }
    }
}

/// The result; empty in a dry run.
#[derive(Default)]
pub struct Outcome {
    /// The backup of what was there; absolute.
    pub backup: Option<PathBuf>,
    /// False if the Duo held all of it already.
    pub written: bool,
    /// True if the Duo left DFU mode.
    pub left: bool,
}

impl<'a, 'o> Transaction<'a, 'o> {
    /// Checks that the backup and the journal can be kept, and then finds the Duo.
    pub fn open(context: Context<'a>, terms: Terms<'o>) -> Result<Self, Error> {
        let options = terms.options;
        // Located even with --no-backup: the archive may know the key as another device's.
        let archive = locate_archive(context, options.archive.as_deref());
        let archive = if options.keeps() { Some(archive.and_then(prepared)?) } else { archive.ok() };
        let journal = if options.dry_run { None } else { Some(Records::required(context)?) };
        let opened = Opened::find_board(context, &options.target, terms.boards)?;
        check_unbacked(&opened, options)?;
        Ok(Self { opened, context, terms, archive, journal })
    }

    /// The record of the operation, with the options that all commands share.
    pub fn started(
        &self,
        operation: OperationKind,
        keys: (Option<Fingerprint>, Option<Fingerprint>),
        request: Request,
    ) -> Started {
        let Terms { options, leave, .. } = self.terms;
        let request = Request {
            leave,
            allow_unproven_address: options.target.allow_unproven_address,
            encrypt: self.terms.encrypt.is_some(),
            archive: options.archive.as_ref().map(absolute),
            usbip: self.context.bus.address(),
            path: options.target.path.clone(),
            ..request
        };
        started(operation, (&self.opened.device).into(), keys, request)
    }

    /// Performs the write, unless it is a dry run.
    pub fn commit<W: Writing>(self, proposal: Proposal<'_, W>) -> Result<Outcome, Error> {
        proposal.writing.check(&self.opened)?;
        self.note_cautions(&proposal);
        let Self { opened, context, terms, archive, journal: Some(journal) } = self else {
            return Ok(Outcome::default());
        };
        let destination = archive.filter(|_| terms.options.keeps()).map(Place::Archive);
        let destination = destination.map(|place| Destination { place, encrypt: terms.encrypt });
        let started = proposal.started.clone();
        journal.follow(context, started, |record| {
            run(opened, proposal, destination.as_ref(), terms.leave, record)
        })
    }

    /// The question shows the warnings. Without a question, they are noted.
    fn note_cautions<W: Writing>(&self, proposal: &Proposal<'_, W>) {
        let writes = !proposal.writing.is_there();
        let asks = writes && self.context.control.asks() && !self.terms.options.dry_run;
        if !asks && (writes || proposal.beside.is_some()) {
            proposal.plan.cautions.iter().for_each(|caution| self.context.note(caution));
        }
    }
}

fn prepared(archive: Archive) -> Result<Archive, Error> {
    archive.prepare()?;
    Ok(archive)
}

fn run<W: Writing>(
    mut opened: Opened<'_>,
    mut proposal: Proposal<'_, W>,
    destination: Option<&Destination>,
    leaves: bool,
    record: &mut OperationRecord<'_>,
) -> Result<Outcome, Error> {
    let is_there = proposal.writing.is_there();
    let mut backups = Backups::default();
    if is_there && proposal.beside.is_none() {
        opened.context.note(proposal.already);
    } else {
        backups = back_up(&opened, &proposal.writing, destination, record)?;
        prepare(&opened, &mut proposal, &backups, record)?;
    }
    if is_there {
        (0..proposal.writing.parts()).for_each(|_| record.reached(Step::Verified));
        backups.first = None;
    } else {
        opened = write(opened, &mut proposal, &backups, record)?;
    }
    if leaves {
        leave(opened, proposal.then)?;
        record.reached(Step::Left);
    }
    Ok(Outcome { backup: backups.first, written: !is_there, left: leaves })
}

/// Backs up to the archive, or not at all with `--no-backup`.
fn back_up<W: Writing>(
    opened: &Opened<'_>,
    writing: &W,
    destination: Option<&Destination>,
    record: &mut OperationRecord<'_>,
) -> Result<Backups, Error> {
    if let Some(to) = destination {
        return writing.back_up(&mut Keeper { device: &opened.device, to, record });
    }
    opened.context.note("no backup is made (--no-backup): what is written over is lost");
    Ok(Backups::default())
}

/// Asks for consent, after everything that the write could lose is on the disk.
fn prepare<W: Writing>(
    opened: &Opened<'_>,
    proposal: &mut Proposal<'_, W>,
    backups: &Backups,
    record: &mut OperationRecord<'_>,
) -> Result<(), Error> {
    if let Some(beside) = &mut proposal.beside {
        beside.prepare(opened, &mut proposal.plan, record)?;
    }
    if !proposal.writing.is_there() {
        proposal.plan.backup.clone_from(&backups.first);
        confirm(opened.context, &proposal.plan)?;
    }
    match &mut proposal.beside {
        Some(beside) => beside.before_write(backups, record),
        None => Ok(()),
    }
}

fn write<'a, W: Writing>(
    opened: Opened<'a>,
    proposal: &mut Proposal<'_, W>,
    backups: &Backups,
    record: &mut OperationRecord<'_>,
) -> Result<Opened<'a>, Error> {
    let so_far = SoFar { backup: backups.first.as_deref(), wrote: true, told: proposal.beside.is_some() };
    let rollback = proposal.rollback.take().unwrap_or_else(|| rollback(&proposal.started, so_far));
    let recovery = Recovery { started: &proposal.started, rollback, section: backups.section.clone() };
    let written = proposal.writing.write(opened, &recovery, record);
    written.map_err(|error| match &proposal.beside {
        Some(beside) => beside.write_failed(error),
        None => error,
    })
}

/// The option that is required with `--no-backup`.
const ACCEPTED: &str = "--i-accept-that-the-key-may-be-lost";

/// Refuses a write without a backup if the write is not atomic, unless that is accepted. r3 to r5 first program the new
/// bytes over the current copy in place, and only then make the other one (seen in the bootloader binaries in
/// redbear/Duo `firmware/bootloader`); r6 leaves the old copy alone until the new one is whole.
fn check_unbacked(opened: &Opened<'_>, options: &WriteOptions) -> Result<(), Error> {
    let device = &opened.device;
    if !options.no_backup
        || options.accepts_key_loss
        || !device.board.is_duo()
        || device.copy_rule == CopyRule::R6
    {
        return Ok(());
    }
    let message = "without a backup the key can be lost for good here: the firmware of bootloaders r3 to r5 programs the \
                   new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one";
    Err(Error::invalid(message)
        .on(device, KeyState::Unchanged)
        .hint(format!("leave --no-backup out; or, if you really mean it, add {ACCEPTED}")))
}

/// Asks for consent. Anything but true is a refusal.
fn confirm(context: Context<'_>, plan: &Plan) -> Result<(), Error> {
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
