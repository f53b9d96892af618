//! The seam between a workflow and the journal: what an operation has come to, written down as it happens.
//!
//! What writes to a device needs the journal: where it cannot be kept, nothing is written. Once the write has begun, or
//! the cloud is told, it goes on without, and says so, since stopping would help nobody. What only reads, or talks to the
//! cloud, goes on without it from the start.

use std::time::Duration;

use crate::archive::Stored;
use crate::dct::DeviceId;
use crate::error::Error;
use crate::journal::{
    DeviceMark, Entry, Failure, Journal, JournalError, Operation, OperationKind, Request, Started, Step,
};
use crate::keys::Fingerprint;
use crate::workflow::context::{Context, DeviceRef};

/// The journal, before an operation begins.
pub(in crate::workflow) struct Records {
    journal: Option<Journal>,
    required: bool,
}

/// What is recorded when an operation begins; `keys` are the one that was there and the one that is to be.
pub(in crate::workflow) fn started(
    operation: OperationKind,
    device: DeviceMark,
    keys: (Option<Fingerprint>, Option<Fingerprint>),
    request: Request,
) -> Started {
    let tool = concat!("duo-provision ", env!("CARGO_PKG_VERSION")).to_owned();
    Started { operation, device, before: keys.0, after: keys.1, request, tool }
}

impl Records {
    /// For what writes to a device: shows, before the device is touched, that the journal can be kept.
    pub fn required(context: Context<'_>) -> Result<Self, Error> {
        prepared(context).map(|journal| Self { journal: Some(journal), required: true }).map_err(Error::from)
    }

    /// For everything else: where the journal cannot be kept, that is said.
    pub fn wished(context: Context<'_>) -> Self {
        let journal = prepared(context).inspect_err(|error| context.note(without(error))).ok();
        Self { journal, required: false }
    }

    /// Writes down that an operation begins, does it, and writes down what came of it.
    pub fn follow<'a, T>(
        &self,
        context: Context<'a>,
        started: Started,
        work: impl FnOnce(&mut OperationRecord<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut record = self.begin(context, started)?;
        let outcome = work(&mut record);
        record.end(outcome.as_ref().err());
        outcome
    }

    fn begin<'a>(&self, context: Context<'a>, started: Started) -> Result<OperationRecord<'a>, Error> {
        let begun = self
            .journal
            .as_ref()
            .map(|journal| journal.begin(started, context.timestamp(), &|time| context.clock.sleep(time)));
        let entry = match begun.transpose() {
            Ok(entry) => entry,
            Err(error) if self.required => return Err(error.into()),
            Err(error) => {
                context.note(without(&error));
                None
            }
        };
        Ok(OperationRecord { context, entry, required: self.required, complained: false })
    }
}

fn prepared(context: Context<'_>) -> Result<Journal, JournalError> {
    let journal = Journal::locate(&context.env)?;
    journal.prepare(&|time: Duration| context.clock.sleep(time))?;
    Ok(journal)
}

/// How many operations of the past are looked at, at most. What is older helps nobody to go on.
const MAX_PAST: usize = 1000;

/// The operations that may be open, in the order in which they began: those on a device, or all.
pub(in crate::workflow) fn operations(
    context: Context<'_>,
    device: Option<&DeviceMark>,
) -> Result<Vec<Operation>, Error> {
    let journal = Journal::locate(&context.env)?;
    Ok(journal.operations(device, &|time| context.clock.sleep(time))?)
}

/// What is settled of what was done to a device, the last first. Nothing that depends on it is a danger, so that a past
/// which cannot be read stops nobody.
pub(in crate::workflow) fn past(context: Context<'_>, device: DeviceId) -> impl Iterator<Item = Operation> {
    let past = Journal::locate(&context.env).and_then(|journal| journal.past(device));
    past.into_iter().flatten().take(MAX_PAST).filter_map(Result::ok)
}

/// The same of every device: for one that does not tell which it is.
pub(in crate::workflow) fn pasts(context: Context<'_>) -> Vec<Operation> {
    let Ok(journal) = Journal::locate(&context.env) else { return Vec::new() };
    let Ok(pasts) = journal.pasts() else { return Vec::new() };
    pasts.filter_map(Result::ok).flat_map(|past| past.take(MAX_PAST).filter_map(Result::ok)).collect()
}

/// The last request by which a cloud was told a key of this device, as far as the journal can be read.
pub(in crate::workflow) fn last_told(context: Context<'_>, id: DeviceId) -> Option<Request> {
    last_telling(context, id).map(|operation| operation.started.request)
}

/// Whether the key that a cloud was last told for this device is the generic one, as far as the journal knows.
pub(in crate::workflow) fn told_generic_key(context: Context<'_>, id: DeviceId) -> bool {
    last_telling(context, id).is_some_and(|operation| {
        let request = &operation.started.request;
        operation.kind() == OperationKind::Provision && !request.from_device && request.file.is_none()
    })
}

fn last_telling(context: Context<'_>, id: DeviceId) -> Option<Operation> {
    let sent = |operation: &Operation| {
        operation.started.device.id == Some(id)
            && matches!(operation.kind(), OperationKind::Provision | OperationKind::Rotate)
            && !operation.dismissed
            && (operation.is_done() || operation.may_be_known())
    };
    let open = operations(context, None).unwrap_or_default();
    let newest_first = open.into_iter().rev().chain(past(context, id)).filter(sent);
    // One that took a key before one that may have.
    let order = |operation: &Operation| (operation.took_a_key(), operation.started_at.clone());
    let newer = |one, other| if order(&other) > order(&one) { other } else { one };
    newest_first.reduce(newer)
}

/// Writes down that a key was proven to pair with what a cloud knows. `request`: how it was asked for.
pub(in crate::workflow) fn record_proof(
    context: Context<'_>,
    device: DeviceMark,
    key: Fingerprint,
    request: Request,
) {
    let from_device = request.from_device.then_some(key);
    let started = started(OperationKind::Verify, device, (from_device, Some(key)), request);
    // What cannot be written down is said, and the proof holds all the same.
    let _ = Records::wished(context).follow(context, started, |_| Ok(()));
}

fn without(error: &JournalError) -> String {
    format!("this operation is not written down: {error}")
}

/// An operation that is written down.
pub(in crate::workflow) struct OperationRecord<'a> {
    context: Context<'a>,
    entry: Option<Entry>,
    required: bool,
    complained: bool,
}

impl OperationRecord<'_> {
    /// What was in the key slot is on the disk.
    pub fn backed_up(&mut self, stored: &Stored) -> Result<(), Error> {
        let path = stored.path.to_string_lossy().into_owned();
        self.before_a_write(Step::BackedUp { path, sha256: Some(stored.sha256.clone()) })
    }

    /// The next thing is the first byte to the flash; this is on the disk before it.
    pub fn writing(&mut self) -> Result<(), Error> {
        self.before_a_write(Step::Writing)
    }

    /// What was written was read back and compared.
    pub fn verified(&mut self) {
        self.say(Step::Verified);
    }

    /// The Duo left DFU mode.
    pub fn left(&mut self) {
        self.say(Step::Left);
    }

    /// The new key is on the disk.
    pub fn new_key(&mut self, path: &std::path::Path) -> Result<(), Error> {
        self.before_a_write(Step::NewKey { path: path.to_string_lossy().into_owned() })
    }

    /// The next thing is the request to the cloud.
    pub fn sending(&mut self) -> Result<(), Error> {
        self.before_a_write(Step::Sending)?;
        // From here on, to stop would leave the device with another key than the cloud.
        self.required = false;
        Ok(())
    }

    /// The cloud said that it took the key, and more is to be done.
    pub fn accepted(&mut self) {
        self.say(Step::Accepted);
    }

    /// It was proven that the cloud has the key.
    pub fn proven(&mut self) {
        self.say(Step::Proven);
    }

    /// The next thing is the request that gives the cloud the old key again.
    pub fn sending_old(&mut self) {
        self.say(Step::SendingOld);
    }

    /// It was proven that the cloud has the old key again.
    pub fn taken_back(&mut self) {
        self.say(Step::TakenBack);
    }

    fn end(mut self, error: Option<&Error>) {
        let error =
            error.map(|error| Failure { code: error.code().name().to_owned(), key: error.key_state() });
        let Some(entry) = self.entry.take() else { return };
        let ended = entry.end(error, self.context.timestamp(), &|time| self.context.clock.sleep(time));
        self.complain(ended);
    }

    fn before_a_write(&mut self, step: Step) -> Result<(), Error> {
        if self.required {
            return self.append(step).map_err(Error::from);
        }
        self.say(step);
        Ok(())
    }

    fn say(&mut self, step: Step) {
        let said = self.append(step);
        self.complain(said);
    }

    fn complain(&mut self, written: Result<(), JournalError>) {
        if let Err(error) = written
            && !std::mem::replace(&mut self.complained, true)
        {
            self.context.note(format!("what this operation came to is not written down: {error}"));
        }
    }

    fn append(&mut self, step: Step) -> Result<(), JournalError> {
        let Some(entry) = &mut self.entry else { return Ok(()) };
        entry.append(step, self.context.timestamp())
    }
}

impl From<&DeviceRef> for DeviceMark {
    fn from(device: &DeviceRef) -> Self {
        Self {
            id: device.device_id,
            source: device.device_id_source,
            path: Some(device.path.clone()),
            simulated: device.simulated,
        }
    }
}

/// The absolute path of what was typed.
pub(in crate::workflow) fn absolute(path: impl AsRef<std::path::Path>) -> String {
    let path = path.as_ref();
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}
