//! Makes a Duo leave DFU mode, and checks that it left.

use std::time::Duration;

use crate::bootloader::SessionError;
use crate::error::{Code, Error, KeyState};
use crate::usb::UsbError;
use crate::workflow::context::{Context, DeviceRef, Phase, interrupted};
use crate::workflow::device::opened::Opened;

/// The bootloader leaves the bus half a second after its reply (redbear/firmware `usbd_dfu_core.c`). The rest is for
/// hosts that notice it late.
const TIME_TO_GO: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Leaves DFU mode. The key was written and verified before.
///
/// `then`: what to do by hand if the Duo does not leave.
pub fn leave(opened: Opened<'_>, then: &str) -> Result<(), Error> {
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
    let deadline = opened.context.deadline();
    opened.session.leave(deadline).map_err(|error| match error {
        SessionError::Cancelled(_) => interrupted(),
        error => Error::new(Code::LeaveFailed, "the Duo did not agree to leave DFU mode").because(error),
    })?;
    let (context, device, address) = (opened.context, opened.device.clone(), opened.address);
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

/// True once the Duo with this address is not on the bus any more. If it comes back, it has another address.
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
