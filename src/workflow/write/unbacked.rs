//! Checks `--no-backup` on a Duo whose firmware can lose both the old and the new key.

use crate::dct::CopyRule;
use crate::error::{Error, KeyState};
use crate::workflow::device::opened::Opened;

/// The option that is required with `--no-backup`.
const ACCEPTED: &str = "--i-accept-that-the-key-may-be-lost";

/// Refuses a write without a backup if the write is not atomic, unless that is accepted. r3 to r5 first program the new
/// bytes over the current copy in place, and only then make the other one (seen in the bootloader binaries in
/// redbear/Duo `firmware/bootloader`); r6 leaves the old copy alone until the new one is whole.
pub fn check_unbacked(opened: &Opened<'_>, no_backup: bool, accepted: bool) -> Result<(), Error> {
    let device = &opened.device;
    if !no_backup || accepted || !device.board.is_duo() || device.copy_rule == CopyRule::R6 {
        return Ok(());
    }
    let message = "without a backup the key can be lost for good here: the firmware of bootloaders r3 to r5 programs the \
                   new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one";
    Err(Error::invalid(message)
        .on(device, KeyState::Unchanged)
        .hint(format!("leave --no-backup out; or, if you really mean it, add {ACCEPTED}")))
}
