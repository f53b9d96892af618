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
use super::{Context, Phase};
use crate::archive::DeviceIdSource;
use crate::dct::{DEVICE_PRIVATE_KEY, DeviceId};
use crate::dfuse::Touched;
use crate::error::{Code, Error, KeyState};
use crate::keys::SlotImage;
use crate::usb::SessionError;

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
    mut opened: Opened<'a>,
    before: &Snapshot,
    image: &SlotImage,
    recovery: &Recovery<'_>,
    journaled: &mut Journaled<'_>,
) -> Result<Opened<'a>, Error> {
    let context = opened.context;
    let device = opened.device.clone();
    let offset = u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX);
    if context.control.cancel().is_requested() {
        return Err(interrupted().on(&device, KeyState::Unchanged));
    }
    journaled.writing().map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let _shield = context.control.cancel().shield();
    context.phase(Phase::Write);
    let deadline = opened.deadline();
    let outcome = opened.session.write_and_read_back(offset, image.as_bytes(), deadline);
    context.phase(Phase::Verify);
    let held = match outcome {
        Ok(read_back) => read_back,
        Err(error) if error.touched() == Touched::No => {
            return Err(Error::from(error).during("writing the key slot").on(&device, KeyState::Unchanged));
        }
        Err(error) => {
            context.phase(Phase::Reconcile);
            context.note(format!(
                "the write was not answered as it should be ({error}); asking the Duo what it holds"
            ));
            let (again, held) = reconcile(opened).map_err(|_| {
                Error::new(
                    Code::KeyStateUnknown,
                    format!("the outcome of the write could not be learned: {error}"),
                )
                .during("writing the key slot")
                .on(&device, KeyState::Unknown)
                .hint(recovery.hint(&device, before, context))
            })?;
            opened = again;
            held
        }
    };
    judge(held.as_slice(), before, image.as_bytes(), &device, recovery, context)?;
    journaled.verified();
    if context.control.cancel().is_requested() {
        return Err(interrupted()
            .during("after the write")
            .on(&device, KeyState::Written)
            .hint("the Duo is still in DFU mode; press RESET to start it"));
    }
    Ok(opened)
}

fn judge(
    held: &[u8],
    before: &Snapshot,
    slot: &[u8],
    device: &DeviceRef,
    recovery: &Recovery<'_>,
    context: Context<'_>,
) -> Result<(), Error> {
    if held == slot {
        return Ok(());
    }
    let old = before.image().private_key_slot().is_some_and(|old| old.as_slice() == held);
    let error = if old {
        Error::new(
            Code::WriteFailed,
            "the Duo did not write, whatever it reported: the old bytes are still there",
        )
        .on(device, KeyState::Unchanged)
        .hint(
            "with bootloader r6, writes need working system firmware 0.3.2 or later; \
                 check that, then run the same command again",
        )
    } else {
        Error::new(Code::KeyWrong, "the key slot holds neither the old nor the new bytes")
            .on(device, KeyState::Wrong)
            .hint(recovery.hint(device, before, context))
    };
    Err(error.during("comparing what was written"))
}

fn reconcile(opened: Opened<'_>) -> Result<(Opened<'_>, zeroize::Zeroizing<Vec<u8>>), Error> {
    let mut opened = opened.reopen()?;
    let deadline = opened.deadline();
    let offset = u32::try_from(DEVICE_PRIVATE_KEY.offset).unwrap_or(u32::MAX);
    let (first, second) = opened.session.read_twice(offset, DEVICE_PRIVATE_KEY.size, deadline)?;
    if first == second {
        Ok((opened, first))
    } else {
        Err(Error::new(Code::ReadUnstable, "two reads of the same bytes differ"))
    }
}

/// Leaves DFU mode; the key is in place and verified by then.
///
/// `then` is what is left to do by hand where it does not.
pub(super) fn leave(mut opened: Opened<'_>, then: &str, journaled: &mut Journaled<'_>) -> Result<(), Error> {
    opened.context.phase(Phase::Leave);
    let deadline = opened.deadline();
    opened.session.leave(deadline).map_err(|error| {
        if let SessionError::Cancelled { .. } = error {
            return interrupted()
                .during("leaving DFU mode")
                .on(&opened.device, KeyState::Written)
                .hint(format!("press RESET on the Duo; {then}"));
        }
        Error::new(Code::LeaveFailed, "the Duo did not leave DFU mode")
            .during("leaving DFU mode")
            .on(&opened.device, KeyState::Written)
            .because(error)
            .hint(format!("press RESET on the Duo; {then}"))
    })?;
    journaled.left();
    Ok(())
}
