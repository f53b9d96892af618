//! `status`: what was in flight when a process or a machine stopped, what that means for the key, and what to
//! type next. Offline: it reads the journal and asks no Duo.

mod meaning;

use std::path::PathBuf;

use self::meaning::meaning;
use super::Context;
use super::next::{Advice, advice};
use crate::archive::DeviceIdSource;
use crate::archive::journal::{End, Journal, KeyLeft, Operation, OperationKind, Reached, open};
use crate::dct::DeviceId;
use crate::error::{Error, KeyState};
use crate::keys::Fingerprint;

/// What `status` is asked for.
#[derive(Clone, Debug, Default)]
pub struct StatusOptions {
    /// Only what was done to this device.
    pub device: Option<DeviceId>,
}

/// What the journal says.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "StatusResult", rename_all = "camelCase")]
pub struct Status {
    /// The journal; absolute. It need not be there.
    #[serde(serialize_with = "crate::disk::lossy")]
    pub journal: PathBuf,
    /// What was cut short, or left a key that is wrong or not known, and is not settled since; oldest first.
    pub in_flight: Vec<OperationReport>,
    /// What other processes are doing at the moment.
    pub running: Vec<OperationReport>,
    /// The last operation on every Duo, in the order in which they began.
    pub last: Vec<OperationReport>,
}

/// An operation of the journal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "OperationInfo", rename_all = "camelCase")]
pub struct OperationReport {
    /// Its name in the journal.
    pub id: String,
    /// The command.
    pub operation: OperationKind,
    /// What became of it.
    pub outcome: Outcome,
    /// The step that it had come to.
    pub reached: Reached,
    /// What that means, in words.
    pub meaning: String,
    /// What is known of the Duo's key; absent for what does not touch it.
    pub key_state: Option<KeyState>,
    /// The code of the error that it ended with.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Code>"))]
    pub error_code: Option<String>,
    /// The device id, 24 hexadecimal digits in lower case, where it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known, where the Duo was attached.
    pub device_id_source: Option<DeviceIdSource>,
    /// Bus and ports, where the Duo was attached.
    pub path: Option<String>,
    /// True for a virtual Duo.
    pub simulated: bool,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When the last of it was written down, RFC 3339.
    pub updated_at: String,
    /// The key that was there before.
    #[serde(rename = "previousFingerprint")]
    pub before: Option<Fingerprint>,
    /// The key that was written or sent, or was to be.
    #[serde(rename = "fingerprint")]
    pub after: Option<Fingerprint>,
    /// The backup of what was there: the key slot, or the DCT; absolute.
    #[serde(rename = "backupPath", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// The key that was made for it; absolute.
    #[serde(rename = "newKeyPath", serialize_with = "crate::disk::lossy")]
    pub new_key: Option<PathBuf>,
    /// What to do next; empty where nothing is left to do.
    pub next: Vec<Advice>,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "OperationOutcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Another process is at it.
    Running,
    /// It was cut short.
    InFlight,
    /// Done, as it was asked for.
    Done,
    /// It ended with an error.
    Failed,
}

/// Reads the journal and says what is still open.
pub fn status(context: Context<'_>, options: &StatusOptions) -> Result<Status, Error> {
    let journal = Journal::locate(&context.env)?;
    let operations = journal.operations(&|time| context.clock.sleep(time))?;
    let wanted = |operation: &&Operation| {
        options.device.is_none_or(|id| {
            operation.started.device.id == Some(id) || operation.started.request.owner == Some(id)
        })
    };
    let (running, in_flight): (Vec<&Operation>, Vec<&Operation>) =
        open(&operations).into_iter().filter(wanted).partition(|operation| operation.running);
    let report_open = |operation: &&Operation| OperationReport {
        next: if operation.running { Vec::new() } else { advice(operation) },
        ..report(operation)
    };
    Ok(Status {
        journal: journal.path().to_owned(),
        in_flight: in_flight.iter().map(report_open).collect(),
        running: running.iter().map(report_open).collect(),
        last: last_of_each(operations.iter().filter(wanted)).into_iter().map(report).collect(),
    })
}

fn last_of_each<'a>(operations: impl Iterator<Item = &'a Operation>) -> Vec<&'a Operation> {
    let mut last: Vec<&Operation> = Vec::new();
    for operation in operations {
        last.retain(|earlier| !same_device(earlier, operation));
        last.push(operation);
    }
    last
}

/// For the list alone: by id, else by port.
fn same_device(one: &Operation, other: &Operation) -> bool {
    let (one, other) = (&one.started.device, &other.started.device);
    match (one.id, other.id) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.path == other.path && one.simulated == other.simulated,
        _ => false,
    }
}

fn report(operation: &Operation) -> OperationReport {
    let device = &operation.started.device;
    let error_code = match &operation.end {
        Some(End::Failed(failure)) => Some(failure.code.clone()),
        _ => None,
    };
    OperationReport {
        id: operation.id.to_string(),
        operation: operation.kind(),
        device_id: device.id,
        device_id_source: device.source,
        path: device.path.clone(),
        simulated: device.simulated,
        started_at: operation.started_at.clone(),
        updated_at: operation.updated_at.clone(),
        outcome: match operation.end {
            _ if operation.running => Outcome::Running,
            Some(End::Failed(_)) => Outcome::Failed,
            _ if operation.is_done() => Outcome::Done,
            _ => Outcome::InFlight,
        },
        reached: operation.last(),
        meaning: meaning(operation).to_owned(),
        key_state: operation.key().map(|key| match key {
            KeyLeft::Unchanged => KeyState::Unchanged,
            KeyLeft::Written => KeyState::Written,
            KeyLeft::Wrong => KeyState::Wrong,
            KeyLeft::Unknown => KeyState::Unknown,
        }),
        error_code,
        before: operation.started.before,
        after: operation.started.after,
        backup: operation.backup.clone(),
        new_key: operation.new_key.clone(),
        next: Vec::new(),
    }
}
