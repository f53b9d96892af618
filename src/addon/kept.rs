//! What the API returns of what lies on the disk: the backups of the archive, the operations of the journal.
//!
//! Only shapes and conversions: each type mirrors one of a workflow.

use napi_derive::napi;
use schemars::JsonSchema;

use super::results::{optional, text, told_by};
use super::schema::words;
use crate::{archive, workflow};

/// A backup in the archive.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ArchivedBackup {
    /// The file with the bytes; absolute.
    pub path: String,
    /// What it holds: a key, the bytes of a slot without one, the application section of a DCT, or all of it.
    #[napi(ts_type = "BackupContents")]
    #[schemars(extend("enum" = words::CONTENTS))]
    pub contents: String,
    /// The device: from the manifest, else from the file's name.
    pub device_id: Option<String>,
    /// The fingerprint of the device's key; absent where the file holds none, or an encrypted one that nothing beside
    /// it names.
    pub fingerprint: Option<String>,
    /// True where the key is behind a passphrase.
    pub encrypted: bool,
    /// When the bytes were read, RFC 3339, where that is known.
    pub created_at: Option<String>,
    /// True where the manifest says that it was made by `rotateKey` and not read from a Duo.
    pub new_key: bool,
    /// True where the manifest says that the Duo was a virtual one.
    pub simulated: bool,
    /// What stands beside the file. A backup without a manifest is a backup all the same.
    #[napi(ts_type = "'sound' | 'missing' | 'invalid' | 'of-other-bytes'")]
    #[schemars(extend("enum" = ["sound", "missing", "invalid", "of-other-bytes"]))]
    pub manifest: String,
    /// The same in words.
    pub manifest_description: String,
}

/// What the archive holds.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct BackupsResult {
    /// The archive's folder; absolute. It need not be there.
    pub folder: String,
    /// The backups, by name.
    pub backups: Vec<ArchivedBackup>,
    /// What has the name of a backup and cannot be read, and why.
    pub unreadable: Vec<String>,
}

/// Something to do.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct NextStep {
    /// What for, in words.
    pub purpose: String,
    /// The command, to be typed.
    pub command: String,
}

/// An operation of the journal.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct OperationInfo {
    /// Its name in the journal.
    pub id: String,
    /// The command.
    #[napi(
        ts_type = "'backup' | 'restore' | 'reset' | 'provision' | 'rotate' | 'dct-backup' | 'dct-restore' | 'server-key-set'"
    )]
    #[schemars(extend("enum" = ["backup", "restore", "reset", "provision", "rotate", "dct-backup", "dct-restore", "server-key-set"]))]
    pub operation: String,
    /// What became of it. `cut-short`: it did not come to its end, and what it left open is settled by now.
    #[napi(ts_type = "'running' | 'in-flight' | 'cut-short' | 'done' | 'failed'")]
    #[schemars(extend("enum" = ["running", "in-flight", "cut-short", "done", "failed"]))]
    pub outcome: String,
    /// The step that it had come to.
    #[napi(
        ts_type = "'started' | 'backed-up' | 'writing' | 'verified' | 'left' | 'new-key' | 'sending' | 'accepted'"
    )]
    #[schemars(extend("enum" = ["started", "backed-up", "writing", "verified", "left", "new-key", "sending", "accepted"]))]
    pub reached: String,
    /// What that means, in words.
    pub meaning: String,
    /// What is known of the Duo's key; absent for what does not touch it.
    #[napi(ts_type = "'unchanged' | 'written' | 'wrong' | 'unknown'")]
    #[schemars(extend("enum" = ["unchanged", "written", "wrong", "unknown"]))]
    pub key_state: Option<String>,
    /// The code of the error that it ended with.
    #[napi(ts_type = "ErrorCode")]
    #[schemars(extend("enum" = words::error_codes()))]
    pub error_code: Option<String>,
    /// The device id, 24 hexadecimal digits in lower case, where it is known.
    pub device_id: Option<String>,
    /// How the device id is known, where the Duo was attached.
    #[napi(ts_type = "'usb-serial' | 'user'")]
    #[schemars(extend("enum" = ["usb-serial", "user"]))]
    pub device_id_source: Option<String>,
    /// Bus and ports, where the Duo was attached.
    pub path: Option<String>,
    /// True for a virtual Duo.
    pub simulated: bool,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When the last of it was written down, RFC 3339.
    pub updated_at: String,
    /// The key that was there before.
    pub previous_fingerprint: Option<String>,
    /// The key that was written or sent, or was to be.
    pub fingerprint: Option<String>,
    /// The backup of what was there: the key slot, or the DCT; absolute.
    pub backup_path: Option<String>,
    /// The key that was made for it; absolute.
    pub new_key_path: Option<String>,
    /// What to do next; empty where nothing is left to do.
    pub next: Vec<NextStep>,
}

/// What is open.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct StatusResult {
    /// The folder of the journal; absolute. It need not be there.
    pub journal: String,
    /// What was cut short, or left a key that is wrong or not known, and is not settled since; oldest first.
    pub in_flight: Vec<OperationInfo>,
    /// What other processes are doing at the moment.
    pub running: Vec<OperationInfo>,
}

/// What was done.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct HistoryResult {
    /// The folder of the journal; absolute. It need not be there.
    pub journal: String,
    /// The operations, the newest first. What is open is among them; what to type next says `status`.
    pub operations: Vec<OperationInfo>,
    /// True if there are older ones.
    pub more: bool,
    /// How many lines of the journal could not be read, and were left aside.
    pub unreadable: u32,
}

impl From<archive::Entry> for ArchivedBackup {
    fn from(entry: archive::Entry) -> Self {
        Self {
            path: text(&entry.path),
            contents: entry.contents.name().to_owned(),
            device_id: optional(entry.device_id),
            fingerprint: optional(entry.fingerprint),
            encrypted: entry.contents == archive::Contents::EncryptedPrivateKey,
            created_at: entry.created_at,
            new_key: entry.origin == archive::Origin::NewKey,
            simulated: entry.simulated,
            manifest: entry.description.name().to_owned(),
            manifest_description: entry.description.words().to_owned(),
        }
    }
}

impl From<workflow::BackupsFound> for BackupsResult {
    fn from(found: workflow::BackupsFound) -> Self {
        Self {
            folder: text(&found.folder),
            backups: found.survey.entries.into_iter().map(Into::into).collect(),
            unreadable: found.survey.unreadable.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<workflow::OperationReport> for OperationInfo {
    fn from(report: workflow::OperationReport) -> Self {
        let step = |advice: workflow::Advice| NextStep { purpose: advice.purpose, command: advice.command };
        Self {
            id: report.id,
            operation: report.operation.to_owned(),
            outcome: report.outcome.to_owned(),
            reached: report.reached.to_owned(),
            meaning: report.meaning,
            key_state: optional(report.key_state.map(crate::error::KeyState::name)),
            error_code: report.error_code,
            device_id: optional(report.device_id),
            device_id_source: optional(report.device_id_source.map(told_by)),
            path: report.path,
            simulated: report.simulated,
            started_at: report.started_at,
            updated_at: report.updated_at,
            previous_fingerprint: optional(report.before),
            fingerprint: optional(report.after),
            backup_path: report.backup.as_deref().map(text),
            new_key_path: report.new_key.as_deref().map(text),
            next: report.next.into_iter().map(step).collect(),
        }
    }
}

fn all(reports: Vec<workflow::OperationReport>) -> Vec<OperationInfo> {
    reports.into_iter().map(Into::into).collect()
}

impl From<workflow::Status> for StatusResult {
    fn from(status: workflow::Status) -> Self {
        Self {
            journal: text(&status.journal),
            in_flight: all(status.in_flight),
            running: all(status.running),
        }
    }
}

impl From<workflow::History> for HistoryResult {
    fn from(history: workflow::History) -> Self {
        Self {
            journal: text(&history.journal),
            operations: all(history.operations),
            more: history.more,
            unreadable: history.unreadable.try_into().unwrap_or(u32::MAX),
        }
    }
}
