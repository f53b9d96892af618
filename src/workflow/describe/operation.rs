//! Describes an operation of the journal for results.

use std::path::PathBuf;

use crate::dct::{DeviceId, DeviceIdSource};
use crate::journal::{End, Operation, OperationKind, Reached};
use crate::keys::Fingerprint;
use crate::outcome::KeyState;
use crate::workflow::describe::meaning::meaning;

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
    /// The last step that it reached.
    pub reached: Reached,
    /// What that means, in words.
    pub meaning: String,
    /// What is known of the Duo's key; absent if the operation does not touch it.
    pub key_state: Option<KeyState>,
    /// The code of the error that it ended with.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::error::Code>"))]
    pub error_code: Option<String>,
    /// The device id, 24 hexadecimal digits in lower case, if it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known, if the Duo was attached.
    pub device_id_source: Option<DeviceIdSource>,
    /// Bus and ports, if the Duo was attached.
    pub path: Option<String>,
    /// True for a virtual Duo.
    pub simulated: bool,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When its last step was recorded, RFC 3339.
    pub updated_at: String,
    /// The key that was there before.
    #[serde(rename = "previousFingerprint")]
    pub before: Option<Fingerprint>,
    /// The key that was written or sent, or was to be.
    #[serde(rename = "fingerprint")]
    pub after: Option<Fingerprint>,
    /// The backup of what was there: the key slot, or the DCT; absolute.
    #[serde(rename = "backupFile", serialize_with = "crate::disk::lossy")]
    pub backup: Option<PathBuf>,
    /// The key that was made for it; absolute.
    #[serde(rename = "newKeyFile", serialize_with = "crate::disk::lossy")]
    pub new_key: Option<PathBuf>,
    /// For a list of devices: the ledger that says what became of each; absolute.
    #[serde(rename = "ledgerFile")]
    pub ledger: Option<String>,
    /// What to do next; empty if nothing is left to do.
    pub next: Vec<Advice>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "NextStep", rename_all = "camelCase")]
pub struct Advice {
    /// The purpose, in words.
    pub purpose: String,
    /// The command to type.
    pub command: String,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "OperationOutcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Another process is running it.
    Running,
    /// It was cut short.
    InFlight,
    /// It was cut short, and a later operation has settled what it left open.
    CutShort,
    /// It was done.
    Done,
    /// It ended with an error.
    Failed,
    /// The user has dismissed what it left open.
    Dismissed,
}

/// Describes an operation. `settled`: nothing of it is open any more.
pub fn report(operation: &Operation, settled: bool) -> OperationReport {
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
            _ if operation.dismissed => Outcome::Dismissed,
            Some(End::Failed(_)) => Outcome::Failed,
            _ if operation.is_done() => Outcome::Done,
            _ if settled => Outcome::CutShort,
            _ => Outcome::InFlight,
        },
        reached: operation.last(),
        meaning: meaning(operation).to_owned(),
        key_state: operation.key(),
        error_code,
        before: operation.started.before,
        after: operation.started.after,
        backup: operation.backup.clone(),
        new_key: operation.new_key.clone(),
        ledger: operation.started.request.fleet.as_ref().map(|fleet| fleet.ledger.clone()),
        next: Vec::new(),
    }
}

/// Whether it is an operation on this device; true if no device is given.
pub fn is_of(operation: &Operation, device: Option<DeviceId>) -> bool {
    let started = &operation.started;
    device.is_none() || started.device.id == device || started.request.owner == device
}
