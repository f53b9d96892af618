//! Writes a field, and finds out whether the write succeeded.
//!
//! The device's own status says nothing about a failed write, so only a read-back counts. If the reply to a write is
//! lost (a timeout, an unplugged cable), wait for the Duo and read the field back. The outcome is never guessed.

use std::ops::Range;

use std::time::Duration;

use crate::dct::{DEVICE_PUBLIC_KEY, DctImage, FIELDS, Field};
use crate::dfuse::{Block, Touched};
use crate::error::{Code, Error, KeyState};
use crate::journal::Step;
use crate::keys::SlotImage;
use crate::workflow::context::{DeviceRef, Phase, Snapshot, Transfer, interrupted};
use crate::workflow::device::opened::Opened;
use crate::workflow::device::reconcile::{Observed, Probe, reconcile};
use crate::workflow::next::Recovery;
use crate::workflow::record::journal::OperationRecord;
use crate::workflow::write::patch::Patch;
use crate::workflow::write::permitted::Permitted;
use crate::workflow::write::proof::block_of;

/// The phase of an operation that was stopped after it wrote and verified its field.
pub const AFTER_THE_WRITE: &str = "after the write";

/// The block that is sent for a field; an error if its place cannot be proven.
pub fn block_to_write(opened: &Opened<'_>, before: &Snapshot, patch: &Patch) -> Result<Block, Error> {
    block_of(patch, before, opened.unproven)
        .map_err(|error| error.during(patch.during()).on(&opened.device, KeyState::Unchanged))
}

/// Refuses a Duo to which no key at all could be written. For a dry run, which makes no key.
pub fn check_key(opened: &Opened<'_>, held: &Snapshot) -> Result<(), Error> {
    block_to_write(opened, held, &Patch::key(&SlotImage::reset())).map(drop)
}

/// Writes all bytes of the field. Returns the Duo and what it holds once a read-back shows the new field and everything
/// else unchanged.
pub fn write_verified<'a>(
    opened: Opened<'a>,
    before: &Snapshot,
    patch: &Patch,
    recovery: &Recovery<'_>,
    record: &mut OperationRecord<'_>,
) -> Result<(Opened<'a>, Snapshot), Error> {
    let context = opened.context;
    let device = opened.device.clone();
    if context.control.cancel().is_requested() {
        return Err(interrupted().on(&device, KeyState::Unchanged));
    }
    let wanted = patch.applied_to(before)?;
    let block = block_to_write(&opened, before, patch)?;
    record.before_a_write(Step::Writing).map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let _shield = context.control.cancel().shield();
    let size = patch.bytes().len();
    context.phase(Phase::Write);
    context.progress(Transfer::StartDownload, size);
    let write = Write { before, wanted: &wanted, patch, recovery };
    let written = write.send(opened, block).and_then(|(opened, read)| match read {
        Ok(held) => Ok((opened, held)),
        Err(doubt) => write.learn(opened, &doubt),
    });
    if written.is_err() {
        context.progress(Transfer::FailedDownload, size);
    }
    let (opened, held) = written?;
    context.progress(Transfer::Downloaded, size);
    context.progress(Transfer::CompleteDownload, size);
    ended(&opened, patch.key_when_written(), record)?;
    Ok((opened, held))
}

/// Records that what was written is verified. Stops there, if that was requested.
pub fn ended(opened: &Opened<'_>, key: KeyState, record: &mut OperationRecord<'_>) -> Result<(), Error> {
    record.reached(Step::Verified);
    if !opened.context.control.cancel().is_requested() {
        return Ok(());
    }
    let stopped = interrupted().during(AFTER_THE_WRITE).on(&opened.device, key);
    Err(stopped.hint("the Duo is still in DFU mode; press RESET to start it"))
}

/// The range of the device's public key.
const PUBLIC_SLOT: Range<usize> = DEVICE_PUBLIC_KEY.offset..DEVICE_PUBLIC_KEY.end();

/// The write of one field.
struct Write<'s> {
    before: &'s Snapshot,
    /// `before` with the new field.
    wanted: &'s Snapshot,
    patch: &'s Patch,
    recovery: &'s Recovery<'s>,
}

impl Write<'_> {
    /// Writes, and reads back once. Returns what was read if it is as expected, and otherwise the reason for doubt: a
    /// single read can be wrong, so other bytes do not yet mean that the write failed.
    fn send<'a>(
        &self,
        mut opened: Opened<'a>,
        block: Block,
    ) -> Result<(Opened<'a>, Result<Snapshot, String>), Error> {
        let context = opened.context;
        let deadline = opened.context.deadline();
        let length = self.before.image().bytes().len();
        let outcome = opened.session.write_and_read_back(block, length, deadline);
        context.phase(Phase::Verify);
        let read = match outcome {
            Ok(held) if opened.compared(&held) == opened.compared(self.wanted.image().bytes()) => {
                Ok(Snapshot::of(held)?)
            }
            Ok(_) => Err("other bytes were read back than were written".to_owned()),
            Err(error) if error.touched() == Touched::No => {
                let error = Error::from(error).during(self.patch.during());
                return Err(error.on(&opened.device, KeyState::Unchanged));
            }
            Err(error) => Err(error.to_string()),
        };
        Ok((opened, read))
    }

    /// Reads the Duo again to find out what it holds, and reports the outcome.
    fn learn<'a>(&self, opened: Opened<'a>, doubt: &str) -> Result<(Opened<'a>, Snapshot), Error> {
        let (context, device) = (opened.context, opened.device.clone());
        context.note(format!("the write did not end as it should ({doubt}); asking the Duo what it holds"));
        let question = OfField { before: self.before, patch: self.patch };
        let Observed { opened, held } = reconcile(opened, &question).map_err(|obstacle| {
            let message = format!(
                "the outcome of the write could not be learned: {doubt}; then: {}",
                obstacle.message()
            );
            Error::new(self.patch.code_when_unknown(), message)
                .during(self.patch.during())
                .on(&device, KeyState::Unknown)
                .hint(self.recovery.hint())
                .because(obstacle)
        })?;
        context.note(match self.judge(&held, &opened)? {
            Outcome::Written => "the Duo holds what was written: two reads show it",
            Outcome::Renewed => {
                "the reset was written: the Duo has started since, and made a new key already"
            }
        });
        Ok((opened, held))
    }

    fn judge(&self, held: &Snapshot, opened: &Opened<'_>) -> Result<Outcome, Error> {
        let Self { before, patch, .. } = self;
        let same = |one: &Snapshot| self.is_same(held, one, opened);
        // The old key followed by other bytes is not a new key.
        let renewed =
            patch.is_reset() && held.fingerprint().is_some() && held.fingerprint() != before.fingerprint();
        let error = if same(self.wanted) {
            return Ok(Outcome::Written);
        } else if same(before) {
            did_not_write(&opened.device)
        } else if renewed {
            return Ok(Outcome::Renewed);
        } else if patch.is_in(held) || patch.of(held) == patch.of(before) {
            self.others_changed(held, opened)
        } else {
            let message = format!("{} holds neither the old nor the new bytes", patch.words());
            let kept = held.slot_bytes() == before.slot_bytes();
            let state = if kept { KeyState::Unchanged } else { KeyState::Wrong };
            Error::new(patch.code_when_wrong(), message).on(&opened.device, state).hint(self.recovery.hint())
        };
        Err(error.during("comparing what was written"))
    }

    /// Whether both hold the same bytes, apart from the device's public key: the firmware derives it again when it
    /// starts, and the Duo may have started since.
    fn is_same(&self, held: &Snapshot, other: &Snapshot, opened: &Opened<'_>) -> bool {
        let derived = if *self.patch.field() == DEVICE_PUBLIC_KEY { 0..0 } else { PUBLIC_SLOT };
        let pairs = opened.compared(held.image().bytes()).iter().zip(opened.compared(other.image().bytes()));
        pairs.enumerate().all(|(at, (one, other))| one == other || derived.contains(&at))
    }

    /// The error if the field holds its old or its new bytes, and another part of the DCT has changed.
    fn others_changed(&self, held: &Snapshot, opened: &Opened<'_>) -> Error {
        let Self { before, patch, .. } = self;
        let changed = |field: &&Field| {
            **field != *patch.field() && held.image().field(field) != before.image().field(field)
        };
        let changed: Vec<Field> = FIELDS.iter().filter(changed).copied().collect();
        let names: Vec<String> = changed.iter().map(Field::kebab_name).collect();
        let names = if names.is_empty() { "bytes of no field".to_owned() } else { names.join(", ") };
        let written = patch.is_in(held);
        let state = match (patch.is_key(), held.slot_bytes() == before.slot_bytes()) {
            (true, _) if written => KeyState::Written,
            (_, true) => KeyState::Unchanged,
            (_, false) => KeyState::Wrong,
        };
        let did = if written { "holds what was written" } else { "holds what it did" };
        let restorable = |field: &Field| !matches!(Permitted::of(field), Permitted::Never(_));
        let others: Vec<Field> = changed.into_iter().filter(restorable).collect();
        let message = format!("{} {did}, but other parts of the DCT have changed: {names}", patch.words());
        Error::new(Code::DctWrong, message)
            .on(&opened.device, state)
            .hint(self.recovery.hint_of_others(&others))
    }
}

/// The question after a write of one field whose outcome is in doubt.
struct OfField<'s> {
    before: &'s Snapshot,
    patch: &'s Patch,
}

impl Probe for OfField<'_> {
    type Held = Snapshot;

    fn ask(&self, opened: &mut Opened<'_>, deadline: Duration) -> Result<Snapshot, Error> {
        let held = opened.read_length(self.before.image().bytes().len(), deadline)?;
        opened.proven(held)
    }

    fn is_familiar(&self, held: &Snapshot) -> bool {
        let (patch, before) = (self.patch, self.before);
        // A slot without a key (reset or blank) does not identify a Duo; nor do other fields.
        let expected = patch.is_in(held) || patch.of(held) == patch.of(before);
        let named = patch.is_key() && expected && held.slot.key().is_some();
        named || rest(held, patch.field()) == rest(before, patch.field())
    }
}

/// The DCT without the field, as far as every read of it reaches.
fn rest<'s>(snapshot: &'s Snapshot, field: &Field) -> (&'s [u8], &'s [u8]) {
    let bytes = snapshot.image().bytes();
    let bytes = bytes.get(..DctImage::READ_SIZE).unwrap_or(bytes);
    let (head, tail) = bytes.split_at(field.offset.min(bytes.len()));
    (head, tail.get(field.size..).unwrap_or_default())
}

/// The outcome of a write that counts as done.
enum Outcome {
    /// The slot holds what was written.
    Written,
    /// The slot was reset, and the Duo has started since and made a new key.
    Renewed,
}

fn did_not_write(device: &DeviceRef) -> Error {
    Error::new(Code::WriteFailed, "the Duo did not write: the old bytes are still there")
        .on(device, KeyState::Unchanged)
        .hint(
            "run the same command again; if it ends like this every time: with bootloader r6, writes need working system \
             firmware 0.3.2 or later",
        )
}
