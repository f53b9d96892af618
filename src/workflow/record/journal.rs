//! Writes the steps of an operation to the journal as they happen, and reads the journal for workflows.
//!
//! An operation that writes to a device needs the journal: if it cannot be kept, nothing is written. Once the write has
//! begun, or the key is sent to the cloud, a journal error is noted and the operation goes on: stopping would help
//! nobody. Operations that only read, or talk to the cloud, go on without the journal from the start.

use std::time::Duration;

use crate::archive::Stored;
use crate::dct::{DeviceId, SERVER_PUBLIC_KEY};
use crate::error::Error;
use crate::journal::{
    DeviceMark, Entry, Failure, Journal, JournalError, Operation, OperationKind, Reached, Request, Started,
    Step,
};
use crate::keys::Fingerprint;
use crate::workflow::context::{Context, DeviceRef, Target};

/// The journal, before an operation begins.
pub struct Records {
    journal: Option<Journal>,
    required: bool,
}

/// The record of an operation that begins. `keys`: the key that was there, and the new key.
pub fn started(
    operation: OperationKind,
    device: DeviceMark,
    keys: (Option<Fingerprint>, Option<Fingerprint>),
    request: Request,
) -> Started {
    let tool = concat!("duo-provision ", env!("CARGO_PKG_VERSION")).to_owned();
    Started { operation, device, before: keys.0, after: keys.1, request, tool }
}

/// A request with the options that select a Duo and its DCT, as they were typed.
pub fn selection(context: Context<'_>, target: &Target) -> Request {
    let (path, allow_unproven_address) = (target.path.clone(), target.allow_unproven_address);
    Request { usbip: context.bus.address(), path, allow_unproven_address, ..Request::default() }
}

impl Records {
    /// For operations that write to a device: checks, before the device is touched, that the journal can be kept.
    pub fn required(context: Context<'_>) -> Result<Self, Error> {
        prepared(context).map(|journal| Self { journal: Some(journal), required: true }).map_err(Error::from)
    }

    /// For all other operations: if the journal cannot be kept, notes it.
    pub fn wished(context: Context<'_>) -> Self {
        let journal = prepared(context).inspect_err(|error| context.note(without(error))).ok();
        Self { journal, required: false }
    }

    /// Records that an operation begins, runs it, and records how it ended.
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

/// The most past operations that are read for one device. Older ones are of no use.
const MAX_PAST: usize = 1000;

/// The operations that may be open, in the order in which they began: on one device, or on all.
pub fn operations(context: Context<'_>, device: Option<&DeviceMark>) -> Result<Vec<Operation>, Error> {
    let journal = Journal::locate(&context.env)?;
    Ok(journal.operations(device, &|time| context.clock.sleep(time))?)
}

/// The settled operations on a device, the last one first. An unreadable history is ignored: nothing that depends on it
/// is dangerous.
pub fn past(context: Context<'_>, device: DeviceId) -> impl Iterator<Item = Operation> {
    let past = Journal::locate(&context.env).and_then(|journal| journal.past(device));
    past.into_iter().flatten().take(MAX_PAST).filter_map(Result::ok)
}

/// The same for all devices. For a Duo that does not tell its id.
pub fn pasts(context: Context<'_>) -> Vec<Operation> {
    let Ok(journal) = Journal::locate(&context.env) else { return Vec::new() };
    let Ok(pasts) = journal.pasts() else { return Vec::new() };
    pasts.filter_map(Result::ok).flat_map(|past| past.take(MAX_PAST).filter_map(Result::ok)).collect()
}

/// The last request that sent a key of this device to a cloud, as far as the journal can be read.
pub fn last_told(context: Context<'_>, id: DeviceId) -> Option<Request> {
    last_telling(context, id).map(|operation| operation.started.request)
}

/// Whether the last key that was sent to a cloud for this device is the generic one, as far as the journal knows.
pub fn told_generic_key(context: Context<'_>, id: DeviceId) -> bool {
    last_telling(context, id).is_some_and(|operation| {
        let request = &operation.started.request;
        operation.kind() == OperationKind::Provision && !request.from_device && request.file.is_none()
    })
}

fn last_telling(context: Context<'_>, id: DeviceId) -> Option<Operation> {
    let known: Vec<Operation> =
        operations(context, None).unwrap_or_default().into_iter().rev().chain(past(context, id)).collect();
    let its = |operation: &&Operation| operation.started.device.id == Some(id);
    // What another cloud was told before the Duo got a new one does not matter.
    let named_another = |operation: &&Operation| {
        let written = operation.has(Reached::Writing) && operation.has(Reached::Verified);
        written && operation.fields().contains(&SERVER_PUBLIC_KEY.kebab_name())
    };
    let moved = known.iter().filter(its).find(named_another).map(|operation| operation.started_at.clone());
    let sent = |operation: &Operation| {
        its(&operation)
            && Some(&operation.started_at) >= moved.as_ref()
            && matches!(operation.kind(), OperationKind::Provision | OperationKind::Rotate)
            && !operation.dismissed
            && (operation.is_done() || operation.may_be_known())
    };
    // Prefer an operation whose key the cloud certainly took; then the newer one.
    let order = |operation: &Operation| (operation.took_a_key(), operation.started_at.clone());
    let newer = |one, other| if order(&other) > order(&one) { other } else { one };
    known.into_iter().filter(sent).reduce(newer)
}

/// Records that a key was proven to pair with the cloud's. `request`: the options that asked for it.
pub fn record_proof(context: Context<'_>, device: DeviceMark, key: Fingerprint, request: Request) {
    let from_device = request.from_device.then_some(key);
    let started = started(OperationKind::Verify, device, (from_device, Some(key)), request);
    // A journal error is noted; the proof is valid all the same.
    let _ = Records::wished(context).follow(context, started, |_| Ok(()));
}

fn without(error: &JournalError) -> String {
    format!("this operation is not written down: {error}")
}

/// The journal entry of an operation that runs.
pub struct OperationRecord<'a> {
    pub context: Context<'a>,
    entry: Option<Entry>,
    required: bool,
    complained: bool,
}

impl OperationRecord<'_> {
    /// What was in the Duo is on the disk.
    pub fn backed_up(&mut self, stored: &Stored) -> Result<(), Error> {
        let path = stored.path.to_string_lossy().into_owned();
        self.before_a_write(Step::BackedUp { path, sha256: Some(stored.sha256.clone()) })
    }

    /// The new key is on the disk.
    pub fn new_key(&mut self, path: &std::path::Path) -> Result<(), Error> {
        self.before_a_write(Step::NewKey { path: path.to_string_lossy().into_owned() })
    }

    /// Call before the request to the cloud.
    pub fn sending(&mut self) -> Result<(), Error> {
        self.before_a_write(Step::Sending)?;
        // From here on, stopping could leave the device and the cloud with different keys.
        self.required = false;
        Ok(())
    }

    fn end(mut self, error: Option<&Error>) {
        let error =
            error.map(|error| Failure { code: error.code().name().to_owned(), key: error.key_state() });
        let Some(entry) = self.entry.take() else { return };
        let ended = entry.end(error, self.context.timestamp(), &|time| self.context.clock.sleep(time));
        self.complain(ended);
    }

    /// Records a step without which nothing may be written; it is on the disk when this returns.
    pub fn before_a_write(&mut self, step: Step) -> Result<(), Error> {
        if self.required {
            return self.append(step).map_err(Error::from);
        }
        self.reached(step);
        Ok(())
    }

    /// Records a step that was reached; a journal error is noted.
    pub fn reached(&mut self, step: Step) {
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
pub fn absolute(path: impl AsRef<std::path::Path>) -> String {
    let path = path.as_ref();
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}
