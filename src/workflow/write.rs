//! Writing a field, and knowing what came of it.
//!
//! The device's own status says nothing about a failed write, so only a read-back counts. Where the answer is
//! lost (a timeout, an unplugged cable), the Duo is waited for and asked what it holds: the outcome is
//! learned, never guessed.

use std::path::Path;

use super::cancel::interrupted;
use super::command::{choice, fields_from, file, restore_from, whole_from};
use super::device::{DeviceRef, Opened, Snapshot};
use super::journaled::Journaled;
use super::patch::Patch;
use super::reconcile::{Learned, OfField, reconcile};
use super::{Context, Phase, Transfer};
use crate::archive::DeviceIdSource;
use crate::dct::{DEVICE_PRIVATE_KEY, DeviceId, Field};
use crate::dfuse::Touched;
use crate::error::{Code, Error, KeyState};

/// When an operation is stopped that has written and verified its field.
pub(super) const AFTER_THE_WRITE: &str = "after the write";

/// Of a whole DCT. A copy that did not count may hold a key all the same.
pub(super) const NO_KEY_COUNTED: &str =
    "no key counted before (`duo-provision backups` lists those that were found); the bytes that were there";

/// What recovers the device when a write goes wrong.
pub(super) struct Recovery {
    /// What would finish the job, to be typed.
    pub again: String,
    /// What brings back what was there.
    pub back: Back,
    /// The device that the keys stood in for, where the Duo tells no id: its key may be gone by then, so only
    /// the user's word is left to say it.
    pub owner: Option<DeviceId>,
}

/// The way back.
pub(super) enum Back {
    /// A command, to be typed with the arguments that choose the Duo, and what it brings back.
    Command {
        /// "the key that was there".
        what: &'static str,
        /// The command.
        command: String,
        /// What has to be typed after it, with what chooses the Duo.
        then: Option<String>,
    },
    /// There is none, and why.
    None(String),
}

impl Back {
    /// To the key that was in the slot.
    pub fn to_key(before: &Snapshot, backup: Option<&Path>) -> Self {
        match backup {
            Some(backup) if before.slot.key().is_some() => {
                Self::Command { what: "the key that was there", command: restore_from(backup), then: None }
            }
            Some(backup) => {
                Self::None(format!("no key was there before; the bytes that were are in {}", file(backup)))
            }
            None => Self::None("no backup of the key that was there was made".to_owned()),
        }
    }

    /// To what was in these fields; a key slot without a key is not brought back.
    pub fn to_fields(fields: &[Field], before: &Snapshot, backup: Option<&Path>) -> Self {
        let Some(backup) = backup else {
            return Self::None("no backup of what was there was made".to_owned());
        };
        let kept = |field: &&Field| **field != DEVICE_PRIVATE_KEY || before.slot.key().is_some();
        let names: Vec<String> = fields.iter().filter(kept).map(Field::kebab_name).collect();
        if names.is_empty() {
            let backup = file(backup);
            return Self::None(format!("no key was there before; the bytes that were are in {backup}"));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self::Command { what: "what was there", command: fields_from(backup, &names), then: None }
    }

    /// To the DCT that was there, all of it; one in which no key counted is not written back.
    pub fn to_whole(had_key: bool, backup: Option<&Path>) -> Self {
        let Some(backup) = backup else {
            return Self::None("no backup of what was there was made".to_owned());
        };
        if !had_key {
            return Self::None(format!("{NO_KEY_COUNTED} are in {}", file(backup)));
        }
        Self::Command { what: "the DCT that was there", command: whole_from(backup), then: None }
    }

    /// The same, with a command to be typed after it.
    pub fn and_then(mut self, typed: String) -> Self {
        if let Self::Command { then, .. } = &mut self {
            *then = Some(typed);
        }
        self
    }
}

impl Recovery {
    /// What to type, to finish and to go back.
    pub fn hint(&self, device: &DeviceRef, context: Context<'_>) -> String {
        let choice = device_arguments(device, self.owner, context);
        let back = match &self.back {
            Back::Command { what, command, then } => {
                let then = then.as_ref().map(|then| format!(" && {then}")).unwrap_or_default();
                format!("to go back to {what}: {command}{choice}{then}")
            }
            Back::None(why) => why.clone(),
        };
        format!("to finish: {again}{choice}; {back}", again = self.again)
    }
}

/// The arguments that choose this Duo again. An id that it does not tell by itself has to be typed again.
pub(super) fn device_arguments(device: &DeviceRef, owner: Option<DeviceId>, context: Context<'_>) -> String {
    let told = device.device_id_source == Some(DeviceIdSource::UsbSerial);
    let id = device.device_id.or(owner).filter(|_| !told);
    choice(id, Some(&device.path), context.bus.address().as_deref())
}

/// Writes all bytes of the field and returns once a read-back shows them.
pub(super) fn write_verified<'a>(
    opened: Opened<'a>,
    before: &Snapshot,
    patch: &Patch,
    recovery: &Recovery,
    journaled: &mut Journaled<'_>,
) -> Result<Opened<'a>, Error> {
    let context = opened.context;
    let device = opened.device.clone();
    if context.control.cancel().is_requested() {
        return Err(interrupted().on(&device, KeyState::Unchanged));
    }
    journaled.writing().map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let _shield = context.control.cancel().shield();
    let size = patch.bytes().len();
    context.phase(Phase::Write);
    context.progress(Transfer::StartDownload, size);
    let written = write(opened, patch).and_then(|(opened, doubt)| match doubt {
        None => Ok(opened),
        Some(doubt) => learn(opened, before, patch, recovery, &doubt),
    });
    if written.is_err() {
        context.progress(Transfer::FailedDownload, size);
    }
    let opened = written?;
    context.progress(Transfer::Downloaded, size);
    context.progress(Transfer::CompleteDownload, size);
    journaled.verified();
    if context.control.cancel().is_requested() {
        return Err(interrupted()
            .during(AFTER_THE_WRITE)
            .on(&device, patch.key_when_written())
            .hint("the Duo is still in DFU mode; press RESET to start it"));
    }
    Ok(opened)
}

/// Writes, and reads back once. What came of it is certain where there is no doubt; what is told otherwise is
/// not believed at once, as a read can be wrong, too.
fn write<'a>(mut opened: Opened<'a>, patch: &Patch) -> Result<(Opened<'a>, Option<String>), Error> {
    let context = opened.context;
    let deadline = opened.deadline();
    let offset = u32::try_from(patch.field().offset).unwrap_or(u32::MAX);
    let outcome = opened.session.write_and_read_back(offset, patch.bytes(), deadline);
    context.phase(Phase::Verify);
    let doubt = match outcome {
        Ok(held) if held.as_slice() == patch.bytes() => None,
        Ok(_) => Some("other bytes were read back than were written".to_owned()),
        Err(error) if error.touched() == Touched::No => {
            return Err(Error::from(error).during(patch.during()).on(&opened.device, KeyState::Unchanged));
        }
        Err(error) => Some(error.to_string()),
    };
    Ok((opened, doubt))
}

/// Asks the Duo what it holds, and says so.
fn learn<'a>(
    opened: Opened<'a>,
    before: &Snapshot,
    patch: &Patch,
    recovery: &Recovery,
    doubt: &str,
) -> Result<Opened<'a>, Error> {
    let (context, device) = (opened.context, opened.device.clone());
    context.note(format!("the write did not end as it should ({doubt}); asking the Duo what it holds"));
    let Learned { opened, held } = reconcile(opened, &OfField { before, patch }).map_err(|obstacle| {
        let message =
            format!("the outcome of the write could not be learned: {doubt}; then: {}", obstacle.message());
        Error::new(patch.code_when_unknown(), message)
            .during(patch.during())
            .on(&device, KeyState::Unknown)
            .hint(recovery.hint(&device, context))
            .because(obstacle)
    })?;
    context.note(match judge(&held, before, patch, &opened.device, recovery, context)? {
        Outcome::Written => "the Duo holds what was written: two reads show it",
        Outcome::Renewed => "the reset was written: the Duo has started since, and made a new key already",
    });
    Ok(opened)
}

/// What came of a write that counts as done.
enum Outcome {
    /// The slot holds what was written.
    Written,
    /// The slot was reset, and the Duo has started since and made itself a key.
    Renewed,
}

fn judge(
    held: &Snapshot,
    before: &Snapshot,
    patch: &Patch,
    device: &DeviceRef,
    recovery: &Recovery,
    context: Context<'_>,
) -> Result<Outcome, Error> {
    // The old key with something else behind it is no new one.
    let key = |snapshot: &Snapshot| snapshot.slot.key().map(|read| read.key.public_key().fingerprint());
    let renewed = patch.is_reset() && key(held).is_some() && key(held) != key(before);
    let error = if patch.is_in(held) {
        return Ok(Outcome::Written);
    } else if patch.of(held) == patch.of(before) {
        Error::new(
            Code::WriteFailed,
            "the Duo did not write: the old bytes are still there",
        )
        .on(device, KeyState::Unchanged)
        .hint(
            "run the same command again; if it ends like this every time: with bootloader r6, writes need working system \
             firmware 0.3.2 or later",
        )
    } else if renewed {
        return Ok(Outcome::Renewed);
    } else {
        let message = format!("{} holds neither the old nor the new bytes", patch.words());
        let state =
            if held.slot_bytes() == before.slot_bytes() { KeyState::Unchanged } else { KeyState::Wrong };
        Error::new(patch.code_when_wrong(), message).on(device, state).hint(recovery.hint(device, context))
    };
    Err(error.during("comparing what was written"))
}
