//! Writing the key slot, and knowing what came of it.
//!
//! The device's own status says nothing about a failed write, so only a read-back counts. Where the answer is
//! lost (a timeout, an unplugged cable), the Duo is waited for and asked which key it has: the outcome is
//! learned, never guessed.

use std::path::Path;

use super::cancel::interrupted;
use super::command::{choice, quoted};
use super::device::{DeviceRef, Opened, Snapshot};
use super::journaled::Journaled;
use super::reconcile::{Learned, reconcile};
use super::{Context, Phase};
use crate::archive::DeviceIdSource;
use crate::dct::{DEVICE_PRIVATE_KEY, DeviceId};
use crate::dfuse::Touched;
use crate::error::{Code, Error, KeyState};
use crate::keys::SlotImage;

/// What recovers the device when a write goes wrong.
pub(super) struct Recovery<'a> {
    /// What would finish the job, to be typed.
    pub again: String,
    /// The backup of what was there.
    pub backup: Option<&'a Path>,
    /// The device that the keys stood in for, where the Duo tells no id: its key may be gone by then, so only
    /// the user's word is left to say it.
    pub owner: Option<DeviceId>,
}

impl Recovery<'_> {
    fn hint(&self, device: &DeviceRef, before: &Snapshot, context: Context<'_>) -> String {
        let choice = device_arguments(device, self.owner, context);
        let back = match self.backup.map(|backup| quoted(&backup.to_string_lossy())) {
            Some(backup) if before.slot.key().is_some() => {
                format!("to go back to the key that was there: duo-provision restore {backup}{choice}")
            }
            Some(backup) => format!("no key was there before; the bytes that were are in {backup}"),
            None => "no backup of the key that was there was made".to_owned(),
        };
        format!("to finish: {again}{choice}; {back}", again = self.again)
    }
}

/// The arguments that choose this Duo again. An id that it does not tell by itself has to be typed again.
fn device_arguments(device: &DeviceRef, owner: Option<DeviceId>, context: Context<'_>) -> String {
    let told = device.device_id_source == Some(DeviceIdSource::UsbSerial);
    let id = device.device_id.or(owner).filter(|_| !told);
    choice(id, Some(&device.path), context.bus.address().as_deref())
}

/// Writes all 1,216 bytes of the slot and returns once a read-back shows them.
pub(super) fn write_verified<'a>(
    opened: Opened<'a>,
    before: &Snapshot,
    image: &SlotImage,
    recovery: &Recovery<'_>,
    journaled: &mut Journaled<'_>,
) -> Result<Opened<'a>, Error> {
    let context = opened.context;
    let device = opened.device.clone();
    if context.control.cancel().is_requested() {
        return Err(interrupted().on(&device, KeyState::Unchanged));
    }
    journaled.writing().map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let _shield = context.control.cancel().shield();
    let (opened, doubt) = write(opened, image)?;
    let opened = match doubt {
        None => opened,
        Some(doubt) => learn(opened, before, image, recovery, &doubt)?,
    };
    journaled.verified();
    if context.control.cancel().is_requested() {
        return Err(interrupted()
            .during("after the write")
            .on(&device, KeyState::Written)
            .hint("the Duo is still in DFU mode; press RESET to start it"));
    }
    Ok(opened)
}

/// Writes, and reads back once. What came of it is certain where there is no doubt; what is told otherwise is
/// not believed at once, as a read can be wrong, too.
fn write<'a>(mut opened: Opened<'a>, image: &SlotImage) -> Result<(Opened<'a>, Option<String>), Error> {
    let context = opened.context;
    context.phase(Phase::Write);
    let deadline = opened.deadline();
    let offset = u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX);
    let outcome = opened.session.write_and_read_back(offset, image.as_bytes(), deadline);
    context.phase(Phase::Verify);
    let doubt = match outcome {
        Ok(held) if held.as_slice() == image.as_bytes() => None,
        Ok(_) => Some("other bytes were read back than were written".to_owned()),
        Err(error) if error.touched() == Touched::No => {
            return Err(Error::from(error)
                .during("writing the key slot")
                .on(&opened.device, KeyState::Unchanged));
        }
        Err(error) => Some(error.to_string()),
    };
    Ok((opened, doubt))
}

/// Asks the Duo what it holds, and says so.
fn learn<'a>(
    opened: Opened<'a>,
    before: &Snapshot,
    image: &SlotImage,
    recovery: &Recovery<'_>,
    doubt: &str,
) -> Result<Opened<'a>, Error> {
    let (context, device) = (opened.context, opened.device.clone());
    context.note(format!("the write did not end as it should ({doubt}); asking the Duo what it holds"));
    let Learned { opened, held } = reconcile(opened, before, image).map_err(|obstacle| {
        let message =
            format!("the outcome of the write could not be learned: {doubt}; then: {}", obstacle.message());
        Error::new(Code::KeyStateUnknown, message)
            .during("writing the key slot")
            .on(&device, KeyState::Unknown)
            .hint(recovery.hint(&device, before, context))
            .because(obstacle)
    })?;
    context.note(match judge(&held, before, image, &opened.device, recovery, context)? {
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
    image: &SlotImage,
    device: &DeviceRef,
    recovery: &Recovery<'_>,
    context: Context<'_>,
) -> Result<Outcome, Error> {
    let slot = held.slot_bytes();
    // The old key with something else behind it is no new one.
    let key = |snapshot: &Snapshot| snapshot.slot.key().map(|read| read.key.public_key().fingerprint());
    let renewed = *image.as_bytes() == *SlotImage::reset().as_bytes()
        && key(held).is_some()
        && key(held) != key(before);
    let error = if slot == image.as_bytes() {
        return Ok(Outcome::Written);
    } else if slot == before.slot_bytes() {
        Error::new(
            Code::WriteFailed,
            "the Duo did not write, whatever it reported: the old bytes are still there",
        )
        .on(device, KeyState::Unchanged)
        .hint(
            "with bootloader r6, writes need working system firmware 0.3.2 or later; \
                 check that, then run the same command again",
        )
    } else if renewed {
        return Ok(Outcome::Renewed);
    } else {
        Error::new(Code::KeyWrong, "the key slot holds neither the old nor the new bytes")
            .on(device, KeyState::Wrong)
            .hint(recovery.hint(device, before, context))
    };
    Err(error.during("comparing what was written"))
}
