//! What is said of an operation.

use std::path::PathBuf;

use super::super::next::Advice;
use super::meaning::meaning;
use crate::dct::{DeviceId, DeviceIdSource};
use crate::journal::{End, Operation, Reached};
use crate::keys::Fingerprint;
use crate::outcome::KeyState;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationReport {
    /// Its name in the journal.
    pub id: String,
    /// The command.
    pub operation: &'static str,
    /// The device id, where it is known.
    pub device_id: Option<DeviceId>,
    /// How the device id is known.
    pub device_id_source: Option<DeviceIdSource>,
    /// Bus and ports, where a device was attached.
    pub path: Option<String>,
    /// True for a virtual device.
    pub simulated: bool,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When the last of it was written down, RFC 3339.
    pub updated_at: String,
    /// `running`, `in-flight`, `done`, `failed`, or `cut-short` if a later one has made plain what it left open.
    pub outcome: &'static str,
    /// The step that it had come to, as the journal names it.
    pub reached: &'static str,
    /// What that means, in words.
    pub meaning: String,
    /// What is known of the device's key; `None` for what does not touch it.
    pub key_state: Option<KeyState>,
    /// The code of the error that it ended with.
    pub error_code: Option<String>,
    /// The key that was there before.
    pub before: Option<Fingerprint>,
    /// The key that was written or sent, or was to be.
    pub after: Option<Fingerprint>,
    /// The backup of what was there: the key slot, or the DCT; absolute.
    pub backup: Option<PathBuf>,
    /// The key that was made for it; absolute.
    pub new_key: Option<PathBuf>,
    /// What to do next; nothing where nothing is left to do.
    pub next: Vec<Advice>,
}

/// What is to be said of an operation. `settled`: if nothing of it is open any more.
pub(super) fn report(operation: &Operation, settled: bool) -> OperationReport {
    let device = &operation.started.device;
    let error_code = match &operation.end {
        Some(End::Failed(failure)) => Some(failure.code.clone()),
        _ => None,
    };
    OperationReport {
        id: operation.id.to_string(),
        operation: operation.kind().name(),
        device_id: device.id,
        device_id_source: device.source,
        path: device.path.clone(),
        simulated: device.simulated,
        started_at: operation.started_at.clone(),
        updated_at: operation.updated_at.clone(),
        outcome: match operation.end {
            _ if operation.running => "running",
            Some(End::Failed(_)) => "failed",
            _ if operation.is_done() => "done",
            _ if settled => "cut-short",
            _ => "in-flight",
        },
        reached: match operation.last() {
            Reached::Started => "started",
            Reached::BackedUp => "backed-up",
            Reached::Writing => "writing",
            Reached::Verified => "verified",
            Reached::Left => "left",
            Reached::NewKey => "new-key",
            Reached::Sending => "sending",
            Reached::Accepted => "accepted",
        },
        meaning: meaning(operation).to_owned(),
        key_state: operation.key(),
        error_code,
        before: operation.started.before,
        after: operation.started.after,
        backup: operation.backup.clone(),
        new_key: operation.new_key.clone(),
        next: Vec::new(),
    }
}
