//! Warns before a write that would leave the Duo with another key than its cloud has.

use crate::journal::{DeviceMark, Started};
use crate::workflow::context::Context;
use crate::workflow::next::command_line::option;
use crate::workflow::next::which;
use crate::workflow::record::newest::{Records, known_of, was_done_to};

/// The warning before an operation that writes a key, if a cloud is known to have another one. `particle`: whether the
/// Duo is meant for Particle's cloud afterwards, if that is known.
pub fn caution(context: Context<'_>, started: &Started, particle: Option<bool>) -> Option<String> {
    let id = started.device.id.or(started.request.owner)?;
    let device = DeviceMark { id: Some(id), ..started.device.clone() };
    let known = known_of(context, &device);
    let usbip = context.bus.address();
    let operations = known.iter().filter(|known| was_done_to(known, &device, usbip.as_deref())).collect();
    let (current, held) = (started.after, started.before.or(started.after));
    let other = Records { current, held, particle, operations }.told_other()?;
    Some(format!(
        "as far as is known, the cloud has another key of this Duo, {} ({}): after this write the Duo cannot connect until \
         its cloud is told the key that is written; both ways out are shown by: duo-provision doctor{}{}",
        other.key.short(),
        other.words(),
        which(started),
        option("archive", started.request.archive.as_deref())
    ))
}
