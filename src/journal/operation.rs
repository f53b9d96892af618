//! Works out from the records what an operation reached, and which operations are still open.
//!
//! Pure. An operation is open if it began and did not end, or ended with a key that is wrong or not known, and no later
//! operation on the same device supersedes it.

use std::path::PathBuf;

use super::record::{
    DeviceMark, Failure, OperationId, OperationKind, Record, RecordError, Started, Step, whole,
};
use crate::dct::{DeviceIdSource, FIELDS, Field};
use crate::keys::Fingerprint;
use crate::outcome::{Code, KeyState};

/// A step that an operation has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "OperationStep", rename_all = "kebab-case")]
pub enum Reached {
    /// It began.
    Started,
    /// The backup is on the disk.
    BackedUp,
    /// The write was about to begin, or had begun.
    Writing,
    /// What was written was read back and compared.
    Verified,
    /// The device left DFU mode.
    Left,
    /// The key that is to be there afterwards was made and is on the disk.
    NewKey,
    /// The request to the cloud was about to go out, or had gone.
    Sending,
    /// The cloud said that it took the public key.
    Accepted,
    /// It was proven that the cloud has the key.
    Proven,
    /// The request that gives the cloud the old key again was about to go out, or had gone.
    SendingOld,
    /// It was proven that the cloud has the old key again.
    TakenBack,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Done, as requested.
    Done,
    /// Failed, and why.
    Failed(Failure),
}

/// One operation of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name in the journal.
    pub id: OperationId,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When its last record was written, RFC 3339.
    pub updated_at: String,
    /// The options and the device it began with.
    pub started: Started,
    /// The steps that it reached, in order; [`Reached::Started`] first.
    pub reached: Vec<Reached>,
    /// The backup of what was there: the key slot, or the DCT.
    pub backup: Option<PathBuf>,
    /// SHA-256 of that file, if it is recorded.
    pub backup_sha256: Option<String>,
    /// The key that was made for it.
    pub new_key: Option<PathBuf>,
    /// How it ended; `None` if the journal does not say.
    pub end: Option<End>,
    /// True if its process is still at work.
    pub running: bool,
    /// True if the user dismissed the doubt that it left.
    pub dismissed: bool,
}

/// A line of an operation's file that is no record of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub reason: RecordError,
}

/// Reads the file of an operation; `None` if a crash came before its first record was whole. Never `running`.
///
/// A torn last line is left out; any other that is no record is an error. Takes any bytes.
pub fn operation_in(bytes: &[u8]) -> Result<Option<Operation>, BadLine> {
    let mut operation = None;
    for (index, line) in lines(bytes).enumerate() {
        let record = Record::parse(line);
        let advanced = record.and_then(|record| Operation::advanced(operation.take(), record));
        operation = Some(advanced.map_err(|reason| BadLine { line: index + 1, reason })?);
    }
    Ok(operation)
}

/// The line of the history for an operation, from the bytes of its file, with the line feed.
pub fn settled_line(bytes: &[u8]) -> Vec<u8> {
    let mut line = b"[".to_vec();
    line.extend(lines(bytes).collect::<Vec<_>>().join(&b','));
    line.extend(b"]\n");
    line
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.get(..whole(bytes)).unwrap_or_default();
    whole.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

/// The operations that nothing has settled yet, in the order in which they began. Includes those that are running.
pub fn open(operations: &[Operation]) -> Vec<&Operation> {
    let superseded = |(index, operation): &(usize, &Operation)| {
        let mut later = operations.iter().skip(index + 1);
        later.any(|later| later.supersedes(operation) || later.repeats(operation))
    };
    let unfinished = operations.iter().enumerate().filter(|(_, operation)| !operation.is_finished());
    unfinished.filter(|found| !superseded(found)).map(|(_, operation)| operation).collect()
}

/// The errors after which the cloud certainly did not take a key: nothing was sent, or it refused. After every other
/// error it may have.
const NOT_TAKEN: [Code; 10] = [
    Code::CloudPermissionDenied,
    Code::CloudTokenInvalid,
    Code::CloudTokenExpired,
    Code::CloudKeyRejected,
    Code::CloudNotFound,
    Code::CloudRefused,
    Code::CloudRateLimited,
    Code::CloudUnreachable,
    Code::CloudTls,
    Code::CloudNoRoots,
];

/// The errors after which a field other than the key, or the DCT as a whole, is wrong or not known.
const FIELD_OPEN: [Code; 3] = [Code::FieldWrong, Code::FieldStateUnknown, Code::DctWrong];

/// The field of each command that writes only one.
const DEVICE_PRIVATE_KEY: &str = "device-private-key";
const SERVER_PUBLIC_KEY: &str = "server-public-key";

/// Whether a cloud may have taken the key, if sending it ended with this error code.
pub fn may_be_taken(code: &str) -> bool {
    NOT_TAKEN.iter().all(|known| known.name() != code)
}

impl Started {
    /// True if it writes the whole DCT.
    pub fn is_whole(&self) -> bool {
        self.operation == OperationKind::DctRestore && self.request.whole
    }

    /// The fields that it writes, in that order, by the names that are typed. A whole DCT is more than all of them.
    pub fn fields(&self) -> Vec<String> {
        match self.operation {
            OperationKind::Restore | OperationKind::Reset | OperationKind::Rotate => {
                vec![DEVICE_PRIVATE_KEY.to_owned()]
            }
            OperationKind::ServerKeySet => vec![SERVER_PUBLIC_KEY.to_owned()],
            OperationKind::DctRestore if self.is_whole() => FIELDS.iter().map(Field::kebab_name).collect(),
            OperationKind::DctRestore => self.request.fields.clone(),
            OperationKind::Backup
            | OperationKind::DctBackup
            | OperationKind::Provision
            | OperationKind::Verify
            | OperationKind::FleetProvision => Vec::new(),
        }
    }
}

impl Operation {
    /// Reads a line of the history, without its line feed.
    pub fn of_line(line: &[u8]) -> Result<Self, RecordError> {
        let mut records = Record::parse_all(line)?.into_iter();
        let operation = records.try_fold(None, |known, record| Self::advanced(known, record).map(Some))?;
        operation.ok_or(RecordError::OutOfPlace("no operation has begun"))
    }

    /// The operation after one more record.
    fn advanced(known: Option<Self>, record: Record) -> Result<Self, RecordError> {
        match (known, record.step) {
            (None, Step::Started(started)) => Ok(Self {
                id: record.id,
                started_at: record.at.clone(),
                updated_at: record.at,
                started: *started,
                reached: vec![Reached::Started],
                backup: None,
                backup_sha256: None,
                new_key: None,
                end: None,
                running: false,
                dismissed: false,
            }),
            (Some(mut known), step) if known.id == record.id => {
                known.advance(record.at, step)?;
                Ok(known)
            }
            _ => Err(RecordError::OutOfPlace("its operation has not begun")),
        }
    }

    fn advance(&mut self, at: String, step: Step) -> Result<(), RecordError> {
        if self.dismissed {
            return Err(RecordError::OutOfPlace("its operation was dismissed before"));
        }
        if self.end.is_some() && step != Step::Dismissed {
            return Err(RecordError::OutOfPlace("its operation has ended before"));
        }
        self.updated_at = at;
        match step {
            Step::Started(_) => return Err(RecordError::OutOfPlace("its operation begins a second time")),
            Step::BackedUp { path, sha256 } => {
                self.backup = Some(path.into());
                self.backup_sha256 = sha256;
                self.reached.push(Reached::BackedUp);
            }
            Step::Writing => self.reached.push(Reached::Writing),
            Step::Verified => self.reached.push(Reached::Verified),
            Step::Left => self.reached.push(Reached::Left),
            Step::NewKey { path } => {
                self.new_key = Some(path.into());
                self.reached.push(Reached::NewKey);
            }
            Step::Sending => self.reached.push(Reached::Sending),
            Step::Accepted => self.reached.push(Reached::Accepted),
            Step::Proven => self.reached.push(Reached::Proven),
            Step::SendingOld => self.reached.push(Reached::SendingOld),
            Step::TakenBack => self.reached.push(Reached::TakenBack),
            Step::Ended { error } => self.end = Some(error.map_or(End::Done, End::Failed)),
            Step::Dismissed => self.dismissed = true,
        }
        Ok(())
    }

    /// The kind of operation.
    pub fn kind(&self) -> OperationKind {
        self.started.operation
    }

    /// The last step that it reached.
    pub fn last(&self) -> Reached {
        self.reached.last().copied().unwrap_or(Reached::Started)
    }

    /// True if it reached that step.
    pub fn has(&self, step: Reached) -> bool {
        self.reached.contains(&step)
    }

    /// True if everything that was asked for is done, even if the end itself was not recorded.
    pub fn is_done(&self) -> bool {
        match &self.end {
            Some(End::Done) => true,
            Some(End::Failed(_)) => false,
            None => match self.kind() {
                OperationKind::Backup | OperationKind::DctBackup => self.has(Reached::BackedUp),
                OperationKind::Reset | OperationKind::Rotate => self.has(Reached::Left),
                _ if self.started.request.leave => self.has(Reached::Left),
                // A whole DCT is verified once, all of it.
                OperationKind::DctRestore if self.is_whole() => self.has(Reached::Verified),
                OperationKind::DctRestore => self.verified() >= self.started.request.fields.len(),
                OperationKind::Restore | OperationKind::ServerKeySet => self.has(Reached::Verified),
                OperationKind::Provision | OperationKind::FleetProvision => false,
                // Its record is written last.
                OperationKind::Verify => true,
            },
        }
    }

    /// True if nothing is left to learn or to do: it was done, failed in a known state, or was dismissed.
    pub fn is_finished(&self) -> bool {
        match &self.end {
            _ if self.dismissed => true,
            Some(End::Failed(failure)) => {
                let open = matches!(failure.key, Some(KeyState::Wrong | KeyState::Unknown))
                    || self.left_a_field_open();
                !open && (!self.may_be_known() || failure.code == Code::LeaveFailed.name())
            }
            _ => self.is_done() || self.has(Reached::TakenBack),
        }
    }

    /// True if the cloud may have taken the key that was sent.
    pub fn may_be_known(&self) -> bool {
        match &self.end {
            _ if self.has(Reached::TakenBack) => false,
            _ if self.has(Reached::Accepted) => true,
            Some(End::Failed(failure)) => self.has(Reached::Sending) && may_be_taken(&failure.code),
            _ => self.has(Reached::Sending),
        }
    }

    /// True if a cloud said that it took the key, and is not proven to have the old one again.
    pub fn took_a_key(&self) -> bool {
        let took = self.has(Reached::Accepted) || (self.kind() == OperationKind::Provision && self.is_done());
        took && !self.has(Reached::TakenBack)
    }

    /// True if the cloud took a key that the device is not known to have.
    pub fn left_the_cloud_ahead(&self) -> bool {
        let resumed = self.started.before.is_some() && self.started.before == self.started.after;
        self.took_a_key() && self.has(Reached::Accepted) && !resumed && self.key() != Some(KeyState::Written)
    }

    /// True if the only thing left open is whether a cloud took a key: the user may dismiss that.
    pub fn is_doubt_about_cloud(&self) -> bool {
        let known = !matches!(self.key(), Some(KeyState::Wrong | KeyState::Unknown));
        let device = known && !self.left_a_field_open();
        device && self.may_be_known() && !self.has(Reached::Accepted)
    }

    /// What is known of the device's key; `None` if the operation does not touch it.
    pub fn key(&self) -> Option<KeyState> {
        match &self.end {
            Some(End::Failed(failure)) => return failure.key,
            _ if !self.kind().writes() => return None,
            _ => {}
        }
        let key = self.fields().iter().position(|field| field == DEVICE_PRIVATE_KEY);
        let whole = self.is_whole() && self.has(Reached::Verified);
        Some(if self.is_writing() {
            // The bootloader rewrites the whole DCT for every field.
            KeyState::Unknown
        } else if whole || key.is_some_and(|key| self.verified() > key) {
            KeyState::Written
        } else {
            KeyState::Unchanged
        })
    }

    /// True if it writes the whole DCT.
    pub fn is_whole(&self) -> bool {
        self.started.is_whole()
    }

    /// The fields that it writes, in that order, by the names that are typed.
    pub fn fields(&self) -> Vec<String> {
        self.started.fields()
    }

    /// How many of its fields are verified.
    pub fn verified(&self) -> usize {
        self.reached.iter().filter(|reached| **reached == Reached::Verified).count()
    }

    /// True if a write had begun and is not known to have ended.
    pub fn is_writing(&self) -> bool {
        let last = |step| self.reached.iter().rposition(|reached| *reached == step);
        last(Reached::Writing) > last(Reached::Verified)
    }

    /// True if it ended with a wrong or unknown field other than the key, or with a wrong or unknown whole DCT.
    pub fn left_a_field_open(&self) -> bool {
        matches!(&self.end, Some(End::Failed(failure)) if FIELD_OPEN.iter().any(|code| code.name() == failure.code))
    }

    /// True if this later operation settles what the earlier one left open.
    fn supersedes(&self, earlier: &Self) -> bool {
        if self.kind() == OperationKind::FleetProvision || earlier.kind() == OperationKind::FleetProvision {
            return self.took_up_the_ledger_of(earlier);
        }
        if !self.is_done() {
            return false;
        }
        match (earlier.kind(), self.kind()) {
            (OperationKind::Provision, OperationKind::Provision) => {
                let key = self.started.request.from_device || self.started.after == earlier.started.after;
                self.told_of_the_device_of(earlier) && (key || self.is_at_the_url_of(earlier))
            }
            (OperationKind::Provision, OperationKind::Rotate) => self.told_of_the_device_of(earlier),
            (OperationKind::Rotate, OperationKind::Provision) => {
                self.told_of_the_device_of(earlier)
                    && (self.started.request.from_device || self.sent_what_is_in(earlier))
                    && (self.is_at_the_url_of(earlier) || !earlier.left_the_cloud_ahead())
            }
            // What the device's own cloud knows is now certain; what another cloud may know does not matter.
            (OperationKind::Provision | OperationKind::Rotate, OperationKind::Verify) => {
                self.is_of_the_devices_own_cloud() && self.told_of_the_device_of(earlier)
            }
            (OperationKind::Reset, OperationKind::Verify) => {
                let new = self.started.after != earlier.started.before;
                let own = self.is_of_the_devices_own_cloud() && self.is_of_the_duo_of(earlier);
                earlier.verified() > 0 && new && own
            }
            // If the Duo's new key was read and sent, it left DFU mode after the reset.
            (OperationKind::Reset, OperationKind::Provision) => {
                let sent = self.started.request.from_device && self.started.after != earlier.started.before;
                earlier.verified() > 0 && sent && self.is_of_the_duo_of(earlier)
            }
            // The DCT was to be saved. Only a saved DCT supersedes it, or a later write to the device.
            (OperationKind::DctBackup, OperationKind::DctBackup) => {
                (self.started.request.whole || !earlier.started.request.whole)
                    && self.is_of_the_duo_of(earlier)
            }
            (OperationKind::DctBackup, OperationKind::Backup)
            | (OperationKind::Provision | OperationKind::Verify, _)
            | (_, OperationKind::Provision | OperationKind::Verify) => false,
            // A backup shows which key is there, but not that it is the right one.
            (_, OperationKind::Backup | OperationKind::DctBackup) => {
                !earlier.has(Reached::Writing)
                    && !earlier.has(Reached::Sending)
                    && self.is_of_the_duo_of(earlier)
            }
            (OperationKind::Backup | OperationKind::DctBackup, kind) => {
                matches!(kind, OperationKind::Restore | OperationKind::Reset | OperationKind::Rotate)
                    && self.is_of_the_duo_of(earlier)
            }
            (OperationKind::Rotate, OperationKind::Rotate) if earlier.may_be_known() => {
                let caught_up = !earlier.left_the_cloud_ahead()
                    || self.started.after == earlier.started.after
                    || !self.started.request.no_verify;
                self.is_of_the_duo_of(earlier) && (caught_up || self.is_at_the_url_of(earlier))
            }
            // The cloud must have the key that the device has now.
            (OperationKind::Rotate, _) if earlier.may_be_known() => {
                let finished = self.started.after.is_some() && self.started.after == earlier.started.after;
                finished && earlier.has(Reached::Accepted) && self.is_of_the_duo_of(earlier)
            }
            // One field says nothing about another.
            _ => self.writes_all_of(earlier) && self.is_of_the_duo_of(earlier),
        }
    }

    /// True if this run, with any outcome, used the same ledger: the ledger has what the earlier run left open, and
    /// this run continued from it.
    fn took_up_the_ledger_of(&self, earlier: &Self) -> bool {
        let ledger =
            |operation: &Self| operation.started.request.fleet.as_ref().map(|fleet| fleet.ledger.clone());
        self.end.is_some() && ledger(self).is_some() && ledger(self) == ledger(earlier)
    }

    fn writes_all_of(&self, earlier: &Self) -> bool {
        let mine = self.fields();
        (self.is_whole() || !earlier.is_whole()) && earlier.fields().iter().all(|field| mine.contains(field))
    }

    /// True if this later operation left the same doubt about a cloud as the earlier one: then one of them is enough.
    fn repeats(&self, earlier: &Self) -> bool {
        let doubt = |operation: &Self| {
            let device = !matches!(operation.key(), Some(KeyState::Wrong | KeyState::Unknown));
            device && operation.may_be_known() && !operation.is_finished() && !operation.running
        };
        let left = |operation: &Self| {
            let Started { operation: kind, before, after, .. } = operation.started;
            (kind, before, after, operation.key(), operation.has(Reached::Accepted))
        };
        doubt(self)
            && doubt(earlier)
            && left(self) == left(earlier)
            && self.started.request == earlier.started.request
            && self.is_of_the_duo_of(earlier)
    }

    /// Whether both sent a key of the same device.
    fn told_of_the_device_of(&self, earlier: &Self) -> bool {
        self.started.device.id == earlier.started.device.id
    }

    /// Whether both used the same cloud.
    fn is_at_the_url_of(&self, earlier: &Self) -> bool {
        self.started.request.api_url == earlier.started.request.api_url
    }

    /// Whether the key was read from the device and proven with the cloud that the device names.
    pub fn is_of_the_devices_own_cloud(&self) -> bool {
        let request = &self.started.request;
        request.from_device
            && request.host.is_none()
            && request.port.is_none()
            && request.server_key.is_none()
    }

    /// Whether this one sent the key that the earlier one is known to have left in the device.
    fn sent_what_is_in(&self, earlier: &Self) -> bool {
        let left = match earlier.key() {
            Some(KeyState::Unchanged) => earlier.started.before,
            Some(KeyState::Written) => earlier.started.after,
            _ => None,
        };
        left.is_some() && self.started.after == left
    }

    /// Whether both worked on the same device.
    fn is_of_the_duo_of(&self, earlier: &Self) -> bool {
        earlier.worked_on(&self.started.device, self.started.before)
    }

    /// Whether this one worked on the device that now holds `key`. Bootloaders r3 and r4 do not tell an id: there the
    /// id is what the user said. Without one, the port must be the same, and the key must be one that this operation
    /// can have left there.
    pub fn worked_on(&self, device: &DeviceMark, key: Option<Fingerprint>) -> bool {
        let its = &self.started.device;
        if device.simulated != its.simulated || tells_id(device) != tells_id(its) {
            return false;
        }
        match (device.id, its.id) {
            (Some(device), Some(its)) => device == its,
            _ => device.path == its.path && self.can_have_left(key),
        }
    }

    /// A half-written key is no key.
    fn can_have_left(&self, key: Option<Fingerprint>) -> bool {
        key.is_none() || key == self.started.before || key == self.started.after
    }
}

fn tells_id(device: &DeviceMark) -> bool {
    device.source == Some(DeviceIdSource::UsbSerial)
}
