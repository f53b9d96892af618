//! `status`: what was in flight when a process or a machine stopped, what that means for the key, and what to
//! type next. `history`: what was done before. Offline: they read the journal and ask no Duo.

use crate::workflow::describe::operation::{OperationReport, is_of};
use std::path::PathBuf;

use crate::dct::DeviceId;
use crate::error::Error;
use crate::journal::{Journal, Operation, open};
use crate::workflow::context::Context;
use crate::workflow::describe::operation::report;
use crate::workflow::next::advice;

/// What `status` is asked for.
#[derive(Clone, Debug, Default)]
pub struct StatusOptions {
    /// Only what was done to this device.
    pub device: Option<DeviceId>,
}

/// What is open.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "StatusResult", rename_all = "camelCase")]
pub struct Status {
    /// The folder of the journal; absolute. It need not be there.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub journal: PathBuf,
    /// What was cut short, or left a key that is wrong or not known, and is not settled since; oldest first.
    pub in_flight: Vec<OperationReport>,
    /// What other processes are doing at the moment.
    pub running: Vec<OperationReport>,
}

/// Reads what is open. What is settled is not looked at, so that it takes no longer the more was done.
pub fn status(context: Context<'_>, options: &StatusOptions) -> Result<Status, Error> {
    let journal = Journal::locate(&context.env)?;
    let operations = journal.operations(None, &|time| context.clock.sleep(time))?;
    let (running, in_flight): (Vec<&Operation>, Vec<&Operation>) = open(&operations)
        .into_iter()
        .filter(|operation| is_of(operation, options.device))
        .partition(|operation| operation.running);
    let report_open = |operation: &&Operation| OperationReport {
        next: if operation.running { Vec::new() } else { advice(operation) },
        ..report(operation, false)
    };
    Ok(Status {
        journal: journal.path().to_owned(),
        in_flight: in_flight.iter().map(report_open).collect(),
        running: running.iter().map(report_open).collect(),
    })
}
