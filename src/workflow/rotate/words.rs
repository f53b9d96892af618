//! What to type to finish a rotation, and to undo it.

use std::path::Path;

use crate::dct::DeviceId;
use crate::journal::Request;
use crate::workflow::Context;
use crate::workflow::command;
use crate::workflow::device::DeviceRef;
use crate::workflow::recovery::device_arguments;

/// The commands that finish a rotation, and those that undo it.
pub(super) struct Words {
    /// Without what chooses the Duo.
    pub(super) again: String,
    /// What chooses the Duo.
    pub(super) choice: String,
    /// Tells the cloud the key that is in the Duo.
    pub(super) tell: String,
    /// True where there was a key before.
    pub(super) had_key: bool,
}

impl Words {
    pub(super) fn new(
        context: Context<'_>,
        device: &DeviceRef,
        id: DeviceId,
        request: &Request,
        had_key: bool,
    ) -> Self {
        Self {
            again: command::rotate(request),
            choice: device_arguments(device, None, context),
            tell: command::tell_key_of_device(id, Some(&device.path), request),
            had_key,
        }
    }

    pub(super) fn finish(&self) -> String {
        format!("to finish: {}{}", self.again, self.choice)
    }

    /// While the old key is in the Duo.
    pub(super) fn finish_or_go_back(&self) -> String {
        let back = if self.had_key { format!("; to go back: {}", self.tell) } else { String::new() };
        self.finish() + &back
    }

    pub(super) fn if_lost(&self, path: &Path) -> String {
        let back = if self.had_key {
            format!("tell the cloud the key that is in the Duo: {}", self.tell)
        } else {
            "erase the slot: duo-provision reset".to_owned()
        };
        format!("put the file back to {}; or, to start anew, first {back}", command::file(path))
    }
}
