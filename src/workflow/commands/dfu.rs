//! `dfu`: puts a Duo that runs its firmware into DFU mode.

use crate::error::Error;
use crate::workflow::context::{Context, DUO, DeviceRef, Target, TargetOptions};
use crate::workflow::device::enter_dfu;
use crate::workflow::device::opened::Opened;

/// A Duo that is in DFU mode now.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "EnterDfuResult", rename_all = "camelCase")]
pub struct EnterDone {
    /// The Duo.
    pub device: DeviceRef,
    /// True if it already was in DFU mode, and nothing was done.
    pub was_already: bool,
}

/// Puts a Duo that runs its firmware into DFU mode, and waits until it is there.
pub fn enter_dfu(context: Context<'_>, options: &TargetOptions) -> Result<EnterDone, Error> {
    let context = context.within(options.timeout)?;
    let target = Target { enter_dfu: true, ..options.target.clone() };
    let entered = enter_dfu::enter_dfu(context, &target, &[DUO])?;
    let opened = Opened::find_there(context, entered.as_ref().unwrap_or(&target), &[DUO])?;
    Ok(EnterDone { device: opened.device, was_already: entered.is_none() })
}
