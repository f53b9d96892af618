//! `status`: shows which operations were in flight when a process or a machine stopped, what that means for the key,
//! and what to type next. Can also dismiss an operation whose outcome at a cloud stays unknown. Offline: reads the
//! journal and asks no Duo.

use crate::workflow::describe::operation::{OperationReport, is_of, report};
use std::path::PathBuf;

use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::journal::{Dismissal, Journal, Operation, OperationId, OperationKind, open};
use crate::workflow::context::Context;
use crate::workflow::describe::meaning::meaning;
use crate::workflow::next::advice;
use crate::workflow::record::journal::past;
use crate::workflow::record::kept::with_backup;

/// The options of `status`.
#[derive(Clone, Debug, Default)]
pub struct StatusOptions {
    /// Only operations on this device.
    pub device: Option<DeviceId>,
    /// The operation to dismiss, whose outcome at a cloud is unknown.
    pub dismiss: Option<String>,
}

/// The open operations.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "StatusResult", rename_all = "camelCase")]
pub struct Status {
    /// The folder of the journal; absolute. It may not exist.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub journal: PathBuf,
    /// Operations that were cut short, or left a wrong or unknown key, and are not settled since; oldest first.
    pub in_flight: Vec<OperationReport>,
    /// What other processes are doing now.
    pub running: Vec<OperationReport>,
    /// The operation that was dismissed now; it is in the history.
    pub dismissed: Option<OperationReport>,
}

/// Reads the open operations. Settled ones are read only to find a missing backup, so a long history does not make this
/// slower.
pub fn status(context: Context<'_>, options: &StatusOptions) -> Result<Status, Error> {
    let journal = Journal::locate(&context.env)?;
    let dismissed = options.dismiss.as_deref().map(|id| dismiss(context, &journal, id)).transpose()?;
    let operations = journal.operations(None, &|time| context.clock.sleep(time))?;
    let (running, in_flight): (Vec<&Operation>, Vec<&Operation>) = open(&operations)
        .into_iter()
        .filter(|operation| is_of(operation, options.device))
        .partition(|operation| operation.running);
    let report_open = |operation: &&Operation| {
        if operation.running {
            report(operation, false)
        } else {
            report_in_flight(context, operation, &operations)
        }
    };
    Ok(Status {
        journal: journal.path().to_owned(),
        in_flight: in_flight.iter().map(report_open).collect(),
        running: running.iter().map(report_open).collect(),
        dismissed,
    })
}

/// The commands to type use a backup that exists: the operation's own, or one that was made before.
fn report_in_flight(context: Context<'_>, operation: &Operation, open: &[Operation]) -> OperationReport {
    let backed_up = match operation.kind() {
        OperationKind::Restore | OperationKind::Reset | OperationKind::Rotate => {
            let device = operation.started.device.id.or(operation.started.request.owner);
            let settled = device.into_iter().flat_map(|device| past(context, device));
            with_backup(operation, open.iter().rev().cloned().chain(settled))
        }
        _ => operation.clone(),
    };
    let told = report(operation, false);
    let backup = backed_up.backup.clone().or(told.backup);
    OperationReport { next: advice(&backed_up), backup, ..told }
}

/// Dismisses an operation if only its outcome at a cloud is unknown; refuses anything else.
fn dismiss(context: Context<'_>, journal: &Journal, id: &str) -> Result<OperationReport, Error> {
    let unknown = || {
        Error::invalid(format!("no operation with the id {id:?} is in flight"))
            .hint("those that can be dismissed are listed, each with its id, by: duo-provision status")
    };
    let known = OperationId::try_from(id.to_owned()).map_err(|_| unknown())?;
    match journal.dismiss(&known, context.timestamp(), &|time| context.clock.sleep(time))? {
        Dismissal::Done(operation) => Ok(report(&operation, true)),
        Dismissal::NotOpen => Err(unknown()),
        Dismissal::Refused(operation) => Err(refused(&operation)),
    }
}

fn refused(operation: &Operation) -> Error {
    let subject = format!("the {} that began {}", operation.kind(), operation.started_at);
    let refuse = |why: &str| Error::new(Code::CannotDismiss, format!("{subject} is not dismissed: {why}"));
    if operation.running {
        return refuse("another process is at it").hint("wait until it has ended");
    }
    let next = advice(operation);
    let next: Vec<String> =
        next.into_iter().map(|next| format!("{}: {}", next.purpose, next.command)).collect();
    refuse(meaning(operation)).hint(next.join("; "))
}
