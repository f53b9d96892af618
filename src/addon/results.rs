//! What the API returns and reports, as plain JavaScript objects.
//!
//! Only shapes and conversions: each type mirrors one of a workflow.

use std::path::Path;

use napi_derive::napi;
use schemars::JsonSchema;

use super::schema::words;
use crate::archive::DeviceIdSource;
use crate::workflow;

/// The Duo that an operation worked on, or another board that is laid out as one.
#[napi(object, object_from_js = false)]
#[derive(Clone, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct DuoInfo {
    /// Which board it is.
    #[napi(ts_type = "BoardName")]
    #[schemars(extend("enum" = ["duo", "photon", "p1", "electron"]))]
    pub board: String,
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// The device id, 24 hexadecimal digits in lower case, where it is known.
    pub device_id: Option<String>,
    /// How the device id is known: told by the Duo over USB, or the word of the caller.
    #[napi(ts_type = "'usb-serial' | 'user'")]
    #[schemars(extend("enum" = ["usb-serial", "user"]))]
    pub device_id_source: Option<String>,
    /// The bootloader's generation; of another board than the Duo its name, in lower case.
    #[napi(ts_type = "'r3-r4' | 'r5-r6' | 'photon' | 'p1' | 'electron'")]
    #[schemars(extend("enum" = ["r3-r4", "r5-r6", "photon", "p1", "electron"]))]
    pub bootloader: String,
    /// True for a virtual Duo.
    pub simulated: bool,
}

/// What a key slot holds.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct KeyInfo {
    /// The kind of thing in the slot.
    #[napi(ts_type = "KeySlotKind")]
    #[schemars(extend("enum" = words::SLOT))]
    pub slot: String,
    /// The same in words.
    pub description: String,
    /// SHA-256 of the key's SubjectPublicKeyInfo, 64 hexadecimal digits, where there is a key.
    pub fingerprint: Option<String>,
}

/// Why something did not work, as a plain object; thrown errors carry the same properties.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct Problem {
    /// The stable name.
    #[napi(ts_type = "ErrorCode")]
    #[schemars(extend("enum" = words::error_codes()))]
    pub code: String,
    /// What went wrong, where, and what is known of the key.
    pub message: String,
    /// The next thing to type or do.
    pub hint: Option<String>,
    /// The exit code of the command line.
    pub exit_code: u32,
    /// What was being done.
    pub phase: Option<String>,
    /// The Duo.
    pub device: Option<String>,
    /// What is known of the Duo's key.
    #[napi(ts_type = "'unchanged' | 'written' | 'wrong' | 'unknown'")]
    #[schemars(extend("enum" = ["unchanged", "written", "wrong", "unknown"]))]
    pub key_state: Option<String>,
}

/// A Duo in DFU mode.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ListedDuo {
    /// Bus and ports, as dfu-util writes them: `1-2`.
    pub path: String,
    /// What it tells of itself, where it could be opened.
    pub device: Option<DuoInfo>,
    /// What its key slot holds, where it could be read.
    pub key: Option<KeyInfo>,
    /// What stood in the way.
    pub problem: Option<Problem>,
}

/// What `listDevices` found.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ListResult {
    /// The Duos in DFU mode, ordered by path; maybe none.
    pub devices: Vec<ListedDuo>,
}

/// A Duo that is in DFU mode now.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct EnterDfuResult {
    /// The Duo.
    pub device: DuoInfo,
    /// True where it was in DFU mode from the start, and nothing was done.
    pub was_already: bool,
}

/// A backup that is on the disk, synced and read back.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct BackupResult {
    /// The Duo.
    pub device: DuoInfo,
    /// The file with the bytes; absolute.
    pub path: String,
    /// The public key's PEM beside it; absolute.
    pub public_key_path: Option<String>,
    /// The manifest beside it; absolute.
    pub manifest_path: Option<String>,
    /// The key's fingerprint, where the bytes hold a key.
    pub fingerprint: Option<String>,
    /// The kind of thing that was saved.
    #[napi(ts_type = "KeySlotKind")]
    #[schemars(extend("enum" = words::SLOT))]
    pub slot: String,
    /// True where the key is behind a passphrase.
    pub encrypted: bool,
    /// True where the archive held the same bytes of the same Duo already, or the same key behind this very
    /// passphrase, and nothing was written.
    pub already_there: bool,
}

/// A key that is in place: read back and compared.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct RestoreResult {
    /// The Duo.
    pub device: DuoInfo,
    /// The key that was there, where there was one.
    pub previous_fingerprint: Option<String>,
    /// The key that is there now (in a dry run: that would be).
    pub fingerprint: String,
    /// Why the key is taken to be this Duo's.
    #[napi(ts_type = "KeyEvidence")]
    #[schemars(extend("enum" = words::EVIDENCE))]
    pub evidence: String,
    /// The same in words.
    pub evidence_description: String,
    /// The backup of what was there; absolute.
    pub backup_path: Option<String>,
    /// False where the Duo held exactly these bytes already, and in a dry run.
    pub written: bool,
    /// True where the Duo was told to leave DFU mode, and did.
    pub left: bool,
    /// True where nothing was to be written.
    pub dry_run: bool,
}

/// A key slot that holds the reset image, of a Duo that has left DFU mode.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ResetResult {
    /// The Duo.
    pub device: DuoInfo,
    /// The key that was there, where there was one.
    pub previous_fingerprint: Option<String>,
    /// The backup of what was there; absolute.
    pub backup_path: Option<String>,
    /// False where the slot held the reset image already, and in a dry run.
    pub written: bool,
    /// True where nothing was to be written.
    pub dry_run: bool,
}

/// A public key that the cloud said it took (in a dry run: that would have been sent).
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct ProvisionResult {
    /// The device id, in lower case.
    pub device_id: String,
    /// The public key's fingerprint.
    pub fingerprint: String,
    /// Where the public key came from.
    #[napi(ts_type = "'generic' | 'file' | 'device'")]
    #[schemars(extend("enum" = ["generic", "file", "device"]))]
    pub source: String,
    /// The product id.
    pub product_id: u32,
    /// The cloud's API.
    pub api_url: String,
    /// The attached Duo, where its key was sent.
    pub device: Option<DuoInfo>,
    /// True where nothing was sent.
    pub dry_run: bool,
}

/// A pairing that was proven by the device's own handshake.
#[napi(object, object_from_js = false)]
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct VerifyResult {
    /// The device id that the cloud knows.
    pub device_id: String,
    /// The key that it knows the device by, and that the private key belongs to.
    pub fingerprint: String,
    /// SHA-256 of the server key's SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub server_fingerprint: String,
    /// True where it is the server key of Particle's own cloud.
    pub particle: bool,
    /// Host and port that were talked to.
    pub server: String,
    /// The attached Duo, where the key came from it.
    pub device: Option<DuoInfo>,
}

/// What is about to be written, shown before the question.
#[napi(object, object_from_js = false)]
#[derive(Clone)]
pub struct WritePlan {
    /// What will be written: a key, the reset image, a new key that the cloud is told first, a cloud's key and address,
    /// fields of a dump, or a whole DCT.
    #[napi(
        ts_type = "'restore' | 'reset' | 'rotate' | 'set-server-key' | 'restore-dct' | 'restore-whole-dct'"
    )]
    pub action: String,
    /// The Duo.
    pub device: DuoInfo,
    /// What is in the slot now, in words.
    pub current: String,
    /// The key in the Duo now, where there is one.
    pub current_fingerprint: Option<String>,
    /// The key to be written; absent for a reset, and where the key stays as it is.
    pub new_fingerprint: Option<String>,
    /// Why the key is taken to be this Duo's; absent where none is written, and for a key that was made for it.
    #[napi(ts_type = "KeyEvidence")]
    pub evidence: Option<String>,
    /// The same in words.
    pub evidence_description: Option<String>,
    /// The public key in the Duo's DCT, where it is another than the key's. It may be stale.
    pub public_slot_fingerprint: Option<String>,
    /// What changes beside the key.
    pub changes: Vec<PlannedChange>,
    /// What has to be known before: what is lost, and what is not known. Sentences.
    pub cautions: Vec<String>,
    /// The cloud's API, where the cloud is told of the new key before it is written.
    pub cloud: Option<String>,
    /// The backup of what is there now; absent where none was made.
    pub backup_path: Option<String>,
}

/// What a passphrase is asked for.
#[napi(object, object_from_js = false)]
#[derive(Clone)]
pub struct PassphraseRequest {
    /// To open a key file, or to encrypt a key with a new one.
    #[napi(ts_type = "'open' | 'encrypt'")]
    pub purpose: String,
    /// The key file to be opened.
    pub path: Option<String>,
    /// True where the last answer did not open it.
    pub again: bool,
}

/// Something that changes beside the key.
#[napi(object, object_from_js = false)]
#[derive(Clone)]
pub struct PlannedChange {
    /// The field, or the part of it.
    pub what: String,
    /// What is there now, in words; no secret is shown.
    pub now: String,
    /// What will be there, in words.
    pub then: String,
}

/// Something that happened.
#[napi(discriminant = "type", discriminant_case = "kebab-case", object_from_js = false)]
#[derive(Clone, JsonSchema)]
#[schemars(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ProgressEvent {
    /// A step begins.
    Phase {
        /// Its name.
        #[napi(ts_type = "PhaseName")]
        #[schemars(extend("enum" = words::PHASE))]
        phase: String,
        /// The same in words.
        description: String,
    },
    /// Bytes come from the Duo (an upload) or go to it (a download). Names and numbers are those of particle-usb's
    /// `progress`: how many there will be, how many have been read so far, how many more were written, how many in all.
    /// A download is complete when it was read back and compared.
    Progress {
        /// How far they are.
        #[napi(ts_type = "TransferEvent")]
        #[schemars(extend("enum" = words::TRANSFER))]
        event: String,
        /// How many bytes; absent of a download that failed.
        bytes: Option<u32>,
    },
    /// This is the Duo that the operation works on.
    Found {
        /// The Duo.
        device: DuoInfo,
    },
    /// A person is waited for, who is to press the buttons of a Duo.
    Waiting {
        /// For how many milliseconds at most.
        within_ms: f64,
        /// True where plugging in a Duo that runs its firmware will do.
        enter_dfu: bool,
    },
    /// A backup is on the disk, synced and read back.
    BackedUp {
        /// The file; absolute.
        path: String,
        /// True where the archive held the same bytes already.
        already_there: bool,
    },
    /// A key was made, and is on the disk, synced and read back. The Duo does not have it yet.
    NewKey {
        /// The file; absolute.
        path: String,
        /// True where an earlier attempt had made it.
        already_there: bool,
    },
    /// Something to know, which is no error.
    Note {
        /// A sentence or two.
        message: String,
    },
    /// The public key goes to the cloud now.
    Sending {
        /// The device it is for.
        device_id: String,
        /// True where it is the generic key of device-provisioning-helper.
        generic: bool,
    },
    /// The cloud will be asked again.
    Retry {
        /// Why.
        reason: String,
        /// In how many milliseconds.
        delay_ms: f64,
    },
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub(super) fn optional<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

pub(super) fn told_by(source: DeviceIdSource) -> &'static str {
    match source {
        DeviceIdSource::UsbSerial => "usb-serial",
        DeviceIdSource::User => "user",
    }
}

impl From<workflow::DeviceRef> for DuoInfo {
    fn from(device: workflow::DeviceRef) -> Self {
        Self {
            board: device.board.name.to_lowercase(),
            bootloader: device.bootloader_words(),
            path: device.path,
            device_id: optional(device.device_id),
            device_id_source: optional(device.device_id_source.map(told_by)),
            simulated: device.simulated,
        }
    }
}

impl From<workflow::KeyReport> for KeyInfo {
    fn from(key: workflow::KeyReport) -> Self {
        Self { slot: key.slot.to_owned(), description: key.words, fingerprint: optional(key.fingerprint) }
    }
}

impl From<&crate::error::Error> for Problem {
    fn from(error: &crate::error::Error) -> Self {
        Self {
            code: error.code().name().to_owned(),
            message: error.to_string(),
            hint: optional(error.hint_text()),
            exit_code: error.code().exit_code().into(),
            phase: optional(error.phase()),
            device: optional(error.device()),
            key_state: optional(error.key_state().map(crate::error::KeyState::name)),
        }
    }
}

impl From<Vec<workflow::Listed>> for ListResult {
    fn from(listed: Vec<workflow::Listed>) -> Self {
        let convert = |entry: workflow::Listed| ListedDuo {
            path: entry.path,
            device: entry.device.map(Into::into),
            key: entry.key.map(Into::into),
            problem: entry.problem.as_ref().map(Into::into),
        };
        Self { devices: listed.into_iter().map(convert).collect() }
    }
}

impl From<workflow::EnterDone> for EnterDfuResult {
    fn from(done: workflow::EnterDone) -> Self {
        Self { device: done.device.into(), was_already: done.was_already }
    }
}

impl From<workflow::BackupDone> for BackupResult {
    fn from(done: workflow::BackupDone) -> Self {
        Self {
            device: done.device.into(),
            path: text(&done.path),
            public_key_path: done.public_key.as_deref().map(text),
            manifest_path: done.manifest.as_deref().map(text),
            fingerprint: optional(done.fingerprint),
            slot: done.slot.to_owned(),
            encrypted: done.encrypted,
            already_there: done.already_there,
        }
    }
}

impl From<workflow::RestoreDone> for RestoreResult {
    fn from(done: workflow::RestoreDone) -> Self {
        Self {
            device: done.device.into(),
            previous_fingerprint: optional(done.previous),
            fingerprint: done.fingerprint.to_string(),
            evidence: done.evidence.name().to_owned(),
            evidence_description: done.evidence.words().to_owned(),
            backup_path: done.backup.as_deref().map(text),
            written: done.written,
            left: done.left,
            dry_run: done.dry_run,
        }
    }
}

impl From<workflow::ResetDone> for ResetResult {
    fn from(done: workflow::ResetDone) -> Self {
        Self {
            device: done.device.into(),
            previous_fingerprint: optional(done.previous),
            backup_path: done.backup.as_deref().map(text),
            written: done.written,
            dry_run: done.dry_run,
        }
    }
}

impl From<workflow::ProvisionDone> for ProvisionResult {
    fn from(done: workflow::ProvisionDone) -> Self {
        Self {
            device_id: done.device_id.to_string(),
            fingerprint: done.fingerprint.to_string(),
            source: done.source.name().to_owned(),
            product_id: done.product_id,
            api_url: done.api_url,
            device: done.device.map(Into::into),
            dry_run: done.dry_run,
        }
    }
}

impl From<workflow::VerifyDone> for VerifyResult {
    fn from(done: workflow::VerifyDone) -> Self {
        Self {
            device_id: done.device_id.to_string(),
            fingerprint: done.fingerprint.to_string(),
            server_fingerprint: done.server_fingerprint.to_string(),
            particle: done.particle,
            server: done.server,
            device: done.device.map(Into::into),
        }
    }
}

impl From<&workflow::Plan> for WritePlan {
    fn from(plan: &workflow::Plan) -> Self {
        Self {
            action: plan.action.name().to_owned(),
            device: plan.device.clone().into(),
            current: plan.current_words.clone(),
            current_fingerprint: optional(plan.current),
            new_fingerprint: optional(plan.new),
            evidence: optional(plan.evidence.map(workflow::Evidence::name)),
            evidence_description: optional(plan.evidence.map(workflow::Evidence::words)),
            public_slot_fingerprint: optional(plan.public_slot),
            changes: plan.changes.iter().cloned().map(Into::into).collect(),
            cautions: plan.cautions.clone(),
            cloud: plan.cloud.clone(),
            backup_path: plan.backup.as_deref().map(text),
        }
    }
}

impl From<&workflow::PassphraseRequest> for PassphraseRequest {
    fn from(request: &workflow::PassphraseRequest) -> Self {
        match request.clone() {
            workflow::PassphraseRequest::Open { path, again } => {
                Self { purpose: "open".to_owned(), path: Some(path), again }
            }
            workflow::PassphraseRequest::Encrypt => {
                Self { purpose: "encrypt".to_owned(), path: None, again: false }
            }
        }
    }
}

impl From<workflow::Change> for PlannedChange {
    fn from(change: workflow::Change) -> Self {
        let workflow::Change { what, now, then } = change;
        Self { what, now, then }
    }
}

impl From<workflow::Event> for ProgressEvent {
    fn from(event: workflow::Event) -> Self {
        match event {
            workflow::Event::Phase(phase) => {
                Self::Phase { phase: phase.name().to_owned(), description: phase.words().to_owned() }
            }
            workflow::Event::Progress { event, bytes } => Self::Progress {
                event: event.name().to_owned(),
                bytes: bytes.and_then(|count| u32::try_from(count).ok()),
            },
            workflow::Event::Found(device) => Self::Found { device: device.into() },
            workflow::Event::Waiting { within, enter_dfu } => {
                Self::Waiting { within_ms: within.as_secs_f64() * 1000.0, enter_dfu }
            }
            workflow::Event::BackedUp { path, already_there } => {
                Self::BackedUp { path: text(&path), already_there }
            }
            workflow::Event::NewKey { path, already_there } => {
                Self::NewKey { path: text(&path), already_there }
            }
            workflow::Event::Note { message } => Self::Note { message },
            workflow::Event::Sending { device_id, generic } => Self::Sending { device_id, generic },
            workflow::Event::Retry { reason, delay } => {
                Self::Retry { reason, delay_ms: (delay.as_secs_f64() * 1000.0).round() }
            }
        }
    }
}
