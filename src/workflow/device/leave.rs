//! Leaving DFU mode, and seeing that the Duo went.

use std::time::Duration;

use crate::bootloader::SessionError;
use crate::error::{Code, Error, KeyState};
use crate::usb::UsbError;
use crate::workflow::context::Context;
use crate::workflow::context::cancel::interrupted;
use crate::workflow::context::event::Phase;
use crate::workflow::context::target::DeviceRef;
use crate::workflow::device::opened::Opened;

/// The bootloader drops off the bus half a second after it agreed to (redbear/firmware `usbd_dfu_core.c`); the rest is
/// for hosts that are slow to see it.
const TIME_TO_GO: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Leaves DFU mode; the key is in place and verified by then.
///
/// `then` is what is left to do by hand where it does not.
pub(in crate::workflow) fn leave(opened: Opened<'_>, then: &str) -> Result<(), Error> {
    let device = opened.device.clone();
    opened.context.phase(Phase::Leave);
    told_to_leave(opened).map_err(|error| {
        error
            .during("leaving DFU mode")
            .on(&device, KeyState::Written)
            .hint(format!("press RESET on the Duo; {then}"))
    })
}

fn told_to_leave(mut opened: Opened<'_>) -> Result<(), Error> {
    let deadline = opened.deadline();
    opened.session.leave(deadline).map_err(|error| match error {
        SessionError::Cancelled { .. } => interrupted(),
        error => Error::new(Code::LeaveFailed, "the Duo did not agree to leave DFU mode").because(error),
    })?;
    let (context, device, address) = (opened.context, opened.device.clone(), opened.address());
    drop(opened);
    let unseen = |error: UsbError| {
        Error::new(Code::LeaveFailed, "it could not be seen whether the Duo left DFU mode").because(error)
    };
    if is_gone(context, &device, address, deadline).map_err(unseen)? {
        return Ok(());
    }
    if (context.cancelled)() {
        return Err(interrupted());
    }
    Err(Error::new(Code::LeaveFailed, "the Duo agreed to leave DFU mode and did not go"))
}

/// True once the Duo that had this address is not on the bus any more. What comes back has another one.
fn is_gone(
    context: Context<'_>,
    gone: &DeviceRef,
    address: u8,
    deadline: Duration,
) -> Result<bool, UsbError> {
    let until = deadline.min(context.clock.now().saturating_add(TIME_TO_GO));
    loop {
        let devices = context.bus.list(&[gone.board.dfu_mode])?;
        if !devices.iter().any(|device| device.path.as_str() == gone.path && device.address == address) {
            return Ok(true);
        }
        if context.clock.now() >= until || (context.cancelled)() {
            return Ok(false);
        }
        context.clock.sleep(BETWEEN_LOOKS);
    }
}
