//! Warns before a write that would leave the Duo with another key than its cloud has.

use crate::keys::Fingerprint;
use crate::workflow::context::{Context, DeviceRef, Snapshot, Target};
use crate::workflow::describe::server::ServerReport;
use crate::workflow::next::which_of;
use crate::workflow::record::journal::selection;
use crate::workflow::record::newest::{Records, done_to, known_of};

/// The warning before `key` is written to a Duo that holds `held`, if a cloud is known to have another one for it.
pub fn caution(
    context: Context<'_>,
    device: &DeviceRef,
    held: &Snapshot,
    key: Fingerprint,
) -> Option<String> {
    let known = known_of(context, device);
    let operations = done_to(device, context.bus.address().as_deref(), &known);
    let particle = ServerReport::named_by(held, device.device_id).particle;
    let other = Records { current: key, particle, operations }.told_other()?;
    let which = which_of(&device.into(), &selection(context, &Target::default()));
    Some(format!(
        "as far as is known, the cloud has another key of this Duo, {} ({}): with the new one the Duo does not connect until \
         its cloud is told; to see what to type then: duo-provision doctor{which}",
        other.key.short(),
        other.words()
    ))
}
